// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import PenstockRuntime
import PenstockStore

// Commits that lack something, and memory that is not restored.
extension Mutation {
    static let ofTheStore: [Self] = [
        Self(
            name: "hand-out-twice",
            summary: "a job that a worker was handed is not hidden from others",
            sabotage: { transaction, _ in
                for row in try transaction.openJobs(in: SimulatedTypes.scope, after: nil, limit: .max) {
                    guard row.queue?.typeID.owner != .aws, row.job.storedStatus == .dispatched,
                        let nonce = row.job.nonce,
                        let dispatchedAt = row.job.dispatchedAt, let principal = row.job.dispatchedTo
                    else { continue }
                    var job = Job(id: row.job.id, createdAt: row.job.createdAt)
                    job.dispatch(to: principal, nonce: nonce, at: dispatchedAt, visibility: .zero)
                    try transaction.updateJob(job, clientID: row.clientID)
                }
            }
        ),
        Self(
            name: "lose-deadline",
            summary: "the deadline of one attempt in eight is not written",
            sabotage: { transaction, steps in
                for case .startAction(let start) in steps.flatMap(\.outcome.effects)
                where start.id.value.low.isMultiple(of: 8) {
                    try transaction.deleteTimer(.actionDeadline(start.id))
                }
            }
        ),
        Self(
            name: "lose-owed-effect",
            summary: "what is owed is dropped when a pipeline moves",
            sabotage: { transaction, steps in
                guard !steps.isEmpty else { return }
                let end = Timestamp(millisecondsSinceEpoch: .max)
                for effect in try transaction.claimEffects(at: end, leaseUntil: end, limit: .max) {
                    _ = try transaction.settleEffect(effect.row.id, fence: effect.fence)
                }
            }
        ),
        Self(
            name: "lose-stage-row",
            summary: "a stage that failed is not written for reads",
            sabotage: { transaction, steps in
                for step in steps {
                    guard let pipeline = step.pipeline else { continue }
                    for case .recordStage(_, let run) in step.outcome.effects where run.status == .failed {
                        try transaction.deleteStage(run.stageName, of: pipeline)
                    }
                }
            }
        ),
        Self(
            name: "tear-commit",
            summary: "an execution that ends is not written with the head",
            sabotage: { transaction, steps in
                for step in steps {
                    guard let pipeline = step.pipeline else { continue }
                    for execution in step.executions where execution.status == .failed {
                        var torn = execution
                        torn.status = .inProgress
                        try transaction.putExecution(torn, of: pipeline)
                    }
                }
            }
        ),
        Self(
            name: "forget-tokens",
            summary: "a start's token is forgotten at once",
            sabotage: { transaction, _ in
                _ = try transaction.deleteStartTokens(
                    expiredBefore: Timestamp(millisecondsSinceEpoch: .max), limit: .max)
            }
        ),
        Self(
            name: "forget-queues",
            summary: "a process that starts does not ask which queues have jobs",
            forgetsQueues: true
        ),
    ]
}
