// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import GRDBSQLite
import Logging
import PenstockModel
import PenstockSQLite
import PenstockStore

/// Commits per second of the embedded store, for callers that grow in number, beside raw SQLite with one sync for each
/// commit on the same disk.
///
/// Both write one row of the same content per transaction, in write-ahead mode with `synchronous=FULL`. How long a sync
/// takes is the disk's matter, or of whoever runs this under a tracer that makes every sync slower.
@main
struct StoreBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store-benchmark",
        abstract: "Measures commits per second of the embedded store, beside raw SQLite."
    )

    @Option(help: "Seconds of each measurement.")
    var seconds = 1.0

    @Option(parsing: .upToNextOption, help: "Callers at once, one measurement each.")
    var callers = [1, 2, 4, 8, 16, 32, 64, 128, 256]

    @Option(help: "Where the databases are made and removed again; the system's temporary directory if there is none.")
    var directory: String?

    @Option(help: "What the table is headed with.")
    var label = "on this disk"

    func run() async throws {
        let parent = self.directory.map { URL(filePath: $0) } ?? URL.temporaryDirectory
        let directory = parent.appending(path: "penstock-store-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        SQLiteLibrary.setUp()
        let raw = try RawSQLite(path: directory.appending(path: "raw.sqlite").path)
        let ceiling = try await Commits.repeated(for: .seconds(self.seconds)) { try raw.commit($0) }
        print("(c) \(self.label)")
        Self.show("raw SQLite, one sync for each commit", ceiling, beside: ceiling)
        let store = try SQLiteStore(
            path: directory.appending(path: "store.sqlite").path, logger: Logger(label: "store-benchmark"))
        for callers in self.callers {
            let commits = try await Self.measure(store, callers: callers, for: .seconds(self.seconds))
            Self.show("the store, \(callers) \(callers == 1 ? "caller" : "callers")", commits, beside: ceiling)
        }
        await store.close()
    }

    private static func measure(_ store: SQLiteStore, callers: Int, for duration: Duration) async throws -> Commits {
        let start = ContinuousClock.now
        let times = try await withThrowingTaskGroup(of: [Duration].self) { group in
            for caller in 0..<callers {
                group.addTask {
                    try await Commits.repeated(for: duration) { number in
                        let row = AuditRow(
                            at: Timestamp(millisecondsSinceEpoch: Int64(number)), scope: .benchmark,
                            principal: "arn:aws:iam::000000000000:user/bench", operation: "PutJobSuccessResult",
                            resource: RawSQLite.text, outcome: "ok", requestID: "\(caller)-\(number)")
                        try await store.write { try $0.insertAuditEntry(row) }
                    }
                    .times
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        return Commits(times: times, elapsed: ContinuousClock.now - start)
    }

    private static func show(_ name: String, _ commits: Commits, beside ceiling: Commits) {
        let label = "    " + name + String(repeating: " ", count: max(1, 48 - name.count))
        let rate = Self.padded("\(Int(commits.perSecond))", to: 8)
        let latency = Self.padded(Self.decimal(commits.median / .milliseconds(1), digits: 3), to: 8)
        let ratio = Self.padded(Self.decimal(commits.perSecond / ceiling.perSecond, digits: 2), to: 7)
        let syncs = Self.padded(Self.decimal(commits.median / ceiling.median, digits: 2), to: 6)
        print("\(label)\(rate) /s \(ratio) x raw   p50 \(latency) ms \(syncs) x raw")
    }

    private static func padded(_ text: String, to width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    private static func decimal(_ value: Double, digits: Int) -> String {
        let scale = (0..<digits).reduce(1) { scale, _ in scale * 10 }
        let scaled = Int((value * Double(scale)).rounded())
        let fraction = String(scaled % scale)
        return "\(scaled / scale)." + String(repeating: "0", count: digits - fraction.count) + fraction
    }
}

/// Transactions that were committed, one after another or at once.
private struct Commits {
    /// How long the caller of each waited; sorted.
    let times: [Duration]
    let elapsed: Duration

    init(times: [Duration], elapsed: Duration) {
        self.times = times.sorted()
        self.elapsed = elapsed
    }

    var perSecond: Double { Double(self.times.count) / (self.elapsed / .seconds(1)) }
    var median: Duration { self.times.isEmpty ? .zero : self.times[self.times.count / 2] }

    static func repeated(for duration: Duration, _ commit: (Int) async throws -> Void) async rethrows -> Commits {
        let start = ContinuousClock.now
        var times: [Duration] = []
        var last = start
        while last - start < duration {
            try await commit(times.count)
            let now = ContinuousClock.now
            times.append(now - last)
            last = now
        }
        return Commits(times: times, elapsed: last - start)
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

    func commit(_ number: Int) throws {
        try self.run("INSERT INTO entries (at, text) VALUES (\(number), '\(Self.text)')")
    }

    private func run(_ statement: String) throws {
        guard sqlite3_exec(self.handle, statement, nil, nil, nil) == SQLITE_OK else {
            throw Failure(description: "\(statement): \(String(cString: sqlite3_errmsg(self.handle)))")
        }
    }
}
