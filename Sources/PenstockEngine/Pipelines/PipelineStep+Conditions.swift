// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel

// Evaluating the conditions of a stage: their rules are started, report, and are given up.
extension PipelineStep {
    /// Starts every rule of the gate's condition. What a rule refers to and cannot be resolved ends it at once.
    mutating func startCondition(_ gate: ConditionGate, of id: PipelineExecutionID) throws(PipelineInterruption) {
        let execution = try self.execution(id)
        guard let run = execution.stageRun,
            let condition = try self.declaredStage(run.stageName, ofVersionOf: id).condition(of: gate)
        else { preconditionFailure("only declared conditions are evaluated") }
        var prepared: [(start: RuleStart, problem: String?)] = []
        for rule in condition.rules {
            prepared.append(try self.prepareStart(of: rule, gate, stage: run.stageName, in: execution))
        }
        let rules = prepared.map { RuleRun(id: $0.start.id, name: $0.start.rule.name, startedAt: self.at) }
        let at = self.at
        try self.change(id) { $0.stageRun?[gate] = ConditionRun(rules: rules, startedAt: at) }
        for (rule, run) in zip(prepared, rules) {
            self.effects.append(.recordRuleStart(rule.start))
            self.effects.append(.recordRule(id, run))
        }
        for rule in prepared where rule.problem == nil { self.effects.append(.startRule(rule.start)) }
        for rule in prepared {
            if let problem = rule.problem { try self.endRule(rule.start.id, of: id, .errored(problem)) }
        }
    }

    private mutating func prepareStart(
        of rule: RuleDeclaration,
        _ gate: ConditionGate,
        stage: String,
        in execution: PipelineExecution
    ) throws(PipelineInterruption) -> (start: RuleStart, problem: String?) {
        let references = VariableReferences(execution: execution)
        let configuration = rule.configuration.map { ($0.key, references.resolve($0.value)) }
        let commands = rule.commands.map { references.resolve($0) }
        let unresolved = configuration.flatMap(\.1.unresolved) + commands.flatMap(\.unresolved)
        let start = RuleStart(
            id: RuleExecutionID(try self.nextIdentifier()),
            executionID: execution.id,
            pipelineVersion: execution.pipelineVersion,
            stageName: stage,
            gate: gate,
            rule: rule,
            resolvedConfiguration: configuration.map { KeyedValue($0.0, $0.1.text) },
            resolvedCommands: commands.map(\.text),
            inputs: rule.inputArtifacts.compactMap { name in execution.artifacts.first { $0.name == name } },
            startedAt: self.at,
            deadline: self.at + RuleStart.duration(of: rule),
            replaces: execution.stageRun?.formerRule(rule.name, of: gate)
        )
        let missing = rule.inputArtifacts.first { name in !start.inputs.contains { $0.name == name } }
        let problem =
            unresolved.isEmpty
            ? missing.map { "Input artifact '\($0)' is not available" }
            : "Variables could not be resolved: \(unresolved.joined(separator: ", "))"
        return (start, problem)
    }

    // MARK: Reports

    mutating func endRule(
        _ rule: RuleExecutionID,
        of id: PipelineExecutionID,
        _ verdict: RuleVerdict
    ) throws(PipelineInterruption) {
        let at = self.at
        try self.changeCondition(holding: rule, of: id) { $0.end(rule, verdict, at: at) }
    }

    mutating func reportRule(
        _ rule: RuleExecutionID,
        of id: PipelineExecutionID,
        summary: String
    ) throws(PipelineInterruption) {
        let at = self.at
        try self.changeCondition(holding: rule, of: id) { $0.report(summary: summary, of: rule, at: at) }
    }

    mutating func timeOutRule(_ rule: RuleExecutionID, of id: PipelineExecutionID) throws(PipelineInterruption) {
        guard let (gate, run) = try self.condition(holding: rule, of: id),
            let index = run.rules.firstIndex(where: { $0.id == rule }),
            let stage = try self.execution(id).stageRun?.stageName,
            let declared = try self.declaredStage(stage, ofVersionOf: id).condition(of: gate)?.rules[index]
        else { return }
        let minutes = RuleStart.duration(of: declared).components.seconds / 60
        try self.endRule(rule, of: id, .failed("The rule timed out after \(minutes) minutes"))
    }

    /// The running condition that the rule belongs to; `nil` when either has ended, so that late reports come to nothing.
    private func condition(
        holding rule: RuleExecutionID,
        of id: PipelineExecutionID
    ) throws(PipelineInterruption) -> (gate: ConditionGate, run: ConditionRun)? {
        let execution = try self.execution(id)
        guard execution.position == .inside, let stage = execution.stageRun, let gate = stage.runningGate,
            let run = stage[gate], run.isChecking(rule)
        else { return nil }
        return (gate, run)
    }

    private mutating func changeCondition(
        holding rule: RuleExecutionID,
        of id: PipelineExecutionID,
        _ body: (inout ConditionRun) -> [RuleRun]
    ) throws(PipelineInterruption) {
        guard let (gate, _) = try self.condition(holding: rule, of: id) else { return }
        try self.changeCondition(gate, of: id, body)
    }

    // MARK: Ends from outside

    /// Ends the condition that is being evaluated, if one is: the execution was stopped or cancelled.
    mutating func giveUpCondition(
        of id: PipelineExecutionID,
        as status: ConditionStatus,
        by: String?
    ) throws(PipelineInterruption) {
        guard let gate = try self.execution(id).stageRun?.runningGate else { return }
        let at = self.at
        try self.changeCondition(gate, of: id) { $0.end(as: status, by: by, at: at) }
    }

    mutating func changeCondition(
        _ gate: ConditionGate,
        of id: PipelineExecutionID,
        _ body: (inout ConditionRun) -> [RuleRun]
    ) throws(PipelineInterruption) {
        let changed = try self.change(id) { execution -> [RuleRun] in
            guard var run = execution.stageRun?[gate] else { return [] }
            let changed = body(&run)
            execution.stageRun?[gate] = run
            return changed
        }
        for rule in changed {
            self.effects.append(.recordRule(id, rule))
            if rule.status != .inProgress { self.effects.append(.endRule(rule.id)) }
        }
    }
}
