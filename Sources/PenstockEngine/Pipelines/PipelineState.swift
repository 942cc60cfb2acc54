// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

public import OrderedCollections
public import PenstockModel

/// One pipeline in memory: its head, and as many of its executions and versions as a step needs.
///
/// ``apply(_:at:identifiers:)`` is the whole engine. It is pure: what it does not have it asks for by throwing
/// ``PipelineInterruption/needs(_:)``, and the caller adds that and applies the same event again.
public struct PipelineState: Sendable, Hashable {
    public let key: PipelineKey
    public internal(set) var head: PipelineHead
    public internal(set) var executions: OrderedDictionary<PipelineExecutionID, PipelineExecution>
    public internal(set) var declarations: OrderedDictionary<Int, PipelineDeclaration>

    public init(key: PipelineKey, head: PipelineHead) {
        self.key = key
        self.head = head
        self.executions = [:]
        self.declarations = [:]
    }

    /// Adds an execution that a step asked for.
    public mutating func add(_ execution: PipelineExecution) { self.executions[execution.id] = execution }

    /// Adds a version that a step asked for.
    public mutating func add(_ declaration: PipelineDeclaration) {
        self.declarations[declaration.version] = declaration
    }

    /// Applies one event and everything that follows from it at the same instant.
    ///
    /// - Parameters:
    ///   - at: The one timestamp of the step.
    ///   - identifiers: Fresh identifiers, never given before, for what the step creates.
    /// - Throws: ``PipelineInterruption``; the receiver is then as it was before.
    public mutating func apply(
        _ event: PipelineEvent,
        at: Timestamp,
        identifiers: [UniqueID]
    ) throws(PipelineInterruption) -> PipelineOutcome {
        var step = PipelineStep(state: self, at: at, identifiers: identifiers)
        try step.apply(event)
        try step.settle()
        try step.finish()
        self = step.state
        return PipelineOutcome(
            effects: step.effects,
            changedExecutions: Array(step.touched),
            startedExecution: step.started
        )
    }
}
