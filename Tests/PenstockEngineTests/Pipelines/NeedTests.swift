// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import OrderedCollections
import PenstockEngine
import PenstockModel
import Testing

/// What steps ask for when they are given nothing but the head: that, and no more, is what a commit loads.
struct NeedTests {
    @Test func `A start needs the current version, and who it meets in the first stage's queue`() throws {
        var rows = Self.rows()
        #expect(try Self.apply(Self.start(1), &rows) == [.declaration(version: 1)])
        #expect(try Self.apply(Self.start(2), &rows) == [.declaration(version: 1)])
        #expect(try Self.apply(Self.start(3), &rows) == [.declaration(version: 1), .execution(id(2))])
    }

    @Test func `A report needs its execution and the version that it runs`() throws {
        var rows = Self.rows()
        try Self.apply(Self.start(1), &rows)
        let action = try Self.attempt(of: 1, rows)
        let progressed = PipelineEvent.actionProgressed(id(1), action, ActionProgress(percentComplete: 50))
        #expect(try Self.apply(progressed, &rows) == [.execution(id(1)), .declaration(version: 1)])
        let succeeded = PipelineEvent.actionSucceeded(id(1), action, ActionSuccess())
        #expect(try Self.apply(succeeded, &rows) == [.execution(id(1)), .declaration(version: 1)])
    }

    @Test func `Whoever is let in by an end is needed as well, and nobody who waits behind`() throws {
        var rows = Self.rows(mode: .queued)
        for number in 1...4 { try Self.apply(Self.start(number), &rows) }
        let failed = PipelineEvent.actionFailed(
            id(1), try Self.attempt(of: 1, rows), .broken, externalExecutionID: nil)
        #expect(
            try Self.apply(failed, &rows) == [.execution(id(1)), .declaration(version: 1), .execution(id(2))])
    }

    @Test func `A refusal by what the head knows needs nothing`() throws {
        var rows = Self.rows()
        try Self.apply(Self.start(1), &rows)
        let before = rows.bytes
        #expect(throws: PipelineInterruption.rejected(.stageNotFound("S9", in: "shop"))) {
            try Self.apply(.retryStage("S9", id(1), .failedActions), &rows)
        }
        #expect(throws: PipelineInterruption.rejected(.notLatest(id(9), in: "S1"))) {
            try Self.apply(.retryStage("S1", id(9), .failedActions), &rows)
        }
        #expect(rows.bytes == before)
    }

    @Test func `A transition needs only whom it lets in`() throws {
        var rows = Self.rows()
        let disabled = PipelineEvent.setTransition(stage: "S1", .inbound, reason: "freeze", by: mia)
        #expect(try Self.apply(disabled, &rows) == [])
        try Self.apply(Self.start(1), &rows)
        #expect(try Self.apply(disabled, &rows) == [])
        let enabled = PipelineEvent.setTransition(stage: "S1", .inbound, reason: nil, by: mia)
        #expect(try Self.apply(enabled, &rows) == [.execution(id(1)), .declaration(version: 1)])
    }

    @Test func `An update needs everybody who is live`() throws {
        var rows = Self.rows(mode: .queued)
        for number in 1...3 { try Self.apply(Self.start(number), &rows) }
        let update = PipelineEvent.update(.shop([.stage("S1"), .stage("S2")], version: 2))
        #expect(try Self.apply(update, &rows) == [2, 3, 1].map { .execution(id($0)) })
        #expect(rows.declarations.keys.sorted() == [1, 2])
    }

    @Test func `A step without enough identifiers asks for more, and has changed nothing`() throws {
        var state = PipelineState(key: shopKey, head: PipelineHead(declaration: Self.declaration()))
        state.add(Self.declaration())
        let before = state
        for count in 0..<3 {
            let few = Array(Self.identifiers.prefix(count))
            #expect(throws: PipelineInterruption.needs(.identifiers)) {
                try state.apply(Self.start(1), at: at(1), identifiers: few)
            }
            #expect(state == before)
        }
        _ = try state.apply(Self.start(1), at: at(1), identifiers: Array(Self.identifiers.prefix(3)))
        #expect(state != before)
    }

    // MARK: Fixtures

    /// The first stage's action has two outputs, so that its start takes three identifiers.
    private static func declaration(mode: ExecutionMode = .superseded) -> PipelineDeclaration {
        .shop([.stage("S1", .work(outputs: ["A", "B"])), .stage("S2")], mode: mode)
    }

    private static func rows(mode: ExecutionMode = .superseded) -> PipelineRows {
        PipelineRows(Self.declaration(mode: mode))
    }

    private static let identifiers = (0..<32).map { UniqueID(high: 0xA, low: $0) }

    /// Applies the event, each time with other identifiers, and lists what it asked for.
    @discardableResult
    private static func apply(
        _ event: PipelineEvent,
        _ rows: inout PipelineRows
    ) throws -> [PipelineInterruption.Need] {
        let known = UInt64(rows.executions.count)
        let identifiers = (0..<32).map { UniqueID(high: known, low: $0) }
        return try rows.apply(event, at: at(Int64(known) + 1), identifiers: identifiers).needs
    }

    private static func start(_ number: Int) -> PipelineEvent {
        .start(StartRequest(id: id(number), trigger: Trigger(type: .startPipelineExecution, detail: mia)))
    }

    private static func attempt(of number: Int, _ rows: PipelineRows) throws -> ActionExecutionID {
        try #require(rows.executions[id(number)]?.stageRun?.actions.first?.attempt?.id)
    }
}
