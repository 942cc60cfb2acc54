// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockStore
import Testing

@testable import PenstockPostgres

/// Servers of different versions on one database.
@Suite(.enabled(if: PostgresCluster.isExpected, "PostgreSQL is not installed"), .timeLimit(.minutes(2)))
struct PostgresFleetTests {
    private static let current = StateFormat.current
    private static let next = StateFormat.current + 1

    private static func open(
        _ configuration: PostgresConfiguration, formats: ClosedRange<Int>
    ) async throws -> PostgresStore {
        var configuration = configuration
        configuration.formats = formats
        return try await PostgresStore(testing: configuration)
    }

    /// The format that a pipeline's row was written in, which stands in front.
    private static func writtenFormat(_ number: Int, by store: PostgresStore) async throws -> Int {
        try await store.write { transaction in
            let row = pipeline(number)
            _ = try transaction.insertPipeline(row)
            let own = try #require(transaction as? PostgresTransaction)
            let bytes = try own.first("SELECT head FROM pipeline WHERE id = $1", [row.id]) { try $0.bytes() }
            return Int(try #require(bytes?.first))
        }
    }

    @Test func `A format is written once all that live read it, and never before`() async throws {
        try await withPostgresDatabase { configuration in
            let older = try await Self.open(configuration, formats: Self.current...Self.current)
            let newer = try await Self.open(configuration, formats: Self.current...Self.next)
            #expect(try await Self.writtenFormat(1, by: newer) == Self.current)
            try await newer.renewMembership()
            #expect(try await Self.writtenFormat(2, by: newer) == Self.current)

            await older.close()
            try await newer.renewMembership()
            #expect(try await Self.writtenFormat(3, by: newer) == Self.next)
            await newer.close()
        }
    }

    @Test func `A server that died without a word is not waited for longer than it may be absent`() async throws {
        try await withPostgresDatabase { configuration in
            let older = try await Self.open(configuration, formats: Self.current...Self.current)
            let newer = try await Self.open(configuration, formats: Self.current...Self.next)
            let absence = FleetMember.absence.milliseconds
            for (age, expected) in [(absence - 5000, Self.current), (absence + 1, Self.next)] {
                try PostgresSession(configuration).run(
                    """
                    UPDATE penstock_server SET seen_at = (extract(epoch FROM clock_timestamp()) * 1000)::bigint - \(age)
                    WHERE reads = \(Self.current)
                    """
                )
                try await newer.renewMembership()
                #expect(try await Self.writtenFormat(expected, by: newer) == expected)
            }
            await newer.close()
            await older.close()
        }
    }

    @Test func `A server that was away while a newer format was agreed on refuses to go on`() async throws {
        try await withPostgresDatabase { configuration in
            let older = try await Self.open(configuration, formats: Self.current...Self.current)
            _ = try await older.write { try $0.insertSetting("name", [1]) }
            try PostgresSession(configuration).run("UPDATE penstock_format SET format = \(Self.next)")
            await #expect { try await older.renewMembership() } throws: {
                "\($0)".contains("write format \(Self.next), this program reads up to \(Self.current)")
            }
            await #expect { _ = try await older.read { try $0.setting("name") } } throws: {
                ($0 as? StoreError)?.code == .unavailable
            }
            await older.close()
        }
    }

    @Test func `A server that does not read what the others write does not start`() async throws {
        try await withPostgresDatabase { configuration in
            await (try Self.open(configuration, formats: Self.current...Self.next)).close()
            await #expect { _ = try await Self.open(configuration, formats: Self.current...Self.current) } throws: {
                ($0 as? StoreError)?.code == .corrupt && "\($0)".contains("reads up to \(Self.current)")
            }
        }
    }

    @Test func `A server that no longer writes what the others read does not start`() async throws {
        try await withPostgresDatabase { configuration in
            let older = try await Self.open(configuration, formats: Self.current...Self.current)
            await #expect { _ = try await Self.open(configuration, formats: Self.next...Self.next) } throws: {
                ($0 as? StoreError)?.code == .corrupt && "\($0)".contains("no longer writes below \(Self.next)")
            }
            // It took no place either.
            try await older.renewMembership()
            #expect(try await Self.writtenFormat(1, by: older) == Self.current)
            await older.close()
        }
    }

    @Test func `Who waits too long for another server that migrates is told so`() async throws {
        try await withPostgresDatabase { configuration in
            await (try PostgresStore(testing: configuration)).close()
            let other = try PostgresSession(configuration)
            try other.run("BEGIN; SELECT version FROM penstock_schema FOR UPDATE")
            let pool = ConnectionPool(configuration)
            await #expect {
                try await pool.run { try Migrator.migrate($0, patience: .milliseconds(50)) }
            } throws: {
                ($0 as? StoreError)?.code == .unavailable && "\($0)".contains("another server has been changing")
            }
            try other.run("ROLLBACK")
            try await pool.run { try Migrator.migrate($0, patience: .milliseconds(50)) }
            await pool.close()
        }
    }

    @Test func `A newer server adds to the schema while an older one works, and a third of the old version stops`()
        async throws
    {
        try await withPostgresDatabase { configuration in
            let older = try await PostgresStore(testing: configuration)
            let newer =
                Migration.all + [
                    Migration(version: Migration.all.count + 1, sql: "ALTER TABLE setting ADD COLUMN remark text")
                ]
            let pool = ConnectionPool(configuration)
            let (isHolding, holding) = AsyncStream.makeStream(of: Void.self)
            try await withThrowingTaskGroup(of: Void.self) { group in
                // The older one holds the table for longer than the newer one waits at a time.
                group.addTask {
                    try await older.write { transaction in
                        try transaction.putSetting("held", [1])
                        let own = try #require(transaction as? PostgresTransaction)
                        _ = try own.rows("SELECT 1::bigint", []) { _ in }
                        holding.finish()
                        _ = try own.rows("SELECT pg_sleep(2.5)::text", []) { _ in }
                    }
                }
                for await _ in isHolding {}
                group.addTask { try await pool.run { try Migrator.migrate($0, with: newer) } }
                try await group.waitForAll()
            }
            try await older.write { try $0.putSetting("name", [2]) }
            #expect(try await older.read { try [$0.setting("held"), $0.setting("name")] } == [[1], [2]])
            await #expect { _ = try await PostgresStore(testing: configuration) } throws: {
                ($0 as? StoreError)?.code == .corrupt && "\($0)".contains("use a newer one")
            }
            await older.close()
            await pool.close()
        }
    }
}
