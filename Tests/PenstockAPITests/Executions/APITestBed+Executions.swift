// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockWire
import Testing

/// What clients and workers do with the pipeline `shop`, in few words.
extension APITestBed {
    // MARK: Executions

    @discardableResult
    func start(
        token: String? = nil,
        variables: [PipelineVariable]? = nil,
        overrides: [SourceRevisionOverride]? = nil,
        as identity: TestIdentity = .customer
    ) async throws -> String {
        let input = StartPipelineExecutionInput(
            name: "shop", variables: variables, clientRequestToken: token, sourceRevisions: overrides)
        let output = try await self.call(Operations.StartPipelineExecution.self, input, as: identity)
        return try #require(output.pipelineExecutionID)
    }

    @discardableResult
    func stop(_ execution: String, abandon: Bool? = nil, reason: String? = nil) async throws -> String? {
        let input = StopPipelineExecutionInput(
            pipelineName: "shop", pipelineExecutionID: execution, abandon: abandon, reason: reason)
        return try await self.call(Operations.StopPipelineExecution.self, input).pipelineExecutionID
    }

    func execution(_ id: String) async throws -> PipelineExecution {
        let input = GetPipelineExecutionInput(pipelineName: "shop", pipelineExecutionID: id)
        return try #require(try await self.call(Operations.GetPipelineExecution.self, input).pipelineExecution)
    }

    func status(_ id: String) async throws -> PipelineExecutionStatus? { try await self.execution(id).status }

    func executions(succeededIn stage: String? = nil) async throws -> [PipelineExecutionSummary] {
        let filter = stage.map { PipelineExecutionFilter(succeededInStage: SucceededInStageFilter(stageName: $0)) }
        let input = ListPipelineExecutionsInput(pipelineName: "shop", filter: filter)
        let output = try await self.call(Operations.ListPipelineExecutions.self, input)
        return try #require(output.pipelineExecutionSummaries)
    }

    func attempts(
        of execution: String? = nil,
        latestIn other: String? = nil,
        _ range: StartTimeRange = .latest
    ) async throws -> [ActionExecutionDetail] {
        let latest = other.map { LatestInPipelineExecutionFilter(pipelineExecutionID: $0, startTimeRange: range) }
        let filter = ActionExecutionFilter(pipelineExecutionID: execution, latestInPipelineExecution: latest)
        let input = ListActionExecutionsInput(pipelineName: "shop", filter: filter)
        let output = try await self.call(Operations.ListActionExecutions.self, input)
        #expect(output.nextToken == nil)
        return try #require(output.actionExecutionDetails)
    }

    /// The history entry of the action, which must have one and no more.
    func attempt(_ action: String = "Work") async throws -> ActionExecutionDetail {
        let entries = try await self.attempts().filter { $0.actionName == action }
        try #require(entries.count == 1)
        return entries[0]
    }

    // MARK: Stages

    @discardableResult
    func retry(_ stage: String, _ execution: String, _ mode: StageRetryMode = .failedActions) async throws -> String? {
        let input = RetryStageExecutionInput(
            pipelineName: "shop", stageName: stage, pipelineExecutionID: execution, retryMode: mode)
        return try await self.call(Operations.RetryStageExecution.self, input).pipelineExecutionID
    }

    func disable(_ stage: String, _ side: StageTransitionType = .inbound, reason: String = "freeze") async throws {
        let input = DisableStageTransitionInput(
            pipelineName: "shop", stageName: stage, transitionType: side, reason: reason)
        try await self.call(Operations.DisableStageTransition.self, input)
    }

    func enable(_ stage: String, _ side: StageTransitionType = .inbound) async throws {
        let input = EnableStageTransitionInput(pipelineName: "shop", stageName: stage, transitionType: side)
        try await self.call(Operations.EnableStageTransition.self, input)
    }

    func state() async throws -> GetPipelineStateOutput {
        try await self.call(Operations.GetPipelineState.self, GetPipelineStateInput(name: "shop"))
    }

    func stage(_ name: String) async throws -> StageState {
        try #require(try await self.state().stageStates?.first { $0.stageName == name })
    }

