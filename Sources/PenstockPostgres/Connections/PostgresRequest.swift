// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import CLibPQ

/// One statement with its parameters, to be sent.
struct PostgresRequest: Sendable {
    /// How many rows a statement must touch, and what is wrong if it does not.
    struct Requirement: Sendable {
        var rows: Int
        var otherwise: String
        /// The SQLSTATE that a miss counts as; that of a conflict has the body run again.
        var sqlState = "23000"

        var failure: PostgresFailure {
            PostgresFailure(sqlState: self.sqlState, message: self.otherwise, isConnectionLost: false)
        }
    }

    let sql: String
    let requirement: Requirement?
    /// The parameters in binary form; `nil` stands for NULL.
    private let values: [[UInt8]?]

    init(_ sql: String, _ parameters: [any PostgresEncodable] = [], requiring requirement: Requirement? = nil) {
        self.sql = sql
        self.requirement = requirement
        self.values = parameters.map { $0.postgresValue.encoded }
    }

    /// Hands the request to libpq, which copies it.
    ///
    /// - Returns: What libpq returns: 1, or 0 for a failure.
    func send(as name: String, on connection: OpaquePointer) -> Int32 {
        let lengths = self.values.map { Int32($0?.count ?? 0) }
        let formats = [Int32](repeating: 1, count: self.values.count)
        // One buffer for all, so that the pointers into it hold for one call. An empty value is not NULL, so a byte
        // behind the last keeps every pointer inside.
        let buffer: [UInt8] = self.values.flatMap { value -> [UInt8] in value ?? [] } + [0]
        return buffer.withUnsafeBytes { bytes in
            var offset = 0
            let pointers = self.values.map { value -> UnsafePointer<CChar>? in
                guard let value, let base = bytes.baseAddress else { return nil }
                defer { offset += value.count }
                return (base + offset).assumingMemoryBound(to: CChar.self)
            }
            return PQsendQueryPrepared(
                connection, name, Int32(self.values.count), pointers, lengths, formats, 1)
        }
    }
}
