// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import OrderedCollections
import PenstockEngine
import PenstockEngineChecks
import PenstockModel
import PenstockRuntime

// Clients that start and stop executions, retry and roll back stages, and close and open the ways between them.
extension Simulation {
    func startExecution() async throws {
        guard let model = self.pickPipeline() else { return }
        let trigger = Trigger(type: .startPipelineExecution, detail: SimulatedTypes.mia)
        let variables = self.random.chance(80) ? [KeyedValue("Env", self.random.chance(70) ? "prod" : "test")] : []
        let undeclared = self.random.chance(3) ? [KeyedValue("Other", "x")] : []
        let known = self.random.chance(30) ? self.clients.tokenUses.suffix(4).last { $0.pipeline == model.id } : nil
        let token = known?.token ?? (self.random.chance(40) ? self.clients.freshToken() : nil)
        func start(_ process: SimulatedProcess) async throws -> PipelineExecutionID {
            try await process.pipelines.start(
                self.call, name: model.name, trigger: trigger, token: token, variables: variables + undeclared)
        }
        self.clients.begin()
        let now = self.world.clock.now
        let words = token.map { " by \($0)" } ?? ""
        let (answer, isUndisturbed) = try await self.ask("start \(model.name)\(words)", start)
        switch answer {
        case .done(let id):
            if let known, isUndisturbed, now - known.at < RuntimeSettings().startTokenLifetime {
                if id != known.execution { self.report("a start that is repeated is answered as it was") }
                if !self.clients.started.isEmpty { self.report("a start that is repeated starts nothing") }
            } else if let token {
                self.clients.note(.init(token: token, pipeline: model.id, execution: id, at: now))
            }
            if self.models[model.id]?.state.executions[id] == nil { self.report("what was started is there") }
        case .lost where token != nil && isUndisturbed && known == nil:
            // Whoever gets no answer asks again, and must not start another execution.
            let (earlier, id) = (self.clients.started, try await self.ask("start again\(words)", start))
            guard case .done(let execution) = id.answer, id.isUndisturbed, !earlier.isEmpty else { return }
            if execution != earlier.last { self.report("a start that was carried out is not carried out again") }
        case .refused, .lost: break
        }
    }

    func stopExecution() async throws {
        guard let (model, execution) = self.pickExecution() else { return }
        let abandon = self.random.chance(40)
        let words = "stop \(model.name) \(self.label(execution, model))\(abandon ? ", abandon" : "")"
        let (answer, isUndisturbed) = try await self.ask(words) { process in
            try await process.pipelines.stop(
                self.call, name: model.name, execution: execution, abandon: abandon, reason: nil)
        }
        guard case .done = answer, isUndisturbed else { return }
        let status = self.models[model.id]?.state.executions[execution]?.status
        let isStopped = status == .stopped || !abandon && status == .stopping
        if !isStopped { self.report("an execution that was stopped is \(status?.rawValue ?? "gone")") }
    }

    func retryStage() async throws {
        guard let (model, stage, execution) = self.pickPlace() else { return }
        let mode: StageRetryMode = self.random.chance(50) ? .failedActions : .allActions
        let words = "retry \(stage) of \(model.name) \(self.label(execution, model)), \(mode.rawValue)"
        let (answer, isUndisturbed) = try await self.ask(words) { process in
            try await process.pipelines.retryStage(
                self.call, name: model.name, stage: stage, execution: execution, mode: mode)
        }
        guard case .done = answer, isUndisturbed else { return }
        self.tally.count("retries")
    }

    func rollBackStage() async throws {
        guard let model = self.pickPipeline() else { return }
        let stage = self.random.pick(model.state.head.gates)?.name ?? "S1"
        let succeeded = model.state.executions.values.filter { $0.succeededStages.contains(stage) }
        let wanted = self.random.chance(85) ? self.random.pick(succeeded.suffix(3))?.id : nil
        guard let target = wanted ?? self.random.pick(model.state.executions.keys) else { return }
        let words = "roll back \(stage) of \(model.name) to \(self.label(target, model))"
        let (answer, _) = try await self.ask(words) { process in
            try await process.pipelines.rollbackStage(self.call, name: model.name, stage: stage, target: target)
        }
        if case .done = answer { self.tally.count("rollbacks") }
    }

    func overrideCondition() async throws {
        guard let model = self.pickPipeline() else { return }
        var gate: ConditionGate = self.random.chance(50) ? .beforeEntry : .onSuccess
        var place: (stage: String, execution: PipelineExecutionID)?
        let barred = model.state.executions.values.flatMap { execution in
            ConditionGate.allCases.compactMap { gate -> (ConditionGate, String, PipelineExecutionID)? in
                guard let run = execution.stageRun, let condition = run[gate] else { return nil }
                return condition.isRunning || condition.hasFailed ? (gate, run.stageName, execution.id) : nil
            }
        }
        if let chosen = self.random.pick(barred.suffix(5)) {
            (gate, place) = (chosen.0, (chosen.1, chosen.2))
        } else if let (other, stage, execution) = self.pickPlace(), other.id == model.id {
            place = (stage, execution)
        }
        guard let place else { return }
        let words = "override \(gate.rawValue) of \(model.name) \(place.stage) \(self.label(place.execution, model))"
        let (answer, _) = try await self.ask(words) { [gate] process in
            try await process.pipelines.overrideCondition(
                self.call, name: model.name, stage: place.stage, execution: place.execution, gate: gate)
        }
        if case .done = answer { self.tally.count("overrides") }
    }

    /// Enables more often than it disables, so that pipelines keep moving.
    func setTransition() async throws {
        guard let model = self.pickPipeline(), let gate = self.random.pick(model.state.head.gates) else { return }
        let side: TransitionSide = self.random.chance(60) ? .inbound : .outbound
        let reason = self.random.chance(40) ? "freeze" : nil
        try await self.setTransition(of: model, stage: gate.name, side, reason: reason)
    }

    func setTransition(of model: PipelineModel, stage: String, _ side: TransitionSide, reason: String?) async throws {
        let words = "\(reason == nil ? "enable" : "disable") the \(side) transition of \(model.name) \(stage)"
        _ = try await self.ask(words) { process in
            try await process.pipelines.setTransition(
                self.call, name: model.name, stage: stage, side: side, disabledReason: reason)
        }
    }

    // MARK: Choices

    /// Mostly a live execution.
    private func pickExecution() -> (PipelineModel, PipelineExecutionID)? {
        guard let model = self.pickPipeline() else { return nil }
        let live = self.random.chance(80) ? self.random.pick(model.liveExecutions) : nil
        return (live ?? self.random.pick(model.state.executions.values.suffix(8))).map { (model, $0.id) }
    }

    /// Mostly a stage with the execution that was there last, those that failed or stopped before others.
    private func pickPlace() -> (PipelineModel, String, PipelineExecutionID)? {
        guard let model = self.pickPipeline() else { return nil }
        let latest = model.state.head.gates.compactMap { gate in gate.latest.map { (gate.name, $0) } }
        let ended = latest.filter { _, id in
            let status = model.state.executions[id]?.status
            return status == .failed || status == .stopped
        }
        let chosen = self.random.chance(80) ? self.random.pick(ended) : self.random.pick(latest)
        return chosen.map { (model, $0.0, $0.1) }
    }

    func label(_ id: PipelineExecutionID, _ model: PipelineModel) -> String {
        model.state.executions[id]?.label ?? "an unknown execution"
    }
}
