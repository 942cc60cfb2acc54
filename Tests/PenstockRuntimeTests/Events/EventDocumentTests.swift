// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockRuntime
import PenstockStore
import Testing

@testable import PenstockEngine

/// Events in their documented form, to the byte.
struct EventDocumentTests {
    private static let execution = "00000000-0000-4000-8000-000000000001"
    private static let attempt = "00000000-0000-4000-8000-000000000002"

    /// Begins the detail of an event of the pipeline.
    private static let pipeline =
        #"{"pipeline":"shop","execution-id":"\#(execution)","start-time":"2026-02-01T10:20:30.911Z","#
    private static let stageStart =
        #"{"pipeline":"shop","execution-id":"\#(execution)","start-time":"2026-02-01T10:21:00.004Z","#
        + #""stage":"Build","#
    private static let actionStart =
        #"{"pipeline":"shop","execution-id":"\#(execution)","start-time":"2026-02-01T10:21:00.120Z","#
        + #""stage":"Build","action":"Compile","action-execution-id":"\#(attempt)","region":"eu-central-1","#
        + #""type":{"owner":"AWS","provider":"CodeBuild","category":"Build","version":"1"},"#

    private func detail(_ change: StateChange, executionURL: String? = nil) -> String {
        EventMessage(change, of: shop, id: uniqueID(9), executionURL: executionURL).detail
    }

    private func message(_ change: StateChange) -> EventMessage { EventMessage(change, of: shop, id: uniqueID(9)) }

    // MARK: The envelope

    @Test func `The envelope has every member of the documentation, and times in whole seconds`() {
        let trigger = Trigger(type: .startPipelineExecution, detail: "arn:aws:iam::123456789012:user/mia")
        let message = self.message(change(to: .started, trigger: trigger))
        #expect(
            message.document
                == #"{"version":"0","id":"00000000-0000-4000-8000-000000000009","#
                + #""detail-type":"CodePipeline Pipeline Execution State Change","source":"aws.codepipeline","#
                + #""account":"123456789012","time":"2026-02-01T10:24:02Z","region":"eu-central-1","#
                + #""resources":["arn:aws:codepipeline:eu-central-1:123456789012:shop"],"detail":"#
                + Self.pipeline
                + #""execution-trigger":{"trigger-type":"StartPipelineExecution","#
                + #""trigger-detail":"arn:aws:iam::123456789012:user/mia"},"#
                + #""state":"STARTED","version":3.0,"pipeline-execution-attempt":1.0}}"#)
    }

    @Test func `A notification names its rule, and has attributes whether there is something to say or not`() {
        var message = self.message(change(to: .succeeded))
        message.notificationRule = "arn:rule"
        #expect(
            message.document
                == #"{"account":"123456789012","detailType":"CodePipeline Pipeline Execution State Change","#
                + #""region":"eu-central-1","source":"aws.codepipeline","time":"2026-02-01T10:24:02Z","#
                + #""notificationRuleArn":"arn:rule","detail":"# + message.detail
                + #","resources":["arn:aws:codepipeline:eu-central-1:123456789012:shop"],"additionalAttributes":{}}"#)
        message.additionalAttributes = #"{"sourceActions":[]}"#
        #expect(message.document.hasSuffix(#","additionalAttributes":{"sourceActions":[]}}"#))
    }

    @Test(arguments: [
        (StateChange.Subject.pipeline, "CodePipeline Pipeline Execution State Change"),
        (stage(), "CodePipeline Stage Execution State Change"),
        (action(), "CodePipeline Action Execution State Change"),
    ])
    func `What an event is about is in its type`(_ subject: StateChange.Subject, _ type: String) {
        #expect(self.message(change(of: subject, to: .succeeded)).detailType == type)
    }

    @Test(arguments: [
        ("pipeline", "STARTED RESUMED STOPPING STOPPED SUCCEEDED FAILED CANCELED SUPERSEDED"),
        ("stage", "STARTED RESUMED STOPPING STOPPED SUCCEEDED FAILED CANCELED SKIPPED"),
        ("action", "STARTED SUCCEEDED FAILED CANCELED ABANDONED"),
    ])
    func `Each has the states of the documentation, and stages may be skipped`(_ subject: String, _ states: String) {
        let expected = states.split(separator: " ").map(String.init)
        #expect(EventSubject(rawValue: subject)?.states.map(\.rawValue) == expected)
    }

    // MARK: Pipelines

    @Test func `The end of an execution says no more than that`() {
        #expect(
            self.detail(change(to: .succeeded))
                == Self.pipeline + #""state":"SUCCEEDED","version":3.0,"pipeline-execution-attempt":1.0}"#)
    }

