// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import PenstockWire
import Synchronization

/// (i) Whole executions: three stages, five actions, whose workers report at once.
enum ExecutionScenario {
    /// The pipelines that the executions are spread over.
    private static let pipelines = 20
    private static let actionsOfExecution = 5

    static func run(_ target: Target, executions: Int, threads: Int) throws {
        var client = try APIClient(target)
        for number in 0..<self.pipelines {
            try client.call(
                Operations.CreatePipeline.self, CreatePipelineInput(pipeline: self.pipeline("whole-\(number)")))
        }
        // The executions of the creations are taken through before the clock runs.
        try self.work(&client, until: self.pipelines * self.actionsOfExecution)

        let reported = Atomic(0)
        let started = Atomic(0)
        let goal = executions * self.actionsOfExecution
        let all = try Load.run(threads: threads) { thread in
            var client = try APIClient(target)
            while true {
                let number = started.add(1, ordering: .relaxed).newValue
                guard number <= executions else { break }
                try client.call(
                    Operations.StartPipelineExecution.self,
                    StartPipelineExecutionInput(name: "whole-\(number % self.pipelines)"))
                try self.work(&client, reported: reported)
            }
            while reported.load(ordering: .relaxed) < goal { try self.work(&client, reported: reported) }
            return []
        }
        let perSecond = Double(executions) / (all.elapsed / .seconds(1))
        Report.line(
            "(i) executions of 3 stages and 5 actions, \(threads) workers", String(format: "%9.0f /s", perSecond))
    }

    private static func work(_ client: inout APIClient, until goal: Int) throws {
        let reported = Atomic(0)
        while reported.load(ordering: .relaxed) < goal { try self.work(&client, reported: reported) }
    }

    /// Takes what there is of sources and of work, and lets it succeed.
    private static func work(_ client: inout APIClient, reported: borrowing Atomic<Int>) throws {
        for type in [Declarations.source, Declarations.custom] {
            let jobs =
                try client.call(Operations.PollForJobs.self, PollForJobsInput(actionTypeID: type, maxBatchSize: 10))
                .jobs
                ?? []
            for job in jobs {
                guard let id = job.id, let nonce = job.nonce else { continue }
                try client.call(Operations.AcknowledgeJob.self, AcknowledgeJobInput(jobID: id, nonce: nonce))
                let revision = CurrentRevision(revision: "1", changeIdentifier: "1")
                try client.call(
                    Operations.PutJobSuccessResult.self,
                    PutJobSuccessResultInput(
                        jobID: id, currentRevision: type == Declarations.source ? revision : nil))
                reported.add(1, ordering: .relaxed)
            }
        }
    }

    private static func pipeline(_ name: String) -> PipelineDeclaration {
        var declaration = Declarations.pipeline(name, Declarations.custom, actions: 2)
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
