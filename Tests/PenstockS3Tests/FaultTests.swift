// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import PenstockModel
import Testing

@Suite struct FaultTests {
    private struct Fault: TemporaryFailure { let isTemporary: Bool }

    @Test(arguments: BedFault.Place.allCases)
    func `While rows cannot be reached, clients are told to come back`(_ place: BedFault.Place) async throws {
        let refusals = try await self.refusals(of: Fault(isTemporary: true), at: place)
        #expect(refusals == Array(repeating: "503 ServiceUnavailable", count: 3))
    }

    @Test(arguments: BedFault.Place.allCases)
    func `What does not pass is an error of ours`(_ place: BedFault.Place) async throws {
        let refusals = try await self.refusals(of: Fault(isTemporary: false), at: place)
        #expect(refusals == Array(repeating: "500 InternalError", count: 3))
    }

    private func refusals(of fault: Fault, at place: BedFault.Place) async throws -> [String] {
        let bed = try await Bed()
        try await bed.put("/bucket/key", "content").expect(.ok)
        // Keys of the last second are remembered.
        bed.advance(.seconds(1))
        bed.fail(place, with: fault)
        return [
            try await bed.get("/bucket/key").refusal,
            try await bed.get("/bucket?list-type=2").refusal,
            try await bed.put("/bucket/key", "other").refusal,
        ]
    }
}
