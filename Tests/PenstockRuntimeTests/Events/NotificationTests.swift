// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import PenstockStore
import Testing

@testable import PenstockRuntime

/// What targets get that are told as notification rules tell.
struct NotificationTests {
    private static let connection = "arn:aws:codeconnections:us-east-1:000000000000:connection/7c1f"
    private static let fetcher = ActionTypeID(category: .source, owner: .custom, provider: "Fetcher", version: "1")

    /// A pipeline of the sources, and of an approval beside some work; one target has events, the other notifications.
    private func bed(_ sources: ActionDeclaration...) async throws -> EventBed {
        let bed = try await EventBed(.hook("bus"), .hook("rule", form: .notification))
        try await bed.fixture.register(Self.fetcher)
        let question = [
            KeyedValue("CustomData", "Release #{codepipeline.PipelineExecutionId}?"),
            KeyedValue("ExternalEntityLink", "https://shop-staging.example.org"),
        ]
        let release = [
            ActionDeclaration(name: "SignOff", typeID: .manualApproval, configuration: question),
            ActionDeclaration(name: "Work", typeID: RuntimeFixture.customType),
        ]
        let declaration = PipelineDeclaration(
            name: "shop",
            pipelineType: .v2,
            artifactStores: [ArtifactStoreDeclaration(bucket: "artifacts")],
            stages: [
                StageDeclaration(name: "Source", actions: sources), StageDeclaration(name: "Release", actions: release),
            ]
        )
        let definition = PipelineDefinition(declaration: declaration, secrets: [], masked: []) { _ in [] }
        _ = try await bed.fixture.pipelines.create(bed.fixture.call, definition, tags: [])
        return bed
    }

    /// What both targets got of the change with that subject, the last one.
    private func messages(_ subject: String, _ bed: EventBed) async throws -> (event: EventMessage, other: EventMessage)
    {
        await bed.deliver()
        let last = try ["bus", "rule"].map { name in
            try #require(try bed.sender(name).deliveries.map(\.message).last { $0.subject == subject })
        }
        return (last[0], last[1])
    }

    @Test func `A start names the sources, with what is known of them`() async throws {
        let object = [KeyedValue("S3Bucket", "sources"), KeyedValue("S3ObjectKey", "app.zip")]
        let repository = [
            KeyedValue("BranchName", "main"), KeyedValue("ConnectionArn", Self.connection),
            KeyedValue("FullRepositoryId", "acme/shop"),
        ]
        let bed = try await self.bed(
            ActionDeclaration(name: "Object", typeID: .s3Source, configuration: object),
            ActionDeclaration(name: "Code", typeID: .connectionSource, configuration: repository),
            ActionDeclaration(name: "Own", typeID: Self.fetcher)
        )
        let commit = ActionRevision(actionName: "Code", revision: SourceRevision(revisionID: "6dcb"))
        try await bed.apply(
            .start(
                StartRequest(
                    id: PipelineExecutionID(uniqueID(1)),
                    trigger: Trigger(type: .webhookV2, detail: "{}"),
                    boundRevisions: [commit],
                    announcedMembers: [KeyedValue("branch-name", "release/1")]
                )))
        let (event, notification) = try await self.messages("shop STARTED", bed)
        #expect(
            notification.additionalAttributes
                == #"{"sourceActions":[{"sourceActionName":"Object","sourceActionProvider":"S3","#
                + #""sourceActionVariables":{"BucketName":"sources","ObjectKey":"app.zip"}},"#
                + #"{"sourceActionName":"Code","sourceActionProvider":"CodeStarSourceConnection","#
                + #""sourceActionVariables":{"BranchName":"release/1","CommitId":"6dcb","#
                + #""ConnectionArn":"\#(Self.connection)","FullRepositoryName":"acme/shop"}},"#
                + #"{"sourceActionName":"Own","sourceActionProvider":"Fetcher","sourceActionVariables":{}}]}"#)
        #expect(
            notification.notificationRule
                == "arn:aws:codestar-notifications:us-east-1:000000000000:notificationrule/rule")
        #expect(notification.id == event.id)
        #expect(event.additionalAttributes == nil)
        #expect(event.notificationRule == nil)
    }

    @Test func `An approval says what it is about`() async throws {
        let bed = try await self.bed(ActionDeclaration(name: "Get", typeID: Self.fetcher))
        try await bed.finishJob(Self.fetcher, revision: "r1")
        let (event, notification) = try await self.messages("shop/Release/SignOff STARTED", bed)
        let executions = try await bed.fixture.pipelines.executions(
            bed.fixture.call, name: "shop", succeededIn: nil, before: nil, limit: 1)
        let id = try #require(executions.first?.id)
        #expect(
            notification.additionalAttributes
                == #"{"externalEntityLink":"https://shop-staging.example.org","customData":"Release \#(id)?"}"#)
        #expect(event.additionalAttributes == nil)
        #expect(try await self.messages("shop/Release/Work STARTED", bed).other.additionalAttributes == nil)
    }

    @Test func `A failure says the same in either form`() async throws {
        let bed = try await self.bed(ActionDeclaration(name: "Get", typeID: Self.fetcher))
        try await bed.finishJob(Self.fetcher, revision: "r1")
        let job = try #require(try await bed.fixture.takeJob())
        try await bed.fixture.fail(job.id)
        let (event, notification) = try await self.messages("shop/Release/Work FAILED", bed)
        #expect(event.additionalAttributes?.contains("3 tests failed") == true)
        #expect(notification.additionalAttributes == event.additionalAttributes)
    }
}

extension EventBed {
    /// Applies the event to the pipeline `shop`.
    fileprivate func apply(_ event: PipelineEvent) async throws {
        let (context, key, now) = (self.fixture.context, self.fixture.call.pipeline("shop"), self.fixture.clock.now)
        try await self.fixture.store.write { transaction throws in
            let row = try #require(try transaction.lockPipeline(key))
            var commit = PipelineCommit(context: context, transaction: transaction, row: row, now: now)
            try commit.apply(event)
        }
    }
}
