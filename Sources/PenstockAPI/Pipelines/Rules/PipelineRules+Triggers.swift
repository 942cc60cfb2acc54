// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockModel
internal import PenstockWire

// What starts a pipeline by itself.
extension PipelineRules {
    mutating func checkTriggers() {
        let configurations = (self.pipeline.triggers ?? []).map(\.gitConfiguration)
        let connections = (self.pipeline.stages.first?.actions ?? []).filter(\.isConnection).map(\.name)
        for configuration in configurations where !connections.contains(configuration.sourceActionName) {
            let rule = "Triggers for connections must reference a CodeStarSourceConnection action."
            self.refuse(.invalidStructure, rule)
        }
        for configuration in configurations where configuration.push?.contains(where: \.mixesTags) == true {
            self.refuse(
                .invalidStructure,
                "The trigger configuration for the source action is not valid."
                    + " Make sure to choose valid filter combinations."
            )
        }
        for name in configurations.map(\.sourceActionName).repeated {
            self.refuse(.invalidStructure, "The source action '\(name)' has more than one trigger")
        }
    }
}

extension PenstockWire.ActionDeclaration {
    fileprivate var isConnection: Bool { self.isSource && self.actionTypeID.provider == "CodeStarSourceConnection" }
}

extension PenstockWire.GitPushFilter {
    /// A tag is on no branch, so that such a filter would never pass.
    fileprivate var mixesTags: Bool { self.tags != nil && (self.branches != nil || self.filePaths != nil) }
}
