// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockRuntime
import PenstockStore
import PenstockWire
import Testing

extension DeadLetterRow {
    /// An event of the customer's pipeline `shop` that the target did not take.
    static func sample(_ number: UInt64 = 1, target: String = "chat", kind: EventMessage.Kind = .stateChange) -> Self {
        let scope = Scope(account: TestIdentity.customer.account, region: .default)
        let message = EventMessage(
            id: UniqueID(high: 1, low: number),
            kind: kind,
            pipeline: PipelineKey(scope: scope, name: "shop"),
            at: Timestamp(millisecondsSinceEpoch: 1000),
            detailType: "CodePipeline Stage Execution State Change",
            subject: "shop/Build FAILED",
            detail: #"{"state":"FAILED"}"#
        )
        return Self(
            queue: EventQueue(target: target, pipelineID: PipelineID(UniqueID(high: 2, low: 1))),
            event: .message(message), diedAt: Timestamp(millisecondsSinceEpoch: 2000), attempts: 16,
            reason: "answered 500")
    }
}

/// What the operator sees of events and does about them.
struct EventAdministrationTests {
    /// A bed whose customer operates the service, with dead letters of these targets.
    private func bed(_ targets: String..., limit: Int = 10_000) async throws -> APITestBed {
        var settings = RuntimeSettings()
        settings.operatorAccount = TestIdentity.customer.account
        var limits = EventLimits()
        limits.maximumQueueLength = limit
        settings.eventTargets = [EventTarget(name: "chat", limits: limits, summary: "http https://chat.example.org")]
        let bed = try await APITestBed(settings: settings)
        let rows = targets.enumerated().map { DeadLetterRow.sample(UInt64($0.offset + 1), target: $0.element) }
        try await bed.store.write { transaction throws in
            for row in rows { try transaction.insertDeadLetter(row) }
        }
        return bed
    }

    private func letters(_ bed: APITestBed, _ input: ListDeadLettersInput = .init()) async throws -> [DeadLetter] {
        try await bed.administer(Administration.ListDeadLetters.self, input).deadLetters ?? []
    }

    @Test func `A dead letter says what happened, where it should have gone, and what went wrong`() async throws {
        let letter = try #require(try await self.letters(try await self.bed("chat")).first)
        var expected = DeadLetter()
        expected.deadLetterID = "1"
        expected.targetName = "chat"
        expected.eventID = "00000000-0000-0001-0000-000000000001"
        expected.detailType = "CodePipeline Stage Execution State Change"
        expected.subject = "shop/Build FAILED"
        expected.resource = "arn:aws:codepipeline:us-east-1:111111111111:shop"
        expected.time = WireTimestamp(clampingMilliseconds: 1000)
        expected.died = WireTimestamp(clampingMilliseconds: 2000)
        expected.attempts = 16
        expected.reason = "answered 500"
        expected.event = DeadLetterRow.sample().event.message?.document
        #expect(letter == expected)
    }

    @Test func `The token of a request for approval is not listed`() async throws {
        let bed = try await self.bed()
        try await bed.store.write { try $0.insertDeadLetter(.sample(kind: .approval)) }
        let letters = try await self.letters(bed)
        #expect(letters.count == 1)
        #expect(letters.first?.event == nil)
    }

    @Test func `Dead letters are listed in pages, of one target or of all`() async throws {
        let bed = try await self.bed("chat", "bus", "chat")
        let first = try await bed.administer(
            Administration.ListDeadLetters.self, ListDeadLettersInput(maxResults: 2))
        #expect(first.deadLetters?.map(\.deadLetterID) == ["1", "2"])
        let second = try await bed.administer(
            Administration.ListDeadLetters.self, ListDeadLettersInput(nextToken: first.nextToken, maxResults: 2))
        #expect(second.deadLetters?.map(\.deadLetterID) == ["3"])
        #expect(second.nextToken == nil)
        let chat = try await self.letters(bed, ListDeadLettersInput(targetName: "chat"))
        #expect(chat.map(\.deadLetterID) == ["1", "3"])
    }

    @Test func `Targets are listed with what waits for them, those too that are configured no more`() async throws {
        let bed = try await self.bed("chat")
        let row = DeadLetterRow.sample(target: "gone")
        try await bed.store.write { transaction throws in
            _ = try transaction.enqueueEvent(row.event, in: row.queue, at: row.diedAt, maximumLength: 9)
        }
        let output = try await bed.administer(Administration.ListEventTargets.self, NoOutput())
        var chat = EventTargetSummary()
        (chat.name, chat.summary) = ("chat", "http https://chat.example.org")
        (chat.waiting, chat.pipelines, chat.failing, chat.deadLetters) = (0, 0, 0, 1)
        var gone = EventTargetSummary()
        (gone.name, gone.waiting, gone.pipelines, gone.failing, gone.deadLetters) = ("gone", 1, 1, 0, 0)
        #expect(output.targets == [chat, gone])
    }

