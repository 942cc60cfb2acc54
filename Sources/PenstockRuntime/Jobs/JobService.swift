// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Logging
package import PenstockEngine
package import PenstockModel
package import PenstockStore
import ServiceLifecycle

/// The job-worker protocol of both families: polling, acknowledging, details and results.
package struct JobService: Sendable {
    let context: RuntimeContext

    package init(context: RuntimeContext) {
        self.context = context
    }

    // MARK: Polling

    /// Hands out jobs of a custom action type, the oldest first.
    ///
    /// - Parameters:
    ///   - query: The queryable property's value to select by; required exactly when the type has such a property.
    ///   - limit: At least 1; cut to ``RuntimeSettings/maximumPollBatch``.
    ///   - wait: How long to wait for the first job.
    package func pollForJobs(
        _ call: CallContext,
        type: ActionTypeID,
        query: [KeyedValue],
        limit: Int,
        wait: Duration
    ) async throws -> [JobDetails] {
        guard type.owner == .custom else {
            throw Rejection(.validation, "ActionType with owner '\(type.owner.rawValue)' is not supported")
        }
        let row = try await self.context.catalog.customType(type, in: call.scope, store: self.context.store)
        guard let row, !row.isDeleted else { throw ActionTypeRejections.notFound(type) }
        let value = try Self.queryValue(query, of: row.definition)
        let claim = JobClaim(
            queue: JobQueue(region: call.scope.region, typeID: type, account: call.scope.account),
            queryValue: value,
            limit: min(limit, self.context.settings.maximumPollBatch)
        )
        let claimed = try await self.poll(claim, principal: call.principal, wait: wait)
        let details = try claimed.map { job in
            try self.context.details(
                of: job.row, version: job.version, configuration: job.configuration, nonce: job.row.job.nonce)
        }
        return try await self.withStagedArtifacts(details)
    }

    /// Hands out jobs of a partner's action type, of whatever customer.
    package func pollForPartnerJobs(
        _ call: CallContext,
        type: ActionTypeID,
        limit: Int,
        wait: Duration
    ) async throws -> [PartnerJob] {
        guard type.owner != .custom else {
            throw Rejection(.validation, "ActionType with owner '\(type.owner.rawValue)' is not supported")
        }
        let row = try await self.context.catalog.partnerType(type, in: call.scope.region, store: self.context.store)
        guard let row, !row.isDeleted, row.mayPoll(call.scope.account) else {
            throw ActionTypeRejections.notFound(type)
        }
        let claim = JobClaim(
            queue: JobQueue(region: call.scope.region, typeID: type, account: nil),
            needsConnection: true,
            limit: min(limit, self.context.settings.maximumPollBatch)
        )
        let claimed = try await self.poll(claim, principal: call.principal, wait: wait)
        return claimed.compactMap { entry in
            entry.row.clientID.map { PartnerJob(clientID: $0, jobID: entry.row.job.id) }
        }
    }

    private static func queryValue(_ query: [KeyedValue], of type: ActionTypeDefinition) throws -> String? {
        guard let property = type.queryableProperty else {
            guard query.isEmpty else {
                throw Rejection(.validation, "The action type has no queryable property, so queryParam must be empty")
            }
            return nil
        }
        guard query.count == 1, let value = query[key: property.name] else {
            throw Rejection(.validation, "queryParam must have the one key '\(property.name)', the queryable property")
        }
        return value
    }

    /// A job that a poll took, with the version its execution runs.
    package struct ClaimedJob: Sendable {
        package var row: JobRow
        package var version: PipelineVersionRow
        /// Resolved, with secrets in clear.
        package var configuration: [KeyedValue]
    }

    /// Claims at once or, when there is nothing and the caller waits, as soon as there is something.
    private func poll(_ claim: JobClaim, principal: String, wait: Duration) async throws -> [ClaimedJob] {
        let wait = min(wait, self.context.settings.maximumPollWait)
        guard wait > .zero else { return try await self.claim(claim, principal: principal) }
        return try await self.poll(claim, principal: principal, wait: wait, on: self.context.pollClock)
    }

    private func poll<PollClock: Clock>(
        _ claim: JobClaim,
        principal: String,
        wait: Duration,
        on clock: PollClock
    ) async throws -> [ClaimedJob] where PollClock.Duration == Duration {
        let deadline = clock.now.advanced(by: wait)
        while true {
            let generation = self.context.queues.generation(of: claim.queue)
            let jobs = try await self.claim(claim, principal: principal)
            guard jobs.isEmpty, clock.now < deadline, !Task.isShuttingDownGracefully else { return jobs }
            await self.waitForJob(claim, after: generation) { try? await clock.sleep(until: deadline, tolerance: nil) }
            guard !Task.isCancelled else {
                // Nobody is there to take a job; what this poll may have been told of is for the next one.
                self.context.queues.passOn(claim.queue, queryValue: claim.queryValue)
                throw CancellationError()
            }
        }
    }

    /// Returns when a job is queued, when a hidden one becomes visible, when the time is over or the server stops.
    private func waitForJob(
        _ claim: JobClaim,
        after generation: Int,
        timeIsOver: @escaping @Sendable () async -> Void
    ) async {
        let queues = self.context.queues
        let visibleAt = queues.nextVisible(claim.queue)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await queues.wait(for: claim.queue, queryValue: claim.queryValue, after: generation) }
            group.addTask { await timeIsOver() }
            group.addTask { try? await gracefulShutdown() }
            if let visibleAt { group.addTask { await self.context.clock.sleep(until: visibleAt) } }
            await group.next()
            group.cancelAll()
        }
    }

    /// Claims what can be polled now; costs no database access when memory knows that there is nothing.
    ///
    /// - Parameter visibility: How long the jobs are kept from others; `nil` for ``RuntimeSettings/visibility``.
    package func claim(
        _ claim: JobClaim, principal: String, visibility: Duration? = nil
    ) async throws -> [ClaimedJob] {
        let now = self.context.clock.now
        let queues = self.context.queues
        let known = queues.ticket(for: claim.queue, queryValue: claim.queryValue, at: now)
        let asksAnyway = self.context.store.isShared
        guard let ticket = known ?? (asksAnyway ? queues.anyTicket(for: claim.queue, at: now) : nil) else { return [] }
        let context = self.context
        let (claimed, isExhausted) = try await context.store.write { transaction in
            let (found, isExhausted) = try Self.claimable(claim, at: now, in: transaction)
            let claimed = try found.map { found -> Result<ClaimedJob, UnreadableJob> in
                var row = found
                guard row.job.status(at: now) == .queued else {
                    // What is looked for by is written anew, so that it is not found again.
                    try transaction.updateJob(row.job, clientID: row.clientID)
                    return .failure(UnreadableJob(row: row, reason: "the job is not as its row says that it is"))
                }
                row.job.dispatch(
                    to: principal,
                    nonce: context.makeNonce(),
                    at: now,
                    visibility: visibility ?? context.settings.visibility
                )
                try transaction.updateJob(row.job, clientID: row.clientID)
                // The first job that is dispatched under a connection binds it to its type.
                if let clientID = row.clientID {
                    try transaction.bindConnection(clientID, to: row.start.action.typeID)
                }
                return try context.claimed(row, in: transaction)
            }
            return (claimed, isExhausted)
        }
        queues.claimed(
            claim.queue,
            with: ticket,
            visibleAt: claimed.compactMap(\.row.job.visibleAt),
            isExhausted: isExhausted,
            queryValue: claim.queryValue
        )
        return claimed.compactMap { result in
            do throws(UnreadableJob) {
                return try result.get()
            } catch {
                context.logger.error("a job cannot be handed out", metadata: error.metadata)
                return nil
            }
        }
    }

    /// Locks jobs that can be polled and are not overdue. Overdue ones, which a timer is about to end, or cannot, are
    /// passed over and count for nothing.
    ///
    /// - Returns: At most as many as the claim says, and whether there are no more.
    private static func claimable(
        _ claim: JobClaim, at now: Timestamp, in transaction: any StoreTransaction
    ) throws -> (jobs: [JobRow], isExhausted: Bool) {
        var wider = claim
        while true {
            let found = try transaction.claimJobs(wider, at: now)
            let jobs = found.filter { now < $0.deadline }
            let isExhausted = found.count < wider.limit
            if isExhausted || jobs.count >= claim.limit || wider.limit >= Self.maximumOverdue {
                return (Array(jobs.prefix(claim.limit)), isExhausted && jobs.count <= claim.limit)
            }
            wider.limit = min(wider.limit * 8, Self.maximumOverdue)
        }
    }

    /// Behind so many jobs that are all overdue, nothing is looked for.
    private static let maximumOverdue = 4096

    // MARK: Acknowledging

    /// Makes a dispatched job the worker's own.
    ///
    /// - Parameter proof: Who asks: a custom worker, or a partner's with the customer's client token.
    /// - Returns: How the job stands; only `inProgress` means that it is the caller's.
    package func acknowledge(
        _ call: CallContext,
        _ id: JobID,
        nonce: String,
        proof: WorkerProof
    ) async throws -> Job.Status {
        let context = self.context
        let now = context.clock.now
        return try await context.store.write { transaction in
            guard let found = try JobAccess.lockJob(id, proof, in: transaction) else {
                throw JobRejections.notFound(id.description)
            }
            try JobAccess(context: context, now: now).check(found, call, proof, in: transaction)
            let row = found.row
            var job = row.standing(at: now)
            switch job.acknowledge(nonce: nonce, at: now) {
            case .accepted:
                try transaction.updateJob(job, clientID: row.clientID)
                return .inProgress
            case .repeated(let status): return status
            case .invalidNonce: throw JobRejections.invalidNonce(id)
            }
        }
    }

    // MARK: Details

    /// What a worker is told of its job, with fresh credentials.
    package func details(_ call: CallContext, _ id: JobID, proof: WorkerProof) async throws -> JobDetails {
        let context = self.context
        let now = context.clock.now
        let details = try await context.store.read { reader in
            guard let found = try JobAccess.job(id, proof, in: reader) else {
                throw JobRejections.notFound(id.description)
            }
            try JobAccess(context: context, now: now).check(found, call, proof, in: reader)
            var row = found.row
            row.job = row.standing(at: now)
            if row.job.storedStatus.isTerminal {
                if case .clientToken = proof { throw JobRejections.invalidJob(id) }
                let ended = row.job.endedAt ?? row.job.createdAt
                guard now - ended < context.settings.endedJobDetailsWindow else {
                    throw JobRejections.notFound(id.description)
                }
            }
            let version = try context.declarations.version(row.start.pipelineVersion, of: row.pipelineID, in: reader)
            guard let version else { throw StoreError(.corrupt, "job \(id) has no pipeline version") }
            return try context.details(
                of: row,
                version: version,
                configuration: try context.configuration(of: row, version: version, in: reader),
                nonce: row.job.nonce
            )
        }
        return try await self.withStagedArtifacts(details)
    }
}

extension RuntimeContext {
    /// A random number of up to eighteen digits. Source: observed nonces are decimal numbers.
    fileprivate func makeNonce() -> String {
        var generator = self.entropy
        return String(UInt64.random(in: 1..<1_000_000_000_000_000_000, using: &generator))
    }
}
