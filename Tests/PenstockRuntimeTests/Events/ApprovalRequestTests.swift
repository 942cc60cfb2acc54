// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import PenstockRuntime
import PenstockStore
import Testing

/// The messages that ask for approvals.
struct ApprovalRequestTests {
    private static let topic = "arn:aws:sns:us-east-1:000000000000:reviews"
    private static let sourceType = ActionTypeID(category: .source, owner: .custom, provider: "Fetcher", version: "1")

    /// A pipeline with a source, and a stage that waits for approval.
    private func bed(_ targets: EventTarget..., mode: ExecutionMode = .superseded) async throws -> EventBed {
        let bed: EventBed
        switch targets.count {
        case 0: bed = try await EventBed()
        case 1: bed = try await EventBed(targets[0])
        case _: bed = try await EventBed(targets[0], targets[1])
        }
        try await bed.fixture.register(Self.sourceType)
        let approval = ActionDeclaration(
            name: "SignOff",
            typeID: .manualApproval,
            configuration: [
                KeyedValue("NotificationArn", Self.topic), KeyedValue("CustomData", "Please check."),
                KeyedValue("ExternalEntityLink", "https://shop-staging.example.org"),
            ]
        )
        let declaration = PipelineDeclaration(
            name: "shop",
            pipelineType: .v2,
            executionMode: mode,
            artifactStores: [ArtifactStoreDeclaration(bucket: "artifacts")],
            stages: [
                StageDeclaration(name: "Source", actions: [ActionDeclaration(name: "Get", typeID: Self.sourceType)]),
                StageDeclaration(name: "Release", actions: [approval]),
            ]
        )
        let definition = PipelineDefinition(declaration: declaration, secrets: [], masked: []) { _ in [] }
        _ = try await bed.fixture.pipelines.create(bed.fixture.call, definition, tags: [])
        return bed
    }

    private func start(_ bed: EventBed, revision: String) async throws -> PipelineExecutionID {
        let trigger = Trigger(type: .startPipelineExecution, detail: "mia")
        let id = try await bed.fixture.pipelines.start(bed.fixture.call, name: "shop", trigger: trigger, token: nil)
        try await bed.finishJob(Self.sourceType, revision: revision)
        return id
    }

    private func answer(_ bed: EventBed, isApproved: Bool = true) async throws {
        let request = try await self.pending(bed)
        _ = try await bed.fixture.pipelines.answerApproval(
            bed.fixture.call, name: "shop", stage: "Release", action: "SignOff", token: request.token,
            isApproved: isApproved, summary: "fine")
    }

    private func pending(_ bed: EventBed) async throws -> ApprovalRequest {
        try await bed.fixture.pipelines.pendingApproval(
            bed.fixture.call, name: "shop", stage: "Release", action: "SignOff")
    }

    private func requests(_ sender: RecordingSender) -> [EventMessage] {
        sender.deliveries.map(\.message).filter { $0.kind == .approval }
    }

    private static func target(_ name: String = "hook", topics: [String] = [topic]) -> EventTarget {
        .hook(name, topics: topics, filter: EventFilter(subjects: []))
    }

    @Test func `The message has the documented form, and says what is asked about`() async throws {
        let bed = try await self.bed(Self.target())
        try await bed.finishJob(Self.sourceType, revision: "r1")
        await bed.deliver()
        let request = try await self.pending(bed)
        let message = try #require(self.requests(try bed.sender()).first)
        let page = "http://127.0.0.1:7480/console/pipelines/shop/view"
        #expect(
            message.document
                == #"{"region":"us-east-1","consoleLink":"\#(page)","approval":{"pipelineName":"shop","#
                + #""stageName":"Release","actionName":"SignOff","token":"\#(request.token)","#
                + #""expires":"2026-01-08T00:00Z","externalEntityLink":"https://shop-staging.example.org","#
                + #""approvalReviewLink":"\#(page)/Release/SignOff/approve/\#(request.token)","#
                + #""customData":"Please check.","pipelineExecutionId":"\#(request.execution.id)","#
                + #""pipelineVersion":1,"revisions":[{"actionName":"Get","revisionId":"r1","#
                + #""revisionSummary":"commit r1","changed":true}],"waitingExecutionCount":0,"#
                + #""waitingExecutions":[]}}"#)
        #expect(message.subject == "shop/Release/SignOff APPROVAL NEEDED")
    }

