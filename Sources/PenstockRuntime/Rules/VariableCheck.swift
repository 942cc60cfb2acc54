// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockEngine

/// Compares a variable with a value. Source: AWS CodePipeline User Guide, VariableCheck rule.
struct VariableCheck: Sendable, Hashable {
    /// Raw values are the wire's. Case counts for all of them.
    enum Operator: String, Sendable, Hashable, CaseIterable {
        case equals = "EQ"
        case differs = "NE"
        /// The value is somewhere in the variable.
        case contains = "CONTAINS"
        /// The whole variable is an instance of the value, which is a ``Pattern``.
        case matches = "MATCHES"
    }

    let variable: String
    let value: String
    let comparison: Operator

    init(_ settings: RuleSettings) throws(RuleSettingError) {
        self.variable = try settings.required(Self.variableKey)
        self.value = try settings.required(Self.valueKey)
        self.comparison = try Self.comparison(named: settings.required(Self.operatorKey))
    }

    /// - Throws: ``RuleSettingError`` when the value is no pattern, or none that can be matched within bounds.
    func verdict() throws(RuleSettingError) -> RuleVerdict {
        let holds: Bool
        let words: (holding: String, failing: String)
        switch self.comparison {
        case .equals:
            holds = self.variable.utf8.elementsEqual(self.value.utf8)
            words = ("equals", "does not equal")
        case .differs:
            holds = !self.variable.utf8.elementsEqual(self.value.utf8)
            words = ("differs from", "does not differ from")
        case .contains:
            holds = self.variable.hasOccurrence(of: self.value)
            words = ("contains", "does not contain")
        case .matches:
            holds = try self.matches()
            words = ("matches", "does not match")
        }
        let text = "\(self.variable.quoted) \(holds ? words.holding : words.failing) \(self.value.quoted)"
        return holds ? RuleVerdict(.satisfied, summary: text) : .failed(text)
    }

    /// What will keep any check of this configuration from being made.
    static func warnings(about settings: RuleSettings) -> [String] {
        var warnings: [String] = []
        for key in [Self.variableKey, Self.valueKey, Self.operatorKey] where !settings.isUnresolved(key) {
            do throws(RuleSettingError) {
                let value = try settings.required(key)
                if key == Self.operatorKey { _ = try Self.comparison(named: value) }
            } catch {
                warnings.append("\(error.description).")
            }
        }
        if let value = try? settings.value(Self.valueKey), let name = try? settings.value(Self.operatorKey),
            name == Operator.matches.rawValue
        {
            do throws(PatternError) {
                _ = try Pattern(value)
            } catch {
                warnings.append("\(Self.patternError(error).description).")
            }
        }
        return warnings
    }

    private static let variableKey = "Variable"
    private static let valueKey = "Value"
    private static let operatorKey = "Operator"

    private static func comparison(named name: String) throws(RuleSettingError) -> Operator {
        guard let comparison = Operator(rawValue: name) else {
            let names = Operator.allCases.map(\.rawValue).joined(separator: ", ")
            throw RuleSettingError("'\(Self.operatorKey)' is \(name.quoted), which is none of \(names)")
        }
        return comparison
    }

    private func matches() throws(RuleSettingError) -> Bool {
        do throws(PatternError) {
            return try Pattern(self.value).matches(wholeOf: self.variable)
        } catch {
            throw Self.patternError(error)
        }
    }

    private static func patternError(_ error: PatternError) -> RuleSettingError {
        RuleSettingError("'\(Self.valueKey)' cannot be used as a pattern: \(error.description)")
    }
}

extension String {
    /// Whether the other text is part of this one, byte for byte; in time linear in both.
    func hasOccurrence(of other: String) -> Bool {
        let wanted = Array(other.utf8)
        guard !wanted.isEmpty else { return true }
        // At each index: how long a proper prefix of the wanted text ends there (Knuth, Morris and Pratt).
        var borders = [0]
        var length = 0
        for byte in wanted.dropFirst() {
            while length > 0, wanted[length] != byte { length = borders[length - 1] }
            if wanted[length] == byte { length += 1 }
            borders.append(length)
        }
        length = 0
        for byte in self.utf8 {
            while length > 0, wanted[length] != byte { length = borders[length - 1] }
            if wanted[length] == byte { length += 1 }
            if length == wanted.count { return true }
        }
        return false
    }
}
