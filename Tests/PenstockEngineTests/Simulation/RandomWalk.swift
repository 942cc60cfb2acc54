// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import OrderedCollections
import PenstockEngine
import PenstockModel
import Testing

/// A pipeline to which things happen at random: sensible ones, late ones, and ones that must be refused.
struct RandomWalk {
    /// An event as it was applied, for a replay.
    struct Happening {
        let event: PipelineEvent
        let at: Timestamp
        let identifiers: [UniqueID]
        /// `nil` when the event was refused.
        let outcome: PipelineOutcome?
    }

    let first: PipelineDeclaration
    private(set) var pipeline: PipelineUnderTest
    private(set) var history: [Happening] = []
    private(set) var refusals: [Rejection.Code: Int] = [:]
    var random: SeededGenerator

    init(seed: UInt64) {
        self.random = SeededGenerator(seed: seed)
        self.first = Self.declaration(version: 1, &self.random)
        self.pipeline = PipelineUnderTest(self.first)
    }

    /// Lets one thing happen. The pipeline checks itself.
    mutating func step() {
        let pause: [Duration] = [.zero, .zero, .seconds(40), .minutes(20), .hours(9), .days(4)]
        self.pipeline.now = self.pipeline.now + (self.random.pick(pause) ?? .zero)
        let event = self.nextEvent()
        let identifiers = self.pipeline.nextIdentifiers
        var outcome: PipelineOutcome?
        do throws(PipelineInterruption) {
            outcome = try self.pipeline.apply(event)
        } catch {
            switch error {
            case .rejected(let rejection): self.refusals[rejection.code, default: 0] += 1
            case .needs(let need): Issue.record("the event \(event) asks for \(need)")
            }
        }
        let at = self.pipeline.now
        self.history.append(Happening(event: event, at: at, identifiers: identifiers, outcome: outcome))
    }

    // MARK: Events

    private mutating func nextEvent() -> PipelineEvent {
        if self.pipeline.state.executions.isEmpty { return self.start() }
        return switch Int.random(in: 0..<100, using: &self.random) {
        case 0..<9: self.start()
        case 9..<65: self.report()
        case 65..<77: self.answer()
        case 77..<81: .stop(self.execution(), abandon: self.random.chance(40))
        case 81..<89: self.retry()
        case 89..<96: self.transition()
        case 96..<98: .waitTimedOut(self.execution(), limit: .days(30))
        case _: .update(Self.declaration(version: self.pipeline.state.head.version + 1, &self.random))
        }
    }

    private mutating func start() -> PipelineEvent {
        let trigger = self.random.pick(TriggerType.allCases) ?? .startPipelineExecution
        let variables = self.random.chance(80) ? [KeyedValue("Env", "prod")] : []
        return .start(
            StartRequest(
                id: self.pipeline.freshExecutionID(),
                trigger: Trigger(type: trigger, detail: mia),
                variables: self.random.chance(3) ? [KeyedValue("Other", "x")] : variables
            ))
    }

    /// Mostly about an attempt that runs, sometimes about one that has ended.
    private mutating func report() -> PipelineEvent {
        let (execution, action) = self.attempt { $0.status == .inProgress && !$0.isApproval }
        let app = ArtifactReference(name: "App", location: ObjectLocation(bucket: "b", key: "k", versionID: "v"))
        switch Int.random(in: 0..<20, using: &self.random) {
        case 0..<15:
            let revision = SourceRevision(revisionID: "r\(self.history.count)")
            return .actionSucceeded(
                execution,
                action,
                ActionSuccess(
                    progress: ActionProgress(summary: "done", revision: self.random.chance(50) ? revision : nil),
                    outputs: self.random.chance(10) ? [app] : nil,
                    outputVariables: self.random.chance(90) ? [KeyedValue("Tag", "7")] : []
                )
            )
        case 15..<17: return .actionFailed(execution, action, .broken, externalExecutionID: nil)
        case 17..<18: return .actionTimedOut(execution, action)
        case _: return .actionProgressed(execution, action, ActionProgress(percentComplete: 50))
        }
    }

