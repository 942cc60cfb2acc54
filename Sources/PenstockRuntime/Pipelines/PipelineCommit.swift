// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import OrderedCollections
import PenstockArtifacts
import PenstockEngine
import PenstockModel
import PenstockStore

/// One transaction's work on one pipeline: apply events, and write everything that follows from them.
struct PipelineCommit {
    /// A step asks for at most this many things before it must succeed: every execution that waits or runs, and more
    /// identifiers a few times.
    static let maximumNeeds = 4096

    let context: RuntimeContext
    let transaction: any StoreTransaction
    private(set) var row: PipelineRow
    let now: Timestamp
    /// Attempts that have started and have no history entry yet.
    private var starting: [ActionExecutionID: ActionStart] = [:]
    /// Rules that have started and have no history entry yet.
    private var startingRules: [RuleExecutionID: RuleStart] = [:]
    /// The attempt whose open job the caller has ended in this transaction: there is none left to look for.
    var attemptWithoutJob: ActionExecutionID?
    /// The execution that the first step is about, as it is stored, if the transaction has read it already.
    private var known: PipelineExecution?
    /// The version that this transaction has written, if it has; a cache must not have it yet.
    private var written: PipelineVersionRow?
    /// What the work of a step itself leads to, applied before the transaction ends.
    private var followUps: [PipelineEvent] = []

    /// - Parameters:
    ///   - row: The pipeline, which the transaction has locked.
    ///   - written: The version that the transaction has written, if it has.
    init(
        context: RuntimeContext,
        transaction: any StoreTransaction,
        row: PipelineRow,
        written: PipelineVersionRow? = nil,
        now: Timestamp
    ) {
        self.context = context
        self.transaction = transaction
        self.row = row
        self.written = written
        self.now = now
    }

    /// Of a job that is about to end, and with it the execution that its end is about.
    init(context: RuntimeContext, transaction: any StoreTransaction, work: JobWork, now: Timestamp) {
        self.init(context: context, transaction: transaction, row: work.pipeline, now: now)
        self.known = work.execution
    }

    /// The version that new executions run.
    func currentDeclaration() throws -> PipelineDeclaration {
        try self.requireVersion(self.row.head.version).declaration
    }

    private func requireVersion(_ number: Int) throws -> PipelineVersionRow {
        guard let found = try self.version(number) else {
            throw StoreError(.corrupt, "version \(number) of \(self.row.key) is missing")
        }
        return found
    }

    private func version(_ number: Int) throws -> PipelineVersionRow? {
        if let written = self.written, written.declaration.version == number { return written }
        return try self.context.declarations.version(number, of: self.row.id, in: self.transaction)
    }

    /// Applies the event and what it leads to, and writes it.
    ///
    /// - Throws: ``Rejection`` when the engine refuses the command.
    @discardableResult
    mutating func apply(_ event: PipelineEvent) throws -> PipelineOutcome {
        let outcome = try self.step(event)
        while !self.followUps.isEmpty {
            let next = self.followUps.removeFirst()
            try self.step(next)
        }
        return outcome
    }

    @discardableResult
    private mutating func step(_ event: PipelineEvent) throws -> PipelineOutcome {
        let before = self.row.head
        let (state, outcome) = try self.run(event)
        // From here on it is another one that is stored.
        self.known = nil
        self.row.head = state.head
        for id in outcome.changedExecutions {
            guard let execution = state.executions[id] else { continue }
            try self.transaction.putExecution(execution, of: self.row.id)
        }
        for effect in outcome.effects { try self.perform(effect, of: event, in: state) }
        try self.writeHead(before: before)
        return outcome
    }

    /// Applies the event to the state, which grows by what the engine asks for.
    private func run(_ event: PipelineEvent) throws -> (PipelineState, PipelineOutcome) {
        var known = PipelineState(key: self.row.key, head: self.row.head)
        if let execution = self.known { known.add(execution) }
        if let written = self.written { known.add(written.declaration) }
        // An interrupted step has used none of them, so that the next attempt may have the same.
        var identifiers = self.context.identifiers(4)
        for _ in 0..<Self.maximumNeeds {
            var state = known
            // Clocks of servers differ and are set: the time of an execution does not run backwards all the same.
            let at = known.executions.values.reduce(self.now) { max($0, $1.updatedAt) }
            do throws(PipelineInterruption) {
                let outcome = try self.context.engine.apply(&state, event, at, identifiers)
                return (state, outcome)
            } catch {
                switch error {
                case .rejected(let rejection): throw rejection
                case .needs(.identifiers): identifiers = self.context.identifiers(identifiers.count * 4)
                case .needs(.execution(let id)):
                    guard let execution = try self.transaction.execution(id, of: self.row.id) else {
                        throw self.missingExecution(id, for: event)
                    }
                    known.add(execution)
                case .needs(.declaration(let version)):
                    known.add(try self.requireVersion(version).declaration)
                }
            }
        }
        throw StoreError(.corrupt, "a step of \(self.row.key) asks for more than a pipeline can hold")
    }

