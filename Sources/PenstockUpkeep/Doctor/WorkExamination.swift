// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import PenstockStore

/// Holds jobs, timers, effects and events against what runs, and numbers against those that were given out.
struct WorkExamination {
    private struct Queue: Hashable {
        var target: String
        var pipeline: UniqueID
    }

    private(set) var findings: [Finding] = []
    /// The open job of each attempt, by the attempt.
    private var openJobs: [UniqueID: UniqueID] = [:]
    private var timers: [TimerRow.Key: String] = [:]
    private var expectedTimers: Set<TimerRow.Key> = []
    private var queues: [Queue: Int64] = [:]
    private var greatest: [String: Int64] = [:]

    private mutating func note(
        _ kind: Finding.Kind, _ subject: String, _ text: String, severity: Finding.Severity = .error,
        advice: String? = nil, repair: Finding.Repair? = nil
    ) {
        self.findings.append(Finding(kind, severity, subject, text, advice: advice, repair: repair))
    }

    private mutating func see(_ number: Int64, of counter: String) {
        self.greatest[counter] = max(self.greatest[counter] ?? 0, number)
    }

    mutating func read(_ fields: ContentsFields, _ objects: ObjectExamination) throws {
        switch fields.table.name {
        case "job": try self.readJob(fields)
        case "timer":
            let text = try fields.text("key")
            guard let key = TimerRow.Key(text: text) else { throw fields.unreadable("key") }
            self.timers[key] = text
            self.see(try fields.integer("fence"), of: "fence")
        case "effect":
            _ = try EffectRow.Kind(storedBytes: fields.bytes("kind"))
            self.see(try fields.integer("fence"), of: "fence")
        case "source_watch":
            _ = try fields.scope()
            _ = try fields.optionalBytes("poll_failure").map { try FailureDetails(storedBytes: $0) }
        case "event_queue":
            self.queues[try self.queue(fields)] = try fields.integer("length")
            self.see(try fields.integer("fence"), of: "fence")
        case "event":
            self.queues[try self.queue(fields), default: 0] -= 1
            self.see(try fields.integer("number"), of: "event")
            try Self.requireReadable(fields)
        case "dead_letter":
            self.see(try fields.integer("number"), of: "dead_letter")
            try Self.requireReadable(fields)
        case "counter":
            let (name, last) = (try fields.text("name"), try fields.integer("last"))
            let greatest = name == "object_version" ? objects.greatestSequence : self.greatest[name] ?? 0
            guard greatest > last else { return }
            self.note(
                .numberReused, "the counter \(name)", "stands at \(last), and \(greatest) has been given out",
                repair: .setCounter(name, last: greatest))
        default: break
        }
    }

    private func queue(_ fields: ContentsFields) throws -> Queue {
        Queue(target: try fields.text("target"), pipeline: try fields.id("pipeline"))
    }

    private static func requireReadable(_ fields: ContentsFields) throws {
        if case .unreadable(_, let reason) = StoredEvent(storedBytes: try fields.bytes("message")) {
            throw StoreError(.corrupt, reason)
        }
    }

    private mutating func readJob(_ fields: ContentsFields) throws {
        let start = try ActionStart(storedBytes: fields.bytes("start"))
        let job = try Job(storedBytes: fields.bytes("state"))
        guard job.id.value == (try fields.id("id")), job.storedStatus.rawValue == (try fields.text("status")),
            Int64(job.dispatch) == (try fields.integer("dispatch")), job.dispatch >= 0,
            job.visibleAt?.millisecondsSinceEpoch == (try fields.optionalInteger("visible_at")),
            job.endedAt?.millisecondsSinceEpoch == (try fields.optionalInteger("ended_at"))
        else { throw fields.unreadable("state") }
        guard (job.endedAt != nil) == job.storedStatus.isTerminal,
            (job.visibleAt != nil) == (job.storedStatus == .dispatched)
        else { throw fields.unreadable("status") }
        guard job.endedAt == nil else { return }
        self.openJobs[start.id.value] = job.id.value
        self.expectedTimers.insert(.actionDeadline(start.id))
        if try !fields.isAbsent("job_deadline") { self.expectedTimers.insert(.jobDeadline(job.id)) }
    }

    /// - Parameters:
    ///   - running: Attempts that run, by the engine.
    ///   - rules: Rules that are being checked.
    mutating func finish(running: Set<UniqueID>, rules: Set<UniqueID>) {
        for id in running.subtracting(self.openJobs.keys).sorted() {
            self.note(
                .actionWithoutJob, "the attempt \(id)", "runs and has no job that could end it",
                advice: "stop its execution and abandon it")
        }
        for (attempt, job) in self.openJobs.sorted(by: { $0.value < $1.value }) where !running.contains(attempt) {
            self.note(
                .jobWithoutAction, "job \(job)", "is open, but its attempt \(attempt) does not run",
                advice: "restore a backup, or delete the pipeline")
        }
        for rule in rules { self.expectedTimers.insert(.ruleDeadline(RuleExecutionID(rule))) }
        for text in self.expectedTimers.filter({ self.timers[$0] == nil }).map(\.text).sorted() {
            self.note(
                .missingTimer, "timer \(text)", "is not set: nothing ends what it is for in time",
                advice: "stop the execution and abandon it when it takes too long")
        }
        for (key, text) in self.timers.sorted(by: { $0.value < $1.value }) where !self.expectedTimers.contains(key) {
            switch key {
            case .waitLimit: continue
            case .ruleOpening(let rule) where rules.contains(rule.value): continue
            case .actionDeadline, .jobDeadline, .ruleDeadline, .ruleOpening:
                self.note(
                    .strayTimer, "timer \(text)", "is for something that has ended", severity: .warning,
                    repair: .deleteTimer(text))
            }
        }
        for (queue, rest) in self.queues.filter({ $0.value != 0 }).sorted(by: { $0.key.target < $1.key.target }) {
            self.note(
                .eventQueueLength, "event_queue \(queue.target) \(queue.pipeline)",
                rest > 0 ? "counts \(rest) events more than there are" : "counts \(-rest) events fewer than there are",
                advice: "restore a backup, or drop the target's events")
        }
    }
}
