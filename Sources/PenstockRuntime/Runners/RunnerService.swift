// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Logging
import PenstockEngine
import PenstockModel
import PenstockStore
import ServiceLifecycle

/// Hands the jobs of the service's own types to its runners.
///
/// A job is held for a lease, which is renewed while its runner runs; a process that dies loses it, and another claim
/// takes it up. Who lost a job all the same, since it has ended or was handed to somebody else, is cancelled. Graceful
/// shutdown claims no more and lets what runs end.
package struct RunnerService: Service {
    /// Jobs that run at once.
    package static let concurrency = 32
    /// How long a job is held: what the death of its process costs.
    package static let lease: Duration = .seconds(10)
    /// When a lease is renewed: early enough for more than one attempt.
    package static let renewal: Duration = .seconds(5)
    /// How long after a renewal that failed the next one is tried.
    package static let renewalRetry: Duration = .seconds(1)
    /// How often a job is tried before it fails.
    package static let maximumDispatches = 3
    /// How long the service sleeps at most: what a lost signal costs.
    package static let sweepInterval: Duration = .seconds(5)

    /// As whom jobs are taken.
    private static let principal = "penstock-runner"

    private let context: RuntimeContext
    private let jobs: JobService
    private let runners: [ActionTypeID: any ActionRunner]
    private let alarm: Alarm
    private let leases = RunLeases()

    package init(context: RuntimeContext, runners: [any ActionRunner]) {
        self.context = context
        self.jobs = JobService(context: context)
        self.runners = Dictionary(
            uniqueKeysWithValues: runners.flatMap { runner in runner.types.map { ($0, runner) } }
        )
        let types = Set(self.runners.keys)
        let alarm = Alarm(context.ongoingWork)
        self.alarm = alarm
        context.store.observe { signal in
            if case .jobQueued(let queue) = signal, types.contains(queue.typeID) { alarm.ring() }
        }
    }

    package func run() async throws {
        self.alarm.start()
        defer { self.alarm.retire() }
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                while !Task.isCancelled, !Task.isShuttingDownGracefully || self.leases.count > 0 {
                    // First of all, so that a clock that jumps hands out nothing that is held here.
                    await self.renewLeases()
                    let jobs = Task.isShuttingDownGracefully ? [] : await self.claimJobs()
                    for (job, run) in jobs {
                        self.context.ongoingWork.begin()
                        group.addTask {
                            defer { self.context.ongoingWork.end() }
                            await self.carryOut(job, as: run)
                            // Before this job counts as done: there may be room now for another one.
                            self.alarm.ring()
                        }
                    }
                    await self.alarm.sleep(
                        until: self.leases.nextRenewal, atMost: Self.sweepInterval, self.context.clock)
                }
            }
        } onGracefulShutdown: {
            self.alarm.ring()
        }
    }

    /// Counts as ongoing work already before it runs.
    func expect() { self.alarm.start() }

    /// Looks now for jobs.
    func wake() { self.alarm.ring() }

    /// When the next job can be claimed again that was handed out and may be lost; `nil` when there is none.
    var nextLapse: Timestamp? { self.context.queues.nextVisible(of: Set(self.runners.keys)) }

    /// Carries out, one after the other, what can be claimed now.
    package func carryOutClaimableJobs() async {
        while true {
            let jobs = await self.claimJobs()
            guard !jobs.isEmpty else { return }
            for (job, run) in jobs { await self.carryOut(job, as: run) }
        }
    }

    // MARK: Leases

    /// Claims what there is and what there is room for; from then on it is held.
    private func claimJobs() async -> [(JobService.ClaimedJob, RunLeases.Run)] {
        var claimed: [(JobService.ClaimedJob, RunLeases.Run)] = []
        do {
            // Signals of other processes can be lost, so what memory says of their queues is refreshed.
            if self.context.store.isShared { try await self.context.prepare() }
        } catch {
            self.context.logger.error("queues could not be read", metadata: ["error": "\(error)"])
        }
        for queue in self.context.queues.ready(Set(self.runners.keys), at: self.context.clock.now) {
            let room = Self.concurrency - self.leases.count
            guard room > 0 else { break }
            do {
                let claim = JobClaim(queue: queue, limit: room)
                let jobs = try await self.jobs.claim(claim, principal: Self.principal, visibility: Self.lease)
                for entry in jobs {
                    let job = entry.row.job
                    let run = RunLeases.Run(job: job.id, dispatch: job.dispatch, queue: queue)
                    self.leases.begin(run, Self.term(from: job.dispatchedAt ?? self.context.clock.now))
                    claimed.append((entry, run))
                }
            } catch {
                // What is wrong with one queue's rows keeps no other from its own.
                self.context.logger.error(
                    "jobs could not be claimed", metadata: ["queue": "\(queue)", "error": "\(error)"])
                if let error = error as? StoreError, error.concernsWholeStore { break }
            }
        }
        return claimed
    }

    /// What a lease is that begins, or is renewed, at the instant.
    private static func term(from instant: Timestamp) -> RunLeases.Term {
        RunLeases.Term(end: instant + Self.lease, renewal: instant + Self.renewal)
    }

    /// Renews the leases whose time has come, each in a transaction of its own.
    private func renewLeases() async {
        let runs = self.leases.due(at: self.context.clock.now)
        await withDiscardingTaskGroup { group in
            for run in runs { group.addTask { await self.renewLease(of: run) } }
        }
    }

    private func renewLease(of run: RunLeases.Run) async {
        let now = self.context.clock.now
        let term = Self.term(from: now)
        do {
            guard try await self.jobs.holdRun(run.job, dispatch: run.dispatch, until: term.end) else {
                return self.leases.lose(run)
            }
            if !self.leases.renew(run, term) { self.context.queues.hideJob(of: run.queue, until: term.end) }
        } catch {
            self.context.logger.error(
                "a job's lease could not be renewed", metadata: ["job": "\(run.job)", "error": "\(error)"])
            self.leases.postpone(run, renewal: now + Self.renewalRetry)
        }
    }

    // MARK: Runs

    /// Runs the job and reports. Whatever goes wrong here leaves the job to its lease.
    private func carryOut(_ claimed: JobService.ClaimedJob, as run: RunLeases.Run) async {
        do {
            if let result = try await self.resultWhileHeld(of: claimed, run) {
                try await self.jobs.completeRun(run.job, dispatch: run.dispatch, result)
            } else {
                self.context.logger.notice(
                    "a run was stopped, since its job is held no more", metadata: ["job": "\(run.job)"])
            }
            self.leases.end(run)
        } catch {
            self.context.logger.error(
                "a job will be tried again", metadata: ["job": "\(run.job)", "error": "\(error)"])
            if let end = self.leases.end(run) { self.context.queues.hideJob(of: run.queue, until: end) }
        }
    }

    /// - Returns: `nil` when the job was lost, or the service is cancelled; the runner was cancelled then, and has ended.
    private func resultWhileHeld(
        of claimed: JobService.ClaimedJob,
        _ run: RunLeases.Run
    ) async throws -> JobResult? {
        try await withThrowingTaskGroup(of: JobResult?.self) { group in
            group.addTask { try await self.result(of: claimed) }
            group.addTask {
                await self.leases.loss(of: run)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }

    private func result(of claimed: JobService.ClaimedJob) async throws -> JobResult {
        let row = claimed.row
        guard let runner = self.runners[row.start.action.typeID] else {
            throw StoreError(.corrupt, "a job of \(row.start.action.typeID) was claimed, which nothing runs")
        }
        let job = RunnerJob(
            id: row.job.id,
            dispatch: row.job.dispatch,
            scope: row.scope,
            start: row.start,
            configuration: claimed.configuration
        )
        do {
            return try await runner.run(job)
        } catch  where row.job.dispatch >= Self.maximumDispatches && !Task.isCancelled {
            self.context.logger.error("a job failed", metadata: ["job": "\(row.job.id)", "error": "\(error)"])
            let failure = FailureDetails(
                type: .systemUnavailable, message: "The action could not be carried out. Retry the stage later.")
            return .failure(failure, externalExecutionID: nil)
        }
    }
}
