// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import OrderedCollections
import PenstockEngine
import PenstockEngineChecks
import PenstockModel
import PenstockRuntime

// People who answer approvals, in time or too late.
extension Simulation {
    func answerApproval() async throws {
        guard let model = self.pickPipeline() else { return }
        let pending = model.runningAttempts.filter { $0.attempt.isApproval }.map(\.attempt.id)
        let all = model.ledger.starts.suffix(40).filter { $0.action.typeID == .manualApproval }.map(\.id)
        let chosen = self.random.chance(92) ? self.random.pick(pending) : self.random.pick(all)
        guard let token = chosen, let start = model.ledger.starts.last(where: { $0.id == token }) else { return }
        let isApproved = self.random.chance(85)
        try await self.answer(start, of: model, isApproved: isApproved, summary: self.random.chance(60) ? "fine" : "")
    }

    func answer(_ start: ActionStart, of model: PipelineModel, isApproved: Bool, summary: String) async throws {
        let wasPending = self.models[model.id]?.ledger.attempts[start.id]?.status == .inProgress
        let verb = isApproved ? "approve" : "reject"
        let words = "\(verb) \(start.action.name) of \(model.name) \(self.label(start.executionID, model))"
        let (answer, isUndisturbed) = try await self.ask(words) { process in
            _ = try await process.pipelines.answerApproval(
                self.call, name: model.name, stage: start.stageName, action: start.action.name, token: start.id,
                isApproved: isApproved, summary: summary)
        }
        guard case .done = answer, isUndisturbed else { return }
        if !wasPending { self.report("an approval is answered once") }
        let status = self.models[model.id]?.ledger.attempts[start.id]?.status
        if status != (isApproved ? .succeeded : .failed) { self.report("an answer counts as it was given") }
    }
}
