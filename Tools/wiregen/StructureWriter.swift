// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// Writes one structure: its members, its initializer, and its two directions on the wire.
///
/// The code is meant to compile fast: calls of the hand-written runtime with explicit types, and nothing generic of
/// its own.
struct StructureWriter {
    let service: ServiceDescription
    let shape: ServiceDescription.Shape
    let summary: String

    private struct Property {
        let wireName: String
        let name: String
        let type: String
        let isRequired: Bool
        let reading: String
        let rule: String
        let holdsConfiguration: Bool

        var fullType: String { self.isRequired ? self.type : self.type + "?" }
    }

    func text() throws -> String {
        guard case .structure(let members, _) = self.shape.kind else {
            throw ServiceDescription.InvalidDescription(reason: "\(self.shape.name) is not a structure")
        }
        let properties = try members.map(self.property)
        let name = Naming.type(self.shape.name)
        var text = "/// \(self.summary)\n".wrapped()
        text += "public struct \(name): WireStructure {\n"
        text += properties.map(Self.declaration).joined()
        text += properties.isEmpty ? "" : "\n"
        text += Self.initializer(properties)
        text += "\n" + Self.decoding(properties) + "\n" + Self.encoding(properties) + "}\n"
        if properties.contains(where: \.holdsConfiguration) {
            text += "\n" + Self.mirror(name, properties)
        }
        return text
    }

    // MARK: Members

    private func property(_ member: ServiceDescription.Member) throws -> Property {
        let target = try self.service.shape(member.shape)
        let (type, reading) = try self.typeAndReading(of: target)
        return Property(
            wireName: member.name, name: Naming.member(member.name), type: type, isRequired: member.isRequired,
            reading: reading, rule: try self.rule(of: target, isRequired: member.isRequired),
            holdsConfiguration: target.name == "ActionConfigurationMap")
    }

    private func typeAndReading(of target: ServiceDescription.Shape) throws -> (type: String, reading: String) {
        let constraints = Self.constraints(of: target)
        switch target.kind {
        case .structure:
            let type = Naming.type(target.name)
            return (type, "structure(\(type).self)")
        case .enumeration:
            let type = Naming.type(target.name)
            return (type, "enumeration(\(type).self)")
        case .string where target.isSensitive: return ("Sensitive", "sensitive(\(constraints ?? ""))")
        case .string: return ("String", "string(\(constraints ?? ""))")
        case .integer: return ("Int", "integer(\(constraints ?? ""))")
        case .boolean: return ("Bool", "boolean()")
        case .timestamp: return ("WireTimestamp", "timestamp()")
        case .list(let element): return try self.listTypeAndReading(size: constraints, element: element)
        case .map(let key, let value): return try self.mapTypeAndReading(size: constraints, key: key, value: value)
        }
    }

    /// How a shape is spelled in Swift, for those who only need its type.
    static func swiftType(of name: String, in service: ServiceDescription) throws -> String {
        let shape = try service.shape(name)
        return try StructureWriter(service: service, shape: shape, summary: "").typeAndReading(of: shape).type
    }

    private func listTypeAndReading(size: String?, element: String) throws -> (type: String, reading: String) {
        let element = try self.service.shape(element)
        switch element.kind {
        case .structure:
            let type = Naming.type(element.name)
            return ("[\(type)]", "list(\(Self.arguments(size, ("of", "\(type).self"))))")
        case .enumeration:
            let type = Naming.type(element.name)
            return ("[\(type)]", "enumerations(\(Self.arguments(size, ("of", "\(type).self"))))")
        case .string where !element.isSensitive:
            return ("[String]", "strings(\(Self.arguments(size, ("of", Self.constraints(of: element)))))")
        default:
            throw ServiceDescription.InvalidDescription(reason: "lists of \(element.name) are not supported")
        }
    }

    private func mapTypeAndReading(
        size: String?, key: String, value: String
    ) throws -> (type: String, reading: String) {
        let keys = Self.constraints(of: try self.service.shape(key))
        let value = try self.service.shape(value)
        switch value.kind {
        case .structure:
            let type = Naming.type(value.name)
            return ("[String: \(type)]", "map(\(Self.arguments(size, ("keys", keys), ("values", "\(type).self"))))")
        case .string where !value.isSensitive:
            let values = Self.constraints(of: value)
            return ("[String: String]", "map(\(Self.arguments(size, ("keys", keys), ("values", values))))")
        default:
            throw ServiceDescription.InvalidDescription(reason: "maps to \(value.name) are not supported")
        }
    }

    private static func constraints(of target: ServiceDescription.Shape) -> String? {
        target.isConstrained ? ".\(Naming.member(target.name))" : nil
    }

    private static func arguments(_ first: String?, _ others: (label: String, value: String?)...) -> String {
        let labelled = others.compactMap { other in other.value.map { "\(other.label): \($0)" } }
        return ((first.map { [$0] } ?? []) + labelled).joined(separator: ", ")
    }

    // MARK: Documentation

