// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import Testing

/// Names that clients see and rows hold: none of them may change.
struct StatusTests {
    @Test func `Statuses have the names of the API`() {
        #expect(
            PipelineExecutionStatus.allCases.map(\.rawValue) == [
                "InProgress", "Stopping", "Stopped", "Succeeded", "Superseded", "Failed", "Cancelled",
            ])
        #expect(
            StageExecutionStatus.allCases.map(\.rawValue) == [
                "InProgress", "Stopping", "Stopped", "Succeeded", "Failed", "Cancelled", "Skipped",
            ])
        #expect(ActionExecutionStatus.allCases.map(\.rawValue) == ["InProgress", "Succeeded", "Failed", "Abandoned"])
    }

    @Test func `An execution is live while it waits or runs`() {
        #expect(PipelineExecutionStatus.allCases.filter(\.isLive) == [.inProgress, .stopping])
    }

    @Test func `Triggers, failures, retries and transitions have the names of the API`() {
        #expect(
            TriggerType.allCases.map(\.rawValue) == [
                "CreatePipeline", "StartPipelineExecution", "PollForSourceChanges", "Webhook", "WebhookV2",
                "CloudWatchEvent", "PutActionRevision", "ManualRollback", "AutomatedRollback",
            ])
        #expect(
            FailureType.allCases.map(\.rawValue) == [
                "JobFailed", "ConfigurationError", "PermissionError", "RevisionOutOfSync", "RevisionUnavailable",
                "SystemUnavailable",
            ])
        #expect(StageRetryMode.allCases.map(\.rawValue) == ["FAILED_ACTIONS", "ALL_ACTIONS"])
        #expect(TransitionSide.allCases.map(\.rawValue) == ["Inbound", "Outbound"])
    }

    @Test func `Declarations use the names of the API`() {
        #expect(ExecutionMode.allCases.map(\.rawValue) == ["SUPERSEDED", "QUEUED", "PARALLEL"])
        #expect(PipelineType.allCases.map(\.rawValue) == ["V1", "V2"])
        #expect(ActionOwner.allCases.map(\.rawValue) == ["AWS", "ThirdParty", "Custom"])
        #expect(
            ActionCategory.allCases.map(\.rawValue) == [
                "Source", "Build", "Deploy", "Test", "Invoke", "Approval", "Compute",
            ])
        #expect(ActionTypeProperty.ValueType.allCases.map(\.rawValue) == ["String", "Number", "Boolean"])
    }

    @Test func `A refusal says its code and its words`() {
        #expect(Rejection(.conflict, "busy").description == "conflict: busy")
    }
}