    @Test func `A dead letter that is delivered again waits behind the others, and is on record`() async throws {
        let bed = try await self.bed("chat")
        try await bed.administer(Administration.RedeliverDeadLetter.self, DeadLetterInput(deadLetterID: "1"))
        #expect(try await self.letters(bed).isEmpty)
        let now = bed.clock.now
        let claimed = try await bed.store.write { transaction throws in
            try transaction.claimEvents(for: "chat", at: now, leaseUntil: now, limit: 9)
        }
        #expect(claimed.map(\.row.event) == [DeadLetterRow.sample().event])
        #expect(claimed.map(\.row.attempts) == [1])
        let entry = try await bed.store.read { try $0.auditEntries(of: TestIdentity.customer.account, limit: 1) }.first
        #expect(entry?.operation == "RedeliverDeadLetter")
        #expect(entry?.resource == "event/chat/00000000-0000-0001-0000-000000000001")
    }

    @Test func `A queue that is full takes no dead letter back`() async throws {
        let bed = try await self.bed("chat", "chat", limit: 1)
        try await bed.administer(Administration.RedeliverDeadLetter.self, DeadLetterInput(deadLetterID: "1"))
        await #expect(
            throws: ServiceException(.limitExceeded, "1 events of the pipeline wait for 'chat' already")
        ) {
            try await bed.administer(Administration.RedeliverDeadLetter.self, DeadLetterInput(deadLetterID: "2"))
        }
        #expect(try await self.letters(bed).map(\.deadLetterID) == ["2"])
    }

    @Test func `What cannot be read is listed with what is known, is not delivered again, and can be dropped`()
        async throws
    {
        let bed = try await self.bed("chat")
        var row = DeadLetterRow.sample()
        row.event = StoredEvent(storedBytes: [0xFF])
        let damaged = row
        try await bed.store.write { try $0.insertDeadLetter(damaged) }
        let letters = try await self.letters(bed)
        #expect(letters.map(\.deadLetterID) == ["1", "2"])
        #expect(letters.map(\.subject) == ["shop/Build FAILED", nil])
        #expect(letters.last?.reason == "answered 500")
        let refusal = ServiceException(.conflict, "The event of dead letter '2' cannot be read by this version")
        await #expect(throws: refusal) {
            try await bed.administer(Administration.RedeliverDeadLetter.self, DeadLetterInput(deadLetterID: "2"))
        }
        try await bed.administer(Administration.DropDeadLetter.self, DeadLetterInput(deadLetterID: "2"))
        #expect(try await self.letters(bed).map(\.deadLetterID) == ["1"])
    }

    @Test func `A dead letter that is dropped is gone`() async throws {
        let bed = try await self.bed("chat")
        try await bed.administer(Administration.DropDeadLetter.self, DeadLetterInput(deadLetterID: "1"))
        #expect(try await self.letters(bed).isEmpty)
        await #expect(throws: ServiceException(.resourceNotFound, "There is no dead letter '1'")) {
            try await bed.administer(Administration.DropDeadLetter.self, DeadLetterInput(deadLetterID: "1"))
        }
    }

    @Test(arguments: ["0", "-1", "x", "9999999999999999999"])
    func `What is no number is no dead letter`(_ id: String) async throws {
        let bed = try await self.bed()
        let refusal = ServiceException(
            .validation, "The id of a dead letter is a number, as ListDeadLetters answers it")
        await #expect(throws: refusal) {
            try await bed.administer(Administration.DropDeadLetter.self, DeadLetterInput(deadLetterID: id))
        }
    }

    @Test func `Administrators of other accounts see nothing of it`() async throws {
        let bed = try await self.bed("chat")
        await #expect(throws: ServiceException.self) {
            try await bed.administer(
                Administration.ListDeadLetters.self, ListDeadLettersInput(), as: .otherCustomer)
        }
    }
}

/// What an approval that waits is about.
struct GetApprovalTests {
    @Test func `An approval names its execution, its token and when it expires`() async throws {
        let (bed, first) = try await APITestBed.withPipeline(
            .stage("Release", .approval(configuration: ["CustomData": "Please check."])), .stage("Build", .work()))
        let approval = try await bed.administer(
            Administration.GetApproval.self,
            GetApprovalInput(pipelineName: "shop", stageName: "Release", actionName: "SignOff"))
        #expect(approval.pipelineExecutionID == first)
        let state = try await bed.action("SignOff", in: "Release")
        #expect(approval.token == state.latestExecution?.token)
        let week = bed.clock.now + .days(7)
        #expect(approval.expires == WireTimestamp(clampingMilliseconds: week.millisecondsSinceEpoch))
        #expect(approval.customData == "Please check.")
        #expect(approval.waitingExecutionCount == 0)
        #expect(approval.lastRelease == nil)
    }

    @Test(arguments: [
        ("none", "Release", "SignOff", ExceptionCode.pipelineNotFound), ("shop", "None", "SignOff", .stageNotFound),
        ("shop", "Release", "None", .actionNotFound), ("shop", "Build", "Work", .validation),
    ])
    func `What is not there is told`(
        _ pipeline: String, _ stage: String, _ action: String, _ code: ExceptionCode
    ) async throws {
        let (bed, _) = try await APITestBed.withPipeline(
            .stage("Release", .approval()), .stage("Build", .work()))
        let refusal = await #expect(throws: ServiceException.self) {
            try await bed.administer(
                Administration.GetApproval.self,
                GetApprovalInput(pipelineName: pipeline, stageName: stage, actionName: action))
        }
        #expect(refusal?.code == code)
    }
}
