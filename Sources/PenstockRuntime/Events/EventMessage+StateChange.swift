// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockEngine
package import PenstockModel
package import PenstockStore

/// The event that tells of a change of state, in its documented form.
///
/// Source: AWS CodePipeline User Guide, Monitoring CodePipeline events.
extension EventMessage {
    /// The most Unicode scalars of the message of one failed action; an event is to fit where 256 KiB do.
    package static let maximumFailureLength = 1024
    /// The most failed actions that one event names; it counts all of them.
    package static let maximumFailedActions = 20

    /// - Parameters:
    ///   - id: Fresh; repeats of the event keep it.
    ///   - executionURL: Where the work of an action that has ended can be looked at.
    package init(_ change: StateChange, of pipeline: PipelineKey, id: UniqueID, executionURL: String? = nil) {
        var members = [
            JSONValue.Member("pipeline", pipeline.name),
            JSONValue.Member("execution-id", change.executionID.description),
            JSONValue.Member("start-time", change.startedAt.textWithMilliseconds),
        ]
        switch change.subject {
        case .pipeline: members += change.pipelineMembers
        case .stage(let stage): members += change.members(of: stage)
        case .action(let action): members += change.members(of: action, in: pipeline, executionURL: executionURL)
        }
        members += [
            JSONValue.Member("state", change.state.rawValue),
            JSONValue.Member("version", .fractional(change.pipelineVersion)),
            JSONValue.Member("pipeline-execution-attempt", .fractional(change.shownAttempt)),
        ]
        self.init(
            id: id,
            kind: .stateChange,
            pipeline: pipeline,
            at: change.at,
            detailType: EventSubject(change.subject).detailType,
            subject: ([pipeline.name] + change.place).joined(separator: "/") + " \(change.state.rawValue)",
            detail: JSONValue.object(members).rendered,
            additionalAttributes: change.additionalAttributes?.rendered
        )
    }
}

extension StateChange {
    /// When what the event is about began: the execution, the visit of the stage, or the attempt of the action.
    fileprivate var startedAt: Timestamp {
        switch self.subject {
        case .pipeline: self.executionStartedAt
        case .stage(let stage): stage.enteredAt
        case .action(let action): action.attempt.startedAt
        }
    }

    /// Counts from 1, but at stages says 0 until something was retried. Source: captured behaviour of the live service.
    fileprivate var shownAttempt: Int {
        if case .stage = self.subject, self.executionAttempt == 1 { return 0 }
        return self.executionAttempt
    }

    /// The names below the pipeline's that say what the event is about.
    fileprivate var place: [String] {
        switch self.subject {
        case .pipeline: []
        case .stage(let stage): [stage.name]
        case .action(let action): [action.stage, action.declaration.name]
        }
    }

    fileprivate var pipelineMembers: [JSONValue.Member] {
        [
            JSONValue.Member(
                "execution-trigger",
                self.trigger.map { trigger in
                    .object(
                        [
                            JSONValue.Member("trigger-type", trigger.type.rawValue),
                            JSONValue.Member("trigger-detail", trigger.detail),
                        ] + self.triggerMembers.map { JSONValue.Member($0.key, $0.value) })
                }),
            JSONValue.Member("stop-execution-comments", self.stopReason),
            JSONValue.Member("last-retry-attempt-time", self.retriedAt?.textWithMilliseconds),
        ]
    }

    fileprivate func members(of stage: Stage) -> [JSONValue.Member] {
        [
            JSONValue.Member("stage", stage.name),
            JSONValue.Member("stage-last-retry-attempt-time", stage.retriedAt?.textWithMilliseconds),
        ]
    }

    fileprivate func members(
        of action: Action,
        in pipeline: PipelineKey,
        executionURL: String?
    ) -> [JSONValue.Member] {
        let type = action.declaration.typeID
        var members = [
            JSONValue.Member("stage", action.stage),
            JSONValue.Member("action", action.declaration.name),
            JSONValue.Member("action-execution-id", action.attempt.id.description),
            JSONValue.Member("region", action.declaration.region ?? pipeline.scope.region.rawValue),
            JSONValue.Member(
                "type",
                .object([
                    JSONValue.Member("owner", type.owner.rawValue),
                    JSONValue.Member("provider", type.provider),
                    JSONValue.Member("category", type.category.rawValue),
                    JSONValue.Member("version", type.version),
                ])),
        ]
        switch self.state {
        case .started: members.append(JSONValue.Member("input-artifacts", .artifacts(action.inputs)))
        case .succeeded:
            members.append(JSONValue.Member("output-artifacts", .artifacts(action.attempt.outputs)))
            members.append(JSONValue.Member("execution-result", action.attempt.result(executionURL)))
        case .failed, .canceled, .abandoned:
            members.append(JSONValue.Member("execution-result", action.attempt.result(executionURL)))
        case .resumed, .stopping, .stopped, .superseded, .skipped: break
        }
        return members
    }

    /// Why something failed, in the form of processed events: plain ones do not tell, ours do.
    fileprivate var additionalAttributes: JSONValue? {
        guard self.state == .failed else { return nil }
        switch self.subject {
        case .pipeline, .stage:
            return Self.failures(self.failedActions.map { ($0.name, $0.message) }, in: self.failedStage)
        case .action(let action):
            return Self.failures([(action.declaration.name, action.attempt.failureMessage)], in: action.stage)
        }
    }

    private static func failures(_ actions: [(name: String, message: String)], in stage: String?) -> JSONValue {
        let named = actions.prefix(EventMessage.maximumFailedActions).map { action in
            JSONValue.object([
                JSONValue.Member("action", action.name),
                JSONValue.Member(
                    "additionalInformation", action.message.cut(to: EventMessage.maximumFailureLength)),
            ])
        }
        return .object([
            JSONValue.Member("failedActionCount", .whole(actions.count)),
            JSONValue.Member("failedActions", .list(named)),
            JSONValue.Member("failedStage", stage),
        ])
    }
}

extension ActionAttempt {
    /// What came of an attempt that has ended; `nil` where nothing is known.
    fileprivate func result(_ executionURL: String?) -> JSONValue? {
        let summary = self.failure?.message ?? self.summary
        let code = self.failure?.type ?? (self.status == .failed ? .jobFailed : nil)
        let members = [
            JSONValue.Member("external-execution-url", executionURL),
            JSONValue.Member("external-execution-summary", summary?.cut(to: EventMessage.maximumFailureLength)),
            JSONValue.Member(
                "external-execution-id", self.isApproval ? self.id.description : self.externalExecutionID),
            JSONValue.Member("error-code", code?.rawValue),
        ]
        return members.allSatisfy { $0.value == nil } ? nil : .object(members)
    }

    /// The message of the failure, or the words of who rejected it.
    fileprivate var failureMessage: String { self.failure?.message ?? self.summary ?? "" }
}

extension JSONValue {
    fileprivate static func artifacts(_ artifacts: [ArtifactReference]) -> Self? {
        guard !artifacts.isEmpty else { return nil }
        return .list(
            artifacts.map { artifact in
                .object([
                    Member("name", artifact.name),
                    Member(
                        "s3location",
                        .object([
                            Member("bucket", artifact.location.bucket), Member("key", artifact.location.key),
                        ])),
                ])
            })
    }
}
