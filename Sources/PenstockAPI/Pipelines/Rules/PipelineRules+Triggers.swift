// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockModel
internal import PenstockWire

// What starts a pipeline by itself.
extension PipelineRules {
    /// Of all triggers of a pipeline as they are written on the wire, without spaces.
    ///
    /// Source: AWS CodePipeline User Guide, Quotas in AWS CodePipeline.
    static let maximumTriggersBytes = 200 * 1024

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
        for configuration in configurations where configuration.repeatsFilters {
            let name = configuration.sourceActionName
            self.refuse(.invalidStructure, "The trigger of the source action '\(name)' has the same filter twice")
        }
        self.checkTriggersSize()
    }

    private mutating func checkTriggersSize() {
        guard let triggers = self.pipeline.triggers, !triggers.isEmpty else { return }
        let size = triggers.reduce(1) { $0 + 1 + WireWriter.write($1).count }
        guard size > Self.maximumTriggersBytes else { return }
        let rule = "up to \(Self.maximumTriggersBytes) are allowed"
        self.refuse(.invalidStructure, "The triggers of the pipeline have \(size) bytes; \(rule)")
    }
}

extension GitConfiguration {
    /// Pushes and pull requests are kept apart: a filter of one never equals one of the other.
    fileprivate var repeatsFilters: Bool {
        Self.hasRepetition(self.push ?? []) || Self.hasRepetition(self.pullRequest ?? [])
    }

    private static func hasRepetition(_ filters: [some Hashable]) -> Bool { Set(filters).count < filters.count }
}

extension PenstockWire.ActionDeclaration {
    fileprivate var isConnection: Bool { self.isSource && self.actionTypeID.provider == "CodeStarSourceConnection" }
}

extension PenstockWire.GitPushFilter {
    /// A tag is on no branch, so that such a filter would never pass.
    fileprivate var mixesTags: Bool { self.tags != nil && (self.branches != nil || self.filePaths != nil) }
}
