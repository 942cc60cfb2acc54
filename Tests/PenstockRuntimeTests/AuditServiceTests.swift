// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockRuntime
import PenstockStore
import Testing

@Suite(.timeLimit(.minutes(10))) struct AuditServiceTests {
    private static func fixture(keeping retention: Duration?) async throws -> RuntimeFixture {
        var settings = RuntimeSettings()
        settings.auditRetention = retention
        return try await RuntimeFixture(settings: settings)
    }

    /// Writes entries that are made now.
    private static func record(_ operations: [String], in fixture: RuntimeFixture) async throws {
        let (now, call) = (fixture.clock.now, fixture.call)
        try await fixture.store.write { transaction in
            for operation in operations {
                try transaction.insertAuditEntry(
                    AuditRow(
                        at: now, scope: call.scope, principal: call.principal, operation: operation, resource: "",
                        outcome: "ok", requestID: call.requestID
                    )
                )
            }
        }
    }

    /// The newest first.
    private static func trail(_ fixture: RuntimeFixture) async throws -> [String] {
        try await fixture.store.read { try $0.auditEntries(of: .default, limit: 10_000) }.map(\.operation)
    }

    @Test func `Entries that are older than they are kept are forgotten`() async throws {
        let fixture = try await Self.fixture(keeping: .days(30))
        let audit = AuditService(context: fixture.context)
        try await Self.record(["first"], in: fixture)
        fixture.clock.advance(by: .seconds(1))
        try await Self.record(["second"], in: fixture)
        fixture.clock.advance(by: .days(30) - .seconds(1))
        try await audit.forgetOldEntries()
        #expect(try await Self.trail(fixture) == ["second", "first"])
        fixture.clock.advance(by: .seconds(1))
        try await audit.forgetOldEntries()
        #expect(try await Self.trail(fixture) == ["second"])
    }

    @Test(arguments: [-1, 0, 1, AuditService.rowsPerStep + 7])
    func `More than one step looks at goes in several`(_ more: Int) async throws {
        let fixture = try await Self.fixture(keeping: .days(30))
        try await Self.record(Array(repeating: "old", count: AuditService.rowsPerStep + more), in: fixture)
        fixture.clock.advance(by: .days(31))
        try await Self.record(["new"], in: fixture)
        try await AuditService(context: fixture.context).forgetOldEntries()
        #expect(try await Self.trail(fixture) == ["new"])
    }

    @Test func `Nothing is forgotten unless somebody said so`() async throws {
        let fixture = try await RuntimeFixture()
        #expect(fixture.context.settings.auditRetention == nil)
        try await Self.record(["old"], in: fixture)
        fixture.clock.advance(by: .days(10_000))
        try await AuditService(context: fixture.context).forgetOldEntries()
        #expect(try await Self.trail(fixture) == ["old"])
    }

    @Test func `A clock that has been moved has forgotten what is too old by then`() async throws {
        let fixture = try await Self.fixture(keeping: .days(30))
        try await Self.record(["old"], in: fixture)
        try await fixture.running { clock in
            _ = try await clock.advance(fixture.call, by: .days(30))
            #expect(try await Self.trail(fixture) == ["AdvanceClock", "old"])
            _ = try await clock.advance(fixture.call, by: .seconds(1))
            // The second move, which is recorded with the time that it begins at.
            #expect(try await Self.trail(fixture) == ["AdvanceClock"])
        }
    }
}
