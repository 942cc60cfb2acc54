// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import OrderedCollections
import PenstockModel

/// What must be true of a pipeline between two events, whatever happened before.
package struct InvariantCheck {
    private let state: PipelineState
    private var gates: [StageGate] { self.state.head.gates }
    /// The rules that are broken.
    package private(set) var violations: [String] = []

    package init(_ state: PipelineState) {
        self.state = state
        self.checkLocks()
        self.checkWaiting()
        self.checkOrder()
        for execution in state.executions.values {
            self.checkPosition(execution)
            self.checkActions(execution)
        }
        self.checkSettled()
    }

    private mutating func check(_ condition: Bool, _ rule: @autoclosure () -> String) {
        if !condition { self.violations.append(rule()) }
    }

    /// Whoever holds a stage is inside it, and nobody else is.
    private mutating func checkLocks() {
        let all = self.gates + self.state.head.removedGates
        for gate in all {
            guard let owner = gate.owner else { continue }
            let execution = self.state.executions[owner]
            let isInside = execution?.position == .inside && execution?.stageRun?.stageName == gate.name
            self.check(isInside, "the owner of \(gate.name) is inside of it")
            self.check(gate.latest == nil || gate.latest == owner, "the owner of \(gate.name) entered it last")
        }
        for execution in self.state.executions.values where execution.position == .inside {
            let held = all.filter { $0.owner == execution.id }
            let isParallel = execution.mode == .parallel
            self.check(held.count == (isParallel ? 0 : 1), "\(execution.label) holds one lock, or none by its mode")
            let listed = self.state.head.parallel.count { $0 == execution.id }
            self.check(listed == (isParallel ? 1 : 0), "\(execution.label) is known to be inside a stage")
        }
        let parallel = self.state.head.parallel.compactMap { self.state.executions[$0] }
        self.check(parallel.allSatisfy { $0.position == .inside }, "who needs no lock is listed while it is inside")
        self.check(self.state.head.removedGates.allSatisfy { $0.owner != nil }, "a removed stage is kept for its owner")
    }

    /// Waiting points and executions agree on who waits where; in SUPERSEDED mode one execution waits at most.
    private mutating func checkWaiting() {
        for gate in self.gates {
            let waiting = gate.waiting.compactMap { self.state.executions[$0] }
            let held = gate.held.compactMap { self.state.executions[$0] }
            self.check(waiting.allSatisfy { $0.mode != .parallel }, "a lock is waited for by who needs it")
            self.check(held.allSatisfy { $0.mode == .parallel }, "who needs no lock is held up by a transition alone")
            for execution in waiting + held {
                let waits = execution.position == .waiting(stage: gate.name) && execution.status == .inProgress
                self.check(waits, "\(execution.label) waits at \(gate.name) and is in progress")
            }
            let isSuperseding = waiting.contains { $0.mode == .superseded }
            self.check(!isSuperseding || waiting.count == 1, "at most one waits at \(gate.name) in SUPERSEDED mode")
        }
        let listed = self.gates.flatMap { $0.waiting + $0.held }
        self.check(Set(listed).count == listed.count, "nobody waits twice")
        for execution in self.state.executions.values {
            guard case .waiting = execution.position else { continue }
            self.check(listed.contains(execution.id), "\(execution.label) waits where somebody lets it in")
        }
    }

    /// Nobody overtakes a live execution.
    ///
    /// What is left of an older version ends where it is, and its stages may have changed places.
    private mutating func checkOrder() {
        var behind: [PipelineExecution] = []
        for gate in self.gates.reversed() {
            let here = ([gate.owner].compactMap { $0 } + gate.waiting).compactMap { self.state.executions[$0] }
                .filter { !$0.isRollback }
            for later in here {
                for earlier in behind where self.isCurrent(later) || self.isCurrent(earlier) {
                    self.check(
                        later.sequence > earlier.sequence,
                        "\(later.label) at \(gate.name) came after \(earlier.label)"
                    )
                }
                behind.append(later)
            }
        }
    }

    private func isCurrent(_ execution: PipelineExecution) -> Bool {
        execution.pipelineVersion == self.state.head.version
    }

    /// An execution waits or is inside a stage exactly while it is live, and its stage stands as it does.
    private mutating func checkPosition(_ execution: PipelineExecution) {
        let (name, run) = (execution.label, execution.stageRun)
        let isPast = run == nil || run?.status == .succeeded || run?.status == .skipped
        self.check(execution.status.isLive == (execution.position != .finished), "\(name) has a place while it is live")
        switch (execution.position, execution.status) {
        case (.inside, .inProgress): self.check(run?.status == .inProgress, "\(name) and its stage are in progress")
        case (.inside, .stopping): self.check(run?.status == .stopping, "\(name) and its stage are stopping")
        case (.waiting, _): self.check(isPast, "\(name) has passed its stage before it waits")
        case (.finished, .succeeded): self.check(run != nil && isPast, "\(name) has passed its last stage")
        case (.finished, .failed): self.check(run == nil || run?.status == .failed, "\(name) failed with its stage")
        case (.finished, .superseded): self.check(isPast, "\(name) was superseded while it waited")
        case (.finished, .stopped), (.finished, .cancelled):
            let isClosed = isPast || run?.status == .stopped || run?.status == .cancelled
            self.check(isClosed, "\(name) left no stage open")
        case (.inside, _), (.finished, .inProgress), (.finished, .stopping):
            self.check(false, "\(name) is \(execution.status) and \(execution.position)")
        }
    }

    /// Actions run only inside a stage, and a group only after all groups before it succeeded.
    private mutating func checkActions(_ execution: PipelineExecution) {
        guard let run = execution.stageRun else { return }
        let isInside = execution.status.isLive && execution.position == .inside
        self.check(isInside || !run.hasRunningAction, "\(execution.label) runs actions inside a stage")
        for action in run.actions where action.attempt != nil {
            let before = run.actions.filter { $0.runOrder < action.runOrder }
            let isDue = before.allSatisfy { $0.attempt?.status == .succeeded }
            self.check(isDue, "\(action.name) of \(execution.label) started after the groups before it")
        }
        let isAsDeclared = self.declaredOrder(of: run, in: execution).map { $0 == run.actions.map(\.runOrder) } ?? true
        self.check(isAsDeclared, "the actions of \(execution.label) run in the order that was declared")
        let isComplete = run.actions.allSatisfy { $0.attempt?.status == .succeeded }
        self.check(run.status != .succeeded || isComplete, "every action of a stage that succeeded succeeded")
    }

    /// The run orders of the stage; `nil` where the version is not at hand.
    private func declaredOrder(of run: StageRun, in execution: PipelineExecution) -> [Int]? {
        let declaration = self.state.declarations[execution.pipelineVersion]
        return declaration?.stages.first { $0.name == run.stageName }?.actions.map(\.runOrder)
    }

    /// Nothing is left to do without another event.
    private mutating func checkSettled() {
        for (index, gate) in self.gates.enumerated() {
            let isOpen = gate.inbound.isEnabled && (index == 0 || self.gates[index - 1].outbound.isEnabled)
            let canEnter = isOpen && (gate.owner == nil && !gate.waiting.isEmpty || !gate.held.isEmpty)
            self.check(!canEnter, "nobody waits at \(gate.name), which is free and open")
        }
        for execution in self.state.executions.values where execution.position == .inside {
            let isBusy = execution.stageRun.map { $0.hasRunningAction || $0.runningGate != nil } == true
            self.check(isBusy, "\(execution.label) runs or checks something while it is inside a stage")
        }
    }
}

extension PipelineExecution {
    /// E1, E2 … in the order of their starts.
    package var label: String { "E\(self.sequence)" }
}
