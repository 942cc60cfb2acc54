// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel

/// A parameter of a statement. All travel in PostgreSQL's binary form, so every whole number of the schema is a `bigint`.
enum PostgresValue: Sendable {
    case null
    case integer(Int64)
    case bool(Bool)
    case text(String)
    case bytes([UInt8])
    case uuid(UniqueID)

    /// The binary form; `nil` stands for NULL.
    var encoded: [UInt8]? {
        switch self {
        case .null: nil
        case .integer(let value): Self.bigEndian(UInt64(bitPattern: value))
        case .bool(let value): [value ? 1 : 0]
        case .text(let value): Array(value.utf8)
        case .bytes(let value): value
        case .uuid(let value): Self.bigEndian(value.high) + Self.bigEndian(value.low)
        }
    }

    static func bigEndian(_ word: UInt64) -> [UInt8] {
        withUnsafeBytes(of: word.bigEndian) { Array($0) }
    }
}

/// A type of the domain that a column holds.
protocol PostgresEncodable {
    var postgresValue: PostgresValue { get }
}

extension PostgresValue: PostgresEncodable { var postgresValue: PostgresValue { self } }
extension Int: PostgresEncodable { var postgresValue: PostgresValue { .integer(Int64(self)) } }
extension Int64: PostgresEncodable { var postgresValue: PostgresValue { .integer(self) } }
extension Bool: PostgresEncodable { var postgresValue: PostgresValue { .bool(self) } }
extension String: PostgresEncodable { var postgresValue: PostgresValue { .text(self) } }
extension [UInt8]: PostgresEncodable { var postgresValue: PostgresValue { .bytes(self) } }
extension UniqueID: PostgresEncodable { var postgresValue: PostgresValue { .uuid(self) } }
extension PipelineID: PostgresEncodable { var postgresValue: PostgresValue { .uuid(self.value) } }
extension PipelineExecutionID: PostgresEncodable {
    var postgresValue: PostgresValue { .uuid(self.value) }
}
extension RuleExecutionID: PostgresEncodable {
    var postgresValue: PostgresValue { .uuid(self.value) }
}
extension ActionExecutionID: PostgresEncodable {
    var postgresValue: PostgresValue { .uuid(self.value) }
}
extension JobID: PostgresEncodable { var postgresValue: PostgresValue { .uuid(self.value) } }
extension ClientID: PostgresEncodable { var postgresValue: PostgresValue { .uuid(self.value) } }
extension AccountID: PostgresEncodable { var postgresValue: PostgresValue { .text(self.rawValue) } }
extension Region: PostgresEncodable { var postgresValue: PostgresValue { .text(self.rawValue) } }
extension Timestamp: PostgresEncodable {
    var postgresValue: PostgresValue { .integer(self.millisecondsSinceEpoch) }
}

extension Optional: PostgresEncodable where Wrapped: PostgresEncodable {
    var postgresValue: PostgresValue { self?.postgresValue ?? .null }
}
