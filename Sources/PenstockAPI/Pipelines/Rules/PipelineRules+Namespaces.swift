// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockModel
internal import PenstockWire

// Under which names actions publish variables, and that every reference finds something that surely is there.
extension PipelineRules {
    /// Namespaces that no action can have. Source: AWS CodePipeline User Guide, Variables reference.
    private enum Reserved {
        static let service = "codepipeline"
        static let pipelineVariables = "variables"
    }

    mutating func checkNamespaces() {
        var taken: Set<String> = []
        let artifacts = Set(self.actions.flatMap(\.outputs))
        for action in self.actions {
            guard let namespace = action.declaration.namespace else { continue }
            if !taken.insert(namespace).inserted {
                self.refuse(
                    .invalidActionDeclaration,
                    "Namespaces must be unique across the pipeline definition. The following occur more than once in"
                        + " the pipeline. StageName=[\(action.stage)], ActionName=[\(action.name)],"
                        + " Namespace=[\(namespace)]"
                )
            }
            if [Reserved.service, Reserved.pipelineVariables].contains(namespace) {
                let problem = "The namespace '\(namespace)' of action '\(action.name)' is reserved"
                self.refuse(.invalidActionDeclaration, problem)
            }
            if artifacts.contains(namespace) {
                let problem = "The namespace '\(namespace)' of action '\(action.name)' is the name of an artifact"
                self.refuse(.invalidActionDeclaration, problem)
            }
        }
    }

    mutating func checkReferences() {
        let pairs = self.actions.compactMap { action in action.declaration.namespace.map { ($0, action) } }
        let producers = Dictionary(pairs, uniquingKeysWith: { first, _ in first })
        let variables = Set((self.pipeline.variables ?? []).map(\.name))
        for action in self.actions {
            for text in action.declaration.textsWithReferences {
                for reference in VariableReference.all(in: text) {
                    guard let problem = self.problem(of: reference, in: action, producers, variables) else { continue }
                    let place = "Action '\(action.name)' in stage '\(action.stage)' refers to \(reference)"
                    self.refuse(.invalidActionDeclaration, "\(place), \(problem)")
                }
            }
        }
    }

    private func problem(
        of reference: VariableReference,
        in action: PlacedAction,
        _ producers: [String: PlacedAction],
        _ variables: Set<String>
    ) -> String? {
        switch reference.namespace {
        case Reserved.service:
            return reference.key == "PipelineExecutionId"
                ? nil : "but the namespace 'codepipeline' has PipelineExecutionId alone"
        case Reserved.pipelineVariables where action.declaration.isSource:
            return "but source actions cannot use pipeline variables"
        case Reserved.pipelineVariables:
            return variables.contains(reference.key) ? nil : "but the pipeline declares no such variable"
        case _:
            guard let producer = producers[reference.namespace] else {
                return "but no action has the namespace '\(reference.namespace)'"
            }
            return producer.precedes(action)
                ? nil : "but action '\(producer.name)' does not end before this one starts"
        }
    }
}

extension PenstockWire.ActionDeclaration {
    /// Where references are replaced, in a fixed order.
    fileprivate var textsWithReferences: [String] {
        (self.configuration ?? [:]).sorted { $0.key < $1.key }.map(\.value) + (self.commands ?? [])
            + (self.environmentVariables ?? []).map(\.value)
    }
}
