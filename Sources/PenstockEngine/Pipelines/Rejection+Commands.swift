// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel

/// The texts of refusals that the engine and those who ask it share. Source: captured texts of the live service.
extension Rejection {
    package static func stageNotFound(_ stage: String, in pipeline: String) -> Self {
        Self(.stageNotFound, "Pipeline '\(pipeline)' does not have a stage with name '\(stage)'")
    }

    /// Another execution has entered the stage since, or this one never did.
    package static func notLatest(_ id: PipelineExecutionID, in stage: String) -> Self {
        Self(.notLatestPipelineExecution, "The stage '\(stage)' is not at execution '\(id)'")
    }

    /// The refusal of a stop of an execution that has ended or never was.
    package static func notStoppable(_ id: PipelineExecutionID, in pipeline: String) -> Self {
        Self(
            .pipelineExecutionNotStoppable,
            "The pipeline execution with ID '\(id)' in '\(pipeline)' can't be stopped now. Either it does not exist"
                + " in the pipeline, or the pipeline execution has no action executions in progress."
        )
    }

    /// The pipeline does something that the call would collide with.
    package static let pipelineIsBusy = Self(
        .conflict,
        "Your request cannot be handled because the pipeline is busy handling ongoing activities. Try again later."
    )

    /// The gate has no condition that could be passed by.
    package static func conditionNotOverridable(_ gate: ConditionGate, of stage: String) -> Self {
        Self(
            .conditionNotOverridable,
            "The \(gate.rawValue) condition of stage '\(stage)' cannot be overridden in its present state"
        )
    }

    /// The token is none, or is that of an approval that was given up.
    package static let invalidApprovalToken = Self(.invalidApprovalToken, "The approval token is not valid")

    /// The approval was given up because another version is in force.
    package static func outdatedApproval(of pipeline: String) -> Self {
        Self(
            .invalidApprovalToken,
            "The pipeline \(pipeline) has been updated,"
                + " and the approval request you responded to is now out of date."
        )
    }

    package static let approvalAlreadyCompleted = Self(
        .approvalAlreadyCompleted,
        "The approval request that you responded to is already complete or has expired."
    )
}
