// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// Reads policy JSON, and refuses what it does not understand.
enum PolicyParser {
    /// More than any real policy has; it bounds what one request's evaluation costs.
    static let maximumStatements = 200

    static func statements(of source: String) throws(PolicyError) -> [PolicyStatement] {
        let document: Document
        do {
            document = try JSONDecoder().decode(Document.self, from: Data(source.utf8))
        } catch let error as PolicyError {
            throw error
        } catch {
            throw PolicyError("The policy document is not JSON of the form that policies have.")
        }
        guard ["2012-10-17", "2008-10-17"].contains(document.version ?? "2008-10-17") else {
            throw PolicyError("The policy version must be 2012-10-17 or 2008-10-17.")
        }
        guard 1...Self.maximumStatements ~= document.statements.count else {
            throw PolicyError("A policy document has 1 to \(Self.maximumStatements) statements.")
        }
        var statements: [PolicyStatement] = []
        for (index, statement) in document.statements.enumerated() {
            do {
                statements.append(try self.statement(statement))
            } catch {
                throw PolicyError("Statement \(index + 1): \(error.description)")
            }
        }
        return statements
    }

    private static func statement(_ source: Document.Statement) throws(PolicyError) -> PolicyStatement {
        let effect: PolicyStatement.Effect
        switch source.effect {
        case "Allow": effect = .allow
        case "Deny": effect = .deny
        case _: throw PolicyError("Effect must be Allow or Deny.")
        }
        let actions: PolicyStatement.Matcher<WildcardPattern>
        switch (source.actions, source.notActions) {
        case (let names?, nil): actions = .any(of: try names.map(self.action))
        case (nil, let names?): actions = .noneOf(try names.map(self.action))
        case (_, _): throw PolicyError("There must be either Action or NotAction.")
        }
        var keys = Set((source.resources ?? source.notResources ?? []).flatMap { WildcardPattern($0).variables })
        let resources: PolicyStatement.Matcher<ResourcePattern>
        switch (source.resources, source.notResources) {
        case (let names?, nil): resources = .any(of: names.map { ResourcePattern($0) })
        case (nil, let names?): resources = .noneOf(names.map { ResourcePattern($0) })
        case (_, _): throw PolicyError("There must be either Resource or NotResource.")
        }
        var conditions: [PolicyCondition] = []
        for (name, compared) in source.conditions {
            for (key, operands) in compared {
                conditions.append(try PolicyCondition(operatorName: name, key: key, operands: operands))
                keys.insert(key.lowercased())
                keys.formUnion(operands.flatMap { WildcardPattern($0).variables })
            }
        }
        for key in keys.sorted() { try ContextKey.check(key) }
        return PolicyStatement(
            effect: effect, actions: actions, resources: resources, conditions: conditions,
            looksAtResourceTags: keys.contains(where: ContextKey.isResourceTag))
    }

    private static func action(_ name: String) throws(PolicyError) -> WildcardPattern {
        guard name == "*" || name.contains(":") else {
            throw PolicyError("The action '\(name)' must name a service, as in 'codepipeline:GetPipeline'.")
        }
        return WildcardPattern(name.lowercased(), variables: false)
    }
}

/// The JSON's own shape.
private struct Document: Decodable {
    struct Statement {
        var effect: String
        var actions: [String]?
        var notActions: [String]?
        var resources: [String]?
        var notResources: [String]?
        var conditions: [String: [String: [String]]]
    }

    enum CodingKeys: String, CodingKey { case version = "Version", statement = "Statement" }

    var version: String?
    var statements: [Statement]

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.version = try container.decodeIfPresent(String.self, forKey: .version)
        self.statements = try container.decode(OneOrMany<Statement>.self, forKey: .statement).values
    }
}

extension Document.Statement: Decodable {
    enum CodingKeys: String, CodingKey, CaseIterable {
        case sid = "Sid", effect = "Effect", condition = "Condition"
        case action = "Action", notAction = "NotAction", resource = "Resource", notResource = "NotResource"
    }

    private struct AnyKey: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        for key in try decoder.container(keyedBy: AnyKey.self).allKeys
        where CodingKeys(rawValue: key.stringValue) == nil {
            throw PolicyError("A statement has no element '\(key.stringValue)'.")
        }
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func texts(_ key: CodingKeys) throws -> [String]? {
            try container.decodeIfPresent(OneOrMany<String>.self, forKey: key)?.values
        }
        self.effect = try container.decode(String.self, forKey: .effect)
        self.actions = try texts(.action)
        self.notActions = try texts(.notAction)
        self.resources = try texts(.resource)
        self.notResources = try texts(.notResource)
        self.conditions =
            try container.decodeIfPresent([String: [String: OneOrMany<LenientText>]].self, forKey: .condition)?
            .mapValues { $0.mapValues { $0.values.map(\.text) } } ?? [:]
    }
}

/// One value, or a list of them.
private struct OneOrMany<Value: Decodable>: Decodable {
    var values: [Value]

    init(from decoder: any Decoder) throws {
        if var list = try? decoder.unkeyedContainer() {
            self.values = []
            while !list.isAtEnd { self.values.append(try list.decode(Value.self)) }
        } else {
            self.values = [try decoder.singleValueContainer().decode(Value.self)]
        }
    }
}

/// A condition's operand: text, or a Boolean or number written as such.
private struct LenientText: Decodable {
    var text: String

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let bool = try? container.decode(Bool.self) {
            self.text = "\(bool)"
        } else if let integer = try? container.decode(Int64.self) {
            self.text = "\(integer)"
        } else if let number = try? container.decode(Double.self) {
            self.text = "\(number)"
        } else {
            self.text = try container.decode(String.self)
        }
    }
}
