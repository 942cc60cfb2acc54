// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockArtifacts
import PenstockModel
import PenstockStore

/// One transaction on one connection, used by the one thread that runs its body.
///
/// Statements whose answer nobody needs are gathered, and travel with the next one whose answer somebody needs, or with
/// COMMIT: a round trip for each would cost more than most of them. BEGIN is the first of them.
///
/// The first statement that fails makes the transaction void, whatever the body makes of it: ``failure`` is kept for who
/// runs the body.
final class PostgresTransaction: StoreTransaction {
    /// How many statements are gathered at most, and with them their parameters in memory.
    private static let maximumGathered = 64

    private let session: PostgresSession
    private let mode: TransactionMode
    /// What stored values are written in.
    let format: Int
    let types: RememberedTypes
    let recalls: Bool
    private var gathered: [PostgresRequest]
    /// Whether the server has begun the transaction.
    private(set) var hasBegun = false
    private(set) var failure: PostgresFailure?
    private(set) var signals: [StoreSignal] = []
    /// Rows that this transaction has locked: nobody else can delete them until it ends.
    private var held: Set<HeldRow> = []
    /// Whether the body has been given something from memory that the database was not asked about yet.
    private(set) var hasUncheckedRecall = false

    /// - Parameter recalls: Whether what earlier transactions have read may be used; not where that was found to have
    ///   changed.
    init(_ session: PostgresSession, mode: TransactionMode, format: Int, types: RememberedTypes, recalls: Bool) {
        self.format = format
        self.types = types
        self.recalls = recalls
        self.session = session
        self.mode = mode
        self.gathered = [PostgresRequest(mode.begin)]
    }

    func signal(_ signal: StoreSignal) {
        if !self.signals.contains(signal) { self.signals.append(signal) }
    }

    /// Commits. What was gathered travels with COMMIT where the connection has answered in this transaction; otherwise
    /// before it, so that a connection that was lost while it rested is found in time.
    ///
    /// - Throws: ``PostgresFailure``. What it means is for who knows that it is that of a COMMIT: see ``isCommitting``.
    func commit() throws(PostgresFailure) {
        // Nothing was asked of the server, which knows of no transaction.
        if !self.hasBegun, self.gathered.count == 1 { return }
        if !self.hasBegun { _ = try self.send(self.takeGathered()) }
        self.isCommitting = true
        let tag = try self.send(self.takeGathered() + [PostgresRequest("COMMIT")]).tag()
        guard tag == "COMMIT" else {
            throw PostgresFailure(
                sqlState: "40000", message: "the transaction was rolled back by the server", isConnectionLost: false)
        }
    }

    /// Whether COMMIT is on its way: when the connection is lost now, nobody knows whether it was carried out.
    private(set) var isCommitting = false

    /// The clause that locks the rows of a query; empty in a transaction that only reads, which may not lock.
    func lock(_ clause: String) -> String { self.takesLocks ? " \(clause)" : "" }

    var takesLocks: Bool { self.mode == .write }

    enum HeldRow: Hashable {
        case job(JobID)
        case pipeline(PipelineID)
    }

    /// The row was answered by a query that locks it. In a transaction that takes no locks it is not held.
    func hold(_ row: HeldRow) {
        if self.takesLocks { self.held.insert(row) }
    }

    /// Before this transaction itself deletes rows that it may hold.
    func letGo() { self.held.removeAll() }

    func rows<Value>(
        _ sql: String,
        _ parameters: [any PostgresEncodable],
        _ read: (inout PostgresRow) throws -> Value
    ) throws -> [Value] {
        try self.rows(PostgresRequest(sql, parameters), read)
    }

    func rows<Value>(_ request: PostgresRequest, _ read: (inout PostgresRow) throws -> Value) throws -> [Value] {
        try self.answer(to: self.takeGathered() + [request]).map(read)
    }

