// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

public import PenstockModel

/// What a pipeline itself remembers: its current version, and who holds or waits for each of its stages.
///
/// Everything about one execution is in that execution's own row, so that a report loads and writes little.
public struct PipelineHead: Sendable, Hashable, StateCodable {
    /// The declaration's version that new executions run, counted from 1.
    public var version: Int
    /// What the next execution is numbered; "more recent" compares these and never clocks.
    public var nextSequence: Int
    /// One per stage of the current version, in declared order.
    public var gates: [StageGate]
    /// Locks of stages that an update removed while an execution was inside; each goes when that execution ends.
    public var removedGates: [StageGate]
    /// The executions of PARALLEL mode that are inside a stage, in the order in which they entered.
    public var parallel: [PipelineExecutionID]

    /// The most executions that may be live at once where stages do not bound them.
    /// Source: AWS CodePipeline User Guide, Quotas in AWS CodePipeline.
    public static let maximumLiveExecutions = 50
    /// The most actions of one execution that run at a time in PARALLEL mode.
    /// Source: AWS CodePipeline User Guide, Quotas in AWS CodePipeline.
    public static let maximumParallelActions = 5

    public init(declaration: PipelineDeclaration) {
        self.version = declaration.version
        self.nextSequence = 1
        self.gates = declaration.stages.map { StageGate(name: $0.name) }
        self.removedGates = []
        self.parallel = []
    }

    public init(from reader: inout StateReader) throws(StateDecodingError) {
        try reader.readFormat(of: "a pipeline head")
        self.version = try reader.read()
        self.nextSequence = try reader.read()
        self.gates = try reader.readArray()
        self.removedGates = try reader.readArray()
        self.parallel = reader.format < 2 ? [] : try reader.readArray()
    }

    public func encode(to writer: inout StateWriter) {
        writer.writeFormat()
        writer.write(self.version)
        writer.write(self.nextSequence)
        writer.write(self.gates)
        writer.write(self.removedGates)
        writer.write(self.parallel)
    }

    /// How many executions wait for a stage or are inside one.
    public var liveExecutionCount: Int {
        (self.gates + self.removedGates).reduce(self.parallel.count) { count, gate in
            count + gate.waiting.count + gate.held.count + (gate.owner == nil ? 0 : 1)
        }
    }

    /// The executions that a later step may name: who is inside a stage or waits for one, who may go on by a retry or an
    /// override, and what a rollback goes back to.
    public var rememberedExecutions: Set<PipelineExecutionID> {
        var executions = Set(self.parallel)
        for gate in self.gates + self.removedGates {
            executions.formUnion([gate.owner, gate.latest, gate.lastSuccess, gate.departed?.id].compactMap { $0 })
            executions.formUnion(gate.waiting)
            executions.formUnion(gate.held)
        }
        return executions
    }

    /// The place of the gate with the name; `nil` when the current version has no such stage.
    public func gateIndex(named name: String) -> Int? { self.gates.firstIndex { $0.name == name } }
}

/// One stage's lock and the waiting point in front of it.
public struct StageGate: Sendable, Hashable, StateCodable {
    public var name: String
    /// The execution that holds the stage's lock.
    public var owner: PipelineExecutionID?
    /// The execution that entered last; only this one may be retried here.
    public var latest: PipelineExecutionID?
    /// In arrival order; at most one in SUPERSEDED mode.
    public var waiting: [PipelineExecutionID]
    /// Executions of PARALLEL mode whom a disabled transition holds up, in arrival order.
    public var held: [PipelineExecutionID]
    /// The execution of the current version that last succeeded in the stage: what a rollback goes back to.
    public var lastSuccess: PipelineExecutionID?
    /// Who waited here and was stopped or cancelled, shown until the next arrival.
    public var departed: DepartedExecution?
    public var inbound: StageTransition
    public var outbound: StageTransition

    public init(name: String) {
        self.name = name
        self.waiting = []
        self.held = []
        self.inbound = StageTransition()
        self.outbound = StageTransition()
    }

    public init(from reader: inout StateReader) throws(StateDecodingError) {
        self.name = try reader.readString()
        self.owner = try reader.readOptional()
        self.latest = try reader.readOptional()
        self.waiting = try reader.readArray()
        self.departed = try reader.readOptional()
        self.inbound = try reader.read()
        self.outbound = try reader.read()
        self.held = reader.format < 2 ? [] : try reader.readArray()
        self.lastSuccess = reader.format < 2 ? nil : try reader.readOptional()
    }

    public func encode(to writer: inout StateWriter) {
        writer.write(self.name)
        writer.write(self.owner)
        writer.write(self.latest)
        writer.write(self.waiting)
        writer.write(self.departed)
        writer.write(self.inbound)
        writer.write(self.outbound)
        writer.write(self.held)
        writer.write(self.lastSuccess)
    }
}

/// An execution that waited in front of a stage and will not enter it any more.
public struct DepartedExecution: Sendable, Hashable, StateCodable {
    public var id: PipelineExecutionID
    /// Stopped or cancelled.
    public var status: PipelineExecutionStatus

    public init(id: PipelineExecutionID, status: PipelineExecutionStatus) {
        self.id = id
        self.status = status
    }

    public init(from reader: inout StateReader) throws(StateDecodingError) {
        self.init(id: try reader.read(), status: try reader.read())
    }

    public func encode(to writer: inout StateWriter) {
        writer.write(self.id)
        writer.write(self.status)
    }
}

/// One side of a stage: open, or closed by somebody for a reason.
public struct StageTransition: Sendable, Hashable, StateCodable {
    public var isEnabled: Bool
    /// Present exactly while the transition is disabled.
    public var disabledReason: String?
    /// The caller's ARN; `nil` while nobody ever changed it.
    public var lastChangedBy: String?
    public var lastChangedAt: Timestamp?
    /// Since when it has been disabled, whoever gave another reason meanwhile.
    public var closedSince: Timestamp?

    public init() { self.isEnabled = true }

    public init(from reader: inout StateReader) throws(StateDecodingError) {
        self.isEnabled = try reader.read()
        self.disabledReason = try reader.readOptional()
        self.lastChangedBy = try reader.readOptional()
        self.lastChangedAt = try reader.readOptional()
        self.closedSince = try reader.readOptional()
    }

    public func encode(to writer: inout StateWriter) {
        writer.write(self.isEnabled)
        writer.write(self.disabledReason)
        writer.write(self.lastChangedBy)
        writer.write(self.lastChangedAt)
        writer.write(self.closedSince)
    }
}
