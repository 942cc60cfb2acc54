// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

public import PenstockModel

/// Replaces `#{namespace.key}` in configuration values, in one pass: what is put in is not looked at again.
public struct VariableReferences: Sendable {
    /// The most bytes that one action's resolved configuration may have.
    /// Source: AWS CodePipeline User Guide, Quotas in AWS CodePipeline.
    public static let maximumResolvedBytes = 100 * 1024

    /// The value of `namespace.key`; `nil` when nothing has that name.
    let value: @Sendable (_ namespace: String, _ key: String) -> String?

    /// References that an execution can resolve: its id, its pipeline variables and its actions' outputs.
    public init(execution: PipelineExecution) {
        self.value = { namespace, key in
            switch namespace {
            case "codepipeline": key == "PipelineExecutionId" ? execution.id.description : nil
            case "variables": execution.variables[key: key]
            case let other: execution.outputs.first { $0.namespace == other }?.values[key: key]
            }
        }
    }

    /// The text with its references replaced, and the references that have no value, as written.
    public func resolve(_ text: String) -> (text: String, unresolved: [String]) {
        var result = ""
        var unresolved: [String] = []
        for part in VariableReference.parts(of: text) {
            switch part {
            case .text(let text): result += text
            case .reference(let reference):
                if let value = self.value(reference.namespace, reference.key) {
                    result += value
                } else {
                    unresolved.append(reference.description)
                }
            }
        }
        return (result, unresolved)
    }

    /// Why an action fails some of whose references have no value.
    ///
    /// - Parameters:
    ///   - unresolved: The references as they are written.
    ///   - note: Follows the list.
    public static func failure(action: String, unresolved: [String], note: String = "") -> FailureDetails {
        var named: Set<String> = []
        let each = unresolved.filter { named.insert($0).inserted }.joined(separator: ", ")
        return FailureDetails(
            type: .configurationError,
            message: "An action in this pipeline failed because one or more variables could not be resolved:"
                + " Action name=\(action) (unresolved: \(each))\(note)"
        )
    }
}
