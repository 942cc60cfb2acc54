// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// The text of a pattern, read from its start, with its quotations resolved.
struct PatternSource {
    struct Unit {
        let scalar: Unicode.Scalar
        /// Counted from 1.
        let position: Int
        /// Between `\Q` and `\E`, where nothing has a meaning of its own.
        let isQuoted: Bool
    }

    private let units: [Unit]
    private var index = 0

    init(_ text: String) throws(PatternError) {
        let scalars = Array(text.unicodeScalars.prefix(Pattern.maximumLength + 1))
        guard scalars.count <= Pattern.maximumLength else {
            throw PatternError("the pattern has more than \(Pattern.maximumLength) characters")
        }
        var units: [Unit] = []
        var isQuoted = false
        var index = 0
        while index < scalars.count {
            let following = index + 1 < scalars.count ? scalars[index + 1] : nil
            if scalars[index] == "\\", following == (isQuoted ? "E" : "Q") {
                isQuoted.toggle()
                index += 2
                continue
            }
            // A backslash takes the next scalar along, which may be a backslash before a Q.
            for _ in 0..<(scalars[index] == "\\" && following != nil && !isQuoted ? 2 : 1) {
                units.append(Unit(scalar: scalars[index], position: index + 1, isQuoted: isQuoted))
                index += 1
            }
        }
        self.units = units
    }

    /// Of what comes next; at the end, past the last.
    var position: Int { self.peek()?.position ?? (self.units.last?.position ?? 0) + 1 }

    func peek(ahead: Int = 0) -> Unit? {
        self.index + ahead < self.units.count ? self.units[self.index + ahead] : nil
    }

    /// Whether this comes next and is not quoted.
    func isNext(_ scalar: Unicode.Scalar) -> Bool {
        self.peek().map { $0.scalar == scalar && !$0.isQuoted } ?? false
    }

    mutating func next() -> Unit? {
        let unit = self.peek()
        if unit != nil { self.index += 1 }
        return unit
    }

    /// Goes past the scalar if it comes next and is not quoted.
    ///
    /// - Returns: Whether it did.
    mutating func skip(_ scalar: Unicode.Scalar) -> Bool {
        guard self.isNext(scalar) else { return false }
        self.index += 1
        return true
    }

    /// Goes past unquoted scalars of the set, at most so many.
    mutating func take(_ set: ScalarSet, most: Int = Pattern.maximumLength) -> String {
        var text = String.UnicodeScalarView()
        let end = self.index + most
        while self.index < end, let unit = self.peek(), !unit.isQuoted, set.contains(unit.scalar) {
            text.append(unit.scalar)
            self.index += 1
        }
        return String(text)
    }

    /// Goes past whitespace and comments from `#` to the end of the line.
    mutating func skipComments() {
        while let unit = self.peek(), !unit.isQuoted {
            if ScalarSet.whitespace.contains(unit.scalar) {
                self.index += 1
            } else if unit.scalar == "#" {
                while let unit = self.peek(), !ScalarSet.lineTerminators.contains(unit.scalar) { self.index += 1 }
            } else {
                return
            }
        }
    }
}
