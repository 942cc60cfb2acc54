// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// Reads a pattern and makes its program in one pass.
///
/// The groups that are open stand on a list instead of the call stack, so nesting cannot exhaust it.
struct PatternParser {
    struct Flags {
        /// `i`: ASCII letters match in both cases.
        var ignoresCase = false
        /// `s`: the dot matches line terminators as well.
        var dotMatchesAll = false
        /// `m`: `^` and `$` match at every line.
        var isMultiline = false
        /// `x`: whitespace and comments do not count.
        var hasComments = false
    }

    struct Group {
        /// Those that a `|` has ended.
        var alternatives: [PatternCode] = []
        /// The alternative that is being read.
        var current = PatternCode()
        /// In force again when the group ends.
        let outerFlags: Flags
        let position: Int
    }

    var source: PatternSource
    var flags = Flags()
    var builder = PatternBuilder()
    /// Innermost last; the first is the pattern itself.
    var groups: [Group]
    var groupNames: Set<String> = []

    init(_ source: PatternSource) {
        self.source = source
        self.groups = [Group(outerFlags: self.flags, position: 1)]
    }

    mutating func parse() throws(PatternError) -> PatternProgram {
        while let unit = self.nextUnit() {
            guard let item = try self.item(unit) else { continue }
            let repeated = try self.repeated(item)
            self.groups[self.groups.count - 1].current.append(repeated)
        }
        guard let whole = self.groups.popLast(), self.groups.isEmpty else {
            let position = self.groups.last?.position
            throw PatternError("a group is not closed", at: position)
        }
        let code = try self.builder.alternatives(whole.alternatives + [whole.current])
        return PatternProgram(instructions: code.instructions, sets: self.builder.sets)
    }

    /// What comes next, past whitespace and comments where they do not count.
    mutating func nextUnit() -> PatternSource.Unit? {
        self.skipComments()
        return self.source.next()
    }

    mutating func skipComments() {
        if self.flags.hasComments { self.source.skipComments() }
    }

    /// - Returns: What can be repeated; `nil` for what only opens a group, ends an alternative or sets flags.
    private mutating func item(_ unit: PatternSource.Unit) throws(PatternError) -> PatternCode? {
        guard !unit.isQuoted else { return try self.literal(unit.scalar) }
        switch unit.scalar {
        case "\\": return try self.escapedItem(at: unit.position)
        case "[": return try self.builder.set(self.characterClass(at: unit.position))
        case ".":
            return try self.builder.set(self.flags.dotMatchesAll ? .everything : ScalarSet.lineTerminators.inverted)
        case "^": return try self.builder.assertion(self.flags.isMultiline ? .lineStart : .textStart)
        case "$": return try self.builder.assertion(self.flags.isMultiline ? .lineEnd : .lastLineEnd)
        case "(":
            try self.openGroup(at: unit.position)
            return nil
        case ")": return try self.closeGroup(at: unit.position)
        case "|":
            self.endAlternative()
            return nil
        case "*", "+", "?", "{": throw PatternError("'\(unit.scalar)' has nothing to repeat", at: unit.position)
        case _: return try self.literal(unit.scalar)
        }
    }

    private mutating func escapedItem(at position: Int) throws(PatternError) -> PatternCode {
        switch try self.escape(at: position) {
        case .scalar(let scalar): return try self.literal(scalar)
        case .set(let set): return try self.builder.set(self.flags.ignoresCase ? set.ignoringCase : set)
        case .assertion(let assertion): return try self.builder.assertion(assertion)
        case .lineBreak: return try self.builder.lineBreak()
        }
    }

    private mutating func literal(_ scalar: Unicode.Scalar) throws(PatternError) -> PatternCode {
        try self.builder.scalar(scalar, ignoringCase: self.flags.ignoresCase)
    }
}
