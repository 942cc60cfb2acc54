// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

// How failures find their paths. While everything is in order, the path of a value is of no interest, so none is kept:
// a failure is recorded without one, and each object and list on the way out puts its part in front.

extension WireReader {
    /// Records that the value just read breaks a constraint.
    ///
    /// Hand-written `init(from:)`s use it for rules that the constraints of strings, integers and sizes cannot say.
    public mutating func record(_ constraint: WireConstraint) {
        self.record(constraint, path: "", order: 0)
    }

    mutating func record(_ constraint: WireConstraint, path: String, order: Int) {
        guard self.failures.count < Self.maximumFailures else {
            return
        }
        self.failures.append(ValidationFailure(path: path, constraint: constraint, order: order))
    }

    mutating func record(_ broken: BrokenStringConstraints, of constraints: StringConstraints) {
        if broken.contains(.minimum), let minimum = constraints.minimum {
            self.record(.minimumLength(minimum))
        }
        if broken.contains(.maximum), let maximum = constraints.maximum {
            self.record(.maximumLength(maximum))
        }
        if broken.contains(.pattern), let pattern = constraints.pattern {
            self.record(.pattern(pattern.rawValue))
        }
    }

    mutating func prefixFailures(from first: Int, with component: String, order: Int) {
        for index in first..<self.failures.count {
            let path = self.failures[index].path
            self.failures[index].path = path.isEmpty ? component : component + "." + path
            self.failures[index].order = order
        }
    }

    /// Forgets the failures of a member that comes again.
    mutating func discardFailures(from first: Int, of order: Int) {
        guard self.failures.count > first else {
            return
        }
        let kept = self.failures[first...].filter { $0.order != order }
        self.failures.replaceSubrange(first..., with: kept)
    }

    /// Puts failures into the order of the members or elements they belong to, whatever the order of the document.
    mutating func sortFailures(from first: Int) {
        // Together with the offset the order is total, so the sort need not be stable.
        let sorted = self.failures[first...].enumerated().sorted {
            ($0.element.order, $0.offset) < ($1.element.order, $1.offset)
        }
        self.failures.replaceSubrange(first..., with: sorted.map(\.element))
    }

    // MARK: Wrong types

    /// Builds the error for a value of another JSON type than its member has; the value itself is never in the text.
    mutating func wrongType(expected: WireType) throws(WireError) -> WireError {
        let found: String
        switch try self.peek() {
        case UInt8(ascii: "\""): found = "STRING_VALUE"
        case UInt8(ascii: "t"): found = "TRUE_VALUE"
        case UInt8(ascii: "f"): found = "FALSE_VALUE"
        case UInt8(ascii: "n"): found = "NULL_VALUE"
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): found = "NUMBER_VALUE"
        case UInt8(ascii: "["), UInt8(ascii: "{"):
            return .wrongType(
                expected.isComposite
                    ? "Unexpected field type" : "Start of structure or map found where not expected")
        default:
            throw .malformed("not a JSON value", at: self.position)
        }
        return .wrongType(
            expected.isComposite ? "Unexpected field type" : "\(found) cannot be converted to \(expected.rawValue)")
    }
}

/// The types of the wire as error texts name them.
enum WireType: String {
    case string = "String"
    case integer = "Integer"
    case timestamp = "Timestamp"
    case double = "Double"
    case boolean = "Boolean"
    case structure = "Structure"
    case list = "List"
    case map = "Map"

    var isComposite: Bool {
        switch self {
        case .structure, .list, .map: true
        case .string, .integer, .timestamp, .double, .boolean: false
        }
    }
}
