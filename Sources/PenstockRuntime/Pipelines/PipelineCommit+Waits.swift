// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import PenstockStore

extension PipelineCommit {
    /// Stops whoever has waited at the transition for longer than one may.
    mutating func endWaits(behind side: TransitionSide, of stage: String) throws {
        guard let limit = self.context.settings.disabledTransitionLimit,
            let index = self.row.head.gateIndex(named: stage)
        else { return }
        let held = side == .inbound ? index : index + 1
        guard self.row.head.gates.indices.contains(held) else { return }
        let gate = self.row.head.gates[held]
        for id in gate.waiting + gate.held { try self.apply(.waitTimedOut(id, limit: limit)) }
    }
}
