// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockArtifacts
import PenstockModel
import PenstockStore

/// One transaction on one connection, used by the one thread that runs its body.
///
/// The first statement that fails makes the transaction void, whatever the body makes of it: ``failure`` is kept for who
/// runs the body.
final class PostgresTransaction: StoreTransaction {
    private let session: PostgresSession
    private let mode: TransactionMode
    private(set) var failure: PostgresFailure?
    private(set) var signals: [StoreSignal] = []

    init(_ session: PostgresSession, mode: TransactionMode) {
        self.session = session
        self.mode = mode
    }

    func signal(_ signal: StoreSignal) {
        if !self.signals.contains(signal) { self.signals.append(signal) }
    }

    /// Sends the signals to other processes when the transaction commits.
    func notify(from origin: String) throws {
        for payload in SignalText.payloads(of: self.signals, from: origin) {
            _ = try self.rows("SELECT pg_notify($1, $2)", [SignalListener.channel, payload]) { _ in }
        }
    }

    /// The clause that locks the rows of a query; empty in a transaction that only reads, which may not lock.
    func lock(_ clause: String) -> String { self.takesLocks ? " \(clause)" : "" }

    var takesLocks: Bool { self.mode == .write }

    func rows<Value>(
        _ sql: String,
        _ parameters: [any PostgresEncodable],
        _ read: (inout PostgresRow) throws -> Value
    ) throws -> [Value] {
        do {
            return try self.session.rows(sql, parameters, read)
        } catch let failure as PostgresFailure {
            throw self.note(failure)
        }
    }

    func first<Value>(
        _ sql: String,
        _ parameters: [any PostgresEncodable],
        _ read: (inout PostgresRow) throws -> Value
    ) throws -> Value? {
        try self.rows(sql, parameters, read).first
    }

    /// Returns how many rows the statement touched.
    @discardableResult
    func change(_ sql: String, _ parameters: [any PostgresEncodable]) throws -> Int {
        do {
            return try self.session.change(sql, parameters)
        } catch {
            throw self.note(error)
        }
    }

    private func note(_ failure: PostgresFailure) -> StoreError {
        if self.failure == nil { self.failure = failure }
        return failure.storeError
    }

    /// What the schema would refuse, found without it.
    func constraint(_ message: String) -> StoreError { StoreError(.constraint, message) }
}
