// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockClient
internal import PenstockWire
internal import PenstockWorker

extension Demo {
    /// A revision arrives; returns the execution that it starts.
    mutating func upload() async throws -> String {
        let demo = self
        let name = DemoDeclarations.pipeline
        return try await self.narrator.step("The customer uploads a revision, which starts the pipeline") {
            let archive = SmallArchive(name: "shop.txt", content: Array("Everything must go.\n".utf8))
            try demo.write(archive.bytes, to: DemoDeclarations.object)
            let version = try await demo.bucket.upload(archive.bytes)
            let execution = try await demo.wait(for: "the execution") {
                let executions = try await demo.customer.listPipelineExecutions(pipelineName: name)
                return executions.pipelineExecutionSummaries?.first {
                    $0.sourceRevisions?.contains { $0.revisionID == version } == true
                }?.pipelineExecutionID
            }
            let place = "s3://\(DemoDeclarations.bucket)/\(DemoDeclarations.object)"
            return (
                execution,
                .init(
                    ShellLine("aws s3 cp \(DemoDeclarations.object) \(place)"),
                    ShellLine("aws codepipeline list-pipeline-executions", ["--pipeline-name": name]),
                    facts: ["Execution \(execution)", "Source version \(version)"])
            )
        }
    }

    /// The partner's worker starts, takes the job and fails it; then the failure is looked for where it appears.
    mutating func fail(
        _ execution: String, _ worker: LoadTestWorker, _ workers: inout ThrowingTaskGroup<Void, any Error>
    ) async throws {
        try await self.lookAtJobs()
        workers.addTask { try await worker.run() }
        try await self.tellOfFailure(worker)
        try await self.lookAtState()
        try await self.lookAtHistory(execution)
    }

    private mutating func lookAtJobs() async throws {
        let demo = self
        try await self.narrator.step("The job waits for the partner's worker") {
            let jobs = try await demo.wait(for: "the job") {
                let input = ListingInput(pipelineName: DemoDeclarations.pipeline)
                let jobs = try await demo.customer.administer(Administration.ListJobs.self, input).jobs ?? []
                return jobs.contains { $0.actionName == DemoDeclarations.Action.loadTest } ? jobs : nil
            }
            return ((), .init(ShellLine("penstock jobs"), facts: [JobsCommand.text(jobs)]))
        }
    }

    private mutating func tellOfFailure(_ worker: LoadTestWorker) async throws {
        let demo = self
        try await self.narrator.step("The partner starts its worker, which takes the job and fails it") {
            let found = try await demo.wait(
                for: .failed, of: DemoDeclarations.Action.loadTest, in: DemoDeclarations.Stage.test)
            let failure = LoadTestWorker.failure
            guard let job = worker.jobs.first else { throw CommandFailure("the worker took no job") }
            let details = [
                "type=\(failure.type)", "message=\(failure.message)",
                "externalExecutionId=\(failure.externalExecutionID ?? "")",
            ]
            let command = ShellLine(
                "aws codepipeline put-third-party-job-failure-result",
                [
                    "--job-id": job.jobID, "--client-token": "file://client-token",
                    "--failure-details": details.joined(separator: ","), "--profile": "partner",
                ])
            let status = found.action.status?.rawValue ?? ""
            return (
                (),
                .init(
                    command,
                    facts: [
                        "It read the revision, \(job.byteCount) bytes, with credentials of the job's own.",
                        "Action \(DemoDeclarations.Action.loadTest): \(status)",
                    ])
            )
        }
    }

    private mutating func lookAtState() async throws {
        let demo = self
        try await self.narrator.step("The customer sees where the pipeline stands") {
            let (stage, action) = try await demo.wait(
                for: .failed, of: DemoDeclarations.Action.loadTest, in: DemoDeclarations.Stage.test)
            let error = "\(action.errorDetails?.code ?? ""): \(action.errorDetails?.message ?? "")"
            let command = ShellLine("aws codepipeline get-pipeline-state", ["--name": DemoDeclarations.pipeline])
            return (
                (),
                .init(
                    command,
                    facts: [
                        "Stage \(stage.stageName ?? ""): \(stage.latestExecution?.status.rawValue ?? "")",
                        "Action \(DemoDeclarations.Action.loadTest): \(action.status?.rawValue ?? ""), \(error)",
                        "External execution \(action.externalExecutionID ?? ""): \(action.externalExecutionURL ?? "")",
                    ])
            )
        }
    }

    private mutating func lookAtHistory(_ execution: String) async throws {
        let (customer, name) = (self.customer, DemoDeclarations.pipeline)
        try await self.narrator.step("The customer reads the history of the execution") {
            let filter = ActionExecutionFilter(pipelineExecutionID: execution)
            let actions = try await customer.listActionExecutions(pipelineName: name, filter: filter)
            var table = TextTable("STAGE", "ACTION", "STATUS", "EXTERNAL EXECUTION", "ERROR CODE")
            for each in actions.actionExecutionDetails ?? [] {
                let result = each.output?.executionResult
                table.add(
                    each.stageName, each.actionName, each.status?.rawValue, result?.externalExecutionID,
                    result?.errorDetails?.code)
            }
            let command = ShellLine(
                "aws codepipeline list-action-executions",
                ["--pipeline-name": name, "--filter": "pipelineExecutionId=\(execution)"])
            return ((), .init(command, facts: [table.text]))
        }
    }
}
