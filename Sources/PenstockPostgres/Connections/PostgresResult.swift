// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import CLibPQ

/// The one owner of a libpq result.
struct PostgresResult: ~Copyable {
    private let raw: OpaquePointer

    /// - Parameter raw: Belongs to this value from here on.
    init(owning raw: OpaquePointer) { self.raw = raw }

    deinit { PQclear(self.raw) }

    var status: ExecStatusType { PQresultStatus(self.raw) }

    /// Five characters that name a failure; empty where there is none, or libpq itself speaks.
    var sqlState: String { PQresultErrorField(self.raw, Self.sqlStateField).map { String(cString: $0) } ?? "" }

    var message: String { PostgresFailure.line(PQresultErrorMessage(self.raw)) }

    /// `PG_DIAG_SQLSTATE`, which the C header spells as a character.
    private static let sqlStateField = Int32(UInt8(ascii: "C"))

    borrowing func map<Value>(_ read: (inout PostgresRow) throws -> Value) throws -> [Value] {
        var values: [Value] = []
        values.reserveCapacity(Int(PQntuples(self.raw)))
        for number in 0..<PQntuples(self.raw) {
            var row = PostgresRow(of: self.raw, number: number)
            values.append(try read(&row))
        }
        return values
    }

    /// The tag of what was done, such as `COMMIT`.
    borrowing func tag() -> String { PQcmdStatus(self.raw).map { String(cString: $0) } ?? "" }

    /// How many rows the statement touched.
    borrowing func count() -> Int { PQcmdTuples(self.raw).flatMap { Int(String(cString: $0)) } ?? 0 }
}
