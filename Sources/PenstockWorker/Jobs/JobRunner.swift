// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Logging

/// What becomes of one job, from its poll to the answer to its report.
struct JobRunner: Sendable {
    let family: any JobFamily
    let configuration: WorkerConfiguration
    let pacing: Pacing
    let journal: JobJournal?
    let store: S3Caller
    let logger: Logger
    let handler: JobWorker.Handler

    /// Returns when the job is not, or no longer, the worker's.
    func run(_ job: IncomingJob) async {
        do {
            switch job {
            case .polled(let reference, let content): try await self.take(reference, content)
            case .held(let entry, let held): try await self.resume(held, entry)
            }
        } catch {
            guard !Task.isCancelled else { return }
            let id =
                switch job {
                case .polled(let reference, _): reference.jobID
                case .held(_, let held): held.reference.jobID
                }
            self.logger.warning("A job could not be taken", metadata: ["job": "\(id)", "error": "\(error)"])
        }
    }

    // MARK: Taking

    /// What is not acknowledged is given to somebody else after a while, so a job that cannot be noted or read is left.
    private func take(_ polled: JobReference, _ content: JobContent?) async throws {
        var (reference, content) = (polled, content)
        if content == nil {
            guard let details = try await self.family.details(polled) else { return }
            (reference, content) = (details.0, details.1)
        }
        guard let content else { return }
        let entry = try await self.journal?.claim(reference)
        let run = self.run(of: reference, entry)
        if try await run.acknowledge() { await run.work(on: content, isResumed: false) }
    }

    private func resume(_ held: HeldJob, _ entry: JournalEntry) async throws {
        let run = self.run(of: held.reference, entry)
        run.logger.notice("A job that an earlier worker held is taken up")
        if let report = held.report { return await run.send(report) }
        if !held.isBegun {
            guard try await run.acknowledge() else { return }
        }
        guard let content = try await run.content() else { return }
        await run.work(on: content, isResumed: held.isBegun)
    }

    private func run(of reference: JobReference, _ entry: JournalEntry?) -> JobRun {
        var logger = self.logger
        logger[metadataKey: "job"] = "\(reference.jobID)"
        return JobRun(
            family: self.family, configuration: self.configuration, pacing: self.pacing, store: self.store,
            handler: self.handler, reference: reference, entry: entry, logger: logger)
    }
}
