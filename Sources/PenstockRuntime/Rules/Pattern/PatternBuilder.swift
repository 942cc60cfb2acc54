// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// Puts the parts of a program together and keeps count of its size, so that no step makes more than is allowed.
struct PatternBuilder {
    private(set) var sets: [ScalarSet] = []
    private var setIndices: [ScalarSet: Int] = [:]
    /// Instructions of all parts that there are.
    private var size = 0

    mutating func scalar(_ scalar: Unicode.Scalar, ignoringCase: Bool) throws(PatternError) -> PatternCode {
        guard ignoringCase else { return try self.code([.scalar(scalar)]) }
        let both = ScalarSet([scalar.value...scalar.value]).ignoringCase
        return both.ranges.count == 1 ? try self.code([.scalar(scalar)]) : try self.set(both)
    }

    mutating func set(_ set: ScalarSet) throws(PatternError) -> PatternCode {
        if let index = self.setIndices[set] { return try self.code([.set(index)]) }
        self.setIndices[set] = self.sets.count
        self.sets.append(set)
        return try self.code([.set(self.sets.count - 1)])
    }

    mutating func assertion(_ assertion: PatternAssertion) throws(PatternError) -> PatternCode {
        try self.code([.assert(assertion)])
    }

    /// A carriage return with a line feed, or one scalar that ends a line.
    mutating func lineBreak() throws(PatternError) -> PatternCode {
        let pair = try self.code([.scalar("\r"), .scalar("\n")])
        return try self.alternatives([pair, try self.set(.verticalSpace)])
    }

    /// Any one of the parts.
    mutating func alternatives(_ parts: [PatternCode]) throws(PatternError) -> PatternCode {
        try self.grow(by: 2 * (parts.count - 1))
        var total = 2 * (parts.count - 1) + parts.reduce(0) { $0 + $1.instructions.count }
        var code = PatternCode()
        for (index, part) in parts.enumerated() {
            guard index < parts.count - 1 else {
                code.append(part)
                break
            }
            let count = part.instructions.count
            code.instructions.append(.split(count + 2))
            code.append(part)
            total -= count + 2
            code.instructions.append(.jump(total + 1))
        }
        return code
    }

    /// The part several times over.
    ///
    /// - Parameter most: `nil` for any number of times.
    mutating func repeated(_ part: PatternCode, least: Int, most: Int?) throws(PatternError) -> PatternCode {
        let count = part.instructions.count
        guard count > 0 else { return part }
        let optional = most.map { $0 - least }
        let rest = optional.map { $0 * (count + 1) } ?? (least == 0 ? count + 2 : 1)
        try self.grow(by: least * count + rest - count)
        var code = PatternCode()
        for _ in 0..<least { code.append(part) }
        if let optional {
            for done in 0..<optional {
                code.instructions.append(.split((optional - done) * (count + 1)))
                code.append(part)
            }
        } else if least == 0 {
            code.instructions.append(.split(count + 2))
            code.append(part)
            code.instructions.append(.jump(-count - 1))
        } else {
            code.instructions.append(.split(-count))
        }
        return code
    }

    private mutating func code(_ instructions: [PatternInstruction]) throws(PatternError) -> PatternCode {
        try self.grow(by: instructions.count)
        return PatternCode(instructions: instructions)
    }

    private mutating func grow(by count: Int) throws(PatternError) {
        self.size += count
        guard self.size <= Pattern.maximumProgramSize else {
            throw PatternError("the pattern is too large with its repetitions written out")
        }
    }
}
