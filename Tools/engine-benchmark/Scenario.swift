// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel

/// A step whose cost is held to a threshold.
struct Scenario: Sendable {
    /// What the step is, and under what the file of thresholds has it.
    let name: String
    /// The scenario of the same step with less history, which must cost the same.
    var shorter: String?
    let situation: @Sendable () throws -> Situation

    static let all: [Scenario] =
        [
            Scenario(name: "a report that ends a stage, of 10 stages", situation: Self.reportOfTenStages),
            Scenario(name: "a report that lets in one of 49 who wait", situation: Self.reportBeforeWaiting),
            Scenario(name: "a transition that lets in one of 50 who wait") { try Self.transition(in: .queued) },
            Scenario(name: "a transition that lets in 50 who wait") { try Self.transition(in: .parallel) },
            Scenario(name: "a report that starts 100 actions", situation: Self.startOfHundredActions),
            Scenario(name: "a report of one of 100 actions", situation: Self.reportOfHundredActions),
        ] + ExecutionMode.allCases.flatMap(Self.reportsAfterMany)

    private static func reportOfTenStages() throws -> Situation {
        var pipeline = DrivenPipeline(.measured(stages: 10))
        let id = try pipeline.start()
        for _ in 0..<4 { try pipeline.passStage(id) }
        return try pipeline.before(pipeline.success(in: id))
    }

    /// One is inside of the stage, and as many as may be live besides wait in front of it.
    private static func reportBeforeWaiting() throws -> Situation {
        var pipeline = DrivenPipeline(.measured(stages: 3, mode: .queued))
        let first = try pipeline.start()
        for _ in 1..<PipelineHead.maximumLiveExecutions { try pipeline.start() }
        return try pipeline.before(pipeline.success(in: first))
    }

    /// As many as may be live wait in front of a stage that is free.
    private static func transition(in mode: ExecutionMode) throws -> Situation {
        var pipeline = DrivenPipeline(.measured(stages: 3, mode: mode))
        try pipeline.apply(pipeline.transition(into: "Source", isEnabled: false))
        for _ in 0..<PipelineHead.maximumLiveExecutions { try pipeline.start() }
        return try pipeline.before(pipeline.transition(into: "Source", isEnabled: true))
    }

    private static func startOfHundredActions() throws -> Situation {
        var pipeline = DrivenPipeline(.measured(stages: 3, actions: 100))
        let id = try pipeline.start()
        return try pipeline.before(pipeline.success(in: id))
    }

    private static func reportOfHundredActions() throws -> Situation {
        var pipeline = DrivenPipeline(.measured(stages: 3, actions: 100))
        let id = try pipeline.start()
        try pipeline.passStage(id)
        return try pipeline.before(pipeline.success(in: id))
    }

    // MARK: History

    private static func reportsAfterMany(_ mode: ExecutionMode) -> [Scenario] {
        let (few, many) = (10, 10_000)
        let name = "a report in \(mode.rawValue) mode, after"
        return [
            Scenario(name: "\(name) \(few) executions") { try Self.report(in: mode, after: few) },
            Scenario(name: "\(name) \(many) executions", shorter: "\(name) \(few) executions") {
                try Self.report(in: mode, after: many)
            },
        ]
    }

    /// One in three of the executions that have ended has failed.
    private static func report(in mode: ExecutionMode, after count: Int) throws -> Situation {
        var pipeline = DrivenPipeline(.measured(stages: 3, mode: mode))
        for number in 0..<count {
            let id = try pipeline.start()
            try pipeline.passStage(id)
            guard !number.isMultiple(of: 3) else {
                try pipeline.fail(id)
                continue
            }
            for _ in 0..<2 { try pipeline.passStage(id) }
        }
        let id = try pipeline.start()
        try pipeline.passStage(id)
        return try pipeline.before(pipeline.success(in: id))
    }
}

extension PipelineDeclaration {
    /// A source, and stages behind it whose actions all run at once on what it brings.
    fileprivate static func measured(
        stages: Int,
        actions: Int = 1,
        mode: ExecutionMode = .superseded
    ) -> PipelineDeclaration {
        let source = ActionDeclaration(
            name: "Fetch", typeID: .s3Source,
            configuration: [KeyedValue("S3Bucket", "sources"), KeyedValue("S3ObjectKey", "shop/shop.zip")],
            outputArtifacts: ["Source"], namespace: "Fetched")
        let behind = (1..<stages).map { stage in
            let actions = (1...actions).map { number in
                ActionDeclaration(
                    name: "Build\(number)",
                    typeID: ActionTypeID(category: .build, owner: .custom, provider: "Make", version: "1"),
                    configuration: [
                        KeyedValue("Target", "all"), KeyedValue("Revision", "#{Fetched.CommitId}"),
                    ],
                    inputArtifacts: ["Source"], outputArtifacts: ["Built\(stage)-\(number)"])
            }
            return StageDeclaration(name: "Stage\(stage)", actions: actions)
        }
        return PipelineDeclaration(
            name: "shop", executionMode: mode, artifactStores: [ArtifactStoreDeclaration(bucket: "artifacts")],
            stages: [StageDeclaration(name: "Source", actions: [source])] + behind)
    }
}
