// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

// Classes in brackets: ranges, classes inside, intersections.
extension PatternParser {
    /// A class whose `]` is still to come.
    private struct OpenClass {
        let position: Int
        let isNegated: Bool
        /// What the sides of `&&` read so far have in common.
        var common: ScalarSet?
        /// The ranges of the side that is being read; `nil` as long as there is nothing in it.
        var side: [ClosedRange<UInt32>]?

        /// Nothing has been read of it, so a `]` stands for itself.
        var isFresh: Bool { self.common == nil && self.side == nil }

        mutating func add(_ set: ScalarSet) { self.side = (self.side ?? []) + set.ranges }

        mutating func endSide(at position: Int) throws(PatternError) {
            guard let side = self.side.map({ ScalarSet($0) }) else {
                throw PatternError("a side of '&&' is empty", at: position)
            }
            self.common = self.common?.intersection(side) ?? side
            self.side = nil
        }
    }

    /// Reads a class from past its `[` to past its `]`.
    mutating func characterClass(at position: Int) throws(PatternError) -> ScalarSet {
        var open = [OpenClass(position: position, isNegated: self.source.skip("^"))]
        while let unit = self.nextUnit() {
            let last = open.count - 1
            let isSyntax = !unit.isQuoted
            if isSyntax, unit.scalar == "]", !open[last].isFresh {
                try open[last].endSide(at: unit.position)
                guard let closed = open.popLast(), let common = closed.common else { continue }
                let set = closed.isNegated ? common.inverted : common
                guard !open.isEmpty else { return set }
                open[open.count - 1].add(set)
            } else if isSyntax, unit.scalar == "[" {
                guard open.count < Pattern.maximumDepth else {
                    throw PatternError("classes are nested more than \(Pattern.maximumDepth) deep", at: unit.position)
                }
                open.append(OpenClass(position: unit.position, isNegated: self.source.skip("^")))
            } else if isSyntax, unit.scalar == "&", self.source.skip("&") {
                try open[last].endSide(at: unit.position)
                if self.source.isNext("&") { throw PatternError("'&&&' has no clear meaning", at: unit.position) }
            } else {
                let set = try self.classItem(unit)
                open[last].add(self.flags.ignoresCase ? set.ignoringCase : set)
            }
        }
        throw PatternError("a class is not closed", at: open.last?.position)
    }

    /// A scalar, a range or the set of an escape.
    private mutating func classItem(_ unit: PatternSource.Unit) throws(PatternError) -> ScalarSet {
        let first: Unicode.Scalar
        switch try self.classEscape(unit) {
        case .scalar(let scalar): first = scalar
        case .set(let set): return set
        case .assertion, .lineBreak: throw PatternError("an escape has no place in a class", at: unit.position)
        }
        self.skipComments()
        guard self.source.isNext("-"), let end = self.source.peek(ahead: 1),
            end.isQuoted || end.scalar != "[" && end.scalar != "]"
        else { return ScalarSet([first.value...first.value]) }
        _ = self.source.skip("-")
        guard let end = self.nextUnit(), case .scalar(let last) = try self.classEscape(end), first <= last else {
            throw PatternError("a range of a class has no end above its start", at: unit.position)
        }
        return ScalarSet([first.value...last.value])
    }

    private mutating func classEscape(_ unit: PatternSource.Unit) throws(PatternError) -> PatternEscape {
        guard unit.scalar == "\\", !unit.isQuoted else { return .scalar(unit.scalar) }
        return try self.escape(at: unit.position)
    }
}
