// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Logging
import PenstockModel
import ServiceLifecycle

extension Alarm {
    /// Does a service's work now, whenever the alarm rings, and as often as said at least, until the service is to stop.
    /// Work that fails is logged, and done again like any other.
    ///
    /// - Parameters:
    ///   - interval: How long it sleeps at most: what a lost signal costs.
    ///   - failure: What the log says of work that fails.
    ///   - work: Returns when the next of it is due; `nil` where that is not known.
    func loop(
        atLeastEvery interval: Duration,
        in context: RuntimeContext,
        orLog failure: Logger.Message,
        _ work: @escaping @Sendable () async throws -> Timestamp?
    ) async {
        self.start()
        defer { self.retire() }
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                var next: Timestamp?
                do {
                    next = try await work()
                } catch is CancellationError where Task.isCancelled {
                    return
                } catch {
                    context.logger.error(failure, metadata: ["error": "\(error)"])
                }
                await self.sleep(until: next, atMost: interval, context.clock)
            }
        }
    }
}
