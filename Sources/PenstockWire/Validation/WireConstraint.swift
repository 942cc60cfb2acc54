// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// One rule that a value breaks. The texts of all rules are here and nowhere else.
public enum WireConstraint: Sendable, Hashable {
    /// A required member is missing or `null`, or an element of a list is `null`.
    case mustNotBeNull
    /// Fewer characters, elements or entries than this.
    case minimumLength(Int)
    /// More characters, elements or entries than this.
    case maximumLength(Int)
    /// A number below this.
    case minimumValue(Int64)
    /// A number above this.
    case maximumValue(Int64)
    /// The whole text does not match this regular expression, which is given as the service description has it.
    case pattern(String)
    /// Not one of these values, which are in the order of the service description.
    case valueSet([String])
    /// At least one key of a map breaks one of these, which are all that its keys have to satisfy.
    case mapKeys([WireConstraint])
    /// At least one value of a map breaks one of these, which are all that its values have to satisfy.
    case mapValue([WireConstraint])

    /// The rule in the service's words.
    ///
    /// Source: texts observed in answers of the service; `Member must not be null` and `Map keys …` as AWS services
    /// in general write them.
    public var text: String {
        switch self {
        case .mustNotBeNull: "Member must not be null"
        case .minimumLength(let minimum): "Member must have length greater than or equal to \(minimum)"
        case .maximumLength(let maximum): "Member must have length less than or equal to \(maximum)"
        case .minimumValue(let minimum): "Member must have value greater than or equal to \(minimum)"
        case .maximumValue(let maximum): "Member must have value less than or equal to \(maximum)"
        case .pattern(let pattern): "Member must satisfy regular expression pattern: \(pattern)"
        case .valueSet(let values): "Member must satisfy enum value set: [\(values.joined(separator: ", "))]"
        case .mapKeys(let constraints): "Map keys must satisfy constraint: [\(Self.list(constraints))]"
        case .mapValue(let constraints): "Map value must satisfy constraint: [\(Self.list(constraints))]"
        }
    }

    private static func list(_ constraints: [WireConstraint]) -> String {
        constraints.map(\.text).joined(separator: ", ")
    }
}

/// One value of a request that breaks one rule. The value itself is deliberately not part of it.
public struct ValidationFailure: Sendable, Hashable {
    /// Where the value is: member names joined by dots, list elements as `<list>.<index from 1>.member`.
    public internal(set) var path: String
    /// The rule it breaks.
    public let constraint: WireConstraint
    /// The position among its siblings, while the document is being read.
    var order = 0

    /// Describes a failure that was found outside of reading.
    public init(path: String, constraint: WireConstraint) {
        self.init(path: path, constraint: constraint, order: 0)
    }

    init(path: String, constraint: WireConstraint, order: Int) {
        self.path = path
        self.constraint = constraint
        self.order = order
    }

    /// The message of a `ValidationException` that names all of the failures, in their order.
    public static func message(for failures: [ValidationFailure]) -> String {
        let list = failures.map { "Value at '\($0.path)' failed to satisfy constraint: \($0.constraint.text)" }
        let count = failures.count == 1 ? "1 validation error" : "\(failures.count) validation errors"
        return "\(count) detected: \(list.joined(separator: "; "))"
    }
}
