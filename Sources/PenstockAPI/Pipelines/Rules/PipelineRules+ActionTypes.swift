// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockModel
internal import PenstockWire

// What actions are called, what they are, and which members only some of them have.
extension PipelineRules {
    mutating func checkActionNames() {
        for stage in self.pipeline.stages {
            for name in stage.actions.map(\.name).repeated {
                let problem = "Action name '\(name)' is used more than once in stage '\(stage.name)'"
                self.refuse(.invalidActionDeclaration, problem)
            }
        }
    }

    mutating func checkActionTypes() {
        for action in self.actions {
            if action.definition == nil {
                let place = "in action '\(action.name)' is not available in region '\(self.regionSymbol(of: action))'"
                self.refuse(.invalidActionDeclaration, "ActionType \(action.typeID.place) \(place)")
            }
            if self.pipelineType == .v1, action.typeID.needsV2 {
                let rule = "Action can only be used with V2 pipelines."
                self.refuse(.invalidActionDeclaration, "\(action.typeID.provider) \(rule)")
            }
        }
    }

    /// In the form of the live service's messages, such as `US_EAST_1`.
    private func regionSymbol(of action: PlacedAction) -> String {
        (action.declaration.region ?? self.region).uppercased().replacing("-", with: "_")
    }

    mutating func checkActionMembers() {
        for action in self.actions {
            self.checkRegion(of: action)
            self.checkTimeout(of: action)
            self.checkCommands(of: action)
        }
    }

    /// Source: AWS CodePipeline User Guide, Add a cross-Region action.
    private mutating func checkRegion(of action: PlacedAction) {
        guard let region = action.declaration.region, region != self.region,
            action.declaration.isSource || action.typeID.owner != .aws
        else { return }
        self.refuse(
            .invalidActionDeclaration,
            "Action '\(action.name)' cannot run in region '\(region)':"
                + " source, third-party and custom actions run in the region of the pipeline"
        )
    }

    private mutating func checkTimeout(of action: PlacedAction) {
        let isApproval = action.typeID.category == .approval && action.typeID.owner == .aws
        guard action.declaration.timeoutInMinutes != nil, !isApproval else { return }
        let rule = "only manual approval actions can declare 'timeoutInMinutes'"
        self.refuse(.invalidActionDeclaration, "Action '\(action.name)': \(rule)")
    }

    /// What is run is declared beside the configuration, by few providers.
    private mutating func checkCommands(of action: PlacedAction) {
        let declaration = action.declaration
        if action.typeID.isCommands {
            let commands = declaration.commands ?? []
            if commands.isEmpty {
                let rule = "must have a non-empty commands field"
                self.refuse(.invalidActionDeclaration, "Action \(action.name) \(rule)")
            }
            if commands.contains(where: { $0.contains(where: \.isNewline) }) {
                let rule = "each of its commands must be a single line"
                self.refuse(.invalidActionDeclaration, "Action '\(action.name)': \(rule)")
            }
            return
        }
        if declaration.commands != nil { self.refuseForeign("commands", of: action) }
        if declaration.outputVariables != nil { self.refuseForeign("outputVariables", of: action) }
        if declaration.environmentVariables != nil, !action.typeID.takesEnvironment {
            self.refuseForeign("environmentVariables", of: action)
        }
        if declaration.outputArtifacts?.contains(where: { $0.files != nil }) == true {
            self.refuseForeign("outputArtifacts.files", of: action)
        }
    }

    private mutating func refuseForeign(_ member: String, of action: PlacedAction) {
        let rule = "actions of provider '\(action.typeID.provider)' cannot declare '\(member)'"
        self.refuse(.invalidActionDeclaration, "Action '\(action.name)': \(rule)")
    }
}

extension PenstockWire.ActionTypeID {
    /// As messages name a type.
    fileprivate var place: String {
        "(Category: '\(self.category)', Provider: '\(self.provider)', Owner: '\(self.owner)',"
            + " Version: '\(self.version)')"
    }

    fileprivate var isCommands: Bool { self.owner == .aws && self.provider == "Commands" }

    /// Whether `environmentVariables` go with the provider.
    fileprivate var takesEnvironment: Bool { self.owner == .aws && ["Commands", "EKS"].contains(self.provider) }
}
