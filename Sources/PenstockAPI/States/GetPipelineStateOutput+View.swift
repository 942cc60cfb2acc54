// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockModel
internal import PenstockRuntime
internal import PenstockStore
internal import PenstockWire

extension GetPipelineStateOutput {
    /// The state as the API shows it: every stage of the current version in declared order.
    init(_ view: PipelineStateView, settings: RuntimeSettings, publicURL: String) {
        let actions = ActionStates(view, settings: settings, publicURL: publicURL)
        let stages = StageStates(view, actions: actions)
        self.init(
            pipelineName: view.summary.key.name,
            pipelineVersion: view.summary.version,
            stageStates: view.declaration.stages.indices.map { stages.state(at: $0) },
            created: WireTimestamp(view.summary.created),
            updated: WireTimestamp(view.summary.updated)
        )
    }
}
