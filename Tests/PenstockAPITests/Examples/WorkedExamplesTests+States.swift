// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import enum PenstockModel.ExecutionMode
import PenstockWire
import Testing

extension WorkedExamplesTests {
    @Test func `One execution over time`() async throws {
        let (bed, first) = try await APITestBed.withPipeline(
            .stage("Source", .work("Get", type: .fetcher, outputs: ["Code"])), .stage("Release", .approval()))
        func latest(_ stage: String) async throws -> String? {
            guard let latest = try await bed.stage(stage).latestExecution else { return nil }
            return "\(latest.pipelineExecutionID == first ? "E1" : "E2") \(latest.status.rawValue)"
        }
        // It starts, and with it the source.
        #expect(try await bed.execution(first).artifactRevisions == [])
        #expect(try await latest("Source") == "E1 InProgress")
        #expect(try await bed.action("Get", in: "Source").latestExecution?.status == .inProgress)
        #expect(try await latest("Release") == nil)

        // The source has ended, and the approval waits for its answer.
        try await Self.fetch("v1", bed)
        #expect(try await bed.execution(first).artifactRevisions?.map(\.revisionID) == ["v1"])
        #expect(try await latest("Source") == "E1 Succeeded")
        let source = try await bed.action("Get", in: "Source")
        #expect(source.latestExecution?.status == .succeeded)
        #expect(source.currentRevision?.revisionID == "v1")
        #expect(try await latest("Release") == "E1 InProgress")
        let token = try await bed.token()

        // The next one has come as far as it can.
        let second = try await bed.start()
        try await Self.fetch("v2", bed)
        #expect(try await bed.status(second) == .inProgress)
        #expect(try await latest("Source") == "E2 Succeeded")
        #expect(try await bed.stage("Release").inboundExecution?.pipelineExecutionID == second)
        #expect(try await latest("Release") == "E1 InProgress")

        // The first one is stopped, and waits for its approval.
        try await bed.stop(first)
        #expect(try await bed.status(first) == .stopping)
        #expect(try await bed.stage("Release").inboundExecution?.pipelineExecutionID == second)
        #expect(try await latest("Release") == "E1 Stopping")
        #expect(try await bed.token() == token)

        // The answer ends the stop, and the second one enters.
        try await bed.answer(token)
        #expect(try await bed.status(first) == .stopped)
        #expect(try await bed.stage("Release").inboundExecution == nil)
        #expect(try await latest("Release") == "E2 InProgress")
        let refusal = await #expect(throws: ServiceException.self) { try await bed.retry("Release", first) }
        #expect(refusal?.code == .notLatestPipelineExecution)
    }

