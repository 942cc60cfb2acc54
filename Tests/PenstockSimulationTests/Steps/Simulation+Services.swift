// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngineChecks
import PenstockModel
import PenstockRuntime

// Servers that do what is due, time that passes, and processes that die for no reason.
extension Simulation {
    func fireTimers() async throws {
        _ = try await self.ask("fire timers") { process in
            try await process.timers.fireDueTimers()
            try await process.timers.sweep()
        }
    }

    func performEffects() async throws {
        _ = try await self.ask("perform what is owed") { process in try await process.effects.performOwedEffects() }
    }

    func runSources() async throws {
        _ = try await self.ask("run source actions") { process in await process.runners.carryOutClaimableJobs() }
    }

    /// How the next source action goes.
    func nextConduct() -> SourceRunner.Conduct {
        if self.isEnding { return self.isAttended ? .succeeds : .breaks }
        switch Int.random(in: 0..<20, using: &self.random) {
        case 0..<13: return .succeeds
        case 13..<15: return .fails
        case 15..<17: return .breaks
        case _: return .dawdles
        }
    }

    func passTime() {
        let short: [Duration] = [.seconds(1), .seconds(11), .seconds(40), .seconds(65), .minutes(16)]
        let long: [Duration] = [.minutes(31), .hours(2), .hours(9), .hours(25), .days(8), .days(31)]
        let isLong = self.random.chance(25)
        // Of the long ones the longest are rare: few things outlive them.
        let index = (0..<3).map { _ in Int.random(in: 0..<long.count, using: &self.random) }.min() ?? 0
        self.pass(isLong ? long[index] : self.random.pick(short) ?? .seconds(1))
    }

    func pass(_ time: Duration) {
        self.world.clock.advance(by: time)
        self.trace.note("\(self.place)\(time.milliseconds / 1000) seconds have passed")
    }

    func killProcess() async throws {
        let process = self.pickProcess()
        self.trace.note("\(self.place)process \(process.number) is killed")
        try await self.replace(process)
    }
}
