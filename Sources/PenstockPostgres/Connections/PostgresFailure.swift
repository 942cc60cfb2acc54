// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockStore

/// What the server or the way to it made of a statement.
struct PostgresFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// Five characters; empty when the failure is libpq's own, which is nearly always a lost connection.
    var sqlState: String
    var message: String
    /// Whether the connection is of no more use.
    var isConnectionLost: Bool

    /// A text of libpq in one line.
    static func line(_ text: UnsafePointer<CChar>?) -> String {
        let line = text.map { String(cString: $0).split(whereSeparator: \.isNewline).joined(separator: "; ") } ?? ""
        return line.isEmpty ? "unknown failure" : line
    }

    var description: String {
        self.sqlState.isEmpty ? self.message : "\(self.message) (\(self.sqlState))"
    }

    /// Whether a lock was not to be had within `lock_timeout`.
    var isLockTimeout: Bool { self.sqlState == "55P03" }

    /// What a transaction is rolled back with that another one got in the way of.
    static let conflict = "40001"

    /// What a server says to a write that takes none, such as a standby.
    static let readOnly = "25006"

    /// Nobody asked whether what the body went by is still so.
    static let unchecked = PostgresFailure(
        sqlState: conflict, message: "what was remembered was not compared", isConnectionLost: false)

    /// How a statement says that it found no row where it must: it divides by their number.
    var isDivisionByZero: Bool { self.sqlState == "22012" }

    /// Source: PostgreSQL documentation, appendix A, PostgreSQL Error Codes.
    enum Meaning: Sendable, Hashable {
        /// Transactions got in each other's way, and this one was rolled back: it may well pass when it runs again.
        case conflict
        /// The connection is gone, and with it a transaction that was not committing yet.
        case connectionLost
        /// A lock was not to be had in time, or a statement took too long: of these rows, and perhaps of no others.
        case contended
        case constraint, corrupt, unavailable
    }

    var meaning: Meaning {
        switch self.sqlState {
        case Self.conflict, "40P01": return .conflict
        // The connection leads to a server that only reads: after a failover another one is in charge.
        case Self.readOnly: return .connectionLost
        // The server shuts down, and says so while the connection still looks alive.
        case "57P01", "57P02", "57P03": return .connectionLost
        case "XX001", "XX002": return .corrupt
        case "55P03", "57014": return .contended
        default: break
        }
        if self.isConnectionLost { return .connectionLost }
        switch self.sqlState.prefix(2) {
        case "08": return .connectionLost
        // That of 54 is a value that is larger than its index takes.
        case "22", "23", "42", "54": return .constraint
        default: return .unavailable
        }
    }

    /// What the caller of the store is told once nothing is left to be tried.
    var storeError: StoreError {
        switch self.meaning {
        case .conflict, .contended: StoreError(.contended, self.description, underlying: self)
        case .connectionLost, .unavailable:
            StoreError(.unavailable, self.description, underlying: self)
        case .constraint: StoreError(.constraint, self.description, underlying: self)
        case .corrupt: StoreError(.corrupt, self.description, underlying: self)
        }
    }
}