    @Test func `It tells what has changed since the stage last let one through, and who waits behind`() async throws {
        let bed = try await self.bed(Self.target(), mode: .queued)
        try await bed.finishJob(Self.sourceType, revision: "r1")
        let first = try await self.pending(bed).execution.id
        let second = try await self.start(bed, revision: "r2")
        let third = try await self.start(bed, revision: "r3")
        try await self.answer(bed)
        await bed.deliver()
        let messages = self.requests(try bed.sender())
        #expect(messages.count == 2)
        let last = try #require(messages.last?.detail)
        #expect(last.contains(#""pipelineExecutionId":"\#(second)","#))
        #expect(
            last.contains(
                #""revisions":[{"actionName":"Get","revisionId":"r2","revisionSummary":"commit r2","#
                    + #""releasedRevisionId":"r1","changed":true}]"#))
        #expect(last.contains(#""lastRelease":{"pipelineExecutionId":"\#(first)","#))
        #expect(
            last.contains(
                #""waitingExecutionCount":1,"waitingExecutions":[{"pipelineExecutionId":"\#(third)","#))
        let now = try await self.pending(bed)
        #expect(now.execution.id == second)
        #expect(now.lastRelease?.id == first)
        #expect(now.revisions.map(\.isChanged) == [true])
        #expect(now.waiting.map(\.id) == [third])
    }

    @Test func `What was released already is told to be unchanged`() async throws {
        let bed = try await self.bed(Self.target())
        try await bed.finishJob(Self.sourceType, revision: "r1")
        try await self.answer(bed)
        _ = try await self.start(bed, revision: "r1")
        let request = try await self.pending(bed)
        #expect(request.revisions.map(\.isChanged) == [false])
        #expect(request.revisions.map { $0.released?.revisionID } == ["r1"])
    }

    @Test func `The action's start is told before the request`() async throws {
        let bed = try await self.bed(.hook(topics: [Self.topic]))
        try await bed.finishJob(Self.sourceType, revision: "r1")
        await bed.deliver()
        let expected = ["shop/Release/SignOff STARTED", "shop/Release/SignOff APPROVAL NEEDED"]
        #expect(try bed.sender().subjects.suffix(2) == expected)
    }

    @Test func `Each attempt asks anew, with a token of its own`() async throws {
        let bed = try await self.bed(Self.target())
        try await bed.finishJob(Self.sourceType, revision: "r1")
        let first = try await self.pending(bed)
        try await self.answer(bed, isApproved: false)
        try await bed.fixture.pipelines.retryStage(
            bed.fixture.call, name: "shop", stage: "Release", execution: first.execution.id, mode: .failedActions)
        let second = try await self.pending(bed)
        #expect(first.token != second.token)
        await bed.deliver()
        let asked = self.requests(try bed.sender()).map { message in
            [first.token, second.token].map { message.detail.contains(#""token":"\#($0)""#) }
        }
        #expect(asked == [[true, false], [false, true]])
    }

    @Test func `The target of the topic is asked, and nobody else`() async throws {
        let bed = try await self.bed(Self.target("named"), Self.target("rest", topics: ["*"]))
        try await bed.finishJob(Self.sourceType, revision: "r1")
        await bed.deliver()
        #expect(self.requests(try bed.sender("named")).count == 1)
        #expect(self.requests(try bed.sender("rest")).isEmpty)
    }

    @Test func `Who takes every topic is asked where nobody takes this one`() async throws {
        let bed = try await self.bed(Self.target("other", topics: ["arn:other"]), Self.target("rest", topics: ["*"]))
        try await bed.finishJob(Self.sourceType, revision: "r1")
        await bed.deliver()
        #expect(self.requests(try bed.sender("rest")).count == 1)
    }

    @Test func `Where topics are configured and this one is not, the action fails at once`() async throws {
        let bed = try await self.bed(Self.target(topics: ["arn:other"]))
        try await bed.finishJob(Self.sourceType, revision: "r1")
        let state = try await bed.fixture.pipelines.state(bed.fixture.call, name: "shop")
        let run = try #require(state.runs.first { $0.run.stageName == "Release" }?.run)
        let failure = try #require(run.actions.first?.attempt?.failure)
        #expect(failure.type == .configurationError)
        #expect(failure.message == "The notification topic '\(Self.topic)' of the approval is not configured")
        #expect(state.openJobs.isEmpty)
    }

    @Test func `Where no topic is configured nobody is asked, and the approval waits`() async throws {
        let bed = try await self.bed()
        try await bed.finishJob(Self.sourceType, revision: "r1")
        #expect(try await self.pending(bed).customData == "Please check.")
    }

    @Test func `What does not wait cannot be looked at`() async throws {
        let bed = try await self.bed()
        await #expect(
            throws: Rejection(
                .resourceNotFound, "Action 'SignOff' in stage 'Release' of pipeline 'shop' does not wait")
        ) { try await self.pending(bed) }
    }
}
