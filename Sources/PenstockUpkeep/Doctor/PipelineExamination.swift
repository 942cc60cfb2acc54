// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import PenstockStore

/// Holds what the engine knows of pipelines against their rows.
struct PipelineExamination {
    private struct Known {
        var key: PipelineKey
        var version: Int64
        /// Stored; `nil` when it cannot be read.
        var head: [UInt8]?
        var hasVersion = false
        var nextSequence = Int64.max
        var wasChecked = false
    }

    private(set) var findings: [Finding] = []
    /// Attempts and rules that the engine takes for running, by their ids.
    private(set) var runningActions: Set<UniqueID> = []
    private(set) var runningRules: Set<UniqueID> = []
    private var pipelines: [UniqueID: Known] = [:]
    /// Live executions of the pipeline whose rows are being read.
    private var live: [PipelineExecution] = []
    private var current: UniqueID?
    private var liveIDs: Set<UniqueID> = []
    private var archivedIDs: Set<UniqueID> = []
    private var shownIDs = 0
    private var shownRunning: Set<UniqueID> = []

    private mutating func note(_ kind: Finding.Kind, _ subject: String, _ text: String, advice: String? = nil) {
        self.findings.append(Finding(kind, .error, subject, text, advice: advice))
    }

    private func name(_ id: UniqueID) -> String { "pipeline \(self.pipelines[id]?.key.name ?? id.description)" }

    mutating func read(_ fields: ContentsFields) throws {
        switch fields.table.name {
        case "pipeline": try self.readPipeline(fields)
        case "pipeline_version":
            let pipeline = try fields.id("pipeline")
            if try fields.integer("version") == self.pipelines[pipeline]?.version {
                self.pipelines[pipeline]?.hasVersion = true
            }
            let declaration = try PipelineDeclaration(storedBytes: fields.bytes("declaration"))
            guard declaration.version == Int(try fields.integer("version")) else {
                throw fields.unreadable("declaration")
            }
        case "live_execution": try self.readLive(fields)
        case "archived_execution": try self.readArchived(fields)
        case "execution": try self.readShown(fields)
        case "stage_entrance": _ = try StageEntranceRow(storedBytes: fields.bytes("details"))
        case "stage_run": _ = try StageRunRow(storedBytes: fields.bytes("details"))
        case "current_revision": _ = try CurrentRevisionRow(storedBytes: fields.bytes("details"))
        case "action_execution":
            let start = try ActionStart(storedBytes: fields.bytes("start"))
            let attempt = try ActionAttempt(storedBytes: fields.bytes("attempt"))
            _ = try [KeyedValue](storedBytes: fields.bytes("output_variables"))
            let isRunning = attempt.status == .inProgress
            self.readHistory(fields, start.id.value, isRunning: isRunning, self.runningActions, "an attempt")
            if attempt.status.rawValue != (try fields.text("status")) || attempt.id != start.id {
                throw fields.unreadable("status")
            }
        case "rule_execution":
            let start = try RuleStart(storedBytes: fields.bytes("start"))
            let run = try RuleRun(storedBytes: fields.bytes("run"))
            let isRunning = run.status == .inProgress
            self.readHistory(fields, start.id.value, isRunning: isRunning, self.runningRules, "a rule")
        default: break
        }
    }

    private mutating func readPipeline(_ fields: ContentsFields) throws {
        let id = try fields.id("id")
        var known = Known(
            key: PipelineKey(scope: try fields.scope(), name: try fields.text("name")),
            version: try fields.integer("version"))
        self.pipelines[id] = known
        _ = try [KeyedValue](storedBytes: fields.bytes("tags"))
        let head = try PipelineHead(storedBytes: fields.bytes("head"))
        guard Int64(head.version) == known.version else { throw fields.unreadable("head") }
        known.head = try fields.bytes("head")
        known.nextSequence = Int64(head.nextSequence)
        self.pipelines[id] = known
    }

    // MARK: Live executions

    private mutating func readLive(_ fields: ContentsFields) throws {
        let (pipeline, id) = (try fields.id("pipeline"), try fields.id("id"))
        if self.current != pipeline { self.checkCurrent() }
        self.current = pipeline
        self.liveIDs.insert(id)
        let execution = try PipelineExecution(storedBytes: fields.bytes("state"))
        guard execution.id.value == id, execution.status.isLive,
            execution.status.rawValue == (try fields.text("status"))
        else { throw fields.unreadable("state") }
        self.live.append(execution)
    }

    /// All live executions have been read.
    mutating func finishLive() {
        self.checkCurrent()
        for id in self.pipelines.keys.sorted() where self.pipelines[id]?.wasChecked == false {
            self.current = id
            self.checkCurrent()
        }
    }

