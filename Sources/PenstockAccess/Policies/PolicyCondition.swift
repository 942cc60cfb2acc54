// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// One condition of a statement: an operator, a context key and the values it is compared with.
///
/// Source: IAM User Guide, IAM JSON policy elements: Condition operators.
struct PolicyCondition: Sendable {
    /// How several context values count.
    enum Quantifier: Sendable { case single, anyValue, allValues }

    var quantifier: Quantifier
    var ifExists: Bool
    var comparison: PolicyComparison
    /// In lower case.
    var key: String

    /// Whether the condition is met.
    ///
    /// A missing key fails a plain operator, and passes a negated one, an `…IfExists` one and `ForAllValues`.
    func holds(in context: AccessContext) -> Bool {
        let values = context.values(for: self.key)
        if case .isNull(let expected) = self.comparison { return (values?.isEmpty ?? true) == expected }
        guard let values, !values.isEmpty else {
            switch self.quantifier {
            case .anyValue: return self.ifExists
            case .allValues: return true
            case .single: return self.ifExists || self.comparison.isNegated
            }
        }
        let holds = { (value: String) in self.comparison.matches(value, context: context) != self.comparison.isNegated }
        switch self.quantifier {
        case .anyValue: return values.contains(where: holds)
        case .allValues: return values.allSatisfy(holds)
        case .single: return self.comparison.isNegated ? values.allSatisfy(holds) : values.contains(where: holds)
        }
    }
}

/// What an operator compares, with its operands parsed when the policy was.
enum PolicyComparison: Sendable {
    enum Order: Sendable {
        case equal, less, lessOrEqual, greater, greaterOrEqual

        func holds<Value: Comparable>(_ left: Value, _ right: Value) -> Bool {
            switch self {
            case .equal: left == right
            case .less: left < right
            case .lessOrEqual: left <= right
            case .greater: left > right
            case .greaterOrEqual: left >= right
            }
        }
    }

    case text([WildcardPattern], ignoresCase: Bool, negated: Bool)
    case arn([ResourcePattern], negated: Bool)
    case bool([Bool])
    case address([AddressRange], negated: Bool)
    case number([Double], Order, negated: Bool)
    case date([Double], Order, negated: Bool)
    case isNull(Bool)

    var isNegated: Bool {
        switch self {
        case .text(_, _, let negated), .arn(_, let negated), .address(_, let negated),
            .number(_, _, let negated), .date(_, _, let negated):
            negated
        case .bool, .isNull:
            false
        }
    }

    /// Whether the value fits one of the operands, before negation. A value of the wrong form fits none.
    func matches(_ value: String, context: AccessContext) -> Bool {
        switch self {
        case .text(let patterns, let ignoresCase, _):
            let scalars = Array((ignoresCase ? value.lowercased() : value).unicodeScalars)
            return patterns.contains { $0.matches(scalars, context: context) }
        case .arn(let patterns, _):
            let name = ResourceName(value)
            return patterns.contains { $0.matches(name, context: context) }
        case .bool(let expected):
            return PolicyScalar.bool(value).map(expected.contains) ?? false
        case .address(let ranges, _):
            guard let address = AddressRange(value) else { return false }
            return ranges.contains { $0.contains(address) }
        case .number(let operands, let order, _):
            guard let number = Double(value) else { return false }
            return operands.contains { order.holds(number, $0) }
        case .date(let operands, let order, _):
            guard let date = PolicyScalar.date(value) else { return false }
            return operands.contains { order.holds(date, $0) }
        case .isNull:
            return false
        }
    }
}

extension PolicyCondition {
    /// Parses an operator's name and operands.
    init(operatorName: String, key: String, operands: [String]) throws(PolicyError) {
        var name = operatorName[...]
        self.quantifier = .single
        for (prefix, quantifier) in [("ForAnyValue:", Quantifier.anyValue), ("ForAllValues:", .allValues)]
        where name.hasPrefix(prefix) {
            name = name.dropFirst(prefix.count)
            self.quantifier = quantifier
        }
        self.ifExists = name.hasSuffix("IfExists")
        if self.ifExists { name = name.dropLast(8) }
        self.key = key.lowercased()
        guard !operands.isEmpty else { throw PolicyError("The condition \(operatorName) on \(key) has no value.") }
        guard let comparison = PolicyComparison(operatorName: String(name), operands: operands) else {
            throw PolicyError("The condition \(operatorName) on \(key) is not supported or has a malformed value.")
        }
        self.comparison = comparison
    }
}

