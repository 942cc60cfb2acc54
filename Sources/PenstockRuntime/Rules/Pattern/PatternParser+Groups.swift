// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

// Groups, their alternatives and flags, and how often an item may come.
extension PatternParser {
    mutating func openGroup(at position: Int) throws(PatternError) {
        let outer = self.flags
        if self.source.skip("?") {
            guard try self.readGroupKind(at: position) else { return }
        }
        guard self.groups.count <= Pattern.maximumDepth else {
            throw PatternError("groups are nested more than \(Pattern.maximumDepth) deep", at: position)
        }
        self.groups.append(Group(outerFlags: outer, position: position))
    }

    mutating func endAlternative() {
        let last = self.groups.count - 1
        self.groups[last].alternatives.append(self.groups[last].current)
        self.groups[last].current = PatternCode()
    }

    mutating func closeGroup(at position: Int) throws(PatternError) -> PatternCode {
        guard self.groups.count > 1, let group = self.groups.popLast() else {
            throw PatternError("')' closes no group", at: position)
        }
        self.flags = group.outerFlags
        return try self.builder.alternatives(group.alternatives + [group.current])
    }

    /// Reads what follows `(?`.
    ///
    /// - Returns: Whether a group begins; it does not where flags are set for the rest of the one around.
    private mutating func readGroupKind(at position: Int) throws(PatternError) -> Bool {
        if self.source.skip(":") { return true }
        if self.source.isNext("=") || self.source.isNext("!") { throw .unsupported("lookahead", at: position) }
        if self.source.isNext(">") { throw .unsupported("the atomic group", at: position) }
        guard self.source.skip("<") else { return try self.readFlags(at: position) }
        if self.source.isNext("=") || self.source.isNext("!") { throw .unsupported("lookbehind", at: position) }
        let name = self.source.take(ScalarSet([0x30...0x39, 0x41...0x5A, 0x61...0x7A]))
        guard let first = name.first, !first.isNumber, self.source.skip(">") else {
            throw PatternError("a group's name is a letter and then letters and digits", at: position)
        }
        guard self.groupNames.insert(name).inserted else {
            throw PatternError("the group name '\(name)' is used more than once", at: position)
        }
        return true
    }

    private mutating func readFlags(at position: Int) throws(PatternError) -> Bool {
        var isOn = true
        while let unit = self.source.next() {
            switch unit.scalar {
            case _ where unit.isQuoted: throw PatternError("'(?' is followed by a quotation", at: unit.position)
            case "i": self.flags.ignoresCase = isOn
            case "s": self.flags.dotMatchesAll = isOn
            case "m": self.flags.isMultiline = isOn
            case "x": self.flags.hasComments = isOn
            case "-" where isOn: isOn = false
            case ":": return true
            case ")": return false
            case "d", "u", "U": throw .unsupported("the flag '\(unit.scalar)'", at: unit.position)
            case _: throw PatternError("'(?' is followed by the unknown '\(unit.scalar)'", at: unit.position)
            }
        }
        throw PatternError("a group is not closed", at: position)
    }

    /// The item as often as the quantifier after it says; once if there is none.
    ///
    /// Whether it takes as much as it can or as little decides nothing where the whole text has to match.
    mutating func repeated(_ item: PatternCode) throws(PatternError) -> PatternCode {
        self.skipComments()
        let position = self.source.position
        let least: Int
        let most: Int?
        if self.source.skip("*") {
            (least, most) = (0, nil)
        } else if self.source.skip("+") {
            (least, most) = (1, nil)
        } else if self.source.skip("?") {
            (least, most) = (0, 1)
        } else if self.source.skip("{") {
            (least, most) = try self.readCounts(at: position)
        } else {
            return item
        }
        self.skipComments()
        if self.source.isNext("+") { throw .unsupported("the possessive quantifier", at: position) }
        _ = self.source.skip("?")
        return try self.builder.repeated(item, least: least, most: most)
    }

    private mutating func readCounts(at position: Int) throws(PatternError) -> (Int, Int?) {
        let least = try self.readCount(at: position)
        var most: Int? = least
        if self.source.skip(",") { most = self.source.isNext("}") ? nil : try self.readCount(at: position) }
        guard self.source.skip("}") else { throw PatternError("a repetition is not closed", at: position) }
        if let most, most < least { throw PatternError("a repetition's bounds are the wrong way round", at: position) }
        return (least, most)
    }

    private mutating func readCount(at position: Int) throws(PatternError) -> Int {
        let digits = self.source.take(.digits)
        guard !digits.isEmpty else { throw PatternError("a repetition has no count", at: position) }
        guard let count = Int(digits), count <= Pattern.maximumRepetitions else {
            throw PatternError("a repetition has a count above \(Pattern.maximumRepetitions)", at: position)
        }
        return count
    }
}
