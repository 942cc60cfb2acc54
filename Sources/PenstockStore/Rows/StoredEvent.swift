// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel

/// An event as it is stored: a message, or bytes that this version cannot read and leaves as they are.
package enum StoredEvent: Sendable, Hashable {
    case message(EventMessage)
    /// - Parameter reason: What is wrong with the bytes, for the operator.
    case unreadable([UInt8], reason: String)

    /// `nil` when it cannot be read.
    package var message: EventMessage? {
        switch self {
        case .message(let message): message
        case .unreadable: nil
        }
    }

    package init(storedBytes: [UInt8]) {
        do {
            self = .message(try EventMessage(storedBytes: storedBytes))
        } catch {
            self = .unreadable(storedBytes, reason: "\(error)")
        }
    }

    package func storedBytes(format: Int = StateFormat.current) -> [UInt8] {
        switch self {
        case .message(let message): message.storedBytes(format: format)
        case .unreadable(let bytes, _): bytes
        }
    }
}
