// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockModel
internal import PenstockWire

// The configuration of actions against the properties of their types.
extension PipelineRules {
    /// Of a value that pollers may select jobs by. Source: AWS CodePipeline API Reference, ActionConfigurationProperty.
    static let maximumQueryableLength = 20

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
        if property.isQueryable, !Self.isQueryable(value) {
            let rule = "must have 1 to \(Self.maximumQueryableLength) characters of A-Z, a-z, 0-9, _ and -"
            self.refuse(.invalidActionDeclaration, self.problem(of: property, in: action, rule))
        }
        switch property.valueType {
        case .number where !Self.isNumber(value):
            self.refuse(.invalidActionDeclaration, self.problem(of: property, in: action, "must be a number"))
        case .boolean where !Self.isBoolean(value) && !Self.acceptsAnyText(property, of: action):
            self.refuse(.invalidActionDeclaration, self.problem(of: property, in: action, "must be true or false"))
        case .number, .boolean, .string, nil: break
        }
    }

    private func problem(of property: PenstockModel.ActionTypeProperty, in action: PlacedAction, _ rule: String)
        -> String
    {
        "The configuration '\(property.name)' of action '\(action.name)' \(rule)"
    }

    private static func isQueryable(_ value: String) -> Bool {
        value.utf8.count <= Self.maximumQueryableLength
            && value.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                case _: false
                }
            }
    }

    /// An optional sign, digits, and optionally a point and more digits.
    private static func isNumber(_ value: String) -> Bool {
        let isSigned = value.first.map { "+-".contains($0) } ?? false
        let parts = value.dropFirst(isSigned ? 1 : 0).split(
            separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        return parts.allSatisfy { part in !part.isEmpty && part.utf8.allSatisfy { 0x30...0x39 ~= $0 } }
    }

    private static func isBoolean(_ value: String) -> Bool { ["true", "false"].contains(value.lowercased()) }

    /// Any text but `true` switches polling off. Source: captured behaviour of the live service.
    private static func acceptsAnyText(_ property: PenstockModel.ActionTypeProperty, of action: PlacedAction) -> Bool {
        action.declaration.isSource && property.name == "PollForSourceChanges"
    }
}
