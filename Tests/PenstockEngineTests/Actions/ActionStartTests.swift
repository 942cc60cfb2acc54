// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockEngineChecks
import PenstockModel
import Testing

struct ActionStartTests {
    @Test func `Work is told everything that it needs`() throws {
        let build = ActionDeclaration.work(
            "Build", configuration: [KeyedValue("target", "all")], inputs: ["Source"], outputs: ["App"])
        var pipeline = PipelineUnderTest(.stage("S1", .source()), .stage("S2", build))
        let execution = try pipeline.start()
        let source = ArtifactReference(
            name: "Source", location: ObjectLocation(bucket: "artifacts", key: "shop/Source/x", versionID: "v7"))
        try pipeline.succeed(execution, "Get", ActionSuccess(outputs: [source]))
        let start = try #require(pipeline.starts(of: "Build").first)
        #expect(start.id == (try pipeline.attempt("Build", execution).id))
        #expect(start.executionID == execution)
        #expect(start.pipelineVersion == 1)
        #expect(start.stageName == "S2")
        #expect(start.action == build)
        #expect(start.resolvedConfiguration == [KeyedValue("target", "all")])
        #expect(start.inputs == [source])
        #expect(start.outputs.map(\.name) == ["App"])
        #expect(start.startedAt == pipeline.now)
        #expect(start.deadline == pipeline.now + .hours(24))
        #expect(start.boundRevision == nil)
        #expect(start.replaces == nil)
    }

    // MARK: Artifacts

    @Test func `Inputs come in declared order, each from the newest success of its producer`() throws {
        var pipeline = PipelineUnderTest(
            .stage("S1", .work("Make", outputs: ["B", "A"])), .stage("S2", .work("Ship", inputs: ["A", "B"])))
        let execution = try pipeline.start()
        try pipeline.fail(execution, "Make")
        try pipeline.retry("S1", execution)
        try pipeline.succeed(execution, "Make")
        let made = try #require(pipeline.starts(of: "Make").last)
        let inputs = try #require(pipeline.starts(of: "Ship").first).inputs
        #expect(inputs == [made.outputs[1], made.outputs[0]])
        #expect(inputs.map(\.name) == ["A", "B"])
    }

    @Test func `A retried producer writes new objects, and later readers get those`() throws {
        var pipeline = PipelineUnderTest(
            .stage("S1", .work("Make", outputs: ["A"]), .work("Ship", runOrder: 2, inputs: ["A"])), .stage("S2"))
        let execution = try pipeline.start()
        try pipeline.succeed(execution, "Make")
        try pipeline.fail(execution, "Ship")
        try pipeline.retry("S1", execution, .allActions)
        try pipeline.succeed(execution, "Make")
        let made = pipeline.starts(of: "Make").map(\.outputs)
        #expect(made[0] != made[1])
        #expect(pipeline.starts(of: "Ship").map(\.inputs) == made)
    }

    @Test func `A source's output keeps the extension of its object, the one of an override first`() throws {
        var pipeline = PipelineUnderTest(.stage("S1", .source()), .stage("S2"))
        try pipeline.stop(pipeline.start(), abandon: true)
        try pipeline.start(objectKeys: [KeyedValue("Get", "nightly/shop.tar")])
        let outputs = pipeline.starts(of: "Get").map { $0.outputs[0].location.key }
        #expect(outputs[0].hasPrefix("shop/Source/") && outputs[0].hasSuffix(".zip"))
        #expect(outputs[1].hasPrefix("shop/Source/") && outputs[1].hasSuffix(".tar"))
    }

    @Test func `Outputs go to the store of the action's region`() throws {
        let stores = [
            ArtifactStoreDeclaration(region: "us-east-1", bucket: "east"),
            ArtifactStoreDeclaration(region: "eu-central-1", bucket: "central"),
        ]
        let stages: [StageDeclaration] = [
            .stage("S1", .work("A", outputs: ["A"]), .work("B", outputs: ["B"], region: "eu-central-1")), .stage("S2"),
        ]
        var pipeline = PipelineUnderTest(.shop(stages, stores: stores))
        try pipeline.start()
        #expect(pipeline.ledger.starts.map { $0.outputs[0].location.bucket } == ["east", "central"])
    }