    @Test func `A queue behind a disabled transition, and a rollback that waits for approval`() async throws {
        let (bed, first) = try await Self.queue()
        let (second, third) = (try await bed.start(), try await bed.start())
        try await Self.fetch("v2", bed)
        try await Self.pass("Unit", bed)
        try await Self.fetch("v3", bed)
        try await bed.fail(bed.takeJob("Unit"))
        try await bed.retry("Test", third)
        try await Self.pass("Unit", bed)
        let rollback = try await bed.rollBack("Release", to: first)
        let stages = try #require(try await bed.state().stageStates)
        let source = try await bed.attempts(of: third).first { $0.actionName == "Get" }
        let test = try await bed.attempts(latestIn: third).first { $0.actionName == "Unit" }
        let token = try await bed.token()
        #expect(
            stages == [
                StageState(
                    stageName: "Source",
                    inboundExecutions: [],
                    inboundTransitionState: TransitionState(enabled: true),
                    actionStates: [
                        ActionState(
                            actionName: "Get",
                            currentRevision: ActionRevision(
                                revisionID: "v3", revisionChangeID: "1", created: bed.now),
                            latestExecution: ActionExecution(
                                actionExecutionID: source?.actionExecutionID,
                                status: .succeeded,
                                lastStatusChange: bed.now
                            )
                        )
                    ],
                    latestExecution: StageExecution(pipelineExecutionID: third, status: .succeeded)
                ),
                StageState(
                    stageName: "Test",
                    inboundExecutions: [],
                    inboundTransitionState: TransitionState(enabled: true),
                    actionStates: [
                        ActionState(
                            actionName: "Unit",
                            latestExecution: ActionExecution(
                                actionExecutionID: test?.actionExecutionID,
                                status: .succeeded,
                                summary: "412 tests passed",
                                lastStatusChange: bed.now,
                                externalExecutionID: "run-51"
                            )
                        )
                    ],
                    latestExecution: StageExecution(pipelineExecutionID: third, status: .succeeded),
                    retryStageMetadata: RetryStageMetadata(
                        manualStageRetryAttempt: 1, latestRetryTrigger: .manualStageRetry)
                ),
                StageState(
                    stageName: "Release",
                    inboundExecution: StageExecution(pipelineExecutionID: second, status: .inProgress),
                    inboundExecutions: [second, third].map {
                        StageExecution(pipelineExecutionID: $0, status: .inProgress)
                    },
                    inboundTransitionState: TransitionState(
                        enabled: false,
                        lastChangedBy: TestIdentity.customer.arn,
                        lastChangedAt: bed.now,
                        disabledReason: "freeze"
                    ),
                    actionStates: [
                        ActionState(
                            actionName: "SignOff",
                            latestExecution: ActionExecution(
                                actionExecutionID: token, status: .inProgress, token: token),
                            entityURL: "https://shop-staging.example.org"
                        ),
                        ActionState(actionName: "Ship"),
                    ],
                    latestExecution: StageExecution(
                        pipelineExecutionID: rollback, status: .inProgress, type: .rollback)
                ),
            ])
    }

    @Test func `A rollback that waits for approval, and its rejection`() async throws {
        let (bed, first) = try await Self.queue()
        let rollback = try await bed.rollBack("Release", to: first)
        #expect(
            try await bed.execution(rollback)
                == PipelineExecution(
                    pipelineName: "shop",
                    pipelineVersion: 1,
                    pipelineExecutionID: rollback,
                    status: .inProgress,
                    artifactRevisions: [
                        ArtifactRevision(
                            name: "Code", revisionID: "v1", revisionChangeIdentifier: "1", created: bed.now)
                    ],
                    variables: [ResolvedPipelineVariable(name: "Env", resolvedValue: "prod")],
                    trigger: ExecutionTrigger(
                        triggerType: .manualRollback,
                        triggerDetail: #"{"AwsUserArn":"\#(TestIdentity.customer.arn)"}"#
                    ),
                    executionMode: .queued,
                    executionType: .rollback,
                    rollbackMetadata: PipelineRollbackMetadata(rollbackTargetPipelineExecutionID: first)
                ))
        let began = bed.now
        try await bed.advance(by: .seconds(420))
        let token = try await bed.token()
        try await bed.answer(token, .rejected, summary: "basket total is wrong")
        #expect(
            try await bed.attempts(of: rollback) == [
                ActionExecutionDetail(
                    pipelineExecutionID: rollback,
                    actionExecutionID: token,
                    pipelineVersion: 1,
                    stageName: "Release",
                    actionName: "SignOff",
                    startTime: began,
                    lastUpdateTime: bed.now,
                    updatedBy: TestIdentity.customer.arn,
                    status: .failed,
                    input: ActionExecutionInput(
                        actionTypeID: ActionTypeID(category: .approval, owner: .aws, provider: "Manual", version: "1"),
                        configuration: [
                            "CustomData": "Release #{SourceVars.VersionId}?",
                            "ExternalEntityLink": "https://shop-staging.example.org",
                        ],
                        resolvedConfiguration: [
                            "CustomData": "Release v1?", "ExternalEntityLink": "https://shop-staging.example.org",
                        ],
                        region: "us-east-1",
                        inputArtifacts: []
                    ),
                    output: ActionExecutionOutput(
                        outputArtifacts: [],
                        executionResult: ActionExecutionResult(
                            externalExecutionID: token, externalExecutionSummary: "basket total is wrong"),
                        outputVariables: [:]
                    )
                )
            ])
    }

    /// A pipeline in QUEUED mode whose first execution went through, before its last stage was disabled.
    private static func queue() async throws -> (bed: APITestBed, first: String) {
        let (bed, first) = try await APITestBed.withPipeline(
            .stage("Source", .work("Get", type: .fetcher, outputs: ["Code"], namespace: "SourceVars")),
            .stage("Test", .work("Unit")),
            .stage(
                "Release",
                .approval(configuration: [
                    "CustomData": "Release #{SourceVars.VersionId}?",
                    "ExternalEntityLink": "https://shop-staging.example.org",
                ]),
                .work("Ship", runOrder: 2)
            ),
            mode: .queued,
            variables: .env("prod")
        )
        try await Self.fetch("v1", bed)
        try await Self.pass("Unit", bed)
        try await bed.answer(bed.token())
        try await Self.pass("Ship", bed)
        #expect(try await bed.status(first) == .succeeded)
        try await bed.disable("Release", reason: "freeze")
        return (bed, first)
    }

    private static func fetch(_ revision: String, _ bed: APITestBed) async throws {
        let found = CurrentRevision(revision: revision, changeIdentifier: "1")
        let job = try await bed.takeJob("Get", of: .fetcher)
        try await bed.succeed(job, revision: found, variables: ["VersionId": revision])
    }

    private static func pass(_ action: String, _ bed: APITestBed) async throws {
        let details = ExecutionDetails(summary: "412 tests passed", externalExecutionID: "run-51")
        try await bed.succeed(bed.takeJob(action), details: details)
    }
}
