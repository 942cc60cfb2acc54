// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockWire

/// An operation that can be called: a body in, a body out.
package struct OperationHandler: Sendable {
    package let name: String
    /// Whether the operation does what it is for; one that does not still checks what it is sent.
    package let isAvailable: Bool
    let run: @Sendable (_ body: [UInt8], _ call: APICall) async throws -> [UInt8]

    /// Reads and checks the body, asks, writes the answer.
    package init<Operation: WireOperation>(
        _ operation: Operation.Type,
        _ answer: @escaping @Sendable (Operation.Input, APICall) async throws -> Operation.Output
    ) {
        self.name = operation.name
        self.isAvailable = true
        self.run = { body, call in
            let input = try operation.decodeInput(body.isEmpty ? Self.emptyObject : body)
            return operation.encodeOutput(try await answer(input, call))
        }
    }

    /// Reads and checks the body, asks, and answers with bytes that were written before, in part at least.
    package init<Operation: WireOperation>(
        _ operation: Operation.Type,
        encoded answer: @escaping @Sendable (Operation.Input, APICall) async throws -> [UInt8]
    ) {
        self.name = operation.name
        self.isAvailable = true
        self.run = { body, call in
            try await answer(try operation.decodeInput(body.isEmpty ? Self.emptyObject : body), call)
        }
    }

    /// Reads and checks the body, then says that the operation is not there yet.
    package init<Operation: WireOperation>(unavailable operation: Operation.Type) {
        self.name = operation.name
        self.isAvailable = false
        self.run = { body, _ in
            _ = try operation.decodeInput(body.isEmpty ? Self.emptyObject : body)
            throw ServiceException(.unknownOperation, "\(operation.name) is not available in this version of Penstock")
        }
    }

    /// What an empty body stands for.
    private static let emptyObject = Array("{}".utf8)
}
