// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockStore

/// The bodies of one batch, run in one transaction so that what a body throws undoes its own work alone.
///
/// A savepoint for each body would do, but it copies each page that a body changes, and hardly any body throws after it
/// has changed something. So they run without savepoints at first; when one throws that has written, all is rolled
/// back, and the batch runs again, each body in a savepoint of its own. Bodies may run again, as `Store` says.
struct BatchRun {
    /// What came of the bodies that ran, in order.
    private(set) var attempts: [PendingWrite.Attempt] = []
    /// Of the bodies that succeeded, in order.
    private(set) var signals: [StoreSignal] = []

    /// Begins a transaction and runs the bodies in it.
    ///
    /// - Throws: A failure of the database itself; what this or an earlier body wrote may then be lost.
    mutating func run(_ batch: [PendingWrite], on connection: SQLiteConnection) throws {
        try connection.run(.begin)
        if try self.runTogether(batch, on: connection) { return }
        try connection.run(.rollback)
        self = Self()
        try connection.run(.begin)
        try self.runApart(batch, on: connection)
    }

    /// - Returns: `false` when a body threw that had written: its work is not to be told from that of the others.
    private mutating func runTogether(_ batch: [PendingWrite], on connection: SQLiteConnection) throws -> Bool {
        self.attempts.reserveCapacity(batch.count)
        for write in batch {
            let before = connection.changeCount
            let succeeded = try self.attempt(write, on: connection)
            guard succeeded || connection.changeCount == before else { return false }
        }
        return true
    }

    private mutating func runApart(_ batch: [PendingWrite], on connection: SQLiteConnection) throws {
        for write in batch {
            try connection.run(.savepoint)
            if try !self.attempt(write, on: connection) { try connection.run(.rollbackMember) }
            try connection.run(.release)
        }
    }

    private mutating func attempt(_ write: PendingWrite, on connection: SQLiteConnection) throws -> Bool {
        let transaction = SQLiteTransaction(connection)
        let attempt = write.run(transaction)
        self.attempts.append(attempt)
        if let error = connection.failure { throw error }
        if attempt.succeeded { self.signals += transaction.signals }
        return attempt.succeeded
    }
}
