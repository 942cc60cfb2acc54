// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockModel
internal import PenstockRuntime
internal import PenstockWire

extension PipelineDefinition {
    /// A valid submission: its defaults filled in, its secrets taken out, its document ready to be written.
    ///
    /// - Parameters:
    ///   - pipelineType: The one in force, whether declared or not.
    ///   - definition: What an action type is.
    init(
        _ submitted: WirePipeline,
        type pipelineType: PenstockModel.PipelineType,
        definition: (PenstockModel.ActionTypeID) -> ActionTypeDefinition?
    ) {
        var split = SecretSplit()
        var shown = submitted
        shown.executionMode = submitted.executionMode ?? .superseded
        shown.pipelineType = WirePipelineType(rawValue: pipelineType.rawValue)
        shown.stages = submitted.stages.map { stage in
            var stage = stage
            stage.actions = stage.actions.map { action in
                var action = action
                action.fillDefaults()
                let type = PenstockModel.ActionTypeID(action.actionTypeID).flatMap(definition)
                if let type { split.mask(&action, of: stage.name, as: type) }
                return action
            }
            return stage
        }
        let document = shown
        self.init(
            declaration: PenstockModel.PipelineDeclaration(shown, type: pipelineType),
            secrets: split.secrets,
            masked: split.masked,
            document: { version in
                var document = document
                document.version = version
                return WireWriter.write(document, capacity: 4096)
            }
        )
    }
}

/// Secret configuration values, taken out of a declaration action by action.
private struct SecretSplit {
    private(set) var secrets: [SecretValue] = []
    /// Values that were masked already: they are those of the version before.
    private(set) var masked: [MaskedSecret] = []

    mutating func mask(_ action: inout WireAction, of stage: String, as type: ActionTypeDefinition) {
        for key in type.properties.filter(\.isSecret).map(\.name) {
            guard let value = action.configuration?[key] else { continue }
            if value == PenstockModel.ActionDeclaration.maskedValue {
                let secret = MaskedSecret(stageName: stage, actionName: action.name, typeID: type.id, key: key)
                self.masked.append(secret)
            } else {
                self.secrets.append(SecretValue(stageName: stage, actionName: action.name, key: key, value: value))
                action.configuration?[key] = PenstockModel.ActionDeclaration.maskedValue
            }
        }
    }
}

extension PenstockWire.ActionDeclaration {
    /// What answers show of an action that declared nothing.
    fileprivate mutating func fillDefaults() {
        self.runOrder = self.runOrder ?? Self.defaultRunOrder
        self.configuration = self.configuration ?? [:]
        self.inputArtifacts = self.inputArtifacts ?? []
        self.outputArtifacts = self.outputArtifacts ?? []
    }
}
