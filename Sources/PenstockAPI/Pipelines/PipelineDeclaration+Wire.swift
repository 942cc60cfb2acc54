// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockModel
internal import PenstockWire

extension PenstockModel.PipelineDeclaration {
    /// What the engine acts on; the rest of the declaration is kept in its document alone.
    ///
    /// - Parameter wire: Valid by ``PipelineRules``, and with its secrets masked.
    init(_ wire: WirePipeline, type pipelineType: PenstockModel.PipelineType) {
        self.init(
            name: wire.name,
            pipelineType: pipelineType,
            executionMode: wire.executionMode.flatMap { .init(rawValue: $0.rawValue) } ?? .superseded,
            artifactStores: ArtifactStoreDeclaration.all(of: wire),
            variables: (wire.variables ?? []).map { variable in
                VariableDeclaration(
                    name: variable.name,
                    defaultValue: variable.defaultValue,
                    description: variable.description
                )
            },
            stages: wire.stages.map { .init($0) },
            triggers: (wire.triggers ?? []).map { TriggerDeclaration($0) }
        )
    }
}

extension ArtifactStoreDeclaration {
    fileprivate static func all(of wire: WirePipeline) -> [Self] {
        if let store = wire.artifactStore { return [Self(region: nil, store)] }
        return (wire.artifactStores ?? [:]).sorted { $0.key < $1.key }.map { Self(region: $0.key, $0.value) }
    }

    private init(region: String?, _ wire: ArtifactStore) {
        self.init(region: region, bucket: wire.location, encryptionKeyID: wire.encryptionKey?.id)
    }
}

extension PenstockModel.ActionDeclaration {
    init(_ wire: WireAction) {
        guard let typeID = PenstockModel.ActionTypeID(wire.actionTypeID) else {
            preconditionFailure("a valid declaration names action types that exist")
        }
        self.init(
            name: wire.name,
            typeID: typeID,
            runOrder: wire.runOrder ?? WireAction.defaultRunOrder,
            configuration: (wire.configuration ?? [:]).sorted { $0.key < $1.key }.map { KeyedValue($0.key, $0.value) },
            inputArtifacts: (wire.inputArtifacts ?? []).map(\.name),
            outputArtifacts: (wire.outputArtifacts ?? []).map(\.name),
            region: wire.region,
            roleARN: wire.roleARN,
            namespace: wire.namespace,
            timeoutInMinutes: wire.timeoutInMinutes
        )
    }
}
