// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockModel
internal import PenstockWire

// The configuration of actions against the properties of their types.
extension PipelineRules {
    mutating func checkConfigurations() {
        for action in self.actions {
            guard let definition = action.definition else { continue }
            self.checkKeys(of: action, definition)
            for property in definition.properties {
                guard let value = action.configuration[property.name] else { continue }
                self.check(value, of: property, in: action)
            }
        }
    }

    private mutating func checkKeys(of action: PlacedAction, _ definition: ActionTypeDefinition) {
        let keys = action.configuration.keys
        for property in definition.properties where property.isRequired && !keys.contains(property.name) {
            let problem = "is missing required configuration '\(property.name)'"
            self.refuse(.invalidActionDeclaration, "Action configuration for action '\(action.name)' \(problem)")
        }
        let known = Set(definition.properties.map(\.name))
        for key in keys.filter({ !known.contains($0) }).sorted() {
            let problem = "contains unknown configuration '\(key)'"
            self.refuse(.invalidActionDeclaration, "Action configuration for action '\(action.name)' \(problem)")
        }
    }

    /// A secret that was sent back masked is judged when its value is found; a reference when it is resolved.
    private mutating func check(_ value: String, of property: PenstockModel.ActionTypeProperty, in action: PlacedAction)
    {
        if property.isSecret, value == PenstockModel.ActionDeclaration.maskedValue { return }
        guard VariableReference.all(in: value).isEmpty else { return }
        guard let rule = property.problem(of: value), !Self.acceptsAnyText(property, of: action) else { return }
        self.refuse(.invalidActionDeclaration, self.problem(of: property, in: action, rule))
    }

    private func problem(of property: PenstockModel.ActionTypeProperty, in action: PlacedAction, _ rule: String)
        -> String
    {
        "The configuration '\(property.name)' of action '\(action.name)' \(rule)"
    }

    /// Any text but `true` switches polling off. Source: captured behaviour of the live service.
    private static func acceptsAnyText(_ property: PenstockModel.ActionTypeProperty, of action: PlacedAction) -> Bool {
        action.declaration.isSource && property.name == "PollForSourceChanges"
    }
}
