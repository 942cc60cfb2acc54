// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockModel
internal import PenstockWire

// How many artifacts actions take and give, and that every input has been made before it is taken.
extension PipelineRules {
    mutating func checkArtifactCounts() {
        for action in self.actions {
            guard let definition = action.definition else { continue }
            self.check(action.inputs.count, "input", definition.inputArtifacts, of: action)
            self.check(action.outputs.count, "output", definition.outputArtifacts, of: action)
        }
    }

    private mutating func check(_ count: Int, _ kind: String, _ limits: ArtifactCount, of action: PlacedAction) {
        let problem = "Action \(action.name) declares \(count) \(kind) artifacts which is"
        if count < limits.minimum {
            let rule = "less than the minimum count (\(limits.minimum))"
            self.refuse(.invalidActionDeclaration, "\(problem) \(rule)")
        }
        if count > limits.maximum {
            let rule = "more than the maximum count (\(limits.maximum))"
            self.refuse(.invalidActionDeclaration, "\(problem) \(rule)")
        }
    }

    mutating func checkArtifactFlow() {
        for name in self.actions.flatMap(\.outputs).repeated {
            let rule = "Output Artifact Bundle name must be unique within the pipeline."
            self.refuse(.invalidActionDeclaration, "\(rule) \(name) has been used more than once.")
        }
        let pairs = self.actions.flatMap { action in action.outputs.map { ($0, action) } }
        let producers = Dictionary(pairs, uniquingKeysWith: { first, _ in first })
        for action in self.actions {
            for name in action.inputs where producers[name]?.precedes(action) != true {
                let problem = "is not declared as Output Artifact Bundle in any of the preceding actions"
                let place = "Input Artifact Bundle \(name) in action \(action.name)"
                self.refuse(.invalidActionDeclaration, "\(place) \(problem)")
            }
            for name in action.inputs.repeated {
                let problem = "declares the input artifact \(name) more than once"
                self.refuse(.invalidActionDeclaration, "Action \(action.name) \(problem)")
            }
        }
    }
}
