// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel

/// The caller, unless a test is about who calls.
let mia = "arn:aws:iam::000000000000:user/mia"

let shopKey = PipelineKey(scope: Scope(account: .default, region: .default), name: "shop")

/// An id that is the same for the same number.
func id<ID: UniqueIdentifier>(_ number: Int, as _: ID.Type = ID.self) -> ID {
    ID(UniqueID(high: 0x4000, low: 0x8000_0000_0000_0000 | UInt64(number)))
}

func at(_ seconds: Int64) -> Timestamp { Timestamp(millisecondsSinceEpoch: seconds * 1000) }

extension ActionTypeID {
    static let make = Self(category: .build, owner: .custom, provider: "Make", version: "1")
}

extension FailureDetails {
    static let broken = Self(type: .jobFailed, message: "3 tests failed")
}

extension ActionDeclaration {
    /// An action that a worker carries out.
    static func work(
        _ name: String = "Work",
        runOrder: Int = 1,
        configuration: [KeyedValue] = [],
        inputs: [String] = [],
        outputs: [String] = [],
        region: String? = nil,
        namespace: String? = nil
    ) -> Self {
        Self(
            name: name,
            typeID: .make,
            runOrder: runOrder,
            configuration: configuration,
            inputArtifacts: inputs,
            outputArtifacts: outputs,
            region: region,
            namespace: namespace
        )
    }

    static func approval(
        _ name: String = "SignOff",
        runOrder: Int = 1,
        configuration: [KeyedValue] = [],
        timeoutInMinutes: Int? = nil
    ) -> Self {
        Self(
            name: name,
            typeID: .manualApproval,
            runOrder: runOrder,
            configuration: configuration,
            timeoutInMinutes: timeoutInMinutes
        )
    }

    /// An S3 source.
    static func source(
        _ name: String = "Get",
        objectKey: String = "app/shop.zip",
        outputs: [String] = ["Source"],
        namespace: String? = nil
    ) -> Self {
        Self(
            name: name,
            typeID: .s3Source,
            configuration: [KeyedValue("S3Bucket", "sources"), KeyedValue("S3ObjectKey", objectKey)],
            outputArtifacts: outputs,
            namespace: namespace
        )
    }
}

extension StageDeclaration {
    /// A stage with the actions, or with one action `Work`.
    static func stage(
        _ name: String,
        _ actions: ActionDeclaration...,
        beforeEntry: ConditionDeclaration? = nil,
        onSuccess: ConditionDeclaration? = nil,
        onFailure: FailureHandling? = nil
    ) -> Self {
        Self(
            name: name,
            actions: actions.isEmpty ? [.work()] : actions,
            beforeEntry: beforeEntry,
            onSuccess: onSuccess,
            onFailure: onFailure
        )
    }
}

extension ConditionDeclaration {
    /// A condition with the rules, or with one rule `Window`.
    static func condition(_ result: ConditionResult, _ rules: RuleDeclaration...) -> Self {
        Self(result: result, rules: rules.isEmpty ? [.rule()] : rules)
    }
}

extension RuleDeclaration {
    static func rule(
        _ name: String = "Window",
        configuration: [KeyedValue] = [],
        commands: [String] = [],
        inputs: [String] = [],
        timeoutInMinutes: Int? = nil
    ) -> Self {
        Self(
            name: name,
            typeID: .variableCheck,
            configuration: configuration,
            commands: commands,
            inputArtifacts: inputs,
            timeoutInMinutes: timeoutInMinutes
        )
    }
}

extension PipelineDeclaration {
    static func shop(
        _ stages: [StageDeclaration],
        version: Int = 1,
        pipelineType: PipelineType = .v2,
        mode: ExecutionMode = .superseded,
        stores: [ArtifactStoreDeclaration] = [ArtifactStoreDeclaration(bucket: "artifacts")],
        variables: [VariableDeclaration] = []
    ) -> Self {
        Self(
            name: "shop",
            version: version,
            pipelineType: pipelineType,
            executionMode: mode,
            artifactStores: stores,
            variables: variables,
            stages: stages
        )
    }
}
