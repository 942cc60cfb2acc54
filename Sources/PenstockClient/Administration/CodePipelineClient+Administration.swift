// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockWire

extension CodePipelineClient {
    /// Calls an operation of the administration.
    @discardableResult
    package func administer<Operation: WireOperation>(
        _ operation: Operation.Type, _ input: Operation.Input, options: CallOptions = CallOptions()
    ) async throws(CallError) -> Operation.Output {
        let answer = try await self.call(
            target: "\(Administration.targetPrefix).\(Operation.name)", body: Operation.encodeInput(input),
            service: Administration.service, options: options)
        do {
            return try Operation.decodeOutput(answer)
        } catch {
            let problem = "the answer of \(Operation.name) cannot be read: \(error.message)"
            throw .failed(CallFailure(.invalidAnswer, problem))
        }
    }
}
