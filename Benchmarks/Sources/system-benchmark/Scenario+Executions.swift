// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import PenstockWire
import Synchronization

/// (i) Whole executions of three stages, whose workers report at once; and how soon one stage follows on another
/// meanwhile.
struct ExecutionScenario {
    /// The pipelines that the executions are spread over.
    private static let pipelines = 20

    /// Actions of each stage but the source.
    let width: Int

    private var actionsOfExecution: Int { 1 + 2 * self.width }
    /// What the pipelines' names begin with.
    private var prefix: String { "whole\(self.width)" }

    func run(_ targets: [Target], executions: Int, callers: Int) throws {
        let target = targets[0]
        var client = try APIClient(target)
        for number in 0..<Self.pipelines {
            try client.call(
                Operations.CreatePipeline.self,
                CreatePipelineInput(pipeline: self.pipeline("\(self.prefix)-\(number)")))
        }
        // The executions of the creations are taken through before the clock runs.
        let created = ExecutionProgress(starts: [], goal: Self.pipelines * self.actionsOfExecution)
        _ = try Load.run([ExecutionWorker(target.signer(), created)]) { _ in target.port }

        let starts = (0..<executions).map { "\(self.prefix)-\($0 % Self.pipelines)" }
        let progress = ExecutionProgress(starts: starts, goal: executions * self.actionsOfExecution)
        let workers = (0..<callers).map { ExecutionWorker(targets[$0 % targets.count].signer(), progress) }
        let (_, elapsed) = try Load.run(workers) { targets[$0 % targets.count].port }
        let perSecond = Double(executions) / (elapsed / .seconds(1))
        Report.line(
            "(i) executions of 3 stages, \(self.actionsOfExecution) actions, \(callers) workers",
            String(format: "%9.0f /s", perSecond))
        Report.line(
            "    a stage's last report to the next's first job",
            Measurement(latencies: progress.stages.latencies, elapsed: elapsed).latencyText)
    }

    private func pipeline(_ name: String) -> PipelineDeclaration {
        var declaration = Declarations.pipeline(name, Declarations.custom, actions: self.width)
        let last = declaration.stages[1].actions.map { action in
            var action = action
            action.name = "Last\(action.name)"
            return action
        }
        declaration.stages.append(StageDeclaration(name: "Last", actions: last))
        declaration.pipelineType = .v2
        declaration.executionMode = .parallel
        return declaration
    }
}

/// What the workers of a measurement share.
private final class ExecutionProgress: Sendable {
    let stages = StageSuccession()
    /// The pipelines that are to be started, one for each execution.
    private let starts: [String]
    /// Reports after which every execution has ended.
    private let goal: Int
    private let started = Atomic(0)
    private let reported = Atomic(0)

    init(starts: [String], goal: Int) {
        self.starts = starts
        self.goal = goal
    }

    var isDone: Bool { self.reported.load(ordering: .relaxed) >= self.goal }

    func noteReported() { self.reported.add(1, ordering: .relaxed) }

    /// The pipeline that is to be started next; nothing once all are.
    func nextStart() -> String? {
        let number = self.started.add(1, ordering: .relaxed).oldValue
        return number < self.starts.count ? self.starts[number] : nil
    }
}

/// Starts an execution, then takes what there is of sources and of work and lets it succeed, and so on.
private struct ExecutionWorker: Caller {
    private enum Call {
        case start
        case poll
        case acknowledge(Job)
        case report
    }

    private var signer: RequestSigner
    private let progress: ExecutionProgress
    private var last: Call?
    /// What was polled for last.
    private var type = Declarations.source
    /// Jobs of the last poll that are to be done.
    private var jobs: [Job] = []

    init(_ signer: RequestSigner, _ progress: ExecutionProgress) {
        self.signer = signer
        self.progress = progress
    }

    mutating func next(after answer: HTTPAnswer?) throws -> [UInt8]? {
        if let answer, answer.status != 200 { throw Refusal(answer) }
        switch self.last {
        case nil:
            return self.startOrEnd()
        case .start:
            return self.poll(Declarations.source)
        case .poll:
            self.jobs = try Operations.PollForJobs.decodeOutput(answer?.body ?? []).jobs ?? []
            self.progress.stages.noteArrival(of: self.jobs)
            return self.acknowledgeOrGoOn()
        case .acknowledge(let job):
            self.progress.stages.noteReport(on: job)
            self.last = .report
            let revision = CurrentRevision(revision: "1", changeIdentifier: "1")
            return self.signer.request(
                Operations.PutJobSuccessResult.self,
                PutJobSuccessResultInput(
                    jobID: job.id ?? "", currentRevision: self.type == Declarations.source ? revision : nil))
        case .report:
            self.progress.noteReported()
            return self.acknowledgeOrGoOn()
        }
    }

    private mutating func startOrEnd() -> [UInt8]? {
        guard let name = self.progress.nextStart() else {
            return self.progress.isDone ? nil : self.poll(Declarations.source)
        }
        self.last = .start
        return self.signer.request(Operations.StartPipelineExecution.self, StartPipelineExecutionInput(name: name))
    }

    private mutating func poll(_ type: ActionTypeID) -> [UInt8] {
        (self.last, self.type) = (.poll, type)
        return self.signer.request(
            Operations.PollForJobs.self, PollForJobsInput(actionTypeID: type, maxBatchSize: 10))
    }

    private mutating func acknowledgeOrGoOn() -> [UInt8]? {
        guard let job = self.jobs.popLast() else {
            return self.type == Declarations.source ? self.poll(Declarations.custom) : self.startOrEnd()
        }
        guard let id = job.id, let nonce = job.nonce else { preconditionFailure("a job has its id and its nonce") }
        self.last = .acknowledge(job)
        return self.signer.request(Operations.AcknowledgeJob.self, AcknowledgeJobInput(jobID: id, nonce: nonce))
    }
}

/// How long it takes from the last report of a stage, as it is sent, until a worker has the first job of the next stage.
private final class StageSuccession: Sendable {
    private struct LastReport {
        var stage: String
        var at: UInt64
    }

    private struct State {
        /// The last report on each execution whose next stage has not been seen.
        var reports: [String: LastReport] = [:]
        var latencies: [Int] = []
    }

    private let state = Mutex(State())

    /// In nanoseconds.
    var latencies: [Int] { self.state.withLock(\.latencies) }

    /// A report is about to be sent.
    func noteReport(on job: Job) {
        guard let (execution, stage) = Self.place(of: job) else { return }
        let now = DispatchTime.now().uptimeNanoseconds
        self.state.withLock { $0.reports[execution] = LastReport(stage: stage, at: now) }
    }

    /// Jobs have come. There are none of the next stage before every report on the one before it has been sent.
    func noteArrival(of jobs: [Job]) {
        let now = DispatchTime.now().uptimeNanoseconds
        self.state.withLock { state in
            for (execution, stage) in jobs.compactMap(Self.place) {
                guard let report = state.reports[execution], report.stage != stage else { continue }
                state.reports[execution] = nil
                state.latencies.append(Int(now - report.at))
            }
        }
    }

    private static func place(of job: Job) -> (execution: String, stage: String)? {
        guard let context = job.data?.pipelineContext, let execution = context.pipelineExecutionID,
            let stage = context.stage?.name
        else { return nil }
        return (execution, stage)
    }
}
