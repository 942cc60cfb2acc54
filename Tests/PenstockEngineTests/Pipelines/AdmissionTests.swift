// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import Testing

struct AdmissionTests {
    @Test func `An execution enters the first stage as it starts, and carries what its trigger gave`() throws {
        var pipeline = PipelineUnderTest(.stage("S1", .source(), .work("Lint")), .stage("S2"))
        let bound = ActionRevision(actionName: "Get", revision: SourceRevision(revisionID: "v7"))
        let keys = [KeyedValue("Get", "other.zip")]
        let first = try pipeline.start(.pollForSourceChanges, boundRevisions: [bound], objectKeys: keys)
        let execution = try pipeline.execution(first)
        #expect(execution.trigger == Trigger(type: .pollForSourceChanges, detail: mia))
        #expect(execution.boundRevisions == [bound])
        #expect(execution.objectKeys == keys)
        #expect(execution.startedAt == pipeline.now)
        #expect(execution.pipelineVersion == 1)
        #expect(execution.attempt == 1)
        #expect(execution.position == .inside)
        #expect(pipeline.startedActions == ["Get", "Lint"])
    }

    @Test func `Sequence numbers count every start, whatever became of it`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"), variables: [VariableDeclaration(name: "Env")])
        let env = [KeyedValue("Env", "prod")]
        let executions = [
            try pipeline.start(variables: env), try pipeline.start(), try pipeline.start(variables: env),
        ]
        #expect(try executions.map { try pipeline.execution($0).sequence } == [1, 2, 3])
        #expect(pipeline.state.head.nextSequence == 4)
    }

    @Test func `A refused start uses up no sequence number`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        #expect(pipeline.refusal(of: Self.start(variables: [KeyedValue("Env", "prod")])) != nil)
        let execution = try pipeline.start()
        #expect(try pipeline.execution(execution).sequence == 1)
    }

    // MARK: Variables

    @Test func `Values are bound in declared order, defaults where none is given`() throws {
        let variables = [
            VariableDeclaration(name: "Env"), VariableDeclaration(name: "Size", defaultValue: "s"),
            VariableDeclaration(name: "Zone", defaultValue: "a"),
        ]
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"), variables: variables)
        let execution = try pipeline.start(variables: [KeyedValue("Zone", "b"), KeyedValue("Env", "prod")])
        #expect(
            try pipeline.execution(execution).variables == [
                KeyedValue("Env", "prod"), KeyedValue("Size", "s"), KeyedValue("Zone", "b"),
            ])
    }

    @Test func `A required variable without value makes an execution that has failed, and names all of them`() throws {
        let variables = [
            VariableDeclaration(name: "Zone"), VariableDeclaration(name: "Size", defaultValue: "s"),
            VariableDeclaration(name: "Env"),
        ]
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"), variables: variables)
        let started = try pipeline.start()
        let execution = try pipeline.execution(started)
        #expect(execution.status == .failed)
        #expect(execution.statusSummary == "Values for required variables haven't been provided: Zone, Env")
        #expect(execution.position == .finished)
        #expect(execution.variables == [])
        #expect(execution.stageRun == nil)
        #expect(pipeline.effects == [])
        #expect(pipeline.state.head.gates.allSatisfy { $0.latest == nil && $0.departed == nil })
    }

    @Test func `An execution that failed at once takes nobody's place`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"), variables: [VariableDeclaration(name: "Env")])
        let env = [KeyedValue("Env", "prod")]
        try pipeline.start(variables: env)
        try pipeline.start(variables: env)
        try pipeline.start()
        #expect(pipeline.picture == "in(S1):E2 S1:E1")
    }

    @Test func `A required variable fails automatic starts alike`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"), variables: [VariableDeclaration(name: "Env")])
        let execution = try pipeline.start(.pollForSourceChanges)
        #expect(try pipeline.status(execution) == .failed)
    }

    @Test(arguments: [
        (
            [KeyedValue("Env", "a"), KeyedValue("Env", "b")],
            "Variable names must be unique. The following variable name is already in use: Env"
        ),
        ([KeyedValue("env", "a")], "The pipeline does not declare a variable named 'env'"),
    ])
    func `Variables that the declaration does not allow are refused`(values: [KeyedValue], text: String) throws {
        let pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"), variables: [VariableDeclaration(name: "Env")])
        #expect(pipeline.refusal(of: Self.start(variables: values)) == Rejection(.validation, text))
    }

    @Test func `A pipeline of type V1 takes no variables`() throws {
        let pipeline = PipelineUnderTest(.shop([.stage("S1"), .stage("S2")], pipelineType: .v1))
        let refusal = pipeline.refusal(of: Self.start(variables: [KeyedValue("Env", "prod")]))
        #expect(refusal == Rejection(.validation, "Pipeline variables need a pipeline of type V2"))
    }

    // MARK: Limit

    @Test(arguments: [TriggerType.startPipelineExecution, .putActionRevision])
    func `A call is refused when fifty executions are under way in QUEUED mode`(trigger: TriggerType) throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"), mode: .queued)
        for _ in 1...50 { try pipeline.start() }
        #expect(pipeline.refusal(of: Self.start(trigger)) == Self.limitReached)
        try pipeline.stop(id(7))
        #expect(pipeline.refusal(of: Self.start(trigger)) == nil)
    }

    @Test(arguments: [TriggerType.pollForSourceChanges, .webhook, .webhookV2, .cloudWatchEvent, .createPipeline])
    func `What starts by itself beyond the limit is an execution that has failed`(trigger: TriggerType) throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"), mode: .queued)
        for _ in 1...50 { try pipeline.start() }
        let started = try pipeline.start(trigger)
        let execution = try pipeline.execution(started)
        #expect(execution.status == .failed)
        #expect(execution.statusSummary == Self.limitReached.message)
        #expect(pipeline.state.head.liveExecutionCount == 50)
    }

    @Test func `A retry is refused beyond the limit as well`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"), mode: .queued)
        let first = try pipeline.start()
        try pipeline.disable("S1")
        try pipeline.fail(first)
        for _ in 1...50 { try pipeline.start() }
        #expect(pipeline.refusal(of: .retryStage("S1", first, .failedActions)) == Self.limitReached)
        try pipeline.stop(id(9))
        #expect(pipeline.refusal(of: .retryStage("S1", first, .failedActions)) == nil)
    }

    @Test func `SUPERSEDED mode needs no limit: its stages are one`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        for _ in 1...60 { try pipeline.start() }
        #expect(pipeline.picture == "in(S1):E60 S1:E1")
    }

    private static let limitReached = Rejection(
        .concurrentExecutionsLimitExceeded,
        "The maximum number of concurrent executions (50) for pipeline 'shop' has been reached"
    )

    private static func start(
        _ trigger: TriggerType = .startPipelineExecution,
        variables: [KeyedValue] = []
    ) -> PipelineEvent {
        .start(StartRequest(id: id(1000), trigger: Trigger(type: trigger, detail: mia), variables: variables))
    }
}
