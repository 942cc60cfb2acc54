// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockClient
internal import PenstockWire

extension Demo {
    /// What has failed is tried again, and passes.
    mutating func retry(_ execution: String, _ worker: LoadTestWorker) async throws {
        let (demo, name, stage) = (self, DemoDeclarations.pipeline, DemoDeclarations.Stage.test)
        try await self.narrator.step("The customer retries the stage, and the worker passes it") {
            _ = try await demo.customer.retryStageExecution(
                pipelineName: name, stageName: stage, pipelineExecutionId: execution, retryMode: .failedActions)
            let found = try await demo.wait(for: .succeeded, of: DemoDeclarations.Action.loadTest, in: stage)
            let details = "summary=\(LoadTestWorker.summary),externalExecutionId=\(LoadTestWorker.passedRun)"
            return (
                (),
                .init(
                    ShellLine(
                        "aws codepipeline retry-stage-execution",
                        [
                            "--pipeline-name": name, "--stage-name": stage, "--pipeline-execution-id": execution,
                            "--retry-mode": "FAILED_ACTIONS",
                        ]),
                    ShellLine(
                        "aws codepipeline put-third-party-job-success-result",
                        [
                            "--job-id": worker.jobs.last?.jobID ?? "", "--client-token": "file://client-token",
                            "--execution-details": details, "--profile": "partner",
                        ]),
                    facts: [Self.text(DemoDeclarations.Action.loadTest, found.action)])
            )
        }
    }

    /// A person approves, and the customer's own worker deploys.
    mutating func release(_ execution: String, _ workers: inout ThrowingTaskGroup<Void, any Error>) async throws {
        try await self.approve()
        let worker = DeployWorker(self.customer)
        workers.addTask { try await worker.run() }
        try await self.deploy(worker)
        try await self.lookAtEnd(execution)
    }

    private mutating func approve() async throws {
        let (demo, name) = (self, DemoDeclarations.pipeline)
        let (stage, action) = (DemoDeclarations.Stage.release, DemoDeclarations.Action.signOff)
        try await self.narrator.step("The customer approves") {
            let pending = try await demo.wait(for: .inProgress, of: action, in: stage)
            let token = pending.action.token ?? ""
            _ = try await demo.customer.putApprovalResult(
                pipelineName: name, stageName: stage, actionName: action,
                result: ApprovalResult(summary: "Open the doors", status: .approved), token: token)
            let command = ShellLine(
                "aws codepipeline put-approval-result",
                [
                    "--pipeline-name": name, "--stage-name": stage, "--action-name": action,
                    "--result": "summary=Open the doors,status=Approved", "--token": token,
                ])
            return ((), .init(command, facts: ["The token is the one that get-pipeline-state showed."]))
        }
    }

    private mutating func deploy(_ worker: DeployWorker) async throws {
        let demo = self
        let (stage, action) = (DemoDeclarations.Stage.deploy, DemoDeclarations.Action.goLive)
        try await self.narrator.step("The customer's own worker deploys") {
            let found = try await demo.wait(for: .succeeded, of: action, in: stage)
            let command = ShellLine(
                "aws codepipeline put-job-success-result",
                [
                    "--job-id": worker.job ?? "",
                    "--execution-details": "summary=\(found.action.summary ?? "")",
                ])
            return ((), .init(command, facts: [Self.text(action, found.action)]))
        }
    }

    private mutating func lookAtEnd(_ execution: String) async throws {
        let (demo, name) = (self, DemoDeclarations.pipeline)
        try await self.narrator.step("The execution has succeeded") {
            let status = try await demo.wait(for: "the end of the execution") {
                let answer = try await demo.customer.getPipelineExecution(
                    pipelineName: name, pipelineExecutionId: execution)
                let status = answer.pipelineExecution?.status
                return status == .inProgress ? nil : status
            }
            let state = try await demo.customer.getPipelineState(name: name)
            let command = ShellLine(
                "aws codepipeline get-pipeline-execution",
                ["--pipeline-name": name, "--pipeline-execution-id": execution])
            return (
                (),
                .init(
                    command, ShellLine("penstock pipelines state \(name)"),
                    facts: ["Execution \(execution): \(status)", PipelinesCommand.State.table(of: state).text])
            )
        }
    }

    private static func text(_ action: String, _ execution: ActionExecution) -> String {
        "Action \(action): \(execution.status?.rawValue ?? ""), \(execution.summary ?? "")"
    }
}
