// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Logging
import PenstockEngine
import PenstockModel
import PenstockStore
import ServiceLifecycle
import Synchronization

/// Hands the jobs of the service's own types to its runners.
///
/// A job is held for a lease; a process that dies loses it, and another claim takes it up. Graceful shutdown claims no
/// more and lets what runs end.
package struct RunnerService: Service {
    /// Jobs that run at once.
    package static let concurrency = 32
    /// How long a job is held: what the death of its process costs.
    package static let lease: Duration = .seconds(10)
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
    private let running = RunningCount()

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
                while !Task.isCancelled, !Task.isShuttingDownGracefully {
                    for job in await self.claimJobs() {
                        self.context.ongoingWork.begin()
                        group.addTask {
                            defer { self.context.ongoingWork.end() }
                            await self.carryOut(job)
                            // Before this job counts as done: there may be room now for another one.
                            self.alarm.ring()
                        }
                    }
                    await self.alarm.sleep(until: nil, atMost: Self.sweepInterval, self.context.clock)
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
            for job in jobs { await self.carryOut(job) }
        }
    }

    /// Claims what there is and what there is room for; counts it as running.
    private func claimJobs() async -> [JobService.ClaimedJob] {
        var claimed: [JobService.ClaimedJob] = []
        do {
            // Signals of other processes can be lost, so what memory says of their queues is refreshed.
            if self.context.store.isShared { try await self.context.prepare() }
            for queue in self.context.queues.ready(Set(self.runners.keys), at: self.context.clock.now) {
                let room = Self.concurrency - self.running.value
                guard room > 0 else { break }
                let claim = JobClaim(queue: queue, limit: room)
                let jobs = try await self.jobs.claim(claim, principal: Self.principal, visibility: Self.lease)
                self.running.add(jobs.count)
                claimed += jobs
            }
        } catch {
            self.context.logger.error("jobs could not be claimed", metadata: ["error": "\(error)"])
        }
        return claimed
    }

    /// Runs the job and reports. Whatever goes wrong here leaves the job to its lease.
    private func carryOut(_ claimed: JobService.ClaimedJob) async {
        defer { self.running.add(-1) }
        let row = claimed.row
        do {
            let result = try await self.result(of: claimed)
            try await self.jobs.completeRun(row.job.id, dispatch: row.job.dispatch, result)
        } catch {
            self.context.logger.error(
                "a job will be tried again", metadata: ["job": "\(row.job.id)", "error": "\(error)"])
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
        } catch  where row.job.dispatch >= Self.maximumDispatches {
            self.context.logger.error("a job failed", metadata: ["job": "\(row.job.id)", "error": "\(error)"])
            let failure = FailureDetails(
                type: .systemUnavailable, message: "The action could not be carried out. Retry the stage later.")
            return .failure(failure, externalExecutionID: nil)
        }
    }
}

/// How many jobs run. One task adds, many subtract.
private final class RunningCount: Sendable {
    private let count = Mutex(0)

    var value: Int { self.count.withLock { $0 } }
    func add(_ number: Int) { self.count.withLock { $0 += number } }
}
