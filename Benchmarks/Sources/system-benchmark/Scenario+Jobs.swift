// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import PenstockWire
import Synchronization

/// (a) The life of a partner's job: poll, details, acknowledge, failure result; signed, durable, one job a poll.
enum LifecycleScenario {
    struct Outcome {
        let perSecond: Double
        /// Of the servers' processors, for each call.
        let cost: Duration
    }

    static func run(_ deployment: Deployment, jobs: Int, callers: Int, interlude: Interlude?) throws -> Outcome {
        let pipelines = max(1, jobs / 10)
        let tokens = try self.prepare(deployment.target, pipelines: pipelines, actions: 10)
        try interlude?.run(deployment)
        let before = deployment.processorTime
        let ports = deployment.targets.map(\.port)
        let workers = (0..<callers).map { number in
            LifecycleWorker(deployment.targets[number % ports.count].signer(), tokens: tokens)
        }
        let (ended, elapsed) = try Load.run(workers) { ports[$0 % ports.count] }
        let used = deployment.processorTime - before
        let lives = Measurement(latencies: ended.flatMap(\.lives), elapsed: elapsed)
        guard lives.latencies.count == pipelines * 10 else {
            throw IncompleteLoad(description: "\(lives.latencies.count) of \(pipelines * 10) jobs were done")
        }
        Report.line("(a) partner job lifecycles, \(callers) workers", lives.text)
        for call in LifecycleWorker.Call.allCases {
            let latencies = ended.flatMap { $0.latencies[call] ?? [] }
            Report.line("    \(call.rawValue)", Measurement(latencies: latencies, elapsed: elapsed).text)
        }
        let perCall = used / (lives.latencies.count * LifecycleWorker.Call.allCases.count)
        Report.line("    server CPU per call of a lifecycle", Report.microseconds(perCall))
        return Outcome(perSecond: lives.perSecond, cost: perCall)
    }

    /// Pipelines that wait for the partner, and the client token of each connection.
    private static func prepare(_ target: Target, pipelines: Int, actions: Int) throws -> [String: Sensitive] {
        var client = try APIClient(target)
        var tokens: [String: Sensitive] = [:]
        for number in 0..<pipelines {
            for action in 0..<actions {
                let connection = try client.administer(
                    "CreateConnection",
                    ["pipelineName": "life-\(number)", "stageName": "Work", "actionName": "Work\(action)"])
                if let id = connection["clientId"] as? String, let token = connection["clientToken"] as? String {
                    tokens[id] = Sensitive(token)
                }
            }
            try client.call(
                Operations.CreatePipeline.self,
                CreatePipelineInput(
                    pipeline: Declarations.pipeline("life-\(number)", Declarations.partner, actions: actions)))
        }
        let passed = try Declarations.passSources(&client)
        precondition(passed == pipelines, "every pipeline has its source")
        return tokens
    }
}

/// Workers found nothing to do any more, and not everything was done.
private struct IncompleteLoad: Error, CustomStringConvertible { let description: String }

/// Takes partner jobs one at a time and fails them, until a poll finds none.
private struct LifecycleWorker: Caller {
    enum Call: String, CaseIterable {
        case poll = "PollForThirdPartyJobs"
        case details = "GetThirdPartyJobDetails"
        case acknowledge = "AcknowledgeThirdPartyJob"
        case fail = "PutThirdPartyJobFailureResult"
    }

    private var signer: RequestSigner
    /// The client token of each connection.
    private let tokens: [String: Sensitive]
    private var last: Call?
    private var job: (id: String, token: Sensitive)?
    private var polledAt: UInt64 = 0
    private var sentAt: UInt64 = 0

    /// How long whole lives took, in nanoseconds.
    private(set) var lives: [Int] = []
    /// How long calls took, in nanoseconds.
    private(set) var latencies: [Call: [Int]] = [:]

    init(_ signer: RequestSigner, tokens: [String: Sensitive]) {
        self.signer = signer
        self.tokens = tokens
    }

    mutating func next(after answer: HTTPAnswer?) throws -> [UInt8]? {
        let body = try answer.map { try self.note($0) } ?? []
        guard let request = try self.request(after: body) else { return nil }
        self.sentAt = DispatchTime.now().uptimeNanoseconds
        if self.last == .poll { self.polledAt = self.sentAt }
        return request
    }

