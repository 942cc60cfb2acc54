// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import GRDBSQLite
import Logging
import PenstockModel
import PenstockSQLite
import PenstockStore

/// Commits per second of the embedded store, beside raw SQLite with one sync per commit on the same disk.
///
/// Both write one row of the same content per transaction, in write-ahead mode with `synchronous=FULL`.
@main
struct StoreBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store-benchmark",
        abstract: "Measures commits per second of the embedded store, beside raw SQLite."
    )

    @Option(help: "Transactions per measurement.")
    var transactions = 20_000

    @Option(help: "Callers at once, the last of several measurements.")
    var callers = 64

    func run() async throws {
        let directory = URL.temporaryDirectory.appending(path: "penstock-store-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let raw = try RawSQLite(path: directory.appending(path: "raw.sqlite").path)
        let count = self.transactions / 10
        let ceiling = try Self.rate(count) { try raw.commit(times: count) }
        Self.show("(c) raw SQLite, one sync per commit", ceiling, beside: ceiling)
        let store = try SQLiteStore(
            path: directory.appending(path: "store.sqlite").path, logger: Logger(label: "store-benchmark"))
        for callers in [1, 8, self.callers] {
            let share = (callers == 1 ? count : self.transactions) / callers
            let start = ContinuousClock.now
            try await Self.commit(store, callers: callers, each: share)
            let rate = Double(share * callers) / ((ContinuousClock.now - start) / .seconds(1))
            Self.show("    the store, \(callers) callers", rate, beside: ceiling)
        }
        await store.close()
    }

    private static func commit(_ store: SQLiteStore, callers: Int, each: Int) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for caller in 0..<callers {
                group.addTask {
                    for number in 0..<each {
                        let row = AuditRow(
                            at: Timestamp(millisecondsSinceEpoch: Int64(number)), scope: .benchmark,
                            principal: "arn:aws:iam::000000000000:user/bench", operation: "PutJobSuccessResult",
                            resource: RawSQLite.text, outcome: "ok", requestID: "\(caller)-\(number)")
                        try await store.write { try $0.insertAuditEntry(row) }
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private static func rate(_ count: Int, _ work: () throws -> Void) rethrows -> Double {
        let start = ContinuousClock.now
        try work()
        return Double(count) / ((ContinuousClock.now - start) / .seconds(1))
    }

    private static func show(_ name: String, _ rate: Double, beside ceiling: Double) {
        let label = name + String(repeating: " ", count: max(1, 52 - name.count))
        let ratio = (rate / ceiling * 100).rounded() / 100
        print("\(label)\(Int(rate)) /s   x \(ratio) of raw SQLite")
    }
}

extension Scope {
    fileprivate static var benchmark: Scope { Scope(account: .default, region: .default) }
}

/// SQLite by its C interface: the peer.
private struct RawSQLite {
    struct Failure: Error, CustomStringConvertible { let description: String }

    /// What each row carries.
    static let text = "arn:aws:codepipeline:eu-central-1:000000000000:bench/Work/Work0"

    private let handle: OpaquePointer

    init(path: String) throws {
        var handle: OpaquePointer?
        guard sqlite3_open(path, &handle) == SQLITE_OK, let handle else {
            throw Failure(description: "\(path) cannot be opened")
        }
        self.handle = handle
        try self.run("PRAGMA journal_mode = WAL")
        try self.run("PRAGMA synchronous = FULL")
        try self.run("CREATE TABLE entries (id INTEGER PRIMARY KEY, at INTEGER, text TEXT)")
    }

    func commit(times: Int) throws {
        for number in 0..<times { try self.run("INSERT INTO entries (at, text) VALUES (\(number), '\(Self.text)')") }
    }

    private func run(_ statement: String) throws {
        guard sqlite3_exec(self.handle, statement, nil, nil, nil) == SQLITE_OK else {
            throw Failure(description: "\(statement): \(String(cString: sqlite3_errmsg(self.handle)))")
        }
    }
}
