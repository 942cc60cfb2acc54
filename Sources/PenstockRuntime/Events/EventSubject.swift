// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockEngine

/// What a change of state is about; raw values are those of the operator's configuration.
package enum EventSubject: String, Sendable, Hashable, CaseIterable {
    case pipeline
    case stage
    case action

    init(_ subject: StateChange.Subject) {
        self =
            switch subject {
            case .pipeline: .pipeline
            case .stage: .stage
            case .action: .action
            }
    }

    /// Source: AWS CodePipeline User Guide, Monitoring CodePipeline events.
    package var detailType: String {
        switch self {
        case .pipeline: "CodePipeline Pipeline Execution State Change"
        case .stage: "CodePipeline Stage Execution State Change"
        case .action: "CodePipeline Action Execution State Change"
        }
    }

    /// The states that the subject can be told to have, in the order of the documentation.
    package var states: [StateChange.State] {
        switch self {
        case .pipeline: [.started, .resumed, .stopping, .stopped, .succeeded, .failed, .canceled, .superseded]
        case .stage: [.started, .resumed, .stopping, .stopped, .succeeded, .failed, .canceled, .skipped]
        case .action: [.started, .succeeded, .failed, .canceled, .abandoned]
        }
    }
}