    @Test func `An input that nobody made fails the action, and names it`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2", .work("Ship", inputs: ["App", "Docs"])))
        let execution = try pipeline.start()
        try pipeline.succeed(execution)
        let failure = FailureDetails(type: .configurationError, message: "Input artifact 'App' is not available")
        #expect(try pipeline.attempt("Ship", execution).failure == failure)
        #expect(pipeline.startedActions == [])
        #expect(pipeline.starts(of: "Ship").count == 1)
        #expect(try pipeline.execution(execution).statusSummary?.hasSuffix(failure.message) == true)
    }

    @Test func `An attempt that cannot begin is seen in the history, with its end and without a job`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2", .work("Ship", inputs: ["App"])))
        let execution = try pipeline.start()
        try pipeline.succeed(execution)
        let start = try #require(pipeline.starts(of: "Ship").first)
        let attempt = try pipeline.attempt("Ship", execution)
        #expect(attempt.startedAt == attempt.changedAt)
        let shown: [PipelineEffect] = [
            .recordActionStart(start), .recordAction(execution, attempt, outputVariables: []),
            .endAction(attempt.id, .failed), .recordStage(execution, try pipeline.run(execution)),
        ]
        #expect(pipeline.effects.suffix(4) == shown)
    }

    // MARK: Sources

    @Test func `Every source runs in every execution, and only the one that has changed is bound`() throws {
        var pipeline = PipelineUnderTest(.stage("S1", .source("Get"), .source("Docs", outputs: ["Text"])), .stage("S2"))
        let changed = ActionRevision(actionName: "Docs", revision: SourceRevision(revisionID: "v7"))
        try pipeline.start(.pollForSourceChanges, boundRevisions: [changed])
        #expect(pipeline.startedActions == ["Get", "Docs"])
        #expect(pipeline.ledger.starts.map(\.boundRevision) == [nil, changed.revision])
    }

    @Test func `A source takes the revision and the key that its trigger bound, and again when it is retried`() throws {
        var pipeline = PipelineUnderTest(.stage("S1", .source("Get"), .source("Docs", outputs: ["Text"])), .stage("S2"))
        let bound = ActionRevision(actionName: "Get", revision: SourceRevision(revisionID: "v7"))
        let keys = [KeyedValue("Docs", "other.zip")]
        let execution = try pipeline.start(boundRevisions: [bound], objectKeys: keys)
        for action in ["Get", "Docs"] { try pipeline.fail(execution, action) }
        try pipeline.retry("S1", execution)
        #expect(pipeline.starts(of: "Get").map(\.boundRevision) == [bound.revision, bound.revision])
        #expect(pipeline.starts(of: "Docs").map(\.boundRevision) == [nil, nil])
        let resolved = pipeline.ledger.starts.map { $0.resolvedConfiguration[key: "S3ObjectKey"] }
        #expect(resolved == ["app/shop.zip", "other.zip", "app/shop.zip", "other.zip"])
        let declared = pipeline.ledger.starts.map { $0.action.configuration[key: "S3ObjectKey"] }
        #expect(Set(declared) == ["app/shop.zip"])
    }

    @Test func `What a source found stays with the execution, one entry for each output`() throws {
        var pipeline = PipelineUnderTest(.stage("S1", .source(outputs: ["A", "B"])), .stage("S2"))
        let execution = try pipeline.start()
        let revision = SourceRevision(revisionID: "v7", summary: "Amazon S3 version id: v7")
        let success = ActionSuccess(progress: ActionProgress(revision: revision))
        try pipeline.succeed(execution, "Get", success)
        #expect(
            try pipeline.execution(execution).sourceRevisions == [
                ActionRevision(actionName: "Get", artifactName: "A", revision: revision),
                ActionRevision(actionName: "Get", artifactName: "B", revision: revision),
            ])
        #expect(pipeline.effects.first == .recordRevision(stage: "S1", action: "Get", revision))
    }

    @Test func `A source that runs again replaces its revision`() throws {
        var pipeline = PipelineUnderTest(.stage("S1", .source(), .work("Lint")), .stage("S2"))
        let execution = try pipeline.start()
        for revision in ["v1", "v2"] {
            let progress = ActionProgress(revision: SourceRevision(revisionID: revision))
            try pipeline.succeed(execution, "Get", ActionSuccess(progress: progress))
            if revision == "v2" { break }
            try pipeline.fail(execution, "Lint")
            try pipeline.retry("S1", execution, .allActions)
        }
        #expect(try pipeline.execution(execution).sourceRevisions.map(\.revision.revisionID) == ["v2"])
    }

    @Test func `The revision that other actions report is shown beside them and is none of the sources'`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        let execution = try pipeline.start()
        let revision = SourceRevision(revisionID: "deployment-5")
        try pipeline.succeed(execution, "Work", ActionSuccess(progress: ActionProgress(revision: revision)))
        #expect(pipeline.effects.first == .recordRevision(stage: "S1", action: "Work", revision))
        #expect(try pipeline.execution(execution).sourceRevisions == [])
    }
}
