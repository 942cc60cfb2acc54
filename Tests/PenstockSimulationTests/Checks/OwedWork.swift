// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockEngineChecks
import PenstockModel
import PenstockStore

/// The timers that are set and the effects that are owed, whoever holds them.
struct OwedWork: Sendable {
    let timers: [TimerRow.Key: Timestamp]
    let effects: [EffectRow]

    /// Carries what was found out of a transaction that is not to happen.
    private struct Found: Error { let work: OwedWork }

    /// Looks by claiming everything, and taking it back.
    init(in store: MemoryStore) async throws {
        let end = Timestamp(millisecondsSinceEpoch: .max)
        do {
            try await store.write { transaction -> Void in
                let timers = try transaction.claimTimers(dueBy: end, leaseUntil: end, limit: .max)
                let effects = try transaction.claimEffects(at: end, leaseUntil: end, limit: .max)
                let keys = timers.map { ($0.row.key, $0.row.due) }
                throw Found(
                    work: Self(timers: Dictionary(uniqueKeysWithValues: keys), effects: effects.map(\.row)))
            }
            preconditionFailure("the look always throws what it found")
        } catch let found as Found {
            self = found.work
        }
    }

    private init(timers: [TimerRow.Key: Timestamp], effects: [EffectRow]) {
        self.timers = timers
        self.effects = effects
    }

    /// The first instant at which a timer is due.
    var earliest: Timestamp? { self.timers.values.min() }

    /// Every deadline is kept, and none of what has ended.
    func violations(_ models: some Sequence<PipelineModel>, jobs: some Sequence<JobRow>) -> [String] {
        var expected: [TimerRow.Key: Timestamp?] = [:]
        for job in jobs {
            expected[.actionDeadline(job.start.id)] = job.start.deadline
            if let deadline = job.jobDeadline { expected[.jobDeadline(job.job.id)] = deadline }
        }
        var running: Set<RuleExecutionID> = []
        for model in models {
            running.formUnion(model.ledger.openRules)
            for rule in model.ledger.openRules { expected[.ruleDeadline(rule)] = .some(nil) }
        }
        var violations: [String] = []
        for (key, due) in expected {
            guard let found = self.timers[key] else {
                violations.append("a deadline is kept: \(key.text)")
                continue
            }
            if let due, due != found { violations.append("a deadline is kept when it is due: \(key.text)") }
        }
        for key in self.timers.keys where expected[key] == nil {
            switch key {
            case .waitLimit: break
            case .ruleOpening(let rule) where running.contains(rule): break
            case .actionDeadline, .jobDeadline, .ruleDeadline, .ruleOpening:
                violations.append("what has ended has no deadline: \(key.text)")
            }
        }
        for model in models { violations += self.missingWaits(of: model) }
        return violations.sorted()
    }

    /// Who waits at a disabled transition has a timer no later than its time is over.
    private func missingWaits(of model: PipelineModel) -> [String] {
        let gates = model.state.head.gates
        return gates.indices.flatMap { index -> [String] in
            let isClosed = !gates[index].inbound.isEnabled || index > 0 && !gates[index - 1].outbound.isEnabled
            guard isClosed else { return [] }
            return (gates[index].waiting + gates[index].held).filter { self.timers[.waitLimit($0)] == nil }
                .map { "the wait of \($0) is limited" }
        }
    }
}
