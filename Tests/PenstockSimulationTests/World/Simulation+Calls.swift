// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockRuntime

/// What came of a call.
enum Answer<Value> {
    case done(Value)
    case refused(Rejection)
    /// The process died; whether the call was carried out is not known.
    case lost
}

extension Answer {
    var isDone: Bool { if case .done = self { true } else { false } }

    var words: String {
        switch self {
        case .done: "done"
        case .refused(let rejection): "refused: \(rejection.code.rawValue)"
        case .lost: "no answer"
        }
    }
}

extension Simulation {
    /// Makes a call of one of the processes, which may die over it or stand still, and takes in what it led to.
    ///
    /// - Returns: The answer, and whether anything else happened meanwhile.
    func ask<Value>(
        _ what: String,
        _ body: (SimulatedProcess) async throws -> Value
    ) async throws -> (answer: Answer<Value>, isUndisturbed: Bool) {
        let process = self.pickProcess()
        process.store.plan(self.nextFault())
        let pauses = self.pauseCount
        let line = "\(self.place)\(what) [\(process.number)]"
        let before = self.tally.counts["steps of the engine"]
        if !self.isEnding { self.trace.note(line) }
        let answer: Answer<Value>
        do {
            answer = .done(try await body(process))
        } catch let rejection as Rejection {
            answer = .refused(rejection)
            self.tally.count("refusals")
        } catch is ProcessDied {
            answer = .lost
        }
        process.store.plan(nil)
        try await self.takeIn()
        // In the end everything is tried again and again; what came to nothing is not told.
        if self.isEnding, self.tally.counts["steps of the engine"] != before { self.trace.note(line) }
        if !self.isEnding || !answer.isDone { self.trace.note("\(self.place)  \(answer.words)") }
        if !process.store.isAlive {
            self.trace.note("\(self.place)process \(process.number) died")
            try await self.replace(process)
        }
        return (answer, pauses == self.pauseCount)
    }

    /// The step and the time of a line of the trace.
    var place: String {
        let seconds = self.world.clock.now.millisecondsSinceEpoch / 1000 - 1_767_225_600
        return "\(self.stepNumber): \(seconds / 86400)d \(seconds % 86400)s "
    }

    /// Adds a broken rule.
    func report(_ violation: String) { self.violations.append(violation) }

    private func nextFault() -> ProcessStore.Plan? {
        guard !self.isEnding else { return nil }
        let passes = Int.random(in: 0...2, using: &self.random)
        switch Int.random(in: 0..<100, using: &self.random) {
        case 0..<2: return ProcessStore.Plan(fault: .deathBefore, passes: passes)
        case 2..<5: return ProcessStore.Plan(fault: .deathAfter, passes: passes)
        case 5..<12: return self.canPause ? ProcessStore.Plan(fault: .pause, passes: passes) : nil
        case _: return nil
        }
    }
}
