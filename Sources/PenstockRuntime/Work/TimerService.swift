// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Logging
import PenstockEngine
import PenstockModel
import PenstockStore
import ServiceLifecycle

/// Carries out timers: fails attempts and jobs that ran out of time, and clears away what is remembered no longer.
package struct TimerService: Service {
    /// Timers that one claim takes.
    package static let batch = 64
    /// How long the service sleeps at most: what a lost signal costs.
    package static let sweepInterval: Duration = .seconds(5)
    /// Rows that one sweep deletes of each kind.
    package static let sweepBatch = 500

    let context: RuntimeContext
    private let alarm: Alarm

    package init(context: RuntimeContext) {
        self.context = context
        let alarm = Alarm(context.ongoingWork)
        self.alarm = alarm
        context.store.observe { signal in
            if case .timerSet(let due) = signal { alarm.set(due) }
        }
    }

    package func run() async throws {
        await self.alarm.loop(
            atLeastEvery: Self.sweepInterval, in: self.context, orLog: "timers could not be carried out"
        ) {
            let looked = self.context.clock.now
            try await self.fireDueTimers()
            try await self.sweep()
            let due = try await self.context.store.read { try $0.earliestTimer() }
            return Alarm.next(due, after: looked, self.context.clock)
        }
    }

    /// Counts as ongoing work already before it runs.
    func expect() { self.alarm.start() }

    /// Looks now for what is due.
    func wake() { self.alarm.ring() }

    /// Carries out everything that is due now, in the order of deadlines.
    package func fireDueTimers() async throws {
        let context = self.context
        while !Task.isCancelled {
            let now = context.clock.now
            let claimed = try await context.store.write { transaction in
                try transaction.claimTimers(dueBy: now, leaseUntil: now + context.settings.lease, limit: Self.batch)
            }
            guard !claimed.isEmpty else { return }
            for timer in claimed {
                try await context.isolating("a timer was not carried out", pipeline: timer.row.pipelineKey) {
                    try await self.fire(timer, at: now)
                }
            }
        }
    }

    private func fire(_ timer: Leased<TimerRow>, at now: Timestamp) async throws {
        let context = self.context
        try await context.store.write { transaction in
            guard let row = try transaction.lockPipeline(timer.row.pipelineKey), row.id == timer.row.pipelineID else {
                return try transaction.deleteTimer(timer.row.key)
            }
            guard try transaction.holdsTimer(timer.row.key, fence: timer.fence) else { return }
            // What is done now may set the same timer anew.
            try transaction.deleteTimer(timer.row.key)
            var commit = PipelineCommit(context: context, transaction: transaction, row: row, now: now)
            switch timer.row.key {
            case .waitLimit(let id):
                if let limit = context.settings.disabledTransitionLimit {
                    try commit.apply(.waitTimedOut(id, limit: limit))
                }
            case .ruleOpening(let id):
                let verdict = RuleVerdict(.satisfied, summary: "The window is open")
                try commit.apply(.ruleEnded(timer.row.executionID, id, verdict))
            case .ruleDeadline(let id): try commit.apply(.ruleTimedOut(timer.row.executionID, id))
            case .actionDeadline(let id):
                // What the action's type says of its jobs is not known to the pipeline.
                if let job = try transaction.lockOpenJob(of: id), job.jobDeadline != nil {
                    try Self.timeOut(job, after: job.start.deadline - job.start.startedAt, &commit)
                } else {
                    try commit.apply(.actionTimedOut(timer.row.executionID, id))
                }
            case .jobDeadline(let id):
                if let job = try transaction.lockJob(id), !job.job.storedStatus.isTerminal {
                    try Self.timeOut(job, after: job.deadline - job.job.createdAt, &commit)
                }
            }
        }
    }

    /// Ends a job and its attempt, which have had that much time.
    private static func timeOut(_ row: JobRow, after limit: Duration, _ commit: inout PipelineCommit) throws {
        var job = row.job
        job.end(.timedOut, resultDigest: nil, at: commit.now)
        try commit.transaction.updateJob(job, clientID: row.clientID)
        let minutes = limit.components.seconds / 60
        let failure = FailureDetails(type: .jobFailed, message: "The action timed out after \(minutes) minutes")
        try commit.apply(.actionFailed(row.start.executionID, row.start.id, failure, externalExecutionID: nil))
    }

    /// Forgets jobs and tokens whose time is over, a bounded number at once.
    package func sweep() async throws {
        let context = self.context
        let now = context.clock.now
        _ = try await context.store.write { transaction in
            let jobs = try transaction.deleteJobs(
                endedBefore: now - context.settings.endedJobRetention,
                limit: Self.sweepBatch
            )
            return jobs + (try transaction.deleteStartTokens(expiredBefore: now, limit: Self.sweepBatch))
        }
    }
}
