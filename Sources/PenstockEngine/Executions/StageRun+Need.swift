// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

public import PenstockModel

extension StageRun {
    /// What a stage calls for, given how its actions and conditions stand.
    public enum Need: Sendable, Hashable {
        /// Start these actions, by their place in declared order.
        case start([Int])
        /// Evaluate the condition of the gate.
        case check(ConditionGate)
        /// Something is running; nothing to do before it ends.
        case wait
        /// Run the stage again without being asked.
        case retry(StageRetryMode)
        case fail(rollsBack: Bool)
        /// Go on without having run.
        case skip
        /// Every action succeeded, and the condition behind them.
        case succeed
    }

    /// What a stage goes by besides its own state.
    public struct Terms: Sendable, Hashable {
        public var stage: StageDeclaration
        /// Whether the execution is a rollback, to which conditions and the handling of failures do not apply.
        public var isRollback: Bool
        /// How many actions may run at a time; `nil` for all of a group.
        public var maximumRunningActions: Int?

        public init(stage: StageDeclaration, isRollback: Bool = false, maximumRunningActions: Int? = nil) {
            self.stage = stage
            self.isRollback = isRollback
            self.maximumRunningActions = maximumRunningActions
        }

        func condition(of gate: ConditionGate) -> ConditionDeclaration? {
            self.isRollback ? nil : self.stage.condition(of: gate)
        }

        var onFailure: FailureHandling? { self.isRollback ? nil : self.stage.onFailure }
    }

    /// Decides the next move: the gate in front, the run-order groups one at a time and none after a failure, and the
    /// gate behind them.
    public func need(_ terms: Terms) -> Need {
        if let condition = terms.condition(of: .beforeEntry) {
            guard let run = self.beforeEntry else { return .check(.beforeEntry) }
            if run.isRunning { return .wait }
            if run.hasFailed { return condition.result == .skip ? .skip : .fail(rollsBack: false) }
        }
        if self.hasFailedAction { return self.hasRunningAction ? .wait : self.needAfterFailure(terms) }
        guard let group = self.actions.lazy.filter({ $0.attempt?.status != .succeeded }).map(\.runOrder).min() else {
            return self.needAfterSuccess(terms)
        }
        let room = (terms.maximumRunningActions ?? .max) - self.runningActionCount
        let unstarted = self.actions.indices
            .filter { self.actions[$0].runOrder == group && self.actions[$0].attempt == nil }
            .prefix(max(0, room))
        return unstarted.isEmpty ? .wait : .start(Array(unstarted))
    }

    private func needAfterFailure(_ terms: Terms) -> Need {
        switch terms.onFailure {
        case nil: return .fail(rollsBack: false)
        case .rollback: return .fail(rollsBack: true)
        case .retry(let mode):
            return self.automaticRetries < Self.maximumAutomaticRetries ? .retry(mode) : .fail(rollsBack: false)
        case .condition(let condition):
            guard let run = self.onFailure else { return .check(.onFailure) }
            return run.isRunning ? .wait : .fail(rollsBack: run.hasFailed && condition.result == .rollback)
        }
    }

    private func needAfterSuccess(_ terms: Terms) -> Need {
        guard let condition = terms.condition(of: .onSuccess) else { return .succeed }
        guard let run = self.onSuccess else { return .check(.onSuccess) }
        if run.isRunning { return .wait }
        return run.hasFailed ? .fail(rollsBack: condition.result == .rollback) : .succeed
    }
}
