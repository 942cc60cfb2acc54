// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Crypto
package import PenstockModel

/// Everything that a database holds, as rows of ``ContentsTable``s, all of one instant.
///
/// Calls block, and belong to the thread that was handed the reader.
package protocol ContentsReader {
    /// Says which tables there are: ``ContentsTable/all(inSchema:)``.
    var schemaVersion: Int { get }

    /// Whether rows are still being moved into the database.
    var isUnfinished: Bool { get }

    /// Hands over the rows of a table by ascending key, those after the key (`nil`: all), however many there are.
    ///
    /// - Parameter unreadable: Called for each row that cannot be brought into this form, with an error that names it; the
    ///   row is passed over unless it throws.
    /// - Throws: ``StoreError``; what the closures throw.
    func read(
        _ table: ContentsTable,
        after key: [ContentsValue]?,
        unreadable: (StoreError) throws -> Void,
        _ body: (ContentsRow) throws -> Void
    ) throws

    /// What the database itself finds wrong with its files and references; at most 100 findings.
    func selfCheck() throws -> [String]
}

extension ContentsReader {
    package var tables: [ContentsTable] { ContentsTable.all(inSchema: self.schemaVersion) }

    /// Hands over rows as the other does, and throws for one that cannot be read.
    package func read(
        _ table: ContentsTable, after key: [ContentsValue]? = nil, _ body: (ContentsRow) throws -> Void
    ) throws {
        try self.read(table, after: key, unreadable: { throw $0 }, body)
    }

    /// How many rows the table has, and a hash of all of them.
    package func digest(of table: ContentsTable) throws -> ContentsDigest {
        var digest = ContentsDigest()
        try self.read(table) { digest.add($0.encoded()) }
        return digest
    }
}

/// A database that rows are moved into.
///
/// Until ``finish()`` no server works with it. What an earlier attempt brought is kept, and an attempt with the same
/// source goes on where that one stopped. Calls block, and belong to the thread that made the target.
package protocol ContentsTarget {
    /// Prepares an empty database, or finds out how far an earlier attempt with the same source came.
    ///
    /// - Parameters:
    ///   - origin: What the rows are of, and where their content goes. It is kept until the end.
    ///   - schema: The version of the schema that they had there.
    /// - Throws: ``StoreError`` with code `.constraint` when the database is in use for something else.
    func begin(_ origin: ContentsOrigin, schema: Int) throws -> ContentsProgress

    /// What an attempt began that did not come to its end; `nil` when there was none. Changes nothing.
    func begun() throws -> ContentsOrigin?

    /// Inserts rows of one table, in one transaction, durably. Tables come in the order of ``ContentsTable/all``, rows by
    /// ascending key.
    func insert(_ rows: [ContentsRow], into table: ContentsTable) throws

    /// Runs the body with what is there by now.
    func read<Result>(_ body: (any ContentsReader) throws -> Result) throws -> Result

    /// Brings the schema to the newest version and lets servers work with the database.
    func finish() throws
}

/// How far a move into a database came.
package struct ContentsProgress: Sendable, Hashable {
    /// Whether an earlier attempt began.
    package var isResumed: Bool
    /// What the first attempt began.
    package var origin: ContentsOrigin
    /// The last row that is there; `nil` when none is.
    package var last: ContentsPlace?

    package init(isResumed: Bool, origin: ContentsOrigin, last: ContentsPlace?) {
        self.isResumed = isResumed
        self.origin = origin
        self.last = last
    }
}

/// A row by its table and key.
package struct ContentsPlace: Sendable, Hashable {
    package var table: String
    package var key: [ContentsValue]

    package init(table: String, key: [ContentsValue]) {
        self.table = table
        self.key = key
    }

    /// As databases keep it.
    package func encoded() -> [UInt8] { ContentsRow([.text(self.table)] + self.key).encoded() }

    package init(decoding bytes: [UInt8]) throws(StateDecodingError) {
        let row = try ContentsRow(decoding: bytes)
        guard case .text(let table) = row.values.first else { throw StateDecodingError("a place names its table") }
        self.init(table: table, key: Array(row.values.dropFirst()))
    }
}

/// A count and a hash of rows, which are the same wherever the same rows are.
package struct ContentsDigest {
    private var hash = SHA256()
    package private(set) var rows = 0

    package init() {}

    /// - Parameter row: Encoded.
    package mutating func add(_ row: [UInt8]) {
        withUnsafeBytes(of: UInt64(row.count).bigEndian) { self.hash.update(bufferPointer: $0) }
        self.hash.update(data: row)
        self.rows += 1
    }

    /// SHA-256.
    package func finalize() -> [UInt8] { Array(self.hash.finalize()) }
}

/// What ``ContentsRepair`` may put right: nothing that somebody chose, only what the store counts by itself.
package protocol ContentsRepair {
    /// Writes how many rows name a blob; makes the blob's row if it is missing.
    func setReferences(_ count: Int64, toBlob hash: [UInt8], sizeBytes: Int64, changed: Int64) throws

    /// Moves a counter of ``ContentsTable/counters`` ahead.
    func setCounter(_ name: String, last: Int64) throws

    /// Deletes timers, by their keys.
    func deleteTimers(_ keys: [String]) throws
}

extension StoreError {
    /// For a database into which rows are still being moved.
    package static let unfinishedMove = StoreError(
        .constraint,
        """
        rows are still being moved into it: run the same restore or migrate-store again, which goes on where it stopped, \
        or begin anew with an empty database
        """
    )

    /// For a target that holds something else.
    package static let targetNotEmpty = StoreError(
        .constraint, "it is in use already: rows are moved into an empty database only")
}
