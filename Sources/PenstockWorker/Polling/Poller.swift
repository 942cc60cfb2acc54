// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Logging

/// A job that is to be worked on.
enum IncomingJob: Sendable {
    /// A poll brought it, with its content if the family's poll does.
    case polled(JobReference, JobContent?)
    /// An earlier worker of the journal held it.
    case held(JournalEntry, HeldJob)
}

/// Brings jobs in, as many as there is room for: first those that an earlier worker held, then what is polled.
struct Poller: Sendable {
    let family: any JobFamily
    let configuration: WorkerConfiguration
    let pacing: Pacing
    let logger: Logger
    let capacity: Capacity
    let intake: AsyncStream<IncomingJob>.Continuation

    /// Runs until the task is cancelled.
    ///
    /// - Parameter files: Of the journal, as an earlier worker left them.
    func run(_ journal: JobJournal?, _ files: [String]) async {
        for file in files {
            guard await self.capacity.room() != nil else { return }
            guard let (entry, job) = await journal?.held(in: file, logger: self.logger) else { continue }
            self.capacity.take(1)
            self.intake.yield(.held(entry, job))
        }
        var pacer = PollPacer(
            shortest: self.configuration.shortestPollInterval, longest: self.configuration.longestPollInterval,
            heldThreshold: (self.configuration.longPoll ?? .seconds(20)) / 2)
        while !Task.isCancelled, let room = await self.capacity.room() {
            let result = await self.poll(maximum: room)
            let wait = pacer.wait(after: result, chance: self.pacing.chance())
            if wait > .zero, !Task.isCancelled { try? await self.pacing.sleep(wait) }
        }
    }

    private func poll(maximum: Int) async -> PollPacer.Result {
        let start = self.pacing.uptime()
        do {
            let options = CallOptions(longPoll: self.configuration.longPoll)
            let jobs = try await self.family.poll(maximum: maximum, options: options)
            self.capacity.take(jobs.count)
            for (reference, content) in jobs { self.intake.yield(.polled(reference, content)) }
            return jobs.isEmpty ? .nothing(after: self.pacing.uptime() - start) : .jobs
        } catch {
            if !Task.isCancelled { self.logger.warning("A poll failed", metadata: ["error": "\(error)"]) }
            return .failure
        }
    }
}
