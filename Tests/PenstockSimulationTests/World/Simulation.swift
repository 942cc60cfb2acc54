// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import OrderedCollections
import PenstockArtifacts
import PenstockEngine
import PenstockEngineChecks
import PenstockModel
import PenstockRuntime
import PenstockStore

/// One run: pipelines, clients, workers, servers and time, as a seed decides.
///
/// It is single-threaded in effect: one thing happens at a time, and while a process stands still others go on inside
/// of the call that it stands in. So the same seed always goes the same way.
actor Simulation {
    /// Steps that a process which stands still misses, at most.
    static let maximumMissedSteps = 6

    let world: World
    let call = CallContext(scope: SimulatedTypes.scope, principal: SimulatedTypes.mia, requestID: "simulation")
    var random: SeededGenerator
    var processes: [SimulatedProcess] = []
    private var startedProcesses = 0
    /// Processes that stand still.
    private var paused: Set<Int> = []
    var pauseCount = 0

    var models: OrderedDictionary<PipelineID, PipelineModel> = [:]
    private var touched: Set<PipelineID> = []
    /// Pipelines that somebody asked to delete.
    var deleted: Set<PipelineID> = []
    var jobs = JobLedger()
    var workers = Workers()
    var clients = Clients()
    /// The faults are over.
    var isEnding = false
    /// Whether runners and workers do their work while everything ends.
    var isAttended = true

    private(set) var stepNumber = 0
    var trace = Trace()
    var tally = Tally()
    var violations: [String] = []

    init(seed: UInt64, mutation: Mutation?) {
        var random = SeededGenerator(seed: seed)
        self.world = World(seed: seed, isShared: random.chance(40), mutation: mutation)
        self.random = random
    }

    /// Takes the steps, then lets everything end; stops at the first step after which something is wrong.
    ///
    /// - Returns: The number of the step that went wrong, one more than there are for the end.
    func run(steps: Int) async -> Int? {
        do {
            try await self.begin()
            while self.violations.isEmpty, self.stepNumber < steps {
                self.stepNumber += 1
                try await self.takeStep()
                try await self.check(isWhole: self.stepNumber.isMultiple(of: 25))
            }
            guard self.violations.isEmpty else { return self.close() }
            self.stepNumber += 1
            try await self.end()
        } catch {
            self.violations.append("a call ended with \(error)")
        }
        return self.close()
    }

    private func begin() async throws {
        try await self.world.furnish()
        for _ in 0..<(self.world.isShared ? 2 : 1) { try await self.startProcess() }
        self.trace.note(self.world.isShared ? "two processes share the store" : "one process has the store")
        for name in Clients.names where self.random.chance(85) { try await self.putObject(of: name) }
        for _ in 0..<Int.random(in: 1...2, using: &self.random) { try await self.createPipeline() }
        try await self.check(isWhole: true)
    }

    private func close() -> Int? {
        for model in self.models.values { self.trace.mix(model.bytes) }
        self.processes = []
        return self.violations.isEmpty ? nil : self.stepNumber
    }

    // MARK: Processes

    func startProcess() async throws {
        self.startedProcesses += 1
        let number = self.startedProcesses
        let onPause: @Sendable () async -> Void = { await self.pause(number) }
        let base = self.world.base
        let runner = SourceRunner(
            conduct: { await self.nextConduct() },
            newest: { key in
                try await base.readArtifacts { transaction in
                    try transaction.latestVersion(of: ObjectKey(key), in: SimulatedTypes.sourceBucket)?.revisionID
                }
            },
            onPause: onPause
        )
        self.processes.append(try await self.world.startProcess(number, runner: runner, onPause: onPause))
    }

    /// One that does not stand still.
    func pickProcess() -> SimulatedProcess {
        let awake = self.processes.filter { !self.paused.contains($0.number) }
        guard let process = self.random.pick(awake) else { preconditionFailure("one process is always awake") }
        return process
    }

    /// Whether another process could go on while one stands still.
    var canPause: Bool { !self.isEnding && self.processes.count - self.paused.count > 1 }

    /// Kills the process, if it is not dead yet, and starts another in its place.
    func replace(_ process: SimulatedProcess) async throws {
        process.store.die()
        self.processes.removeAll { $0.number == process.number }
        self.tally.count("deaths of a process")
        try await self.startProcess()
    }

    /// Lets the others go on while a process stands still in the middle of what it does.
    private func pause(_ number: Int) async {
        let isAlive = self.processes.contains { $0.number == number && $0.store.isAlive }
        guard isAlive, self.canPause, self.violations.isEmpty else { return }
        self.pauseCount += 1
        self.tally.count("pauses of a process")
        self.paused.insert(number)
        self.trace.note("    process \(number) stands still")
        do {
            // What the process has committed is there for the others.
            try await self.takeIn()
            try await self.check(isWhole: false)
            for _ in 0..<Int.random(in: 1...Self.maximumMissedSteps, using: &self.random) {
                guard self.violations.isEmpty else { break }
                try await self.takeStep()
                try await self.check(isWhole: false)
            }
        } catch {
            self.violations.append("a call ended with \(error)")
        }
        self.trace.note("    process \(number) goes on")
        self.paused.remove(number)
    }

    // MARK: Taking in what happened

    /// Replays what was committed.
    func takeIn() async throws {
        let (steps, failures) = self.world.recorder.take()
        self.violations += failures
        try await self.takeInPipelines()
        for step in steps {
            guard let id = step.pipeline, self.models[id] != nil else {
                self.violations.append("a \(step.event.kind) of a pipeline that is not there")
                continue
            }
            self.touched.insert(id)
            self.violations += self.models[id]?.replay(step, self.world.engine) ?? []
            self.tally.count("steps of the engine")
            self.clients.note(step.outcome)
            self.count(step)
        }
    }

    /// Takes in which pipelines there are now.
    private func takeInPipelines() async throws {
        let known = Set(self.models.keys)
        let (ids, versions) = try await self.world.base.read { reader in
            let rows = try reader.pipelineSummaries(in: SimulatedTypes.scope, after: "", limit: .max)
            let fresh = rows.filter { !known.contains($0.id) }
            return (rows.map(\.id), try fresh.map { ($0.key, try reader.pipelineVersion(1, of: $0.id)) })
        }
        for (key, version) in versions {
            guard let version else {
                self.violations.append("\(key) has no first version")
                continue
            }
            let id = version.pipelineID
            self.models[id] = PipelineModel(id: id, key: key, declaration: version.declaration)
            self.touched.insert(id)
        }
        for id in known.subtracting(ids) {
            if !self.deleted.contains(id) { self.violations.append("a pipeline vanished that nobody deleted") }
            self.models.removeValue(forKey: id)
            self.touched.remove(id)
        }
    }

    private func count(_ step: EngineStep) {
        for case .announce(let change) in step.outcome.effects {
            guard case .pipeline = change.subject else { continue }
            self.tally.count("executions \(change.state.rawValue)")
        }
    }

    // MARK: Checking

    /// Holds everything against the rules: the jobs, what is owed, and the rows of pipelines that changed.
    func check(isWhole: Bool) async throws {
        guard self.violations.isEmpty else { return }
        try await self.checkJobs()
        let owed = try await OwedWork(in: self.world.base)
        self.violations += owed.violations(self.models.values, jobs: self.jobs.open)
        guard let process = self.processes.first else { return }
        for (id, model) in self.models where isWhole || self.touched.contains(id) {
            var rows = RowCheck(model, self.call)
            try await rows.checkState(in: self.world.base, isWhole: isWhole)
            try await rows.checkView(process.pipelines)
            if isWhole { try await rows.checkHistory(process.pipelines) }
            self.violations += rows.violations
            self.models[id]?.noteComparison()
        }
        self.touched = []
    }

    private func checkJobs() async throws {
        let open = try await self.world.base.read { reader in
            try reader.openJobs(in: SimulatedTypes.scope, after: nil, limit: .max)
        }
        let missing = self.jobs.missing(from: open)
        let found = try await self.world.base.read { reader in try missing.map { ($0, try reader.job($0)) } }
        for (id, row) in found where row == nil {
            let isThere = self.jobs.rows[id].map { self.models[$0.pipelineID] != nil } ?? false
            if isThere { self.violations.append("job \(self.jobs.label(id)) vanished before it ended") }
            self.jobs.noteLoss(of: id, at: self.world.clock.now)
        }
        self.violations += self.jobs.note(found.compactMap(\.1) + open)
    }
}