    /// The head and the live executions of a pipeline fit each other.
    private mutating func checkCurrent() {
        defer { self.live.removeAll() }
        guard let current else { return }
        self.current = nil
        self.pipelines[current]?.wasChecked = true
        guard let known = self.pipelines[current], let bytes = known.head,
            let head = try? PipelineHead(storedBytes: bytes)
        else { return }
        let name = self.name(current)
        let gates = head.gates + head.removedGates
        let named = Set(gates.flatMap { [$0.owner].compactMap { $0 } + $0.waiting + $0.held } + head.parallel)
        let there = Set(self.live.map(\.id))
        for id in named.subtracting(there).sorted() {
            self.note(
                .missingExecution, "\(name)", "names the execution \(id), which is not among the live ones",
                advice: "restore a backup, or delete the pipeline")
        }
        for id in there.subtracting(named).sorted() {
            self.note(
                .strayExecution, "\(name)", "does not know of its live execution \(id)",
                advice: "restore a backup, or delete the pipeline")
        }
        for execution in self.live { self.collect(execution) }
        // What is missing breaks rules too, and was told already.
        guard named == there else { return }
        var state = PipelineState(key: known.key, head: head)
        for execution in self.live { state.add(execution) }
        for rule in InvariantCheck(state).violations {
            self.note(
                .brokenRule, name, "breaks a rule of the engine: \(rule)",
                advice: "stop the execution, or restore a backup")
        }
    }

    private mutating func collect(_ execution: PipelineExecution) {
        guard let run = execution.stageRun, execution.position == .inside else { return }
        for action in run.actions {
            if let attempt = action.attempt, attempt.status == .inProgress {
                self.runningActions.insert(attempt.id.value)
            }
        }
        for gate in ConditionGate.allCases {
            for rule in run[gate]?.rules ?? [] where rule.status == .inProgress {
                self.runningRules.insert(rule.id.value)
            }
        }
    }

    // MARK: What reads show

    private mutating func readArchived(_ fields: ContentsFields) throws {
        let id = try fields.id("id")
        self.archivedIDs.insert(id)
        if self.liveIDs.contains(id) {
            self.note(.strayExecution, fields.name, "is among the live ones as well", advice: "restore a backup")
        }
        let execution = try PipelineExecution(storedBytes: fields.bytes("state"))
        guard execution.id.value == id, !execution.status.isLive else { throw fields.unreadable("state") }
    }

    private mutating func readShown(_ fields: ContentsFields) throws {
        let (pipeline, id) = (try fields.id("pipeline"), try fields.id("id"))
        self.shownIDs += 1
        if !self.liveIDs.contains(id), !self.archivedIDs.contains(id) {
            self.note(
                .missingExecution, "\(self.name(pipeline))",
                "shows the execution \(id), which is neither live nor archived", advice: "restore a backup")
        }
        if let next = self.pipelines[pipeline]?.nextSequence, try fields.integer("sequence") >= next {
            self.note(
                .numberReused, self.name(pipeline),
                "numbers its next execution \(next), and has one numbered \(try fields.integer("sequence"))",
                advice: "restore a backup, or delete the pipeline")
        }
        let row = try ExecutionRow(storedBytes: fields.bytes("details"))
        guard row.id.value == id else { throw fields.unreadable("details") }
        if row.status.isLive != self.liveIDs.contains(id), self.liveIDs.contains(id) || self.archivedIDs.contains(id) {
            self.note(
                .historyDiffers, self.name(pipeline),
                "shows the execution \(id) as \(row.status.rawValue), which it is not",
                advice: "restore a backup")
        }
    }

    private mutating func readHistory(
        _ fields: ContentsFields, _ id: UniqueID, isRunning: Bool, _ running: Set<UniqueID>, _ what: String
    ) {
        if isRunning { self.shownRunning.insert(id) }
        guard isRunning != running.contains(id) else { return }
        self.note(
            .historyDiffers, fields.name,
            isRunning
                ? "is \(what) that is shown as running and has ended" : "is \(what) that is shown as ended and runs",
            advice: "restore a backup")
    }

    mutating func finish() {
        for (id, known) in self.pipelines.sorted(by: { $0.key < $1.key }) where !known.hasVersion {
            self.note(
                .missingVersion, self.name(id), "has no declaration of its current version \(known.version)",
                advice: "restore a backup, or delete the pipeline")
        }
        let states = self.liveIDs.count + self.archivedIDs.count
        if self.shownIDs < states {
            self.note(
                .strayExecution, "the table execution", "lacks \(states - self.shownIDs) of \(states) executions",
                advice: "restore a backup")
        }
        for id in self.runningActions.union(self.runningRules).subtracting(self.shownRunning).sorted() {
            self.note(.historyDiffers, "the attempt or rule \(id)", "runs and is not in the history as running")
        }
    }
}
