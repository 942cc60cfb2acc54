// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import CLibPQ
import PenstockModel
import PenstockStore

/// The one owner of a libpq connection, which ends with it.
struct PostgresHandle: ~Copyable {
    let raw: OpaquePointer

    deinit { PQfinish(self.raw) }
}

/// The one owner of a libpq result.
private struct PostgresResult: ~Copyable {
    let raw: OpaquePointer

    deinit { PQclear(self.raw) }

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

/// One connection with its prepared statements.
///
/// Not `Sendable`: it belongs to the thread that opened it, which is why its calls may block.
final class PostgresSession {
    let handle: PostgresHandle
    /// The names of what the server has prepared on this connection, by statement. Statements are literals of this
    /// module, so there are as many as it has.
    private var prepared: [String: String] = [:]

    /// Opens a connection and blocks until it is ready for statements.
    ///
    /// - Throws: ``PostgresFailure``.
    init(_ configuration: PostgresConfiguration) throws(PostgresFailure) {
        precondition(PQisthreadsafe() != 0, "libpq is built for threads")
        let settings: KeyValuePairs = [
            "fallback_application_name": "penstock",
            "connect_timeout": "\(max(2, configuration.connectTimeout.components.seconds))",
            "keepalives_idle": "15",
            "keepalives_interval": "5",
            "keepalives_count": "3",
            "tcp_user_timeout": "30000",
            // What the connection string says counts more than what is above it, and less than what is below.
            "dbname": configuration.connectionString,
            "client_encoding": "UTF8",
        ]
        let opened = withCStrings(settings.map(\.key)) { keys in
            withCStrings(settings.map(\.value)) { values in PQconnectdbParams(keys, values, 1) }
        }
        guard let raw = opened else {
            throw PostgresFailure(sqlState: "", message: "libpq is out of memory", isConnectionLost: true)
        }
        self.handle = PostgresHandle(raw: raw)
        guard PQstatus(raw) == CONNECTION_OK else {
            throw PostgresFailure(sqlState: "", message: Self.message(of: raw), isConnectionLost: true)
        }
        guard PQserverVersion(raw) >= Self.minimumVersion else {
            let message = "PostgreSQL \(PQserverVersion(raw) / 10000) is too old: 14 is the least"
            throw PostgresFailure(sqlState: "", message: message, isConnectionLost: false)
        }
        // Notices are for people at a terminal; by default libpq writes them to standard error.
        _ = PQsetNoticeReceiver(raw, { _, _ in }, nil)
        try self.run(
            """
            SET lock_timeout = \(configuration.lockTimeout.wholeMilliseconds);
            SET statement_timeout = \(configuration.statementTimeout.wholeMilliseconds);
            SET idle_in_transaction_session_timeout = \(configuration.idleInTransactionTimeout.wholeMilliseconds)
            """
        )
    }

    private static let minimumVersion: Int32 = 140_000

    /// Whether a transaction is open that nothing can be done with but to roll it back.
    var isInFailedTransaction: Bool { PQtransactionStatus(self.handle.raw) == PQTRANS_INERROR }

    /// Whether no transaction is open and the connection can be used for the next one.
    var isIdle: Bool { PQtransactionStatus(self.handle.raw) == PQTRANS_IDLE }

    /// Runs statements that take no parameters and whose rows nobody wants, one round trip for all.
    ///
    /// - Returns: The tag of the last, such as `COMMIT`.
    @discardableResult
    func run(_ sql: String) throws(PostgresFailure) -> String {
        try self.check(PQexec(self.handle.raw, sql)).tag()
    }

    /// Runs one statement, which is prepared when this connection meets it first, and hands over its rows in order.
    func rows<Value>(
        _ sql: String,
        _ parameters: [any PostgresEncodable],
        _ read: (inout PostgresRow) throws -> Value
    ) throws -> [Value] {
        try self.execute(sql, parameters).map(read)
    }

    /// Runs one statement and returns how many rows it touched.
    func change(_ sql: String, _ parameters: [any PostgresEncodable]) throws(PostgresFailure) -> Int {
        try self.execute(sql, parameters).count()
    }

    private func execute(
        _ sql: String,
        _ parameters: [any PostgresEncodable]
    ) throws(PostgresFailure) -> PostgresResult {
        let name = try self.name(of: sql)
        let values = parameters.map { $0.postgresValue.encoded }
        let lengths = values.map { Int32($0?.count ?? 0) }
        let formats = [Int32](repeating: 1, count: values.count)
        // One buffer for all, so that the pointers into it hold for one call. An empty value is not NULL, so a byte
        // behind the last keeps every pointer inside.
        let buffer: [UInt8] = values.flatMap { value -> [UInt8] in value ?? [] } + [0]
        let raw = buffer.withUnsafeBytes { bytes in
            var offset = 0
            let pointers = values.map { value -> UnsafePointer<CChar>? in
                guard let value, let base = bytes.baseAddress else { return nil }
                defer { offset += value.count }
                return (base + offset).assumingMemoryBound(to: CChar.self)
            }
            return PQexecPrepared(
                self.handle.raw, name, Int32(values.count), pointers, lengths, formats, 1)
        }
        return try self.check(raw)
    }

    private func name(of sql: String) throws(PostgresFailure) -> String {
        if let name = self.prepared[sql] { return name }
        let name = "s\(self.prepared.count + 1)"
        // The server infers the parameters' types from where they stand.
        _ = try self.check(PQprepare(self.handle.raw, name, sql, 0, nil))
        self.prepared[sql] = name
        return name
    }

    private func check(_ raw: OpaquePointer?) throws(PostgresFailure) -> PostgresResult {
        guard let raw else {
            throw PostgresFailure(
                sqlState: "", message: Self.message(of: self.handle.raw), isConnectionLost: true)
        }
        let result = PostgresResult(raw: raw)
        switch PQresultStatus(raw) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: return result
        default:
            let state = PQresultErrorField(raw, Self.sqlStateField).map { String(cString: $0) } ?? ""
            // What the server says has a state. Where libpq itself says that the server is gone, its status still calls the
            // connection good if the server went without a word.
            throw PostgresFailure(
                sqlState: state,
                message: Self.trimmed(PQresultErrorMessage(raw)),
                isConnectionLost: state.isEmpty || PQstatus(self.handle.raw) != CONNECTION_OK
            )
        }
    }

    /// `PG_DIAG_SQLSTATE`, which the C header spells as a character.
    private static let sqlStateField = Int32(UInt8(ascii: "C"))

    private static func message(of raw: OpaquePointer) -> String { self.trimmed(PQerrorMessage(raw)) }

    private static func trimmed(_ text: UnsafePointer<CChar>?) -> String {
        guard let text else { return "unknown failure" }
        let line = String(cString: text).split(whereSeparator: \.isNewline).joined(separator: "; ")
        return line.isEmpty ? "unknown failure" : line
    }
}

extension Duration {
    /// For settings in milliseconds, where zero would mean for ever.
    fileprivate var wholeMilliseconds: Int64 { max(1, self.milliseconds) }
}

/// Calls the body with a list of C strings that ends with a null pointer, as libpq takes them.
private func withCStrings<Result>(
    _ texts: [String],
    _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
) -> Result {
    let starts = texts.indices.map { index in texts[..<index].reduce(0) { $0 + $1.utf8.count + 1 } }
    let buffer: [CChar] =
        texts.flatMap { text -> [CChar] in text.utf8.map { CChar(bitPattern: $0) } + [0] } + [0]
    return buffer.withUnsafeBufferPointer { bytes in
        body(starts.map { start in bytes.baseAddress.map { $0 + start } } + [nil])
    }
}
