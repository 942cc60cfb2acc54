// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import Testing

/// Reports that come too late or twice: each has no effect, whatever it says and however the attempt ended.
struct LateReportTests {
    enum Report: CaseIterable {
        case progressed, succeeded, failed, timedOut

        func event(_ execution: PipelineExecutionID, _ action: ActionExecutionID) -> PipelineEvent {
            let progress = ActionProgress(
                summary: "late", percentComplete: 99, revision: SourceRevision(revisionID: "late"))
            let late = ArtifactReference(name: "App", location: ObjectLocation(bucket: "late", key: "late"))
            return switch self {
            case .progressed: .actionProgressed(execution, action, progress)
            case .succeeded:
                .actionSucceeded(
                    execution, action,
                    ActionSuccess(
                        progress: progress, outputs: [late], outputVariables: [KeyedValue("Late", "late")]))
            case .failed: .actionFailed(execution, action, .broken, externalExecutionID: "late")
            case .timedOut: .actionTimedOut(execution, action)
            }
        }
    }

    enum Ending: CaseIterable {
        case succeeded, failed, timedOut, approved, rejected, abandoned, abandonedByUpdate
    }

    @Test(arguments: Report.allCases, Ending.allCases)
    func `A report for an attempt that has ended changes nothing`(report: Report, ending: Ending) throws {
        // `Other` keeps the stage, and so the execution, going.
        var pipeline = PipelineUnderTest(
            .stage("S1", .work("Work", outputs: ["App"], namespace: "Work"), .approval(), .work("Other")), .stage("S2"))
        let execution = try pipeline.start()
        let action = try Self.end(ending, &pipeline)
        #expect(try pipeline.ignores(report.event(execution, action)))
    }

    /// Ends an attempt in the way, and names it.
    private static func end(_ ending: Ending, _ pipeline: inout PipelineUnderTest) throws -> ActionExecutionID {
        let work = try pipeline.attempt("Work", id(1)).id
        let approval = try pipeline.attempt("SignOff", id(1)).id
        switch ending {
        case .succeeded: try pipeline.succeed(id(1))
        case .failed: try pipeline.fail(id(1))
        case .timedOut: try pipeline.apply(.actionTimedOut(id(1), work))
        case .approved: try pipeline.answer(id(1))
        case .rejected: try pipeline.answer(id(1), isApproved: false)
        case .abandoned: try pipeline.stop(id(1), abandon: true)
        case .abandonedByUpdate: try pipeline.update(.stage("S1"), .stage("S2"))
        }
        return ending == .approved || ending == .rejected || ending == .abandonedByUpdate ? approval : work
    }

    @Test(arguments: Report.allCases)
    func `A report for an attempt that a retry replaced changes nothing`(report: Report) throws {
        var pipeline = PipelineUnderTest(.stage("S1", .work(outputs: ["App"])), .stage("S2"))
        let execution = try pipeline.start()
        let old = try pipeline.attempt("Work", execution).id
        try pipeline.fail(execution)
        try pipeline.retry("S1", execution)
        #expect(try pipeline.ignores(report.event(execution, old)))
    }

    @Test(arguments: Report.allCases)
    func `A report for an attempt of a stage that was left changes nothing`(report: Report) throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"), .stage("S3"))
        let execution = try pipeline.start()
        let first = try pipeline.attempt("Work", execution).id
        try pipeline.disable("S2")
        try pipeline.succeed(execution)
        #expect(try pipeline.ignores(report.event(execution, first)))
        try pipeline.enable("S2")
        #expect(try pipeline.ignores(report.event(execution, first)))
        let second = try pipeline.attempt("Work", execution).id
        try pipeline.fail(execution)
        for action in [first, second] { #expect(try pipeline.ignores(report.event(execution, action))) }
    }

    @Test(arguments: Report.allCases)
    func `A report for an attempt that never was changes nothing`(report: Report) throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        let execution = try pipeline.start()
        #expect(try pipeline.ignores(report.event(execution, id(4711))))
    }

    @Test func `A success after the attempt was abandoned revives nothing and leaves no artifact`() throws {
        var pipeline = PipelineUnderTest(.stage("S1", .work(outputs: ["App"])), .stage("S2"))
        let execution = try pipeline.start()
        let action = try pipeline.attempt("Work", execution).id
        try pipeline.stop(execution, abandon: true)
        try pipeline.apply(.actionSucceeded(execution, action, ActionSuccess()))
        #expect(try pipeline.status(execution) == .stopped)
        #expect(try pipeline.execution(execution).artifacts == [])
    }

    @Test func `Progress is taken over while the attempt runs, and what it leaves out stays`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        let execution = try pipeline.start()
        let action = try pipeline.attempt("Work", execution).id
        let first = ActionProgress(summary: "compiling", externalExecutionID: "run-1", percentComplete: 10)
        try pipeline.apply(.actionProgressed(execution, action, first))
        try pipeline.apply(.actionProgressed(execution, action, ActionProgress(percentComplete: 60)))
        let attempt = try pipeline.attempt("Work", execution)
        #expect(attempt.summary == "compiling")
        #expect(attempt.externalExecutionID == "run-1")
        #expect(attempt.percentComplete == 60)
        #expect(attempt.changedAt == pipeline.now)
        let run = try pipeline.run(execution)
        #expect(
            pipeline.effects == [
                .recordAction(execution, attempt, outputVariables: []), .recordStage(execution, run),
            ])
    }
}