    func action(_ name: String = "Work", in stage: String) async throws -> ActionState {
        try #require(try await self.stage(stage).actionStates?.first { $0.actionName == name })
    }

    // MARK: Approvals

    @discardableResult
    func answer(
        _ token: String,
        _ status: ApprovalStatus = .approved,
        summary: String = "fine",
        action: String = "SignOff",
        stage: String = "Release",
        pipeline: String = "shop",
        as identity: TestIdentity = .customer
    ) async throws -> WireTimestamp? {
        let input = PutApprovalResultInput(
            pipelineName: pipeline,
            stageName: stage,
            actionName: action,
            result: ApprovalResult(summary: summary, status: status),
            token: token
        )
        return try await self.call(Operations.PutApprovalResult.self, input, as: identity).approvedAt
    }

    /// The token of a pending approval, as GetPipelineState tells it.
    func token(_ action: String = "SignOff", in stage: String = "Release") async throws -> String {
        try #require(try await self.action(action, in: stage).latestExecution?.token)
    }

    // MARK: Work

    /// Takes every job there is, acknowledged, by action; no two may be of actions with the same name.
    func takeJobs(of type: ActionTypeID = .checker) async throws -> [String: Job] {
        let input = PollForJobsInput(actionTypeID: type, maxBatchSize: 100)
        var jobs: [String: Job] = [:]
        for job in try await self.call(Operations.PollForJobs.self, input).jobs ?? [] {
            let acknowledgement = AcknowledgeJobInput(
                jobID: try #require(job.id), nonce: try #require(job.nonce))
            try await self.call(Operations.AcknowledgeJob.self, acknowledgement)
            let action = try #require(job.data?.pipelineContext?.action?.name)
            try #require(jobs[action] == nil, "there are two jobs of actions called \(action)")
            jobs[action] = job
        }
        return jobs
    }

    /// Takes the job of the action, which must be there; others that are there are taken too.
    func takeJob(_ action: String = "Work", of type: ActionTypeID = .checker) async throws -> Job {
        try #require(try await self.takeJobs(of: type)[action])
    }

    func succeed(
        _ job: Job,
        revision: CurrentRevision? = nil,
        token: String? = nil,
        details: ExecutionDetails? = nil,
        variables: [String: String]? = nil
    ) async throws {
        let input = PutJobSuccessResultInput(
            jobID: try #require(job.id),
            currentRevision: revision,
            continuationToken: token,
            executionDetails: details,
            outputVariables: variables
        )
        try await self.call(Operations.PutJobSuccessResult.self, input)
    }

    func fail(_ job: Job, message: String = "3 tests failed") async throws {
        let failure = FailureDetails(type: .jobFailed, message: message, externalExecutionID: "run-42")
        let input = PutJobFailureResultInput(jobID: try #require(job.id), failureDetails: failure)
        try await self.call(Operations.PutJobFailureResult.self, input)
    }

    /// Takes and passes so many jobs, one after the other.
    func pass(_ count: Int = 1) async throws {
        for _ in 0..<count { try await self.succeed(self.takeJob()) }
    }
}

extension ActionTypeID {
    static let fetcher = Self(category: .source, owner: .custom, provider: "Fetcher", version: "1")
}

extension ServiceException {
    static func noPipeline(_ name: String) -> Self {
        Self(.pipelineNotFound, "Account '111111111111' does not have a pipeline with name '\(name)'")
    }

    static func noExecution(_ id: String) -> Self {
        Self(
            .pipelineExecutionNotFound,
            "Pipeline Execution with id '\(id)' does not exist in pipeline with name 'shop'"
        )
    }

    static func notStoppable(_ id: String) -> Self {
        let problem =
            "Either it does not exist in the pipeline, or the pipeline execution has no action executions in progress."
        return Self(
            .pipelineExecutionNotStoppable,
            "The pipeline execution with ID '\(id)' in 'shop' can't be stopped now. \(problem)"
        )
    }

    static func noStage(_ name: String) -> Self {
        Self(.stageNotFound, "Pipeline 'shop' does not have a stage with name '\(name)'")
    }
}

/// An id that nothing has.
let unknownID = "99999999-9999-4999-8999-999999999999"
