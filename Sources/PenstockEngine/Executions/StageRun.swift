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

    /// A visit that begins: no action has started.
    public init(entering stage: StageDeclaration, at: Timestamp) {
        self.stageName = stage.name
        self.status = .inProgress
        self.enteredAt = at
        self.actions = stage.actions.map { ActionRun(name: $0.name, runOrder: $0.runOrder, attempt: nil) }
        self.manualRetries = 0
    }

    public init(from reader: inout StateReader) throws(StateDecodingError) {
        self.stageName = try reader.readString()
        self.status = try reader.read()
        self.enteredAt = try reader.read()
        self.actions = try reader.readArray()
        self.manualRetries = try reader.read()
    }

    public func encode(to writer: inout StateWriter) {
        writer.write(self.stageName)
        writer.write(self.status)
        writer.write(self.enteredAt)
        writer.write(self.actions)
        writer.write(self.manualRetries)
    }

    /// What a stage calls for, given how its actions stand.
    public enum Need: Sendable, Hashable {
        /// Start these actions, by their place in declared order.
        case start([Int])
        /// Actions are running; nothing to do before one of them ends.
        case wait
        /// An action failed and none runs any more.
        case fail
        /// Every action succeeded.
        case succeed
    }

    /// Decides the next move from the run-order groups: one group at a time, and none after a failure.
    public var need: Need {
        var group: Int?
        var isRunning = false
        var hasFailed = false
        for action in self.actions {
            switch action.attempt?.status {
            case .succeeded: continue
            case .failed, .abandoned: hasFailed = true
            case .inProgress:
                isRunning = true
                group = min(group ?? action.runOrder, action.runOrder)
            case nil: group = min(group ?? action.runOrder, action.runOrder)
            }
        }
        if hasFailed { return isRunning ? .wait : .fail }
        guard let group else { return .succeed }
        let unstarted = self.actions.indices.filter {
            self.actions[$0].runOrder == group && self.actions[$0].attempt == nil
        }
        return unstarted.isEmpty ? .wait : .start(unstarted)
    }

    public var hasRunningAction: Bool { self.actions.contains { $0.attempt?.status == .inProgress } }

    public var hasFailedAction: Bool {
        self.actions.contains { $0.attempt?.status == .failed || $0.attempt?.status == .abandoned }
    }

    /// The first failed action in declared order, for the execution's summary.
    public var firstFailure: ActionRun? { self.actions.first { $0.attempt?.status == .failed } }

    /// The place of the action whose current attempt has the id.
    public func actionIndex(of id: ActionExecutionID) -> Int? {
        self.actions.firstIndex { $0.attempt?.id == id }
    }

    /// Makes room for new attempts of what a retry runs again.
    public mutating func prepareRetry(_ mode: StageRetryMode) {
        for index in self.actions.indices {
            switch (mode, self.actions[index].attempt?.status) {
            case (.allActions, _), (.failedActions, .failed), (.failedActions, .abandoned):
                self.actions[index].previous = self.actions[index].attempt?.id ?? self.actions[index].previous
                self.actions[index].attempt = nil
            case (.failedActions, .succeeded), (.failedActions, .inProgress), (.failedActions, nil):
                break
            }
        }
        self.manualRetries += 1
        self.status = .inProgress
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