    /// A command may name an execution that never was; everything else names only what exists.
    private func missingExecution(_ id: PipelineExecutionID, for event: PipelineEvent) -> any Error {
        switch event {
        case .stop: Rejection.notStoppable(id, in: self.row.key.name)
        case .retryStage(let stage, _, _), .overrideCondition(_, let stage, _, _): Rejection.notLatest(id, in: stage)
        case .rollback: PipelineRejections.executionNotFound(id.description, in: self.row.key.name)
        case .start, .setTransition, .answerApproval, .update, .actionProgressed, .actionSucceeded, .actionFailed,
            .actionTimedOut, .ruleProgressed, .ruleEnded, .ruleTimedOut, .waitTimedOut:
            StoreError(.corrupt, "execution \(id) of \(self.row.key) is missing")
        }
    }

    private mutating func writeHead(before: PipelineHead) throws {
        guard self.row.head != before else { return }
        try self.transaction.updatePipeline(self.row)
        for gate in self.row.head.gates {
            let entrance = StageEntranceRow(gate)
            if let old = before.gates.first(where: { $0.name == gate.name }), StageEntranceRow(old) == entrance {
                continue
            }
            try self.transaction.putStageEntrance(entrance, of: self.row.id)
        }
    }

    // MARK: Effects

    private mutating func perform(_ effect: PipelineEffect, of event: PipelineEvent, in state: PipelineState) throws {
        switch effect {
        case .recordActionStart(let start): self.starting[start.id] = start
        case .recordAction(_, let attempt, let variables): try self.record(attempt, outputVariables: variables)
        case .startAction(let start):
            if let failure = try self.begin(start) {
                self.followUps.append(.actionFailed(start.executionID, start.id, failure, externalExecutionID: nil))
            }
        case .endAction(let id, let status):
            try self.close(id, status, isTimeout: event.isTimeout)
            if state.executions.values.contains(where: { $0.pipelineVersion < self.row.head.version }) {
                try self.revokeConnection(after: id)
            }
        case .startRule(let start): self.followUps += try self.rules.start(start)
        case .endRule(let id): try self.rules.end(id)
        case .recordRuleStart(let start): self.startingRules[start.id] = start
        case .recordRule(_, let run): try self.record(run)
        case .announce(let change):
            if !self.context.settings.eventTargets.isEmpty { try self.events.announce(change) }
        case .recordStage(let id, let run):
            let isRollback = state.executions[id]?.isRollback ?? false
            try self.transaction.putStageRun(
                StageRunRow(executionID: id, run: run, isRollback: isRollback), of: self.row.id)
        case .recordRevision(let stage, let action, let revision):
            try self.transaction.putCurrentRevision(
                CurrentRevisionRow(stageName: stage, actionName: action, revision: revision),
                of: self.row.id
            )
            // What one start asked for is not what the source has now.
            guard !event.concernsOverride(of: action, in: state) else { return }
            try SourceWatches(context: self.context, pipeline: self.row).noteRevision(
                revision.revisionID,
                of: action,
                takenAfter: event.attempt(of: action, in: state)?.startedAt,
                in: self.transaction
            )
        case .recordStageSuccess(let id, let stage):
            try self.transaction.insertStageSuccess(id, stage: stage, of: self.row.id)
        case .limitWait(let id, let since): try self.limitWait(of: id, since: since)
        case .forgetStage(let stage): try self.transaction.deleteStage(stage, of: self.row.id)
        }
    }

    /// Makes the job of an attempt, and asks whoever is to approve.
    ///
    /// - Returns: Why the attempt fails at once, if it does.
    private func begin(_ start: ActionStart) throws -> FailureDetails? {
        if start.action.typeID == .manualApproval, let failure = try self.events.requestApproval(start) {
            return failure
        }
        if let failure = try self.missingInput(of: start) { return failure }
        return try JobCreation(context: self.context, transaction: self.transaction, row: self.row, now: self.now)
            .createJob(for: start, of: self.version(start.pipelineVersion))
    }

