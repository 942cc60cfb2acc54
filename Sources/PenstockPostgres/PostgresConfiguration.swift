// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel

/// Where the database is, and how much of it one process takes.
package struct PostgresConfiguration: Sendable {
    /// A libpq connection string or URI. Settings that it leaves out come from the `PG…` environment variables.
    package var connectionString: String
    /// How many transactions run at once. One more carries signals between processes.
    package var maximumConnections: Int
    /// How long a transaction waits for a connection to be free.
    package var acquireTimeout: Duration
    /// How long opening a connection may take, in whole seconds; libpq takes 2 at the least.
    package var connectTimeout: Duration
    /// How long a statement waits for a lock that another transaction holds.
    package var lockTimeout: Duration
    /// How long one statement runs.
    package var statementTimeout: Duration
    /// How long the server may take to answer, longer than a statement runs; then the connection counts as lost.
    package var answerTimeout: Duration
    /// How long the server keeps a transaction of a process that was paused or cut off.
    package var idleInTransactionTimeout: Duration
    /// How often a body is run before a conflict with other writers, or a lost connection, is the caller's.
    package var maximumAttempts: Int
    /// How often a server says to the others that it lives.
    package var renewalInterval: Duration
    /// What this version writes and reads of stored values, from the oldest that it can still write.
    package var formats: ClosedRange<Int>

    package init(
        connectionString: String,
        maximumConnections: Int = 8,
        acquireTimeout: Duration = .seconds(10),
        connectTimeout: Duration = .seconds(5),
        lockTimeout: Duration = .seconds(10),
        statementTimeout: Duration = .seconds(30),
        answerTimeout: Duration = .seconds(40),
        idleInTransactionTimeout: Duration = .seconds(30),
        maximumAttempts: Int = 8,
        renewalInterval: Duration = .seconds(10),
        formats: ClosedRange<Int> = StateFormat.written
    ) {
        precondition(
            maximumConnections > 0 && maximumAttempts > 0, "a store needs a connection and an attempt")
        self.connectionString = connectionString
        self.maximumConnections = maximumConnections
        self.acquireTimeout = acquireTimeout
        self.connectTimeout = connectTimeout
        self.lockTimeout = lockTimeout
        self.statementTimeout = statementTimeout
        self.answerTimeout = answerTimeout
        self.idleInTransactionTimeout = idleInTransactionTimeout
        self.maximumAttempts = maximumAttempts
        self.renewalInterval = renewalInterval
        self.formats = formats
    }
}
