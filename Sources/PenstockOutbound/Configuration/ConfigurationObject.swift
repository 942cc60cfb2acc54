// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// What is wrong with the operator's configuration, and where.
package struct ConfigurationProblem: Error, Sendable, Hashable, CustomStringConvertible {
    /// As in `targets[1].url`; empty for the whole file.
    package var path: String
    /// As in `must be a text`. Values are not repeated: they may be secrets.
    package var reason: String

    package init(at path: String, _ reason: String) {
        self.path = path
        self.reason = reason
    }

    package var description: String { self.path.isEmpty ? "It \(self.reason)." : "\(self.path) \(self.reason)." }
}

/// Reads the file of that name, which a configuration has a secret in.
package typealias SecretReader = (String) throws(ConfigurationProblem) -> String

/// JSON as it stands in a file.
package enum ConfigurationValue: Sendable, Hashable, Decodable {
    case text(String)
    case whole(Int)
    case boolean(Bool)
    case list([Self])
    case object([String: Self])
    /// A fraction, or nothing.
    case other

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let value = try? container.decode(Bool.self) {
            self = .boolean(value)
        } else if let value = try? container.decode(Int.self) {
            self = .whole(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let value = try? container.decode([Self].self) {
            self = .list(value)
        } else if let value = try? container.decode([String: Self].self) {
            self = .object(value)
        } else {
            self = .other
        }
    }
}

/// An object of the configuration, read member by member; members that nobody asked for are problems.
package struct ConfigurationObject {
    package let path: String
    private var members: [String: ConfigurationValue]

    package init(_ value: ConfigurationValue, at path: String) throws(ConfigurationProblem) {
        guard case .object(let members) = value else { throw ConfigurationProblem(at: path, "must be an object") }
        self.path = path
        self.members = members
    }

    /// The whole of a file.
    package init(file bytes: [UInt8]) throws(ConfigurationProblem) {
        let value: ConfigurationValue
        do {
            value = try JSONDecoder().decode(ConfigurationValue.self, from: Data(bytes))
        } catch {
            throw ConfigurationProblem(at: "", "is not JSON")
        }
        try self.init(value, at: "")
    }

    package func path(of member: String) -> String { self.path.isEmpty ? member : "\(self.path).\(member)" }

    package func problem(_ member: String, _ reason: String) -> ConfigurationProblem {
        ConfigurationProblem(at: self.path(of: member), reason)
    }

    package mutating func value(_ member: String) -> ConfigurationValue? { self.members.removeValue(forKey: member) }

    package mutating func text(_ member: String) throws(ConfigurationProblem) -> String? {
        guard let value = self.value(member) else { return nil }
        guard case .text(let text) = value, !text.isEmpty else {
            throw self.problem(member, "must be a text that is not empty")
        }
        return text
    }

    package mutating func requiredText(_ member: String) throws(ConfigurationProblem) -> String {
        guard let text = try self.text(member) else { throw self.problem(member, "is missing") }
        return text
    }

    package mutating func whole(_ member: String, in range: ClosedRange<Int>) throws(ConfigurationProblem) -> Int? {
        guard let value = self.value(member) else { return nil }
        guard case .whole(let number) = value, range.contains(number) else {
            throw self.problem(member, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    package mutating func boolean(_ member: String) throws(ConfigurationProblem) -> Bool {
        guard let value = self.value(member) else { return false }
        guard case .boolean(let isSo) = value else { throw self.problem(member, "must be true or false") }
        return isSo
    }

    package mutating func list(_ member: String) throws(ConfigurationProblem) -> [ConfigurationValue]? {
        guard let value = self.value(member) else { return nil }
        guard case .list(let values) = value else { throw self.problem(member, "must be a list") }
        return values
    }

    /// A list of texts, each of which the closure makes something of, or says why not.
    package mutating func texts<Value>(
        _ member: String,
        _ parse: (String) -> Value?,
        or reason: String
    ) throws(ConfigurationProblem) -> [Value]? {
        guard let values = try self.list(member) else { return nil }
        var parsed: [Value] = []
        for (index, value) in values.enumerated() {
            guard case .text(let text) = value, let one = parse(text) else {
                throw self.problem("\(member)[\(index)]", reason)
            }
            parsed.append(one)
        }
        return parsed
    }

    /// A secret that stands in the member, or in the file that the member with `File` behind its name tells of.
    package mutating func secret(
        _ member: String,
        _ readSecret: SecretReader
    ) throws(ConfigurationProblem) -> String {
        let inline = try self.text(member)
        let file = try self.text("\(member)File")
        switch (inline, file) {
        case (let text?, nil): return text
        case (nil, let file?):
            do throws(ConfigurationProblem) {
                return try readSecret(file)
            } catch {
                throw self.problem("\(member)File", error.reason)
            }
        case (nil, nil): throw self.problem(member, "is missing, and so is \(member)File")
        case (_?, _?): throw self.problem(member, "cannot stand beside \(member)File")
        }
    }

    /// Fails when a member is left that nobody asked for: it is misspelt, or means nothing here.
    package func requireNothingElse() throws(ConfigurationProblem) {
        guard let member = self.members.keys.min() else { return }
        throw self.problem(member, "is not known here")
    }
}