extension PolicyComparison {
    /// `nil` for an unknown operator or an operand that does not suit it.
    fileprivate init?(operatorName: String, operands: [String]) {
        switch operatorName {
        case "StringEquals", "StringNotEquals":
            let patterns = operands.map { WildcardPattern($0, wildcards: false) }
            self = .text(patterns, ignoresCase: false, negated: operatorName == "StringNotEquals")
        case "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase":
            let patterns = operands.map { WildcardPattern($0.lowercased(), wildcards: false) }
            self = .text(patterns, ignoresCase: true, negated: operatorName == "StringNotEqualsIgnoreCase")
        case "StringLike", "StringNotLike":
            let patterns = operands.map { WildcardPattern($0) }
            self = .text(patterns, ignoresCase: false, negated: operatorName == "StringNotLike")
        case "ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike":
            self = .arn(operands.map { ResourcePattern($0) }, negated: operatorName.hasPrefix("ArnNot"))
        case "IpAddress", "NotIpAddress":
            guard let ranges = Self.all(operands, AddressRange.init) else { return nil }
            self = .address(ranges, negated: operatorName == "NotIpAddress")
        case "Bool":
            guard let values = Self.all(operands, PolicyScalar.bool) else { return nil }
            self = .bool(values)
        case "Null":
            guard operands.count == 1, let expected = PolicyScalar.bool(operands[0]) else { return nil }
            self = .isNull(expected)
        case let name where name.hasPrefix("Numeric"):
            guard let (order, negated) = Self.order(name.dropFirst(7)),
                let numbers = Self.all(operands, { Double($0) })
            else { return nil }
            self = .number(numbers, order, negated: negated)
        case let name where name.hasPrefix("Date"):
            guard let (order, negated) = Self.order(name.dropFirst(4)),
                let dates = Self.all(operands, PolicyScalar.date)
            else { return nil }
            self = .date(dates, order, negated: negated)
        case _:
            return nil
        }
    }

    private static func order(_ name: some StringProtocol) -> (Order, negated: Bool)? {
        switch name {
        case "Equals": (.equal, false)
        case "NotEquals": (.equal, true)
        case "LessThan": (.less, false)
        case "LessThanEquals": (.lessOrEqual, false)
        case "GreaterThan": (.greater, false)
        case "GreaterThanEquals": (.greaterOrEqual, false)
        case _: nil
        }
    }

    private static func all<Value>(_ operands: [String], _ parse: (String) -> Value?) -> [Value]? {
        let values = operands.compactMap(parse)
        return values.count == operands.count ? values : nil
    }
}

/// The scalar forms of condition values.
enum PolicyScalar {
    static func bool(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "true": true
        case "false": false
        case _: nil
        }
    }

    /// Seconds since 1970 from `2026-11-23`, `2026-11-23T08:00:00Z` (with fraction or offset) or a plain number.
    static func date(_ text: String) -> Double? {
        if let seconds = Double(text) { return seconds }
        let parts = text.split(separator: "T", maxSplits: 1)
        guard let day = parts.first.flatMap({ self.day($0) }) else { return nil }
        guard parts.count == 2 else { return day }
        guard let time = self.timeOfDay(parts[1]) else { return nil }
        return day + time
    }

    private static func day(_ text: Substring) -> Double? {
        let fields = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard fields.count == 3, let year = fields[0], let month = fields[1], let day = fields[2],
            1...9999 ~= year, 1...12 ~= month, 1...31 ~= day
        else { return nil }
        // Days of the proleptic Gregorian calendar, counted from a year that starts in March.
        let shifted = month > 2 ? year : year - 1
        let monthFromMarch = (month + 9) % 12
        let days =
            365 * shifted + shifted / 4 - shifted / 100 + shifted / 400 + (153 * monthFromMarch + 2) / 5 + day - 1
        return Double((days - 719_468) * 86_400)
    }

    private static func timeOfDay(_ text: Substring) -> Double? {
        var clock = text
        var offset = 0.0
        if clock.hasSuffix("Z") {
            clock = clock.dropLast()
        } else if let sign = clock.lastIndex(where: { $0 == "+" || $0 == "-" }) {
            let zone = clock[clock.index(after: sign)...].split(separator: ":").map { Double($0) }
            guard zone.count == 2, let hours = zone[0], let minutes = zone[1] else { return nil }
            offset = (hours * 3600 + minutes * 60) * (clock[sign] == "+" ? 1 : -1)
            clock = clock[..<sign]
        }
        let fields = clock.split(separator: ":", omittingEmptySubsequences: false).map { Double($0) }
        guard 2...3 ~= fields.count, let hours = fields[0], let minutes = fields[1],
            let seconds = fields.count == 3 ? fields[2] : 0
        else { return nil }
        return hours * 3600 + minutes * 60 + seconds - offset
    }
}
