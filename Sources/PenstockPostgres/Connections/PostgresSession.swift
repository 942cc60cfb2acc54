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

/// One connection with its prepared statements.
///
/// Not `Sendable`: it belongs to the thread that opened it, which is why its calls may block.
final class PostgresSession {
    let handle: PostgresHandle
    /// The names of what the server has prepared on this connection, by statement. Statements are literals of this
    /// module, so there are as many as it has.
    private var prepared: [String: String] = [:]
    /// How many names were given.
    private var names = 0
    /// How long the server may take to answer.
    private let answerTimeout: Duration

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
        self.answerTimeout = configuration.answerTimeout
        guard PQstatus(raw) == CONNECTION_OK else {
            throw PostgresFailure(
                sqlState: "", message: PostgresFailure.line(PQerrorMessage(raw)), isConnectionLost: true)
        }
        guard PQserverVersion(raw) >= Self.minimumVersion else {
            let message = "PostgreSQL \(PQserverVersion(raw) / 10000) is too old: 14 is the least"
            throw PostgresFailure(sqlState: "", message: message, isConnectionLost: false)
        }
        // Notices are for people at a terminal; by default libpq writes them to standard error.
        _ = PQsetNoticeReceiver(raw, { _, _ in }, nil)
        // Every wait has a deadline, so none is libpq's.
        _ = PQsetnonblocking(raw, 1)
        try self.run(
            """
            SET lock_timeout = \(configuration.lockTimeout.wholeMilliseconds);
            SET statement_timeout = \(configuration.statementTimeout.wholeMilliseconds);
            SET idle_in_transaction_session_timeout = \(configuration.idleInTransactionTimeout.wholeMilliseconds)
            """
        )
    }

    private static let minimumVersion: Int32 = 140_000

    /// Whether no transaction is open and the connection can be used for the next one.
    var isIdle: Bool { PQtransactionStatus(self.handle.raw) == PQTRANS_IDLE }

    /// Runs statements that take no parameters and whose rows nobody wants, one round trip for all.
    ///
    /// - Parameter limit: How long the answer may take; `nil` for as long as it takes.
    /// - Returns: The tag of the last, such as `COMMIT`.
    @discardableResult
    func run(_ sql: String, within limit: Duration?) throws(PostgresFailure) -> String {
        let traffic = PostgresTraffic(self.handle.raw, limit: limit)
        try traffic.send(PQsendQuery(self.handle.raw, sql))
        try traffic.flush()
        var tag = ""
        var failure: PostgresFailure?
        while let result = try traffic.next() {
            if failure == nil { failure = self.failure(in: result) }
            tag = result.tag()
        }
        if let failure { throw failure }
        return tag
    }

    /// As ``run(_:within:)``, with the deadline of every answer.
    @discardableResult
    func run(_ sql: String) throws(PostgresFailure) -> String {
        try self.run(sql, within: self.answerTimeout)
    }

    /// Runs one statement and hands over its rows in order.
    ///
    /// - Parameter limit: How long the answer may take, if not as long as every other.
    func rows<Value>(
        _ sql: String,
        _ parameters: [any PostgresEncodable],
        within limit: Duration? = nil,
        _ read: (inout PostgresRow) throws -> Value
    ) throws -> [Value] {
        try self.exchange([PostgresRequest(sql, parameters)], within: limit).map(read)
    }

    /// Runs one statement and returns how many rows it touched.
    func change(_ sql: String, _ parameters: [any PostgresEncodable]) throws(PostgresFailure) -> Int {
        try self.exchange([PostgresRequest(sql, parameters)]).count()
    }

    /// Runs statements in order, one round trip for all: after one that fails the server passes over those that follow.
    ///
    /// Each is prepared when this connection meets it first.
    ///
    /// - Parameter each: Gets what each of them answered, with its place, up to the first that fails.
    /// - Returns: What the last of them, of which there is at least one, answered.
    /// - Throws: The first failure.
    func exchange(
        _ requests: [PostgresRequest],
        within limit: Duration? = nil,
        each: (Int, borrowing PostgresResult) -> Void = { _, _ in }
    ) throws(PostgresFailure) -> PostgresResult {
        let raw = self.handle.raw
        let traffic = PostgresTraffic(raw, limit: limit ?? self.answerTimeout)
        try traffic.send(PQenterPipelineMode(raw))
        var steps: [Step] = []
        steps.reserveCapacity(requests.count)
        for request in requests {
            let name = try self.name(of: request.sql, announcing: &steps, traffic)
            try traffic.send(request.send(as: name, on: raw))
            steps.append(.answer(request.requirement))
        }
        try traffic.send(PQpipelineSync(raw))
        try traffic.flush()
        let last = try self.collect(steps, from: traffic, each: each)
        try traffic.send(PQexitPipelineMode(raw))
        return last
    }

    /// What comes back of one thing that was sent.
    private enum Step {
        case preparation(of: String, as: String)
        /// Of a statement, with what it must have done.
        case answer(PostgresRequest.Requirement?)
    }

    /// Reads to the end of the exchange, whatever fails, so that the connection is good for the next one.
    private func collect(
        _ steps: [Step], from traffic: PostgresTraffic, each: (Int, borrowing PostgresResult) -> Void
    ) throws(PostgresFailure) -> PostgresResult {
        var failure: PostgresFailure?
        var last: PostgresResult?
        var answers = 0
        for step in steps {
            guard let result = try traffic.next() else { throw failure ?? traffic.lost() }
            let isAfterFailure = failure != nil
            if !isAfterFailure { failure = self.failure(in: result) }
            switch step {
            case .preparation(let sql, let name):
                if failure == nil { self.prepared[sql] = name }
            case .answer(let requirement):
                if let requirement, !isAfterFailure {
                    let isMissed =
                        failure == nil ? result.count() != requirement.rows : failure?.isDivisionByZero == true
                    if isMissed { failure = requirement.failure }
                }
                if failure == nil { each(answers, result) }
                answers += 1
                last = consume result
            }
            // The end of what one request answers.
            if let unexpected = try traffic.next() { throw self.failure(in: unexpected) ?? traffic.lost() }
        }
        guard let end = try traffic.next() else { throw failure ?? traffic.lost() }
        // Without a transaction of their own, statements commit here, and that may fail. The connection is then not read on.
        guard end.status == PGRES_PIPELINE_SYNC else { throw failure ?? self.failure(in: end) ?? traffic.lost() }
        if let failure {
            _ = PQexitPipelineMode(self.handle.raw)
            throw failure
        }
        guard let answer = last else { preconditionFailure("an exchange has a statement") }
        return answer
    }

    /// The name that the statement is prepared under; asks for it to be prepared if it is not.
    private func name(
        of sql: String, announcing steps: inout [Step], _ traffic: PostgresTraffic
    ) throws(PostgresFailure) -> String {
        if let name = self.prepared[sql] { return name }
        for case .preparation(sql, let name) in steps { return name }
        self.names += 1
        let name = "s\(self.names)"
        // The server infers the parameters' types from where they stand.
        try traffic.send(PQsendPrepare(self.handle.raw, name, sql, 0, nil))
        steps.append(.preparation(of: sql, as: name))
        return name
    }

    private func failure(in result: borrowing PostgresResult) -> PostgresFailure? {
        switch result.status {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY, PGRES_PIPELINE_SYNC: return nil
        // It follows a failure, which was read before it.
        case PGRES_PIPELINE_ABORTED:
            return PostgresFailure(sqlState: "25P02", message: "the transaction is void", isConnectionLost: false)
        default:
            let state = result.sqlState
            // What the server says has a state. Where libpq itself says that the server is gone, its status still calls the
            // connection good if the server went without a word.
            return PostgresFailure(
                sqlState: state,
                message: result.message,
                isConnectionLost: state.isEmpty || PQstatus(self.handle.raw) != CONNECTION_OK
            )
        }
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