    private mutating func note(_ answer: HTTPAnswer) throws -> [UInt8] {
        guard answer.status == 200 else { throw Refusal(answer) }
        let now = DispatchTime.now().uptimeNanoseconds
        if let last { self.latencies[last, default: []].append(Int(now - self.sentAt)) }
        if self.last == .fail { self.lives.append(Int(now - self.polledAt)) }
        return answer.body
    }

    /// The call after the last one, of whose answer this is the body.
    private mutating func request(after body: [UInt8]) throws -> [UInt8]? {
        switch self.last {
        case nil, .fail:
            self.last = .poll
            return self.signer.request(
                Operations.PollForThirdPartyJobs.self, PollForThirdPartyJobsInput(actionTypeID: Declarations.partner))
        case .poll:
            guard let job = try Operations.PollForThirdPartyJobs.decodeOutput(body).jobs?.first, let id = job.jobID,
                let token = self.tokens[job.clientID ?? ""]
            else { return nil }
            (self.last, self.job) = (.details, (id, token))
            return self.signer.request(
                Operations.GetThirdPartyJobDetails.self, GetThirdPartyJobDetailsInput(jobID: id, clientToken: token))
        case .details:
            guard let job else { return nil }
            let nonce = try Operations.GetThirdPartyJobDetails.decodeOutput(body).jobDetails?.nonce ?? ""
            self.last = .acknowledge
            return self.signer.request(
                Operations.AcknowledgeThirdPartyJob.self,
                AcknowledgeThirdPartyJobInput(jobID: job.id, nonce: nonce, clientToken: job.token))
        case .acknowledge:
            guard let job else { return nil }
            self.last = .fail
            return self.signer.request(
                Operations.PutThirdPartyJobFailureResult.self,
                PutThirdPartyJobFailureResultInput(
                    jobID: job.id, clientToken: job.token,
                    failureDetails: FailureDetails(type: .jobFailed, message: "3 of 120 checks failed")))
        }
    }
}

/// (d) How soon a job reaches a worker that waits for it: after a start, and after the result of the job before it.
///
/// Meanwhile other connections call at half the rate that they reach when they do not pause.
enum LatencyScenario {
    static func run(_ target: Target, rounds: Int, background: Int) throws {
        try self.prepare(target)
        let full = try Load.steady(callers: background, for: .seconds(2), target: target) { signer in
            signer.request(Operations.GetPipeline.self, GetPipelineInput(name: "latency"))
        }
        Report.line("(d) background at its fullest", full.text)
        let load = PacedLoad(target, threads: background, each: .seconds(2 * Double(background) / full.perSecond))
        defer { load.stop() }
        var starts: [Int] = []
        var reports: [Int] = []
        var client = try APIClient(target)
        let begun = ContinuousClock.now
        for _ in 0..<rounds {
            let source = try self.heldPoll(target, Self.source)
            usleep(2000)
            let started = DispatchTime.now().uptimeNanoseconds
            try client.call(Operations.StartPipelineExecution.self, StartPipelineExecutionInput(name: "latency"))
            let first = try source.value()
            starts.append(Int(first.at - started))
            let work = try self.heldPoll(target, Declarations.custom)
            try client.call(Operations.AcknowledgeJob.self, AcknowledgeJobInput(jobID: first.id, nonce: first.nonce))
            usleep(2000)
            let reported = DispatchTime.now().uptimeNanoseconds
            try client.call(
                Operations.PutJobSuccessResult.self,
                PutJobSuccessResultInput(
                    jobID: first.id, currentRevision: CurrentRevision(revision: "1", changeIdentifier: "1")))
            let second = try work.value()
            reports.append(Int(second.at - reported))
            try client.call(Operations.AcknowledgeJob.self, AcknowledgeJobInput(jobID: second.id, nonce: second.nonce))
            try client.call(Operations.PutJobSuccessResult.self, PutJobSuccessResultInput(jobID: second.id))
        }
        let elapsed = ContinuousClock.now - begun
        try load.end()
        Report.line(
            "    start to the job at a waiting worker", Measurement(latencies: starts, elapsed: elapsed).latencyText)
        Report.line(
            "    report to the next action's job there", Measurement(latencies: reports, elapsed: elapsed).latencyText)
    }

    private static let source = ActionTypeID(category: .source, owner: .custom, provider: "LatencySource", version: "1")

