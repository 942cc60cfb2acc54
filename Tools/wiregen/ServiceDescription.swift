// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// The service description as the generator needs it.
struct ServiceDescription {
    struct Operation {
        let name: String
        let input: String
        let output: String?
        let errors: [String]
    }

    struct Shape {
        enum Kind {
            case structure([Member], isException: Bool)
            case enumeration([String])
            case string
            case integer
            case boolean
            case timestamp
            case list(element: String)
            case map(key: String, value: String)
        }

        let name: String
        let kind: Kind
        var minimum: Int?
        var maximum: Int?
        let pattern: String?
        let isSensitive: Bool

        var isConstrained: Bool {
            self.minimum != nil || self.maximum != nil || self.pattern != nil
        }
    }

    struct Member {
        let name: String
        let shape: String
        let isRequired: Bool
        let isIdempotencyToken: Bool
    }

    struct InvalidDescription: Error {
        let reason: String
    }

    /// Strings that the description does not mark as sensitive, though nobody wants to see them in a log.
    static let furtherSensitiveShapes: Set<String> = ["ClientToken", "WebhookAuthConfigurationSecretToken"]

    /// Where the running service differs from its description. Source: api.md 6.3.
    static let maximumOverrides = ["ActionConfigurationValue": 50000]

    let operations: [Operation]
    let shapes: [Shape]
    private let shapesByName: [String: Shape]

    init(_ json: OrderedJSON) throws {
        self.operations = try (json["operations"]?.members ?? []).map { try Self.operation($0.key, $0.value) }
        self.shapes = try (json["shapes"]?.members ?? []).map { try Self.shape($0.key, $0.value) }
        self.shapesByName = Dictionary(uniqueKeysWithValues: self.shapes.map { ($0.name, $0) })
        guard !self.operations.isEmpty else {
            throw InvalidDescription(reason: "no operations")
        }
    }

    func shape(_ name: String) throws -> Shape {
        guard let shape = self.shapesByName[name] else {
            throw InvalidDescription(reason: "no shape \(name)")
        }
        return shape
    }

    /// The structures that are neither an operation's input or output nor an exception.
    var sharedStructures: [Shape] {
        let own = Set(self.operations.flatMap { [$0.input] + ($0.output.map { [$0] } ?? []) })
        return self.shapes.filter {
            if case .structure(_, isException: false) = $0.kind { !own.contains($0.name) } else { false }
        }
    }

    var exceptions: [Shape] {
        self.shapes.filter { if case .structure(_, isException: true) = $0.kind { true } else { false } }
    }

    /// The structures that have a member of this shape, directly or through a list or map.
    func users(of name: String) throws -> [String] {
        try self.shapes.filter { shape in
            guard case .structure(let members, _) = shape.kind else {
                return false
            }
            return try members.contains { member in
                switch try self.shape(member.shape).kind {
                case .list(let element): element == name
                case .map(_, let value): value == name
                default: member.shape == name
                }
            }
        }.map(\.name)
    }

    private static func operation(_ name: String, _ json: OrderedJSON) throws -> Operation {
        guard let input = json["input"]?["shape"]?.text else {
            throw InvalidDescription(reason: "\(name) has no input")
        }
        return Operation(
            name: name, input: input, output: json["output"]?["shape"]?.text,
            errors: (json["errors"]?.elements ?? []).compactMap { $0["shape"]?.text })
    }

    private static func shape(_ name: String, _ json: OrderedJSON) throws -> Shape {
        Shape(
            name: name, kind: try self.kind(name, json), minimum: json["min"]?.integer,
            maximum: self.maximumOverrides[name] ?? json["max"]?.integer, pattern: json["pattern"]?.text,
            isSensitive: json["sensitive"]?.isTrue == true || self.furtherSensitiveShapes.contains(name))
    }

    private static func kind(_ name: String, _ json: OrderedJSON) throws -> Shape.Kind {
        switch json["type"]?.text {
        case "structure":
            let required = Set((json["required"]?.elements ?? []).compactMap(\.text))
            let members = (json["members"]?.members ?? []).compactMap { key, value in
                value["shape"]?.text.map {
                    Member(
                        name: key, shape: $0, isRequired: required.contains(key),
                        isIdempotencyToken: value["idempotencyToken"]?.isTrue == true)
                }
            }
            return .structure(members, isException: json["exception"]?.isTrue == true)
        case "string":
            return json["enum"].map { .enumeration($0.elements.compactMap(\.text)) } ?? .string
        case "integer": return .integer
        case "boolean": return .boolean
        case "timestamp": return .timestamp
        case "list":
            if let element = json["member"]?["shape"]?.text {
                return .list(element: element)
            }
        case "map":
            if let key = json["key"]?["shape"]?.text, let value = json["value"]?["shape"]?.text {
                return .map(key: key, value: value)
            }
        default: break
        }
        throw InvalidDescription(reason: "\(name) has a type that the generator does not know")
    }
}
