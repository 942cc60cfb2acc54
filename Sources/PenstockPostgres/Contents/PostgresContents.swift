// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockStore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What a PostgreSQL database holds, read beside whoever works with it.
package enum PostgresContents {
    /// Hands the body everything that the database holds at this moment. Servers may go on working with it.
    ///
    /// - Parameter keepsOut: Servers cannot start meanwhile, and none may be running.
    /// - Throws: ``StoreError``, with code `.constraint` when a server is running that must not; what the body throws.
    package static func read<Result>(
        _ configuration: PostgresConfiguration,
        keepsOut: Bool = false,
        _ body: (any ContentsReader) throws -> Result
    ) throws -> Result {
        try Self.failing {
            // Its snapshot would be older than what it waits for, so another connection reads.
            let keeper = keepsOut ? try PostgresSession(configuration) : nil
            if let keeper {
                try keeper.run("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
                try keeper.run(Self.withoutLimits)
                try Self.keepServersOut(keeper)
            }
            let session = try PostgresSession(configuration)
            try session.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            try session.run(Self.withoutLimits)
            let result = try body(try PostgresContentsReader(session))
            try session.run("COMMIT")
            withExtendedLifetime(keeper) {}
            return result
        }
    }

    /// Between two pages the caller does what it likes for as long as it takes.
    static let withoutLimits = "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0"

    /// Every server takes this row's lock when it starts, and has a connection for as long as it runs.
    static func keepServersOut(_ session: PostgresSession) throws {
        if try session.rows("SELECT to_regclass('penstock_schema') IS NOT NULL", [], { try $0.bool() }).first == true {
            _ = try session.rows("SELECT version FROM penstock_schema WHERE id = 1 FOR UPDATE", []) { _ in }
        }
        // A connection that was just closed is still there for a moment.
        for _ in 0..<Self.maximumLooks {
            if try Self.serverCount(session) == 0 { return }
            usleep(Self.pauseMicroseconds)
        }
        throw StoreError(.constraint, "Penstock servers are connected to it: stop them first")
    }

    private static let maximumLooks = 20
    private static let pauseMicroseconds: UInt32 = 100_000

    /// Where servers have another name they are known by what their connection for signals ran last.
    private static func serverCount(_ session: PostgresSession) throws -> Int {
        // What was seen once is seen again throughout a transaction.
        try session.run("SELECT pg_stat_clear_snapshot()")
        return try session.rows(
            """
            SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()
                AND (application_name = 'penstock' OR query IN ($1, $2))
            """, [SignalConnection.listening, SignalConnection.telling]
        ) { try $0.int() }.first ?? 0
    }

    static func failing<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let failure as PostgresFailure {
            throw failure.storeError
        }
    }
}

/// Reads the contents in the transaction that is open on a connection.
struct PostgresContentsReader: ContentsReader {
    private let session: PostgresSession
    let schemaVersion: Int
    let isUnfinished: Bool

    init(_ session: PostgresSession) throws {
        self.session = session
        let hasSchema = try session.rows("SELECT to_regclass('penstock_schema') IS NOT NULL", []) { try $0.bool() }
        self.schemaVersion =
            hasSchema.first == true
            ? try session.rows("SELECT version FROM penstock_schema WHERE id = 1", []) { try $0.int() }.first ?? 0
            : 0
        self.isUnfinished = try MoveMark.isThere(on: session)
    }

    func read(
        _ table: ContentsTable,
        after key: [ContentsValue]?,
        unreadable: (StoreError) throws -> Void,
        _ body: (ContentsRow) throws -> Void
    ) throws {
        guard table.name != ContentsTable.counters.name else { return try self.readCounters(after: key, body) }
        let form = PostgresTableForm(table: table)
        var key = key
        while true {
            let parameters = key.map { form.parameters(ContentsRow($0)) } ?? []
            let page = try PostgresContents.failing {
                try self.session.rows(form.select(isAfterKey: key != nil), parameters) { try form.row(&$0) }
            }
            for row in page {
                switch form.shared(row) {
                case .success(let row): try body(row)
                case .failure(let error): try unreadable(error)
                }
            }
            guard page.count == PostgresTableForm.pageSize, let last = page.last else { return }
            key = last.key(of: table)
        }
    }

    private func readCounters(after key: [ContentsValue]?, _ body: (ContentsRow) throws -> Void) throws {
        for name in PostgresCounters.names(inSchema: self.schemaVersion) {
            if case .text(let last) = key?.first, name <= last { continue }
            let last = try PostgresContents.failing { try PostgresCounters.last(of: name, on: self.session) }
            try body(ContentsRow([.text(name), .integer(last)]))
        }
    }

    /// PostgreSQL holds references by itself, and its own tools look at its files.
    func selfCheck() throws -> [String] { [] }
}
