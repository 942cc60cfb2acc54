// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockModel

/// What the definition of an action type must be like beyond the shapes of the service description.
///
/// Source: AWS CodePipeline API Reference, CreateCustomActionType and UpdateActionType.
enum ActionTypeRules {
    static func check(_ definition: ActionTypeDefinition) throws {
        for count in [definition.inputArtifacts, definition.outputArtifacts] where count.maximum < count.minimum {
            throw Rejection(
                .validation,
                "Maximum Number of Artifacts (\(count.maximum)) has to be greater than or equal to"
                    + " minimum (\(count.minimum))."
            )
        }
        try Self.check(definition.properties)
        let urls = definition.urls
        try Self.check(urls.entity, "entityUrlTemplate", definition.properties)
        try Self.check(urls.execution, "executionUrlTemplate", definition.properties, knowsExecution: true)
        try Self.check(urls.revision, "revisionUrlTemplate", definition.properties)
    }

    private static func check(_ properties: [PenstockModel.ActionTypeProperty]) throws {
        var names: Set<String> = []
        for property in properties where !names.insert(property.name).inserted {
            throw Rejection(.validation, "The configuration property '\(property.name)' is defined more than once")
        }
        let queryable = properties.filter(\.isQueryable)
        guard queryable.count <= 1 else {
            let names = queryable.map(\.name).joined(separator: ", ")
            throw Rejection(
                .validation,
                "Multiple queryable configuration properties found with names '\(names)'."
                    + " Up to one queryable property may be specified."
            )
        }
        for property in queryable where !property.isRequired || property.isSecret {
            throw Rejection(
                .validation,
                "Invalid queryable property '\(property.name)'."
                    + " Queryable configuration properties must be required and non-secret."
            )
        }
    }

    /// Links are shown to whoever sees the pipeline, so they hold nothing secret, and nothing that may be missing.
    private static func check(
        _ template: String?,
        _ member: String,
        _ properties: [PenstockModel.ActionTypeProperty],
        knowsExecution: Bool = false
    ) throws {
        guard var rest = template?[...] else { return }
        let shown = Set(properties.filter { $0.isRequired && !$0.isSecret }.map { "Config:\($0.name)" })
        while let start = rest.firstIndex(of: "{") {
            guard let end = rest[start...].firstIndex(of: "}") else {
                throw Rejection(.validation, "The \(member) has a placeholder that does not end")
            }
            let placeholder = String(rest[rest.index(after: start)..<end])
            guard shown.contains(placeholder) || (knowsExecution && placeholder == "ExternalExecutionId") else {
                throw Rejection(
                    .validation,
                    "The \(member) has the placeholder '{\(placeholder)}', which is neither a required property"
                        + " that is not secret nor known there"
                )
            }
            rest = rest[rest.index(after: end)...]
        }
    }
}