    /// The input whose version somebody has deleted since its producer succeeded; other stores' objects are not looked for.
    private func missingInput(of start: ActionStart) throws -> FailureDetails? {
        for input in start.inputs {
            guard let version = input.location.versionID,
                try self.transaction.bucket(input.location.bucket, for: .read) != nil
            else { continue }
            let key = ObjectKey(input.location.key)
            guard try self.transaction.version(VersionID(version), of: key, in: input.location.bucket) == nil else {
                continue
            }
            return FailureDetails(
                type: .configurationError, message: "Input artifact '\(input.name)' is not available")
        }
        return nil
    }

    private var events: EventQueueing {
        EventQueueing(
            context: self.context,
            transaction: self.transaction,
            row: self.row,
            now: self.now,
            starting: self.starting
        )
    }

    private func limitWait(of id: PipelineExecutionID, since: Timestamp) throws {
        guard let limit = self.context.settings.disabledTransitionLimit else { return }
        let timer = TimerRow(
            key: .waitLimit(id),
            due: since + limit,
            pipelineID: self.row.id,
            pipelineKey: self.row.key,
            executionID: id
        )
        try self.transaction.putTimer(timer)
        self.transaction.signal(.timerSet(timer.due))
    }

    private mutating func record(_ attempt: ActionAttempt, outputVariables: [KeyedValue]) throws {
        guard let start = self.starting.removeValue(forKey: attempt.id) else {
            return try self.transaction.updateActionExecution(attempt, outputVariables: outputVariables)
        }
        try self.transaction.insertActionExecution(
            ActionExecutionRow(
                pipelineID: self.row.id,
                start: start,
                attempt: attempt,
                outputVariables: outputVariables
            )
        )
    }

    private var rules: RuleStarting {
        RuleStarting(transaction: self.transaction, row: self.row, now: self.now)
    }

    private mutating func record(_ run: RuleRun) throws {
        guard let start = self.startingRules.removeValue(forKey: run.id) else {
            return try self.transaction.updateRuleExecution(run)
        }
        try self.transaction.insertRuleExecution(RuleExecutionRow(pipelineID: self.row.id, start: start, run: run))
    }

    /// Closes what an attempt that ended has left open: its job and its deadlines.
    private func close(_ id: ActionExecutionID, _ status: ActionExecutionStatus, isTimeout: Bool) throws {
        if id != self.attemptWithoutJob, var open = try self.transaction.lockOpenJob(of: id) {
            let end: Job.Status = status == .succeeded ? .succeeded : isTimeout ? .timedOut : .failed
            open.job.end(end, resultDigest: nil, at: self.now)
            try self.transaction.updateJob(open.job, clientID: open.clientID)
            if open.jobDeadline != nil { try self.transaction.deleteTimer(.jobDeadline(open.job.id)) }
        }
        try self.transaction.deleteTimer(.actionDeadline(id))
    }

    /// Ends the connection of a partner's action that an update has removed while it ran.
    private func revokeConnection(after id: ActionExecutionID) throws {
        guard let start = try self.transaction.actionExecutionRow(id)?.start, start.action.typeID.owner == .thirdParty
        else { return }
        try ConnectionRevocation(transaction: self.transaction, now: self.now)
            .revoke(after: start, of: self.row, current: self.currentDeclaration())
    }
}

extension PipelineEvent {
    /// Whether the execution that it is about was started with a revision or key of its own for the source action.
    fileprivate func concernsOverride(of action: String, in state: PipelineState) -> Bool {
        guard case .actionSucceeded(let id, _, _) = self, let execution = state.executions[id] else { return false }
        let isBound = execution.boundRevisions.contains { $0.actionName == action }
        return execution.objectKeys[key: action] != nil
            || isBound && execution.trigger.type == .startPipelineExecution
    }

    /// The attempt of the action that the event is about.
    fileprivate func attempt(of action: String, in state: PipelineState) -> ActionAttempt? {
        guard case .actionSucceeded(let id, _, _) = self, let run = state.executions[id]?.stageRun else { return nil }
        return run.actions.first { $0.name == action }?.attempt
    }

    fileprivate var isTimeout: Bool {
        if case .actionTimedOut = self { return true }
        return false
    }
}
