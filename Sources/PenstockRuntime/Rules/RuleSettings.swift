// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockModel

/// Reads the configuration of a rule.
struct RuleSettings: Sendable, Hashable {
    private let declared: [String: String]
    private let resolved: [String: String]

    init(declared: [KeyedValue], resolved: [KeyedValue]) {
        self.declared = Self.byKey(declared)
        self.resolved = Self.byKey(resolved)
    }

    /// A configuration of which only the values without references are known.
    init(declared: [KeyedValue]) {
        self.init(
            declared: declared, resolved: declared.filter { VariableReference.all(in: $0.value).isEmpty })
    }

    /// - Returns: `nil` when the key is not declared. The value can be empty if a variable was.
    func value(_ key: String) throws(RuleSettingError) -> String? {
        guard let value = self.resolved[key] else { return nil }
        guard !value.isEmpty || self.declared[key]?.isEmpty == false else {
            throw RuleSettingError("The rule's configuration has an empty value for '\(key)'")
        }
        return value
    }

    func required(_ key: String) throws(RuleSettingError) -> String {
        guard let value = try self.value(key) else {
            throw RuleSettingError("The rule's configuration has no value for '\(key)'")
        }
        return value
    }

    /// Whether the key is declared with a value that is not known yet.
    func isUnresolved(_ key: String) -> Bool { self.declared[key] != nil && self.resolved[key] == nil }

    private static func byKey(_ values: [KeyedValue]) -> [String: String] {
        Dictionary(values.map { ($0.key, $0.value) }) { $1 }
    }
}

/// Why a rule cannot be evaluated with its configuration; the text names the key.
struct RuleSettingError: Error, Hashable, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

extension String {
    /// For a message: in quotes, and cut where it is long.
    var quoted: String {
        let scalars = self.unicodeScalars
        guard scalars.count > Self.maximumQuotation else { return "'\(self)'" }
        return "'\(String(scalars.prefix(Self.maximumQuotation)))…'"
    }

    /// In Unicode scalars.
    private static var maximumQuotation: Int { 200 }
}