    private mutating func answer() -> PipelineEvent {
        let (execution, action) = self.attempt { $0.status == .inProgress && $0.isApproval }
        let isApproved = self.random.chance(85)
        return .answer(execution, action, isApproved: isApproved, summary: self.random.chance(50) ? "fine" : "")
    }

    private mutating func retry() -> PipelineEvent {
        let mode: StageRetryMode = self.random.chance(50) ? .failedActions : .allActions
        let retryable = self.pipeline.state.head.gates.compactMap { gate -> (String, PipelineExecutionID)? in
            guard let latest = gate.latest else { return nil }
            return (gate.name, latest)
        }
        guard self.random.chance(85), let (stage, execution) = self.random.pick(retryable) else {
            return .retryStage("S\(Int.random(in: 1...6, using: &self.random))", self.execution(), mode)
        }
        return .retryStage(stage, execution, mode)
    }

    /// Enables more often than it disables, so that the pipeline keeps moving.
    private mutating func transition() -> PipelineEvent {
        let gate = self.random.pick(self.pipeline.state.head.gates)
        let side: TransitionSide = self.random.chance(60) ? .inbound : .outbound
        let reason = self.random.chance(40) ? "freeze" : nil
        return .setTransition(stage: gate?.name ?? "S1", side, reason: reason, by: mia)
    }

    // MARK: Choices

    /// One of the newest executions, however it stands.
    private mutating func execution() -> PipelineExecutionID {
        let live = self.pipeline.state.executions.values.filter { $0.status.isLive }
        let chosen = self.random.chance(70) ? self.random.pick(live) : nil
        return chosen?.id ?? self.random.pick(self.pipeline.state.executions.values.suffix(8))?.id ?? id(1)
    }

    /// One that is as wanted; at times, or if there is none, any that ever started.
    private mutating func attempt(
        where isWanted: (ActionAttempt) -> Bool
    ) -> (PipelineExecutionID, ActionExecutionID) {
        let executions = self.pipeline.state.executions.values.filter { $0.status.isLive }
        let wanted = executions.flatMap { execution in
            (execution.stageRun?.actions ?? []).compactMap(\.attempt).filter(isWanted).map { (execution.id, $0.id) }
        }
        if self.random.chance(92), let chosen = self.random.pick(wanted) { return chosen }
        let any = self.random.pick(self.pipeline.ledger.starts.suffix(40))
        return any.map { ($0.executionID, $0.id) } ?? (self.execution(), id(4711))
    }

    /// Some of five stages, in some order, in one of the modes that hold locks.
    private static func declaration(version: Int, _ random: inout SeededGenerator) -> PipelineDeclaration {
        let text = [KeyedValue("text", "#{Build.Tag} for #{variables.Env}")]
        let summary = [KeyedValue("IsSummaryRequired", "true")]
        let stages: [StageDeclaration] = [
            .stage("S1", .source(namespace: "Source")),
            .stage("S2", .work("Build", inputs: ["Source"], outputs: ["App"], namespace: "Build"), .work("Lint")),
            .stage("S3", .approval(), .work("Load"), .work("Ship", runOrder: 2, configuration: text, inputs: ["App"])),
            .stage("S4", .work("Last", runOrder: 9), .work("First", runOrder: 4), .work("Second", runOrder: 4)),
            .stage("S5", .approval("Words", configuration: summary, timeoutInMinutes: 600)),
        ]
        let chosen =
            random.chance(40)
            ? stages : Array(stages.shuffled(using: &random).prefix(Int.random(in: 2...4, using: &random)))
        return .shop(
            chosen,
            version: version,
            mode: random.chance(50) ? .superseded : .queued,
            variables: [VariableDeclaration(name: "Env", defaultValue: random.chance(50) ? "test" : nil)]
        )
    }
}
