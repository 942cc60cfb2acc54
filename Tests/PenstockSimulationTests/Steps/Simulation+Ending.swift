// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import OrderedCollections
import PenstockArtifacts
import PenstockEngine
import PenstockEngineChecks
import PenstockModel
import PenstockRuntime
import PenstockStore

// The faults are over: everything that was begun must come to an end.
extension Simulation {
    /// How often everything is looked after until the last execution has ended.
    private static let maximumRounds = 600

    /// Lets everything end, with people and workers who do their work, or by the passing of time alone.
    func end() async throws {
        self.isEnding = true
        self.isAttended = self.random.chance(60)
        self.trace.note("\(self.place)the faults are over; \(self.isAttended ? "everybody works" : "only time passes")")
        for process in self.processes { try await self.replace(process) }
        if self.isAttended { try await self.openTransitions() }
        for _ in 0..<Self.maximumRounds {
            let before = self.tally.counts["steps of the engine"]
            try await self.lookAfterEverything()
            guard self.violations.isEmpty else { return }
            let isMoving = self.tally.counts["steps of the engine"] != before
            if !isMoving, self.models.values.allSatisfy({ $0.liveExecutions.isEmpty }) { break }
            if !isMoving { try await self.passTimeToNextTimer() }
        }
        try await self.check(isWhole: true)
        try await self.checkEnd()
    }

    private func openTransitions() async throws {
        for model in self.models.values {
            for gate in model.state.head.gates {
                if !gate.inbound.isEnabled {
                    try await self.setTransition(of: model, stage: gate.name, .inbound, reason: nil)
                }
                if !gate.outbound.isEnabled {
                    try await self.setTransition(of: model, stage: gate.name, .outbound, reason: nil)
                }
            }
        }
        try await self.check(isWhole: false)
    }

    private func lookAfterEverything() async throws {
        try await self.fireTimers()
        try await self.performEffects()
        try await self.runSources()
        try await self.check(isWhole: false)
        if self.isAttended { try await self.work() }
    }

    private func work() async throws {
        for query in Query.allCases {
            for _ in 0..<Self.maximumRounds {
                guard try await self.poll(query, limit: 4) > 0 else { break }
                try await self.check(isWhole: false)
                try await self.finishJobs()
                guard self.violations.isEmpty else { return }
            }
        }
        try await self.finishJobs()
        for model in self.models.values {
            for entry in model.runningAttempts where entry.attempt.isApproval {
                guard let start = model.ledger.starts.last(where: { $0.id == entry.attempt.id }) else { continue }
                try await self.answer(start, of: model, isApproved: true, summary: "fine")
            }
        }
        try await self.check(isWhole: false)
    }

    /// Ends the jobs that workers were handed and that are still theirs.
    private func finishJobs() async throws {
        for paper in self.workers.papers {
            guard let row = self.jobs.rows[paper.job], !row.job.storedStatus.isTerminal, row.job.nonce == paper.nonce
            else { continue }
            try await self.acknowledge(paper, nonce: paper.nonce)
            try await self.report(Self.success, of: paper)
        }
        try await self.check(isWhole: false)
    }

    /// To the first timer, or past the visibility of jobs if they come first.
    private func passTimeToNextTimer() async throws {
        let now = self.world.clock.now
        let due = try await OwedWork(in: self.world.base).earliest.map { max($0 - now, .zero) }
        let hidden = self.jobs.open.compactMap(\.job.visibleAt).filter { $0 > now }.min().map { $0 - now }
        self.pass(min(due ?? .minutes(1), hidden ?? .days(400)) + .seconds(1))
    }

    // MARK: What must be so at the end

    private func checkEnd() async throws {
        for model in self.models.values {
            for execution in model.liveExecutions {
                self.report("\(execution.label) of \(model.name) ends once the faults are over")
            }
        }
        guard self.violations.isEmpty else { return }
        if !self.jobs.open.isEmpty { self.report("no job is open once everything has ended") }
        let owed = try await OwedWork(in: self.world.base)
        if !owed.effects.isEmpty { self.report("nothing is owed once everything has ended") }
        let ids = Array(self.models.keys)
        let unseen = try await self.world.base.write { transaction in
            try ids.flatMap { try transaction.sourceWatches(of: $0) }.filter { watch in
                let latest = try transaction.latestVersion(of: ObjectKey(watch.objectKey), in: watch.bucket)
                return watch.isActive && latest.map { $0.revisionID != watch.cursor } ?? false
            }
        }
        for watch in unseen { self.report("\(watch.pipelineKey.name) was started for the newest object") }
    }
}
