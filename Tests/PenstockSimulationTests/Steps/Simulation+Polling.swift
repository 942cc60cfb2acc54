// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import OrderedCollections
import PenstockEngine
import PenstockEngineChecks
import PenstockModel
import PenstockRuntime
import PenstockStore

// Workers that ask for jobs, and customers that connect their actions.
extension Simulation {
    /// What workers ask for.
    enum Query: CaseIterable, Hashable {
        case maker, red, blue, shipper

        var type: ActionTypeID {
            switch self {
            case .maker: SimulatedTypes.maker
            case .red, .blue: SimulatedTypes.checker
            case .shipper: SimulatedTypes.shipper
            }
        }

        var team: String? {
            switch self {
            case .red: "red"
            case .blue: "blue"
            case .maker, .shipper: nil
            }
        }

        func claim(limit: Int) -> JobClaim {
            let isPartners = self == .shipper
            let queue = JobQueue(region: .default, typeID: self.type, account: isPartners ? nil : .default)
            return JobClaim(queue: queue, queryValue: self.team, needsConnection: isPartners, limit: limit)
        }
    }

    func poll() async throws {
        let query = self.random.pick([.maker, .red, .blue, .blue, .shipper]) ?? Query.maker
        try await self.poll(query, limit: Int.random(in: 1...4, using: &self.random))
    }

    /// Asks for jobs, and checks that exactly those come that must.
    ///
    /// - Returns: How many came.
    @discardableResult
    func poll(_ query: Query, limit: Int) async throws -> Int {
        let now = self.world.clock.now
        let expected = self.jobs.pollable(query.claim(limit: limit), at: now)
        let (answer, isUndisturbed) = try await self.ask("poll for \(query), \(limit)") { process in
            query == .shipper
                ? try await self.pollForPartner(process, limit: limit)
                : try await self.poll(process, query, limit: limit)
        }
        guard case .done(let papers) = answer else { return 0 }
        for paper in papers { self.workers.take(paper) }
        self.tally.count("jobs handed out", papers.count)
        let labels = papers.map { self.jobs.label($0.job) }.joined(separator: " ")
        if !papers.isEmpty { self.trace.note("\(self.place)  \(labels)") }
        if isUndisturbed, papers.map(\.job) != expected {
            let wanted = expected.map { self.jobs.label($0) }.joined(separator: " ")
            self.report("a poll hands out what can be polled: \(labels), and not \(wanted)")
        }
        if isUndisturbed { try await self.checkDispatch(of: papers, at: now) }
        return papers.count
    }

    /// Who was handed a job has it to himself for a while, under a nonce of his own.
    private func checkDispatch(of papers: [Workers.Paper], at now: Timestamp) async throws {
        let rows = try await self.world.base.read { reader in try papers.map { try reader.job($0.job) } }
        for (paper, row) in zip(papers, rows) {
            let isHidden = row?.job.visibleAt == now + RuntimeSettings().visibility
            let isCounted = row?.job.dispatch == (self.jobs.rows[paper.job]?.job.dispatch ?? 0) + 1
            if row?.job.nonce != paper.nonce || !isHidden || !isCounted {
                self.report("job \(self.jobs.label(paper.job)) is handed to one worker at a time")
            }
        }
    }

    private func poll(_ process: SimulatedProcess, _ query: Query, limit: Int) async throws -> [Workers.Paper] {
        let selection = query.team.map { [KeyedValue(SimulatedTypes.teamProperty, $0)] } ?? []
        let jobs = try await process.jobs.pollForJobs(
            self.call, type: query.type, query: selection, limit: limit, wait: .zero)
        return jobs.map { Workers.Paper(job: $0.id, nonce: $0.nonce ?? "", client: nil) }
    }

    private func pollForPartner(_ process: SimulatedProcess, limit: Int) async throws -> [Workers.Paper] {
        let jobs = try await process.jobs.pollForPartnerJobs(
            self.call, type: SimulatedTypes.shipper, limit: limit, wait: .zero)
        var papers: [Workers.Paper] = []
        for job in jobs {
            let token = self.workers.secrets[job.clientID] ?? ""
            let details = try await process.jobs.details(self.call, job.jobID, proof: .clientToken(token))
            papers.append(Workers.Paper(job: job.jobID, nonce: details.nonce ?? "", client: job.clientID))
        }
        return papers
    }

    // MARK: Customers

    func connect() async throws {
        guard let model = self.pickPipeline() else { return }
        let stages = model.state.declarations[model.state.head.version]?.stages ?? []
        let places = stages.flatMap { stage in
            stage.actions.filter { $0.typeID == SimulatedTypes.shipper }.map { (stage.name, $0.name) }
        }
        guard let (stage, action) = self.random.pick(places) else { return }
        let (answer, _) = try await self.ask("connect \(model.name) \(stage) \(action)") { process in
            try await process.connections.create(self.call, pipeline: model.name, stage: stage, action: action)
        }
        if case .done(let issued) = answer {
            self.workers.learn(issued.clientToken, of: issued.connection.clientID)
        }
    }

    func disconnect() async throws {
        guard let client = self.random.pick(self.workers.clients.suffix(4)) else { return }
        _ = try await self.ask("revoke a connection") { process in
            try await process.connections.revoke(self.call, client)
        }
    }
}