    /// Runs statements in order, one round trip for all, and hands over what each answered, with its place among them.
    func together(
        _ requests: [PostgresRequest],
        _ read: (Int, borrowing PostgresResult) throws -> Void
    ) throws {
        let gathered = self.takeGathered()
        var failure: (any Error)?
        _ = try self.answer(to: gathered + requests) { index, result in
            guard index >= gathered.count, failure == nil else { return }
            do { try read(index - gathered.count, result) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    func first<Value>(
        _ sql: String,
        _ parameters: [any PostgresEncodable],
        _ read: (inout PostgresRow) throws -> Value
    ) throws -> Value? {
        try self.rows(sql, parameters, read).first
    }

    /// Returns how many rows the statement touched.
    func change(_ sql: String, _ parameters: [any PostgresEncodable]) throws -> Int {
        try self.answer(to: self.takeGathered() + [PostgresRequest(sql, parameters)]).count()
    }

    /// Runs a statement before the next whose answer is waited for; until then its failure is not known.
    func gather(_ sql: String, _ parameters: [any PostgresEncodable]) throws {
        try self.gather(PostgresRequest(sql, parameters))
    }

    /// As ``gather(_:_:)``, of an update that must touch one row. Where it touches none it fails on the
    /// server, so that nothing after it is carried out, and COMMIT may travel with it.
    ///
    /// - Parameters:
    ///   - row: Which row it touches, if that may be held: an update of a row that is held touches it, and does not look.
    ///   - otherwise: What is wrong if it does not.
    func gather(
        _ update: String, _ parameters: [any PostgresEncodable], of row: HeldRow? = nil, orElse otherwise: String
    ) throws {
        if let row, self.held.contains(row) { return try self.gather(update, parameters) }
        try self.gatherOne("\(update) RETURNING 1", parameters, orElse: otherwise)
    }

    /// As ``gather(_:_:orElse:)``, of a query that must lock one row.
    func gatherLock(_ query: String, _ parameters: [any PostgresEncodable], orElse otherwise: String) throws {
        try self.gatherOne("\(query) FOR UPDATE", parameters, orElse: otherwise)
    }

    /// As ``gather(_:_:orElse:)``, of a query that answers one row where what the body goes by is still so. Where it is
    /// not, the transaction is in conflict with another one, and its body runs again.
    func gatherCheck(_ query: String, _ parameters: [any PostgresEncodable], orAgain reason: String) throws {
        self.hasUncheckedRecall = true
        try self.gatherOne(query, parameters, orElse: reason, sqlState: PostgresFailure.conflict)
    }

    /// As ``gather(_:_:orElse:)``, of a query that must answer one row, and of a statement that goes on from it: from
    /// `found`, as it names the row.
    func gather(
        _ query: String, then statement: String, _ parameters: [any PostgresEncodable], orElse otherwise: String
    ) throws {
        try self.gatherOne(query, then: statement, parameters, orElse: otherwise)
    }

    /// A statement that must answer one row, and divides by zero where it answers none.
    private func gatherOne(
        _ sql: String, then statement: String? = nil, _ parameters: [any PostgresEncodable],
        orElse otherwise: String, sqlState: String = "23000"
    ) throws {
        let then = statement.map { ", done AS (\($0))" } ?? ""
        try self.gather(
            PostgresRequest(
                "WITH found AS (\(sql))\(then) SELECT 1 / count(*) FROM found",
                parameters,
                requiring: PostgresRequest.Requirement(rows: 1, otherwise: otherwise, sqlState: sqlState)
            )
        )
    }

    /// What the request requires must be something that the server itself fails without: ``commit()`` does not wait for
    /// its answer.
    private func gather(_ request: PostgresRequest) throws {
        self.gathered.append(request)
        if self.gathered.count >= Self.maximumGathered { _ = try self.answer(to: self.takeGathered()) }
    }

    private func takeGathered() -> [PostgresRequest] {
        defer { self.gathered.removeAll(keepingCapacity: true) }
        return self.gathered
    }

    private func send(
        _ requests: [PostgresRequest], each: (Int, borrowing PostgresResult) -> Void = { _, _ in }
    ) throws(PostgresFailure) -> PostgresResult {
        if let failure { throw failure }
        let result = try self.session.exchange(requests, each: each)
        self.hasBegun = true
        self.hasUncheckedRecall = false
        return result
    }

    /// As ``send(_:)``, while the body runs: what fails is kept.
    private func answer(
        to requests: [PostgresRequest], each: (Int, borrowing PostgresResult) -> Void = { _, _ in }
    ) throws(StoreError) -> PostgresResult {
        do throws(PostgresFailure) {
            return try self.send(requests, each: each)
        } catch {
            if self.failure == nil { self.failure = error }
            throw error.storeError
        }
    }

    /// What the schema would refuse, found without it.
    func constraint(_ message: String) -> StoreError { StoreError(.constraint, message) }
}