    private func rule(of target: ServiceDescription.Shape, isRequired: Bool) throws -> String {
        let presence = isRequired ? "Required" : "Optional"
        let bounds = Self.bounds(of: target)
        switch target.kind {
        case .structure: return "\(presence)."
        case .enumeration: return "\(presence)."
        case .boolean: return "\(presence)."
        case .timestamp: return "\(presence)."
        case .integer: return "\(presence)\(bounds.map { "; \($0)" } ?? "")."
        case .string:
            return "\(presence)\(Self.stringRule(of: target))."
        case .list(let element):
            let each = Self.stringRule(of: try self.service.shape(element))
            return "\(presence)\(bounds.map { "; \($0) elements" } ?? "")"
                + "\(each.isEmpty ? "" : "; each" + each.dropFirst())."
        case .map(let key, let value):
            let keys = Self.stringRule(of: try self.service.shape(key))
            let values = Self.stringRule(of: try self.service.shape(value))
            return "\(presence)\(bounds.map { "; \($0) entries" } ?? "")"
                + "\(keys.isEmpty ? "" : "; keys" + keys.dropFirst())"
                + "\(values.isEmpty ? "" : "; values" + values.dropFirst())."
        }
    }

    private static func stringRule(of target: ServiceDescription.Shape) -> String {
        guard case .string = target.kind else {
            return ""
        }
        return (self.bounds(of: target).map { "; \($0) characters" } ?? "")
            + (target.pattern.map { "; `\($0)`" } ?? "")
    }

    private static func bounds(of target: ServiceDescription.Shape) -> String? {
        switch (target.minimum, target.maximum) {
        case (nil, nil): nil
        case (let minimum?, nil): "at least \(minimum)"
        case (nil, let maximum?): "at most \(maximum)"
        case (let minimum?, let maximum?): "\(minimum) to \(maximum)"
        }
    }

    // MARK: Code

    private static func declaration(_ property: Property) -> String {
        "/// \(property.rule)\n".wrapped(indentation: 4)
            + "    public var \(property.name): \(property.fullType)\n"
    }

    private static func initializer(_ properties: [Property]) -> String {
        guard !properties.isEmpty else {
            return "    /// Creates the only value there is.\n    public init() {}\n"
        }
        let parameters = properties.map {
            "        \($0.name): \($0.fullType)\($0.isRequired ? "" : " = nil")"
        }.joined(separator: ",\n")
        let assignments = properties.map { "        self.\($0.name) = \($0.name)\n" }.joined()
        return "    /// Creates a value; nothing is checked before a service reads it.\n"
            + "    public init(\n\(parameters)\n    ) {\n\(assignments)    }\n"
    }

    private static func decoding(_ properties: [Property]) -> String {
        let names = properties.map { "            \"\($0.wireName)\",\n" }.joined()
        let required = properties.enumerated().filter(\.element.isRequired).map { "\($0.offset)" }
        let members =
            properties.isEmpty
            ? "[]"
            : "\n        [\n\(names)        ]"
                + (required.isEmpty ? "" : ",\n        required: [\(required.joined(separator: ", "))]")
        var text = "    private static let members = WireMembers(\(members))\n\n"
        text += "    public init?(from reader: inout WireReader) throws(WireError) {\n"
        text += properties.map { "        var \($0.name): \($0.type)?\n" }.joined()
        text += "        var object = try reader.beginObject(Self.members)\n"
        if properties.isEmpty {
            return text + "        while try reader.nextMember(in: &object) != nil {}\n    }\n"
        }
        text += "        while let member = try reader.nextMember(in: &object) {\n            switch member {\n"
        for (index, property) in properties.enumerated() {
            let label = index == properties.count - 1 ? "default" : "case \(index)"
            text += "            \(label): \(property.name) = try reader.\(property.reading)\n"
        }
        text += "            }\n        }\n"
        let guarded = properties.filter(\.isRequired).map { "let \($0.name)" }
        if !guarded.isEmpty {
            text += "        guard \(guarded.joined(separator: ", ")) else {\n            return nil\n        }\n"
        }
        return text + properties.map { "        self.\($0.name) = \($0.name)\n" }.joined() + "    }\n"
    }

    private static func encoding(_ properties: [Property]) -> String {
        "    public func encode(to writer: inout WireWriter) {\n        writer.beginObject()\n"
            + properties.map { "        writer.member(\"\($0.wireName)\", self.\($0.name))\n" }.joined()
            + "        writer.endObject()\n    }\n"
    }

    /// Configurations may hold credentials, so descriptions show their keys alone.
    private static func mirror(_ name: String, _ properties: [Property]) -> String {
        let children = properties.map { property in
            let value =
                property.holdsConfiguration
                ? "Sensitive.redacting(self.\(property.name))" : "self.\(property.name)"
            return "                \"\(property.name)\": \(value) as Any,\n"
        }.joined()
        return "extension \(name): CustomReflectable {\n"
            + "    /// Shows the keys of the configuration without its values, which may be secret.\n"
            + "    public var customMirror: Mirror {\n        Mirror(\n            self,\n            children: [\n"
            + children + "            ],\n            displayStyle: .struct)\n    }\n}\n"
    }
}
