// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel

/// A state and what happens to it next: the step that is measured.
///
/// The state has the head and what the step asks for, as the last attempt of a commit has it.
struct Situation {
    var state: PipelineState
    let event: PipelineEvent
    let at: Timestamp
    let identifiers: [UniqueID]

    /// Takes the step on a copy, as a commit does.
    func step() throws(PipelineInterruption) -> (state: PipelineState, outcome: PipelineOutcome) {
        var state = self.state
        let outcome = try state.apply(self.event, at: self.at, identifiers: self.identifiers)
        return (state, outcome)
    }
}
