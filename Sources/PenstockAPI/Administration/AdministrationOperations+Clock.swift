// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockAccess
internal import PenstockModel
internal import PenstockRuntime
internal import PenstockWire

/// The time is that of all accounts, so only the operator's may move it.
extension AdministrationOperations {
    func getClock(_ input: GetClockInput, _ call: APICall) async throws -> ClockReading {
        try await call.require("GetClock", on: .everything)
        return self.reading(at: self.clock.now)
    }

    func advanceClock(_ input: AdvanceClockInput, _ call: APICall) async throws -> ClockReading {
        try await self.requireOperator("AdvanceClock", call)
        return self.reading(at: try await self.clock.advance(call.context, by: .seconds(input.seconds)))
    }

    func setClock(_ input: SetClockInput, _ call: APICall) async throws -> ClockReading {
        try await self.requireOperator("SetClock", call)
        let instant = Timestamp(millisecondsSinceEpoch: input.now.millisecondsSinceEpoch)
        return self.reading(at: try await self.clock.set(call.context, to: instant))
    }

    private func reading(at now: Timestamp) -> ClockReading {
        ClockReading(now: WireTimestamp(now), manual: self.clock.isManual)
    }
}
