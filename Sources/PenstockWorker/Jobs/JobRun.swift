// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Logging

/// The steps of one job: acknowledge, work, report.
struct JobRun: Sendable {
    private enum Ending: Sendable {
        case ended(JobReport)
        /// The service no longer knows the job as running.
        case gone
        /// The worker was cancelled, and the handler with it.
        case abandoned
    }

    /// With waits up to half a minute, some ten minutes.
    private static let maximumForeignTokens = 20

    let family: any JobFamily
    let configuration: WorkerConfiguration
    let pacing: Pacing
    let store: S3Caller
    let handler: JobWorker.Handler
    let reference: JobReference
    let entry: JournalEntry?
    let logger: Logger

    // MARK: Acknowledging

    /// Makes the job the worker's own.
    ///
    /// An acknowledgement without answer may have arrived, and then nobody else gets the job: the same nonce is sent
    /// until the service says yes or no.
    ///
    /// - Returns: `false` when the job is somebody else's, over or gone.
    func acknowledge() async throws -> Bool {
        let isOurs: Bool
        do {
            isOurs = try await self.persisting("An acknowledgement was not answered") {
                try await self.family.acknowledge(self.reference)
            }
        } catch {
            // A refusal; without an answer the journal keeps the job for the next start.
            if (error as? any OperationError)?.serviceError != nil { await self.entry?.forget() }
            throw error
        }
        guard isOurs else {
            self.logger.debug("The job is somebody else's")
            await self.entry?.forget()
            return false
        }
        return true
    }

    /// What the job is about, read anew; nothing when it is over.
    func content() async throws -> JobContent? {
        let details = try await self.persisting("A look at a job failed") {
            try await self.family.details(self.reference)
        }
        if details == nil { await self.gone() }
        return details?.1
    }

    private func gone() async {
        self.logger.notice("The job is gone")
        await self.entry?.forget()
    }

    /// Repeats a call for as long as it has no answer, with growing waits.
    private func persisting<Answer: Sendable>(
        _ complaint: Logger.Message, _ call: () async throws -> Answer
    ) async throws -> Answer {
        var pacer = self.pacer
        for _ in 1..<max(1, self.configuration.maximumReportAttempts) {
            do {
                return try await call()
            } catch let error as any OperationError {
                guard let failure = error.callFailure, failure.code != .cancelled, !Task.isCancelled else {
                    throw error
                }
                self.logger.warning(complaint, metadata: ["error": "\(error)"])
                try await self.pacing.sleep(pacer.wait(after: .failure, chance: self.pacing.chance()))
            }
        }
        return try await call()
    }

    private var pacer: PollPacer {
        PollPacer(
            shortest: self.configuration.shortestPollInterval, longest: self.configuration.longestPollInterval,
            heldThreshold: .seconds(20))
    }

    // MARK: Working

    /// Hands the job to the handler and reports what comes of it.
    func work(on content: JobContent, isResumed: Bool) async {
        if !isResumed { await self.note(.begun) }
        switch await self.ending(content, isResumed: isResumed) {
        case .ended(let report): await self.send(report)
        case .gone: await self.gone()
        case .abandoned: self.logger.notice("The job was abandoned, since the worker was cancelled")
        }
    }

    private func ending(_ content: JobContent, isResumed: Bool) async -> Ending {
        let credentials = JobCredentials(
            content.credentials, lifetime: self.configuration.credentialsLifetime, uptime: self.pacing.uptime
        ) {
            try await self.family.details(self.reference)?.1.credentials
        }
        let job = WorkerJob(
            content, reference: self.reference, isResumed: isResumed, store: self.store, credentials: credentials)
        return await withTaskGroup(of: Ending?.self) { group in
            group.addTask { await self.outcome(of: job) }
            group.addTask { await self.watch(credentials) }
            defer { group.cancelAll() }
            // A watch that was cancelled says nothing; the handler decides.
            for await case let ending? in group { return ending }
            return .abandoned
        }
    }

    private func outcome(of job: WorkerJob) async -> Ending {
        do {
            return .ended(try await self.handler(job).report(of: self.reference))
        } catch let failure as JobFailure {
            return .ended(failure.report)
        } catch {
            if Task.isCancelled { return .abandoned }
            if let error = error as? ArtifactError {
                self.logger.warning(
                    "An artifact could not be had or left",
                    metadata: ["error": "\(error)", "cause": "\(error.underlying.map { "\($0)" } ?? "")"])
                return .ended(JobFailure(error).report)
            }
            self.logger.error("The handler threw an unexpected error", metadata: ["error": "\(error)"])
            let message = "The job worker met an unexpected error: \(type(of: error))"
            return .ended(JobFailure(.jobFailed, message).report)
        }
    }

    /// Returns when the job is gone, or nothing when the task is cancelled.
    private func watch(_ credentials: JobCredentials) async -> Ending? {
        while true {
            do { try await self.pacing.sleep(self.configuration.watchInterval) } catch { return nil }
            do {
                guard let (_, content) = try await self.family.details(self.reference) else { return .gone }
                credentials.store(content.credentials)
            } catch {
                if Task.isCancelled { return nil }
                self.logger.debug("A look at the job failed", metadata: ["error": "\(error)"])
            }
        }
    }

    // MARK: Reporting

    private enum Verdict {
        case again
        case instead(JobReport)
        case final
    }

    /// Reports until the service accepts or refuses, or the worker is cancelled.
    func send(_ first: JobReport) async {
        var (report, pacer) = (first, self.pacer)
        await self.note(.ended(report))
        guard !Task.isCancelled else { return }
        for attempt in 1...max(1, self.configuration.maximumReportAttempts) {
            do {
                try await self.family.report(report, of: self.reference)
                return await self.entry?.forget() ?? ()
            } catch {
                switch self.verdict(on: error, report, attempt: attempt) {
                case .instead(let other):
                    report = other
                    await self.note(.ended(report))
                case .final:
                    self.logger.notice("The result was refused", metadata: ["error": "\(error)"])
                    return await self.entry?.forget() ?? ()
                case .again:
                    guard !Task.isCancelled else { return }
                    self.logger.warning("A report failed and is repeated", metadata: ["error": "\(error)"])
                    let wait = pacer.wait(after: .failure, chance: self.pacing.chance())
                    do { try await self.pacing.sleep(wait) } catch { return }
                }
            }
        }
        self.logger.error("The result could not be reported")
    }

    private func verdict(on error: any Error, _ report: JobReport, attempt: Int) -> Verdict {
        guard let error = error as? any OperationError, error.isModelled, let refusal = error.serviceError else {
            return .again
        }
        switch refusal.code {
        case .invalidClientToken where attempt < Self.maximumForeignTokens:
            // A token that was just rotated may arrive yet.
            return .again
        case .validation, .outputVariablesSizeExceeded:
            guard case .success = report else { return .final }
            // The job is still ours, and an end that says why is better than a timeout.
            return .instead(
                JobFailure(.jobFailed, "The worker's result was refused: \(refusal.message)").report)
        default: return .final
        }
    }

    /// The job is acknowledged: a journal that cannot be written must not keep it from being done and reported.
    private func note(_ record: JournalRecord) async {
        do {
            try await self.entry?.note(record)
        } catch {
            self.logger.error("The journal could not be written", metadata: ["error": "\(error)"])
        }
    }
}
