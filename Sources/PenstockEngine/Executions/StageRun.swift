// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

public import PenstockModel

/// One execution's visit of one stage; retries continue the same visit.
public struct StageRun: Sendable, Hashable, StateCodable {
    public var stageName: String
    public var status: StageExecutionStatus
    public var enteredAt: Timestamp
    /// One per declared action, in declared order.
    public var actions: [ActionRun]
    /// How often somebody retried the stage; 0 while nobody did.
    public var manualRetries: Int
    /// How often the stage retried itself.
    public var automaticRetries: Int
    public var latestRetry: RetryTrigger?
    public var retriedAt: Timestamp?
    /// The newest evaluation of each gate's condition; `nil` while the gate has not been reached.
    public var beforeEntry: ConditionRun?
    public var onSuccess: ConditionRun?
    public var onFailure: ConditionRun?
    /// The rules of evaluations that a retry put aside; the next ones take their places.
    public private(set) var formerRules: [FormerRule]

    /// How often a stage retries itself in one execution.
    /// Source: AWS CodePipeline User Guide, Configuring stage retry for a failed stage or failed actions.
    public static let maximumAutomaticRetries = 1

    /// A visit that begins: no action has started.
    public init(entering stage: StageDeclaration, at: Timestamp) {
        self.stageName = stage.name
        self.status = .inProgress
        self.enteredAt = at
        self.actions = stage.actions.map { ActionRun(name: $0.name, runOrder: $0.runOrder, attempt: nil) }
        self.manualRetries = 0
        self.automaticRetries = 0
        self.formerRules = []
    }

    public init(from reader: inout StateReader) throws(StateDecodingError) {
        self.stageName = try reader.readString()
        self.status = try reader.read()
        self.enteredAt = try reader.read()
        self.actions = try reader.readArray()
        self.manualRetries = try reader.read()
        self.automaticRetries = 0
        self.formerRules = []
        guard reader.format >= 2 else { return }
        self.automaticRetries = try reader.read()
        self.latestRetry = try reader.readOptional()
        self.retriedAt = try reader.readOptional()
        self.beforeEntry = try reader.readOptional()
        self.onSuccess = try reader.readOptional()
        self.onFailure = try reader.readOptional()
        self.formerRules = try reader.readArray()
    }

    public func encode(to writer: inout StateWriter) {
        writer.write(self.stageName)
        writer.write(self.status)
        writer.write(self.enteredAt)
        writer.write(self.actions)
        writer.write(self.manualRetries)
        writer.write(self.automaticRetries)
        writer.write(self.latestRetry)
        writer.write(self.retriedAt)
        writer.write(self.beforeEntry)
        writer.write(self.onSuccess)
        writer.write(self.onFailure)
        writer.write(self.formerRules)
    }

    /// The newest evaluation of a gate's condition.
    public subscript(gate: ConditionGate) -> ConditionRun? {
        get {
            switch gate {
            case .beforeEntry: self.beforeEntry
            case .onSuccess: self.onSuccess
            case .onFailure: self.onFailure
            }
        }
        set {
            switch gate {
            case .beforeEntry: self.beforeEntry = newValue
            case .onSuccess: self.onSuccess = newValue
            case .onFailure: self.onFailure = newValue
            }
        }
    }

    /// The gate whose condition is being evaluated; at most one at a time.
    public var runningGate: ConditionGate? { ConditionGate.allCases.first { self[$0]?.isRunning == true } }

    public var runningActionCount: Int { self.actions.count { $0.attempt?.status == .inProgress } }

    public var hasRunningAction: Bool { self.actions.contains { $0.attempt?.status == .inProgress } }

    public var hasFailedAction: Bool { self.actions.contains { $0.hasFailed } }

    /// The first failed action in declared order, for the execution's summary.
    public var firstFailure: ActionRun? { self.actions.first { $0.attempt?.status == .failed } }

    /// The place of the action whose current attempt has the id.
    public func actionIndex(of id: ActionExecutionID) -> Int? {
        self.actions.firstIndex { $0.attempt?.id == id }
    }

    /// Makes room for new attempts of what a retry runs again, and for new evaluations of the conditions behind it.
    public mutating func prepareRetry(_ mode: StageRetryMode, by trigger: RetryTrigger, at: Timestamp) {
        for index in self.actions.indices {
            switch (mode, self.actions[index].attempt?.status) {
            case (.allActions, _), (.failedActions, .failed), (.failedActions, .abandoned):
                self.actions[index].previous = self.actions[index].attempt?.id ?? self.actions[index].previous
                self.actions[index].attempt = nil
            case (.failedActions, .succeeded), (.failedActions, .inProgress), (.failedActions, nil):
                break
            }
        }
        switch (mode, self.beforeEntry?.status) {
        case (.failedActions, .succeeded), (.failedActions, .overridden): break
        case (.allActions, _), (.failedActions, _): self.putAside(.beforeEntry)
        }
        self.putAside(.onSuccess)
        self.putAside(.onFailure)
        switch trigger {
        case .manual: self.manualRetries += 1
        case .automatic: self.automaticRetries += 1
        }
        self.latestRetry = trigger
        self.retriedAt = at
        self.status = .inProgress
    }

    /// The run whose place the next one of the rule takes.
    public func formerRule(_ name: String, of gate: ConditionGate) -> RuleExecutionID? {
        self.formerRules.first { $0.gate == gate && $0.name == name }?.id
    }

    private mutating func putAside(_ gate: ConditionGate) {
        guard let run = self[gate] else { return }
        self.formerRules.removeAll { $0.gate == gate }
        self.formerRules += run.rules.map { FormerRule(gate: gate, name: $0.name, id: $0.id) }
        self[gate] = nil
    }
}

/// A run of a rule that a retry put aside.
public struct FormerRule: Sendable, Hashable, StateCodable {
    public var gate: ConditionGate
    public var name: String
    public var id: RuleExecutionID

    public init(gate: ConditionGate, name: String, id: RuleExecutionID) {
        self.gate = gate
        self.name = name
        self.id = id
    }

    public init(from reader: inout StateReader) throws(StateDecodingError) {
        self.init(gate: try reader.read(), name: try reader.readString(), id: try reader.read())
    }

    public func encode(to writer: inout StateWriter) {
        writer.write(self.gate)
        writer.write(self.name)
        writer.write(self.id)
    }
}

/// One action of a stage run and its current attempt.
public struct ActionRun: Sendable, Hashable, StateCodable {
    public var name: String
    public var runOrder: Int
    /// `nil` until the action has started, and again when a retry is about to start it anew.
    public var attempt: ActionAttempt?
    /// The attempt that the next one takes the place of; `nil` while no retry ran the action again.
    public var previous: ActionExecutionID?

    public init(name: String, runOrder: Int, attempt: ActionAttempt?, previous: ActionExecutionID? = nil) {
        self.name = name
        self.runOrder = runOrder
        self.attempt = attempt
        self.previous = previous
    }

    /// Whether the current attempt ended without success.
    public var hasFailed: Bool { self.attempt?.status == .failed || self.attempt?.status == .abandoned }

    public init(from reader: inout StateReader) throws(StateDecodingError) {
        self.init(
            name: try reader.readString(),
            runOrder: try reader.read(),
            attempt: try reader.readOptional(),
            previous: try reader.readOptional()
        )
    }

    public func encode(to writer: inout StateWriter) {
        writer.write(self.name)
        writer.write(self.runOrder)
        writer.write(self.attempt)
        writer.write(self.previous)
    }
}
