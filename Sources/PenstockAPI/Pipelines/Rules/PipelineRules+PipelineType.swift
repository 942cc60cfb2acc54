// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockModel
internal import PenstockWire

// What only pipelines of type V2 may declare, and what a pipeline's type is when it says nothing.
extension PipelineRules {
    mutating func checkVariableDeclarations() {
        for name in (self.pipeline.variables ?? []).map(\.name).repeated {
            let problem = "The following variable name is already in use: \(name)"
            self.refuse(.invalidStructure, "Variable names must be unique. \(problem)")
        }
    }

    mutating func checkPipelineType() {
        guard self.pipelineType == .v1 else { return }
        if self.pipeline.usesOtherModes {
            self.refuse(.invalidStructure, "QUEUED or PARALLEL mode can only be used with V2 pipelines")
        }
        if self.pipeline.variables?.isEmpty == false {
            self.refuse(.invalidStructure, "Pipeline variable can only be used with V2 pipelines")
        }
        if self.pipeline.triggers?.isEmpty == false {
            self.refuse(.invalidStructure, "Triggers on tag can only be used with V2 pipelines")
        }
    }
}

extension PenstockWire.PipelineDeclaration {
    /// The declared type, or else the one that the declaration calls for.
    ///
    /// - Parameter current: What an existing pipeline is, which it stays as long as nothing needs more.
    func type(current: PenstockModel.PipelineType? = nil) -> PenstockModel.PipelineType {
        if let declared = self.pipelineType.flatMap({ PenstockModel.PipelineType(rawValue: $0.rawValue) }) {
            return declared
        }
        return self.needsV2 ? .v2 : current ?? .v1
    }

    fileprivate var usesOtherModes: Bool { self.executionMode.map { $0 != .superseded } ?? false }

    private var needsV2: Bool {
        self.usesOtherModes || self.variables?.isEmpty == false || self.triggers?.isEmpty == false
            || self.stages.contains { stage in
                stage.hasConditions || stage.actions.contains(where: \.actionTypeID.needsV2)
            }
    }
}

extension PenstockWire.StageDeclaration {
    /// Whether anything but its actions decides about the stage.
    var hasConditions: Bool { self.beforeEntry != nil || self.onSuccess != nil || self.onFailure != nil }
}

extension PenstockWire.ActionTypeID {
    /// Providers of the service itself that came with V2, with their categories.
    ///
    /// Source: AWS CodePipeline User Guide, the providers' reference pages.
    private static let v2Providers: [String: Set<PenstockWire.ActionCategory>] = [
        "CodePipeline": [.invoke],
        "Commands": [.compute, .build],
        "EC2": [.deploy],
        "ECRBuildAndPublish": [.build],
        "EKS": [.deploy],
        "InspectorScan": [.invoke],
        "Lambda": [.deploy],
    ]

    var needsV2: Bool {
        self.owner == .aws && Self.v2Providers[self.provider]?.contains(self.category) == true
    }
}
