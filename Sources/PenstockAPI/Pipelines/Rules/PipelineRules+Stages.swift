// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockModel
internal import PenstockWire

// How many stages and actions there are, what the first stage holds, and what stages are called.
extension PipelineRules {
    /// Source: AWS CodePipeline User Guide, Quotas in AWS CodePipeline.
    static let stageCount = 2...50
    /// Source: as above. The limits of actions side by side and one after another are the same.
    static let actionsPerStage = 1...100
    /// Source: as above.
    static let maximumActions = 1000

    mutating func checkStageCount() {
        let count = self.pipeline.stages.count
        let (minimum, maximum) = (Self.stageCount.lowerBound, Self.stageCount.upperBound)
        if count < minimum {
            let problem = "Pipeline has only \(count) stage(s)."
            let rule = "There should be a minimum of \(minimum) stages in a pipeline"
            self.refuse(.invalidStructure, "\(problem) \(rule)")
        }
        if count > maximum {
            let rule = "There can only be up to \(maximum) stages in a pipeline"
            self.refuse(.invalidStructure, "Pipeline has too many stages. \(rule)")
        }
    }

    mutating func checkSourceStage() {
        let first = self.pipeline.stages.first?.actions ?? []
        if first.isEmpty || !first.allSatisfy(\.isSource) {
            self.refuse(.invalidStructure, "Pipeline should start with a stage that only contains source actions")
        }
        if self.pipeline.stages.dropFirst().contains(where: { $0.actions.contains(where: \.isSource) }) {
            let rule = "Source actions can only be included in the first stage of the pipeline"
            self.refuse(.invalidStructure, rule)
        }
        if self.actions.allSatisfy({ $0.declaration.isSource }) {
            let rule = "Pipeline should contain at least 1 action whose category is not Source"
            self.refuse(.invalidStructure, rule)
        }
    }

    mutating func checkActionCount() {
        guard self.actions.count > Self.maximumActions else { return }
        let rule = "There can only be up to \(Self.maximumActions) actions in a pipeline"
        self.refuse(.invalidStructure, "Pipeline has too many actions. \(rule)")
    }

    mutating func checkStageNames() {
        for name in self.pipeline.stages.map(\.name).repeated {
            self.refuse(.invalidStageDeclaration, "Stage name '\(name)' is used more than once")
        }
    }

    mutating func checkStageSizes() {
        let limits = Self.actionsPerStage
        for stage in self.pipeline.stages where !limits.contains(stage.actions.count) {
            let rule = "must contain between \(limits.lowerBound) and \(limits.upperBound) actions"
            self.refuse(.invalidStageDeclaration, "Stage '\(stage.name)' \(rule)")
        }
    }

    mutating func checkBlockers() {
        for stage in self.pipeline.stages where stage.blockers?.isEmpty == false {
            self.refuse(.invalidBlockerDeclaration, "Blockers are reserved for future use")
        }
    }
}

extension PenstockWire.ActionDeclaration {
    var isSource: Bool { self.actionTypeID.category == .source }
}

extension [String] {
    /// The texts that occur more than once, each once, in the order of their second occurrence.
    var repeated: [String] {
        var counts: [String: Int] = [:]
        return self.filter { text in
            counts[text, default: 0] += 1
            return counts[text] == 2
        }
    }
}
