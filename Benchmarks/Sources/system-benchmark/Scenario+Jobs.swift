// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import PenstockWire
import Synchronization

/// (a) The life of a partner's job: poll, details, acknowledge, failure result; signed, durable, one job a poll.
enum LifecycleScenario {
    static func run(
        _ deployment: Deployment, jobs: Int, threads: Int, constant: ConstantAnswer?, interlude: Interlude?
    ) throws {
        let tokens = try self.prepare(deployment.target, pipelines: max(1, jobs / 10), actions: 10)
        try interlude?.run(deployment)
        let calls = Mutex<[String: [Int]]>([:])
        let before = deployment.processorTime
        let all = try Load.run(threads: threads) { [targets = deployment.targets] thread in
            let target = targets[thread % targets.count]
            var connection = try HTTPConnection(port: target.port)
            var signer = target.signer()
            var timings: [String: [Int]] = [:]
            var lives: [Int] = []
            while true {
                let start = DispatchTime.now().uptimeNanoseconds
                var last = start
                func timed(_ name: String, _ request: [UInt8], _ connection: inout HTTPConnection) throws -> [UInt8] {
                    let answer = try connection.exchange(request)
                    guard answer.status == 200 else { throw Refusal(answer) }
                    let now = DispatchTime.now().uptimeNanoseconds
                    timings[name, default: []].append(Int(now - last))
                    last = now
                    return answer.body
                }
                let polled = try timed(
                    "PollForThirdPartyJobs",
                    signer.request(
                        Operations.PollForThirdPartyJobs.self,
                        PollForThirdPartyJobsInput(actionTypeID: Declarations.partner)), &connection)
                guard let job = try Operations.PollForThirdPartyJobs.decodeOutput(polled).jobs?.first,
                    let id = job.jobID,
                    let token = tokens[job.clientID ?? ""]
                else { break }
                let details = try timed(
                    "GetThirdPartyJobDetails",
                    signer.request(
                        Operations.GetThirdPartyJobDetails.self,
                        GetThirdPartyJobDetailsInput(jobID: id, clientToken: token)), &connection)
                let nonce = try Operations.GetThirdPartyJobDetails.decodeOutput(details).jobDetails?.nonce ?? ""
                _ = try timed(
                    "AcknowledgeThirdPartyJob",
                    signer.request(
                        Operations.AcknowledgeThirdPartyJob.self,
                        AcknowledgeThirdPartyJobInput(jobID: id, nonce: nonce, clientToken: token)), &connection)
                _ = try timed(
                    "PutThirdPartyJobFailureResult",
                    signer.request(
                        Operations.PutThirdPartyJobFailureResult.self,
                        PutThirdPartyJobFailureResultInput(
                            jobID: id, clientToken: token,
                            failureDetails: FailureDetails(type: .jobFailed, message: "3 of 120 checks failed"))),
                    &connection)
                lives.append(Int(DispatchTime.now().uptimeNanoseconds - start))
            }
            calls.withLock { calls in
                for (name, each) in timings { calls[name, default: []] += each }
            }
            return lives
        }
        let used = deployment.processorTime - before
        Report.line("(a) partner job lifecycles, \(threads) workers", all.text)
        for (name, latencies) in calls.withLock({ $0 }).sorted(by: { $0.key < $1.key }) {
            Report.line("    \(name)", Measurement(latencies: latencies, elapsed: all.elapsed).text)
        }
        let perCall = used / (all.latencies.count * 4)
        let multiple = constant.map { "   \(Report.ratio(perCall, $0.cost))" } ?? ""
        Report.line("    server CPU per call of a lifecycle", Report.microseconds(perCall) + multiple)
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

/// (d) How soon a job reaches a worker that waits for it: after a start, and after the result of the job before it.
///
/// Meanwhile other connections call at half the rate that they reach when they do not pause.
enum LatencyScenario {
    static func run(_ target: Target, rounds: Int, background: Int) throws {
        try self.prepare(target)
        let full = try Load.steady(threads: background, for: .seconds(2), target: target) { signer in
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
                    _ = try Load.run(threads: threads) { _ in
                        try self.call(target, each: interval)
                        return []
                    }
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
                        throw Refusal((0, Array("no job came within 20 s".utf8)))
                    }
                    return Arrival(id: id, nonce: nonce, at: at)
                })
        }
        thread.start()
        return poll
    }
}