    private static func prepare(_ target: Target) throws {
        var client = try APIClient(target)
        try client.call(
            Operations.CreateCustomActionType.self,
            CreateCustomActionTypeInput(
                category: .source, provider: "LatencySource", version: "1",
                inputArtifactDetails: ArtifactDetails(minimumCount: 0, maximumCount: 0),
                outputArtifactDetails: ArtifactDetails(minimumCount: 0, maximumCount: 5)))
        var declaration = Declarations.pipeline("latency", Declarations.custom, actions: 1)
        declaration.stages[0].actions[0].actionTypeID = self.source
        try client.call(Operations.CreatePipeline.self, CreatePipelineInput(pipeline: declaration))
        // The execution of the creation is taken through by hand.
        for type in [self.source, Declarations.custom] {
            let job = try self.heldPoll(target, type).value()
            try client.call(Operations.AcknowledgeJob.self, AcknowledgeJobInput(jobID: job.id, nonce: job.nonce))
            try client.call(
                Operations.PutJobSuccessResult.self,
                PutJobSuccessResultInput(
                    jobID: job.id,
                    currentRevision: type == self.source ? CurrentRevision(revision: "1", changeIdentifier: "1") : nil))
        }
    }

    /// GetPipeline again and again, at a rate, on connections of its own.
    private final class PacedLoad: Sendable {
        private let isOver = Atomic(false)
        private let failure = Mutex<(any Error)?>(nil)
        private let hasEnded = DispatchSemaphore(value: 0)

        /// - Parameter interval: From one call of a thread to its next.
        init(_ target: Target, threads: Int, each interval: Duration) {
            let thread = Thread { [self] in
                defer { self.hasEnded.signal() }
                do {
                    _ = try Load.onThreads(threads) { _ in try self.call(target, each: interval) }
                } catch {
                    self.failure.withLock { $0 = error }
                }
            }
            thread.start()
        }

        private func call(_ target: Target, each interval: Duration) throws {
            var connection = try HTTPConnection(port: target.port)
            var signer = target.signer()
            var due = ContinuousClock.now
            while !self.isOver.load(ordering: .relaxed) {
                let answer = try connection.exchange(
                    signer.request(Operations.GetPipeline.self, GetPipelineInput(name: "latency")))
                guard answer.status == 200 else { throw Refusal(answer) }
                // Calls that were missed while the machine was busy are not caught up with in a burst.
                due = max(due + interval, ContinuousClock.now - .milliseconds(5))
                let left = (due - ContinuousClock.now) / .microseconds(1)
                if left > 0 { usleep(useconds_t(left)) }
            }
        }

        func stop() { self.isOver.store(true, ordering: .relaxed) }

        /// Stops.
        ///
        /// - Throws: Why it was not there all the time.
        func end() throws {
            self.stop()
            self.hasEnded.wait()
            if let failure = self.failure.withLock({ $0 }) { throw failure }
        }
    }

    private struct Arrival: Sendable {
        var id: String
        var nonce: String
        var at: UInt64
    }

    /// A poll that is under way on a thread of its own.
    private final class HeldPoll: Sendable {
        private let result = Mutex<Result<Arrival, any Error>?>(nil)
        private let done = DispatchSemaphore(value: 0)

        func finish(_ result: Result<Arrival, any Error>) {
            self.result.withLock { $0 = result }
            self.done.signal()
        }

        func value() throws -> Arrival {
            self.done.wait()
            guard let result = self.result.withLock({ $0 }) else { preconditionFailure("a finished poll has a result") }
            return try result.get()
        }
    }

    private static func heldPoll(_ target: Target, _ type: ActionTypeID) throws -> HeldPoll {
        let poll = HeldPoll()
        let thread = Thread {
            poll.finish(
                Result {
                    var client = try APIClient(target)
                    let jobs = try client.call(
                        Operations.PollForJobs.self, PollForJobsInput(actionTypeID: type), waitSeconds: 20
                    ).jobs
                    let at = DispatchTime.now().uptimeNanoseconds
                    guard let job = jobs?.first, let id = job.id, let nonce = job.nonce else {
                        throw Refusal(HTTPAnswer(status: 0, body: Array("no job came within 20 s".utf8)))
                    }
                    return Arrival(id: id, nonce: nonce, at: at)
                })
        }
        thread.start()
        return poll
    }
}
