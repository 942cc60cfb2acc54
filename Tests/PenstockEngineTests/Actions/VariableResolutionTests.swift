// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import Testing

struct VariableResolutionTests {
    @Test func `An execution's id, its variables and its actions' outputs are put in`() throws {
        var pipeline = Self.pipeline(
            "#{Build.Image}:#{Build.Tag} for #{variables.Env} of #{codepipeline.PipelineExecutionId}")
        let execution = try Self.build(&pipeline, [KeyedValue("Image", "shop"), KeyedValue("Tag", "7")])
        #expect(
            pipeline.starts(of: "Ship").map { $0.resolvedConfiguration } == [
                [KeyedValue("text", "shop:7 for prod of \(execution)")]
            ])
        #expect(pipeline.startedActions == ["Ship"])
    }

    @Test func `What is put in is not looked at again`() throws {
        var pipeline = Self.pipeline("#{Build.Image}")
        try Self.build(&pipeline, [KeyedValue("Image", "#{variables.Env}#{")])
        #expect(try Self.shipped(pipeline) == "#{variables.Env}#{")
    }

    @Test(arguments: ["#{Build.Image", "a # { b", "#{}", "#{nodot}", "#", "{}", ""])
    func `What is no reference is left as it is`(text: String) throws {
        var pipeline = Self.pipeline(text)
        try Self.build(&pipeline, [KeyedValue("Image", "shop")])
        #expect(try Self.shipped(pipeline) == text)
    }

    @Test func `Namespaces and keys are told apart by case`() throws {
        for reference in [
            "#{build.Image}", "#{Build.image}", "#{Variables.Env}", "#{codepipeline.pipelineExecutionId}",
        ] {
            var pipeline = Self.pipeline(reference)
            let execution = try Self.build(&pipeline, [KeyedValue("Image", "shop")])
            #expect(try pipeline.attempt("Ship", execution).status == .failed, "\(reference)")
        }
    }

    @Test func `A reference without value fails the attempt at once, and all of them are named in order`() throws {
        var pipeline = Self.pipeline("#{Build.Tag} #{variables.Env} #{Other.X} #{Build.Image}")
        let execution = try Self.build(&pipeline, [KeyedValue("Image", "shop")])
        let failure = try #require(try pipeline.attempt("Ship", execution).failure)
        #expect(failure.type == .configurationError)
        #expect(
            failure.message
                == "An action in this pipeline failed because one or more variables could not be resolved:"
                + " Action name=Ship (unresolved: #{Build.Tag}, #{Other.X})")
        #expect(pipeline.startedActions == [])
        #expect(try pipeline.status(execution) == .failed)
        #expect(try Self.shipped(pipeline) == " prod  shop")
    }

    @Test func `Where a stage was skipped that would have set the variable, it is named`() throws {
        let ship = ActionDeclaration.work("Ship", configuration: [KeyedValue("text", "#{Build.Image} #{Buil.X}")])
        var pipeline = PipelineUnderTest(
            .stage("S1", .work(namespace: "Buil")),
            .stage("S2", .work(namespace: "Build"), beforeEntry: .condition(.skip)), .stage("S3", ship))
        let execution = try pipeline.start()
        try pipeline.succeed(execution)
        try pipeline.end(execution, .failed("not on main"))
        let failure = try #require(try pipeline.attempt("Ship", execution).failure)
        #expect(failure.type == .configurationError)
        #expect(failure.message.hasSuffix("(unresolved: #{Build.Image}, #{Buil.X}): stage 'S2' was skipped"))
    }

    @Test func `A variable's error comes before a missing input's`() throws {
        let ship = ActionDeclaration.work("Ship", configuration: [KeyedValue("text", "#{A.B}")], inputs: ["App"])
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2", ship))
        let execution = try pipeline.start()
        try pipeline.succeed(execution)
        #expect(try pipeline.attempt("Ship", execution).failure?.message.contains("unresolved: #{A.B}") == true)
    }

    @Test func `An action without a namespace gives nothing to refer to`() throws {
        let ship = ActionDeclaration.work("Ship", configuration: [KeyedValue("text", "#{Build.Image}")])
        var pipeline = PipelineUnderTest(.stage("S1", .work("Build")), .stage("S2", ship))
        let execution = try Self.build(&pipeline, [KeyedValue("Image", "shop")])
        #expect(try pipeline.execution(execution).outputs == [])
        #expect(try pipeline.attempt("Ship", execution).status == .failed)
    }

    @Test func `An action of a lower run order in the same stage is referred to as well`() throws {
        let ship = ActionDeclaration.work("Ship", runOrder: 2, configuration: [KeyedValue("text", "#{Build.Image}")])
        var pipeline = PipelineUnderTest(.stage("S1", .work("Build", namespace: "Build"), ship), .stage("S2"))
        try Self.build(&pipeline, [KeyedValue("Image", "shop")])
        #expect(try Self.shipped(pipeline) == "shop")
    }

    @Test func `A retried producer's variables take the place of all the old ones`() throws {
        let ship = ActionDeclaration.work("Ship", runOrder: 2, configuration: [KeyedValue("text", "#{Build.Image}")])
        var pipeline = PipelineUnderTest(.stage("S1", .work("Build", namespace: "Build"), ship), .stage("S2"))
        let execution = try Self.build(&pipeline, [KeyedValue("Image", "old"), KeyedValue("Tag", "1")])
        try pipeline.fail(execution, "Ship")
        try pipeline.retry("S1", execution, .allActions)
        try pipeline.succeed(execution, "Build", ActionSuccess(outputVariables: [KeyedValue("Image", "new")]))
        #expect(try Self.shipped(pipeline) == "new")
        let expected = NamespaceVariables(namespace: "Build", values: [KeyedValue("Image", "new")])
        #expect(try pipeline.execution(execution).outputs == [expected])
    }

    @Test func `What actions give is written beside their attempts, namespace or not`() throws {
        var pipeline = PipelineUnderTest(.stage("S1", .work("Build")), .stage("S2"))
        let variables = [KeyedValue("Image", "shop")]
        let execution = try Self.build(&pipeline, variables)
        let written = pipeline.effects.contains { effect in
            guard case .recordAction(execution, let attempt, variables) = effect else { return false }
            return attempt.status == .succeeded
        }
        #expect(written)
    }

    @Test func `The resolved configuration has at most a hundred kibibytes, names included`() throws {
        for surplus in [0, 1] {
            var pipeline = Self.pipeline("#{Build.Text}")
            let text = String(repeating: "x", count: 100 * 1024 - "text".utf8.count + surplus)
            let execution = try Self.build(&pipeline, [KeyedValue("Text", text)])
            let failure = try pipeline.attempt("Ship", execution).failure
            let tooLarge = "The resolved configuration has 102401 bytes; at most 102400 are allowed"
            #expect(failure?.message == (surplus == 0 ? nil : tooLarge))
            #expect(failure?.type == (surplus == 0 ? nil : .configurationError))
        }
    }

    // MARK: Fixtures

    /// A pipeline whose second stage ships with the text; `Build` of the first has the namespace of its name.
    private static func pipeline(_ text: String) -> PipelineUnderTest {
        PipelineUnderTest(
            .stage("S1", .work("Build", namespace: "Build")),
            .stage("S2", .work("Ship", configuration: [KeyedValue("text", text)])),
            variables: [VariableDeclaration(name: "Env", defaultValue: "prod")]
        )
    }

    @discardableResult
    private static func build(
        _ pipeline: inout PipelineUnderTest,
        _ variables: [KeyedValue]
    ) throws -> PipelineExecutionID {
        let execution = try pipeline.start()
        try pipeline.succeed(execution, "Build", ActionSuccess(outputVariables: variables))
        return execution
    }

    private static func shipped(_ pipeline: PipelineUnderTest) throws -> String {
        try #require(pipeline.starts(of: "Ship").last?.resolvedConfiguration[key: "text"])
    }
}
