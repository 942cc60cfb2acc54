// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// The operations that clients of CodePipeline have no words for: connecting customers, registering partners' action
/// types, looking at jobs and at what approvals are about, making access keys, seeing to events, moving a clock.
///
/// They are written by hand against the runtime that the generated operations use, and have its form: a POST whose body
/// is JSON, named by `X-Amz-Target`.
package enum Administration {
    /// The text before the dot of the `X-Amz-Target` header.
    package static let targetPrefix = "Penstock_20261123"

    /// The service in the scope of a signature, and in front of the actions of policies.
    package static let service = "penstock"

    /// All operations, by name.
    package static let all: [any WireOperation.Type] = [
        AdvanceClock.self,
        CreateConnection.self,
        CreateKey.self,
        DisableKey.self,
        DropDeadLetter.self,
        GetApproval.self,
        GetClock.self,
        ListConnections.self,
        ListDeadLetters.self,
        ListEventTargets.self,
        ListJobs.self,
        ListKeys.self,
        RedeliverDeadLetter.self,
        RegisterActionType.self,
        RevokeConnection.self,
        RotateConnection.self,
        SetClock.self,
    ]

    /// Registers a partner's action type of the caller's account, or replaces the one it has.
    ///
    /// Takes what UpdateActionType takes, which registers nothing for those who are no administrators.
    package enum RegisterActionType: WireOperation {
        package typealias Input = UpdateActionTypeInput
        package typealias Output = NoOutput

        package static let name = "RegisterActionType"
        package static let exceptions: [ExceptionCode] = [.validation, .requestFailed, .actionTypeNotFound]
    }
}

extension IntegerConstraints {
    /// How many rows of a listing are asked for.
    static let administrationPage = IntegerConstraints(minimum: 1, maximum: 1000)
}
