// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel

/// The texts of refusals that name a pipeline or a part of it.
package enum PipelineRejections {
    package static func pipelineNotFound(_ key: PipelineKey) -> Rejection {
        Rejection(.pipelineNotFound, "Account '\(key.scope.account)' does not have a pipeline with name '\(key.name)'")
    }

    package static func versionNotFound(_ version: Int, of name: String) -> Rejection {
        Rejection(.pipelineVersionNotFound, "Pipeline '\(name)' does not have a version \(version)")
    }

    /// Source: captured text of the live service.
    package static func executionNotFound(_ id: String, in name: String) -> Rejection {
        Rejection(
            .pipelineExecutionNotFound,
            "Pipeline Execution with id '\(id)' does not exist in pipeline with name '\(name)'"
        )
    }

    package static func actionNotFound(_ action: String, stage: String, in name: String) -> Rejection {
        Rejection(
            .actionNotFound,
            "Stage '\(stage)' in pipeline '\(name)' does not have an action with name '\(action)'"
        )
    }

    package static func nameInUse(_ key: PipelineKey) -> Rejection {
        Rejection(
            .pipelineNameInUse,
            "A pipeline with the name '\(key.name)' already exists in account '\(key.scope.account)'"
        )
    }
}
