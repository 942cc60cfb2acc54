// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockRuntime
import PenstockStore
import Synchronization

@testable import PenstockEngine

let shop = PipelineKey(
    scope: Scope(account: AccountID("123456789012") ?? .default, region: Region("eu-central-1") ?? .default),
    name: "shop"
)

func uniqueID(_ number: UInt64) -> UniqueID { UniqueID(high: 0x4000, low: 0x8000_0000_0000_0000 | number) }

/// The instant, counted from 2026-02-01T10:00:00Z.
func at(minute: Int64, second: Int64 = 0, milliseconds: Int64 = 0) -> Timestamp {
    Timestamp(millisecondsSinceEpoch: 1_769_940_000_000 + (minute * 60 + second) * 1000 + milliseconds)
}

/// A change of the third version of `shop`, whose execution began at 10:20:30.911.
func change(
    of subject: StateChange.Subject = .pipeline,
    to state: StateChange.State,
    attempt: Int = 1,
    retriedAt: Timestamp? = nil,
    trigger: Trigger? = nil,
    triggerMembers: [KeyedValue] = [],
    stopReason: String? = nil,
    failedStage: String? = nil,
    failedActions: [StateChange.FailedAction] = []
) -> StateChange {
    StateChange(
        subject: subject,
        state: state,
        executionID: PipelineExecutionID(uniqueID(1)),
        pipelineVersion: 3,
        executionStartedAt: at(minute: 20, second: 30, milliseconds: 911),
        executionAttempt: attempt,
        retriedAt: retriedAt,
        trigger: trigger,
        triggerMembers: triggerMembers,
        stopReason: stopReason,
        failedStage: failedStage,
        failedActions: failedActions,
        at: at(minute: 24, second: 2, milliseconds: 999)
    )
}

func stage(retriedAt: Timestamp? = nil) -> StateChange.Subject {
    .stage(StateChange.Stage(name: "Build", enteredAt: at(minute: 21, milliseconds: 4), retriedAt: retriedAt))
}

func newAttempt(outputs: [ArtifactReference] = [], isApproval: Bool = false) -> ActionAttempt {
    ActionAttempt(
        id: ActionExecutionID(uniqueID(2)), startedAt: at(minute: 21, milliseconds: 120), outputs: outputs,
        isApproval: isApproval)
}

func action(
    _ attempt: ActionAttempt = newAttempt(),
    region: String? = nil,
    inputs: [ArtifactReference] = []
) -> StateChange.Subject {
    let type = ActionTypeID(category: .build, owner: .aws, provider: "CodeBuild", version: "1")
    let declaration = ActionDeclaration(name: "Compile", typeID: type, region: region)
    return .action(StateChange.Action(stage: "Build", declaration: declaration, attempt: attempt, inputs: inputs))
}

func artifact(_ name: String) -> ArtifactReference {
    ArtifactReference(name: name, location: ObjectLocation(bucket: "cd-artifacts", key: "shop/\(name)/aB3dE9k"))
}

/// A target that takes note of what it is told, and refuses what it is told to.
final class RecordingSender: EventSender {
    private struct State {
        var deliveries: [EventDelivery] = []
        var failures: [EventSendFailure] = []
        var failsAlways = false
    }

    private let state = Mutex(State())

    var deliveries: [EventDelivery] { self.state.withLock { $0.deliveries } }
    var subjects: [String] { self.deliveries.map(\.message.subject) }
    var ids: [UniqueID] { self.deliveries.map(\.message.id) }

    /// The next attempts fail, one for each.
    func fail(_ failures: EventSendFailure...) { self.state.withLock { $0.failures += failures } }

    var failsAlways: Bool {
        get { self.state.withLock { $0.failsAlways } }
        set { self.state.withLock { $0.failsAlways = newValue } }
    }

    func send(_ delivery: EventDelivery) async throws(EventSendFailure) {
        let failure = self.state.withLock { state -> EventSendFailure? in
            state.deliveries.append(delivery)
            if state.failsAlways { return EventSendFailure("it is down") }
            return state.failures.isEmpty ? nil : state.failures.removeFirst()
        }
        if let failure { throw failure }
    }
}
