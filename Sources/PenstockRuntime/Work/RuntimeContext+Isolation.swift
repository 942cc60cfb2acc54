// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Logging
import PenstockModel
import PenstockStore

extension RuntimeContext {
    /// Does one pipeline's part of work that many share. What is wrong with its rows is logged and keeps nobody else from
    /// theirs, as does somebody who holds them; what is wrong with the store is thrown, since it would meet them all.
    ///
    /// - Returns: `false` when the work is still to be done, since somebody held the rows.
    @discardableResult
    func isolating(
        _ failure: Logger.Message, pipeline: PipelineKey, _ work: () async throws -> Void
    ) async throws -> Bool {
        do {
            try await work()
            return true
        } catch let error as StoreError where error.concernsWholeStore {
            throw error
        } catch let error as CancellationError {
            throw error
        } catch {
            self.logger.error(failure, metadata: ["pipeline": "\(pipeline.arn)", "error": "\(error)"])
            return (error as? StoreError)?.code != .contended
        }
    }
}
