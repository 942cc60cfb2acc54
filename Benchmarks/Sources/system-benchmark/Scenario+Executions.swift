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

    func run(_ targets: [Target], executions: Int, threads: Int) throws {
        let target = targets[0]
        var client = try APIClient(target)
        for number in 0..<Self.pipelines {
            try client.call(
                Operations.CreatePipeline.self,
                CreatePipelineInput(pipeline: self.pipeline("\(self.prefix)-\(number)")))
        }
        // The executions of the creations are taken through before the clock runs.
        try Self.work(&client, until: Self.pipelines * self.actionsOfExecution)

        let stages = StageSuccession()
        let reported = Atomic(0)
        let started = Atomic(0)
        let goal = executions * self.actionsOfExecution
        let all = try Load.run(threads: threads) { thread in
            var client = try APIClient(targets[thread % targets.count])
            while true {
                let number = started.add(1, ordering: .relaxed).newValue
                guard number <= executions else { break }
                try client.call(
                    Operations.StartPipelineExecution.self,
                    StartPipelineExecutionInput(name: "\(self.prefix)-\(number % Self.pipelines)"))
                try Self.work(&client, reported: reported, stages)
            }
            while reported.load(ordering: .relaxed) < goal { try Self.work(&client, reported: reported, stages) }
            return []
        }
        let perSecond = Double(executions) / (all.elapsed / .seconds(1))
        Report.line(
            "(i) executions of 3 stages, \(self.actionsOfExecution) actions, \(threads) workers",
            String(format: "%9.0f /s", perSecond))
        Report.line(
            "    a stage's last report to the next's first job",
            Measurement(latencies: stages.latencies, elapsed: all.elapsed).latencyText)
    }

    private static func work(_ client: inout APIClient, until goal: Int) throws {
        let reported = Atomic(0)
        let stages = StageSuccession()
        while reported.load(ordering: .relaxed) < goal { try self.work(&client, reported: reported, stages) }
    }

    /// Takes what there is of sources and of work, and lets it succeed.
    private static func work(
        _ client: inout APIClient, reported: borrowing Atomic<Int>, _ stages: StageSuccession
    ) throws {
        for type in [Declarations.source, Declarations.custom] {
            let jobs =
                try client.call(Operations.PollForJobs.self, PollForJobsInput(actionTypeID: type, maxBatchSize: 10))
                .jobs
                ?? []
            stages.noteArrival(of: jobs)
            for job in jobs {
                guard let id = job.id, let nonce = job.nonce else { continue }
                try client.call(Operations.AcknowledgeJob.self, AcknowledgeJobInput(jobID: id, nonce: nonce))
                let revision = CurrentRevision(revision: "1", changeIdentifier: "1")
                stages.noteReport(on: job)
                try client.call(
                    Operations.PutJobSuccessResult.self,
                    PutJobSuccessResultInput(
                        jobID: id, currentRevision: type == Declarations.source ? revision : nil))
                reported.add(1, ordering: .relaxed)
            }
        }
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
