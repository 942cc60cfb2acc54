// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockEngine
package import PenstockModel

/// The engine as the runtime calls it.
///
/// A server calls it directly and keeps no log of the calls. The simulation stands in between: it notes what happens,
/// to replay it, and breaks the engine on purpose, to see that this is found.
package struct PipelineEngine: Sendable {
    /// What ``PipelineState/apply(_:at:identifiers:)`` does, for a state that is given in.
    package typealias Apply =
        @Sendable (inout PipelineState, PipelineEvent, Timestamp, [UniqueID]) throws(PipelineInterruption) ->
        PipelineOutcome

    package static let direct = Self { state, event, at, identifiers throws(PipelineInterruption) in
        try state.apply(event, at: at, identifiers: identifiers)
    }

    package let apply: Apply

    package init(apply: @escaping Apply) { self.apply = apply }
}