    @Test func `What is known of a git trigger is told beside its type and detail`() {
        let trigger = Trigger(type: .webhookV2, detail: #"{"CommitId":"6dcb"}"#)
        let members = [KeyedValue("branch-name", "main"), KeyedValue("commit-message", "Say \"hello\"")]
        #expect(
            self.detail(change(to: .succeeded, trigger: trigger, triggerMembers: members))
                == Self.pipeline
                + #""execution-trigger":{"trigger-type":"WebhookV2","trigger-detail":"{\"CommitId\":\"6dcb\"}","#
                + #""branch-name":"main","commit-message":"Say \"hello\""},"#
                + #""state":"SUCCEEDED","version":3.0,"pipeline-execution-attempt":1.0}"#)
    }

    @Test func `A stop tells its reason`() {
        #expect(
            self.detail(change(to: .stopping, stopReason: "wrong region"))
                == Self.pipeline
                + #""stop-execution-comments":"wrong region","#
                + #""state":"STOPPING","version":3.0,"pipeline-execution-attempt":1.0}"#)
    }

    @Test func `A retry tells when it was, and counts`() {
        let retried = at(minute: 62, second: 10, milliseconds: 500)
        #expect(
            self.detail(change(to: .resumed, attempt: 2, retriedAt: retried))
                == Self.pipeline
                + #""last-retry-attempt-time":"2026-02-01T11:02:10.500Z","#
                + #""state":"RESUMED","version":3.0,"pipeline-execution-attempt":2.0}"#)
    }

    // MARK: Stages

    @Test func `A stage counts no attempt until something was retried`() {
        #expect(
            self.detail(change(of: stage(), to: .failed))
                == Self.stageStart + #""state":"FAILED","version":3.0,"pipeline-execution-attempt":0.0}"#)
    }

    @Test func `A stage that was retried tells when, and counts`() {
        let retried = at(minute: 62, second: 10, milliseconds: 500)
        #expect(
            self.detail(change(of: stage(retriedAt: retried), to: .resumed, attempt: 2, retriedAt: retried))
                == Self.stageStart
                + #""stage-last-retry-attempt-time":"2026-02-01T11:02:10.500Z","#
                + #""state":"RESUMED","version":3.0,"pipeline-execution-attempt":2.0}"#)
    }

    // MARK: Actions

    @Test func `An action that starts tells its inputs`() {
        #expect(
            self.detail(change(of: action(inputs: [artifact("SourceOut")]), to: .started))
                == Self.actionStart
                + #""input-artifacts":[{"name":"SourceOut","s3location":{"bucket":"cd-artifacts","#
                + #""key":"shop/SourceOut/aB3dE9k"}}],"#
                + #""state":"STARTED","version":3.0,"pipeline-execution-attempt":1.0}"#)
    }

    @Test func `An action that starts without inputs has no list of them`() {
        #expect(
            self.detail(change(of: action(), to: .started))
                == Self.actionStart + #""state":"STARTED","version":3.0,"pipeline-execution-attempt":1.0}"#)
    }

    @Test func `An action that succeeds tells its outputs and what came of it`() {
        var attempt = newAttempt(outputs: [artifact("BuildOut")])
        attempt.report(ActionProgress(summary: "14 files", externalExecutionID: "run-8123"), at: at(minute: 22))
        attempt.end(.succeeded(outputs: nil), at: at(minute: 23))
        #expect(
            self.detail(change(of: action(attempt), to: .succeeded), executionURL: "https://cd.example.org/runs/8123")
                == Self.actionStart
                + #""output-artifacts":[{"name":"BuildOut","s3location":{"bucket":"cd-artifacts","#
                + #""key":"shop/BuildOut/aB3dE9k"}}],"#
                + #""execution-result":{"external-execution-url":"https://cd.example.org/runs/8123","#
                + #""external-execution-summary":"14 files","external-execution-id":"run-8123"},"#
                + #""state":"SUCCEEDED","version":3.0,"pipeline-execution-attempt":1.0}"#)
    }

    @Test func `An action that fails tells why, in its result and beside the detail`() {
        var attempt = newAttempt()
        attempt.report(ActionProgress(externalExecutionID: "run-8123"), at: at(minute: 22))
        attempt.end(.failed(FailureDetails(type: .jobFailed, message: "2 tests failed")), at: at(minute: 23))
        let message = self.message(change(of: action(attempt), to: .failed))
        #expect(
            message.detail
                == Self.actionStart
                + #""execution-result":{"external-execution-summary":"2 tests failed","#
                + #""external-execution-id":"run-8123","error-code":"JobFailed"},"#
                + #""state":"FAILED","version":3.0,"pipeline-execution-attempt":1.0}"#)
        let attributes =
            #"{"failedActionCount":1,"failedActions":[{"action":"Compile","#
            + #""additionalInformation":"2 tests failed"}],"failedStage":"Build"}"#
        #expect(message.additionalAttributes == attributes)
        #expect(message.document.hasSuffix(#","additionalAttributes":\#(attributes)}"#))
        #expect(message.wholeDetail == message.detail.dropLast() + #","additionalAttributes":\#(attributes)}"#)
    }

    @Test(arguments: [StateChange.State.abandoned, .canceled])
    func `An action that is given up tells what was known of it`(_ state: StateChange.State) {
        var attempt = newAttempt()
        attempt.report(ActionProgress(externalExecutionID: "run-8123"), at: at(minute: 22))
        attempt.end(.abandoned(summary: nil, by: nil), at: at(minute: 23))
        #expect(
            self.detail(change(of: action(attempt), to: state))
                == Self.actionStart
                + #""execution-result":{"external-execution-id":"run-8123"},"#
                + #""state":"\#(state.rawValue)","version":3.0,"pipeline-execution-attempt":1.0}"#)
    }

    @Test func `A rejection is a failed job with the reviewer's words and the approval's own id`() {
        var attempt = newAttempt(isApproval: true)
        attempt.end(.rejected(summary: "basket is wrong", by: "arn"), at: at(minute: 23))
        let detail = self.detail(change(of: action(attempt), to: .failed))
        #expect(
            detail.contains(
                #""execution-result":{"external-execution-summary":"basket is wrong","#
                    + #""external-execution-id":"\#(Self.attempt)","error-code":"JobFailed"}"#))
    }

    @Test func `An action of another region names that`() {
        #expect(
            self.detail(change(of: action(region: "eu-west-1"), to: .started)).contains(#""region":"eu-west-1","#))
    }

    // MARK: Failures

    @Test(arguments: [StateChange.Subject.pipeline, stage()])
    func `A failure names the stage and every action that failed, with its message`(_ subject: StateChange.Subject) {
        let failed = [
            StateChange.FailedAction(name: "Compile", message: "line 1\n\"quoted\" \\ \u{1}"),
            StateChange.FailedAction(name: "Lint", message: "ü"),
        ]
        let message = self.message(
            change(of: subject, to: .failed, failedStage: "Build", failedActions: failed))
        #expect(
            message.additionalAttributes
                == #"{"failedActionCount":2,"failedActions":[{"action":"Compile","#
                + #""additionalInformation":"line 1\n\"quoted\" \\ \u0001"},"#
                + #"{"action":"Lint","additionalInformation":"ü"}],"failedStage":"Build"}"#)
    }

    @Test func `Only failures say more than the documentation`() {
        for state in StateChange.State.allCases where state != .failed {
            #expect(self.message(change(to: state)).additionalAttributes == nil)
        }
    }

    @Test func `However much failed, an event fits where 256 KiB do`() {
        let failed = (1...100).map {
            StateChange.FailedAction(name: "Action\($0)", message: String(repeating: "\u{1}", count: 5000))
        }
        let message = self.message(change(to: .failed, failedStage: "Build", failedActions: failed))
        #expect(message.document.utf8.count < 256 * 1024)
        #expect(message.additionalAttributes?.hasPrefix(#"{"failedActionCount":100,"#) == true)
        let named = message.document.ranges(of: #""additionalInformation""#).count
        #expect(named == EventMessage.maximumFailedActions)
    }

    // MARK: Rows

    @Test func `A message is read back as it was written`() throws {
        let failed = [StateChange.FailedAction(name: "Compile", message: "no")]
        var notification = self.message(change(to: .started))
        notification.notificationRule = "arn:rule"
        let plain = [self.message(change(to: .started)), self.message(change(to: .failed, failedActions: failed))]
        for message in plain + [notification] {
            #expect(try EventMessage(storedBytes: message.storedBytes()) == message)
        }
    }

    @Test func `A subject says what changed where`() {
        #expect(self.message(change(to: .started)).subject == "shop STARTED")
        #expect(self.message(change(of: stage(), to: .failed)).subject == "shop/Build FAILED")
        #expect(self.message(change(of: action(), to: .succeeded)).subject == "shop/Build/Compile SUCCEEDED")
    }
}
