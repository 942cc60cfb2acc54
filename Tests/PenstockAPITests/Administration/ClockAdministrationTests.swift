// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockRuntime
import PenstockWire
import Testing

// The clock of a bed begins at 2026-01-01T00:00:00Z.
struct ClockAdministrationTests {
    private static let start = WireTimestamp(clampingMilliseconds: 1_767_225_600_000)

    private static func bed() async throws -> APITestBed {
        var settings = RuntimeSettings()
        settings.operatorAccount = TestIdentity.customer.account
        return try await APITestBed(settings: settings)
    }

    @Test func `The clock is told, advanced and set`() async throws {
        let bed = try await Self.bed()
        let told = try await bed.administer(Administration.GetClock.self, GetClockInput())
        #expect(told == ClockReading(now: Self.start, manual: true))
        let advanced = try await bed.administer(Administration.AdvanceClock.self, AdvanceClockInput(seconds: 90))
        #expect(advanced.now == WireTimestamp(clampingMilliseconds: Self.start.millisecondsSinceEpoch + 90_000))
        let instant = WireTimestamp(clampingMilliseconds: Self.start.millisecondsSinceEpoch + 123_456)
        let set = try await bed.administer(Administration.SetClock.self, SetClockInput(now: instant))
        #expect(set == ClockReading(now: instant, manual: true))
        #expect(bed.clock.now.millisecondsSinceEpoch == instant.millisecondsSinceEpoch)
    }

    @Test func `It is never set back`() async throws {
        let bed = try await Self.bed()
        let earlier = WireTimestamp(clampingMilliseconds: Self.start.millisecondsSinceEpoch - 1)
        let error = await #expect(throws: ServiceException.self) {
            try await bed.administer(Administration.SetClock.self, SetClockInput(now: earlier))
        }
        #expect(error?.code == .conflict)
        let negative = await #expect(throws: ServiceException.self) {
            try await bed.administer(Administration.AdvanceClock.self, AdvanceClockInput(seconds: -1))
        }
        #expect(
            negative
                == ServiceException(
                    .validation,
                    "1 validation error detected: Value at 'seconds' failed to satisfy constraint: Member must have"
                        + " value greater than or equal to 0"
                ))
    }

    @Test func `Only the operator moves it, whatever policies say`() async throws {
        let bed = try await Self.bed()
        let input = AdvanceClockInput(seconds: 1)
        for identity in [
            TestIdentity.partner, .user(in: TestIdentity.partner.account, allowed: ["penstock:*"]), .user(allowed: []),
        ] {
            let error = await #expect(throws: ServiceException.self) {
                try await bed.administer(Administration.AdvanceClock.self, input, as: identity)
            }
            #expect(error?.code == .accessDenied)
        }
        let told = try await bed.administer(Administration.GetClock.self, GetClockInput(), as: .partner)
        #expect(told.now == Self.start)
    }
}
