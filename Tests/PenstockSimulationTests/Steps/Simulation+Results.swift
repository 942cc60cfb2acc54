// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import OrderedCollections
import PenstockEngine
import PenstockEngineChecks
import PenstockModel
import PenstockRuntime
import PenstockStore

// Workers that acknowledge and report: in time, late, twice, with wrong nonces and tokens, or never.
extension Simulation {
    func acknowledge() async throws {
        guard let paper = self.pickPaper({ !$0.isAcknowledged }) else { return }
        try await self.acknowledge(paper, nonce: self.random.chance(92) ? paper.nonce : "1")
    }

    func acknowledge(_ paper: Workers.Paper, nonce: String) async throws {
        let (proof, standing) = try await self.proof(for: paper)
        let row = try await self.world.base.read { try $0.job(paper.job) }
        let expected = self.jobs.acknowledgement(of: row, nonce, proof: standing, at: self.world.clock.now)
        let words = "acknowledge \(self.jobs.label(paper.job))\(nonce == paper.nonce ? "" : " with a wrong nonce")"
        let (answer, isUndisturbed) = try await self.ask(words) { process in
            try await process.jobs.acknowledge(self.call, paper.job, nonce: nonce, proof: proof)
        }
        if case .done(.inProgress) = answer { self.workers.change(paper) { $0.isAcknowledged = true } }
        let found: JobLedger.Expectation? =
            switch answer {
            case .done(let status): .status(status)
            case .refused(let rejection): .refusal(rejection.code)
            case .lost: nil
            }
        if let found, isUndisturbed, found != expected {
            self.report("acknowledging \(self.jobs.label(paper.job)): \(found), and not \(expected)")
        }
    }

    /// A worker that does what it should, with the oldest job of one kind.
    func doJob() async throws {
        let kinds = Query.allCases.filter { !self.jobs.pollable($0.claim(limit: 1), at: self.world.clock.now).isEmpty }
        guard let query = self.random.pick(kinds), try await self.poll(query, limit: 1) == 1,
            let paper = self.workers.papers.last
        else { return }
        try await self.check(isWhole: false)
        guard self.violations.isEmpty else { return }
        try await self.acknowledge(paper, nonce: paper.nonce)
        try await self.report(Self.success, of: paper)
    }

    static let success = JobResult.success(
        ActionProgress(summary: "done"), continuationToken: nil, outputVariables: [KeyedValue("Tag", "7")])

    func reportResult() async throws {
        guard let paper = self.pickPaper({ $0.isAcknowledged && $0.lastResult == nil }) else { return }
        let repeated = self.random.chance(70) ? paper.lastResult : nil
        try await self.report(repeated ?? self.nextResult(), of: paper)
    }

    func report(_ result: JobResult, of paper: Workers.Paper) async throws {
        let (proof, standing) = try await self.proof(for: paper)
        let row = try await self.world.base.read { try $0.job(paper.job) }
        let expected = self.jobs.completion(of: row, result, proof: standing, at: self.world.clock.now)
        let words = "report \(result.word) of \(self.jobs.label(paper.job))"
        let (answer, isUndisturbed) = try await self.ask(words) { process in
            try await process.jobs.complete(
                self.call, paper.job, result, operation: result.operation, proof: proof)
        }
        // Without an answer a worker says the same again.
        if case .lost = answer {
            let after = try await self.world.base.read { try $0.job(paper.job) }
            if row?.job.storedStatus.isTerminal == false, after?.job.resultDigest != nil, isUndisturbed {
                self.jobs.noteResult(result, of: paper.job)
            }
            return
        }
        self.workers.change(paper) { $0.lastResult = result }
        let found: JobLedger.Expectation =
            if case .refused(let rejection) = answer { .refusal(rejection.code) } else { .status(nil) }
        if isUndisturbed, found != expected {
            self.report("reporting \(self.jobs.label(paper.job)): \(found), and not \(expected)")
        }
        guard case .done = answer, row?.job.storedStatus.isTerminal == false else {
            if case .refused = answer { self.tally.count("results that came too late or too early") }
            return
        }
        self.jobs.noteResult(result, of: paper.job)
        if isUndisturbed, let row { self.checkAttempt(of: row, after: result) }
    }

    /// A result counts as it was given.
    private func checkAttempt(of row: JobRow, after result: JobResult) {
        let status = self.models[row.pipelineID]?.ledger.attempts[row.start.id]?.status
        let expected: ActionExecutionStatus =
            switch result {
            case .success(_, .some, _): .inProgress
            case .success(_, nil, _): .succeeded
            case .failure: .failed
            }
        if status != expected { self.report("an action is \(expected.rawValue) once its worker said so") }
    }

    private func nextResult() -> JobResult {
        switch Int.random(in: 0..<20, using: &self.random) {
        case 0..<13:
            let variables = self.random.chance(90) ? [KeyedValue("Tag", "7")] : []
            return .success(ActionProgress(summary: "done"), continuationToken: nil, outputVariables: variables)
        case 13..<16:
            return .success(ActionProgress(percentComplete: 50), continuationToken: "more", outputVariables: [])
        case _:
            return .failure(FailureDetails(type: .jobFailed, message: "3 tests failed"), externalExecutionID: "run-42")
        }
    }

    // MARK: Papers

    /// Mostly one that the worker has something to do with, at times any.
    private func pickPaper(_ isWanted: (Workers.Paper) -> Bool) -> Workers.Paper? {
        let wanted = self.workers.papers.filter(isWanted)
        return self.random.chance(85) ? self.random.pick(wanted) : self.random.pick(self.workers.papers)
    }

    /// What the worker shows, and what comes of it; a partner's worker at times shows a wrong token.
    private func proof(for paper: Workers.Paper) async throws -> (WorkerProof, JobLedger.Proof) {
        guard let client = paper.client else { return (.sameAccount, .good) }
        let isWrong = !self.isEnding && self.random.chance(5)
        let token = isWrong ? "wrong" : self.workers.secrets[client] ?? ""
        let (row, connection) = try await self.world.base.read { reader in
            (try reader.job(paper.job), try reader.connection(client))
        }
        let window = RuntimeSettings().repeatedResultWindow
        let isForgotten = row?.job.endedAt.map { self.world.clock.now - $0 >= window } ?? false
        let isLive = connection?.revoked == nil || !isForgotten
        let isGood = !isWrong && row?.clientID == client && isLive
        return (.clientToken(token), isGood ? .good : .refused(.invalidClientToken))
    }
}

extension JobResult {
    fileprivate var word: String {
        switch self {
        case .success(_, .some, _): "progress"
        case .success(_, nil, _): "success"
        case .failure: "failure"
        }
    }

    fileprivate var operation: String {
        switch self {
        case .success: "PutJobSuccessResult"
        case .failure: "PutJobFailureResult"
        }
    }
}
