// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// Reads a pattern, in time that is proportional to its length.
///
/// There are no malformed ones: what is opened and never closed stands for itself.
struct GlobParser {
    private let scalars: ArraySlice<Unicode.Scalar>
    private var position: Int
    private(set) var steps: [GlobStep] = []
    /// How often a character was looked at.
    private(set) var visits = 0
    /// Behind the last of them nothing that was opened is closed.
    private let lastBracket: Int?
    /// Whether a brace was found that does not close: then none behind it does either.
    private var hasOpenBrace = false

    /// Reads all of the text.
    init(_ text: String) {
        self.init(Array(text.unicodeScalars)[...])
        while let scalar = self.next {
            if scalar != "{" || !self.readAlternatives() { self.readStep() }
        }
    }

    private init(_ scalars: ArraySlice<Unicode.Scalar>) {
        self.scalars = scalars
        self.position = scalars.startIndex
        self.lastBracket = scalars.lastIndex(of: "]")
    }

    private var next: Unicode.Scalar? { self.position < self.scalars.endIndex ? self.scalars[self.position] : nil }

    /// Reads what starts here, where braces have no meaning.
    private mutating func readStep() {
        let scalar = self.scalars[self.position]
        self.position += 1
        self.visits += 1
        switch scalar {
        case "*": self.readRun()
        case "?": self.steps.append(.anyCharacter)
        case "[":
            if let end = self.endOfSet(from: self.position) {
                self.steps.append(.set(Self.set(self.scalars[self.position..<end])))
                self.position = end + 1
            } else {
                self.steps.append(.character(scalar))
            }
        case "\\":
            self.steps.append(.character(self.next ?? scalar))
            self.position += self.next == nil ? 0 : 1
        case _: self.steps.append(.character(scalar))
        }
    }

    /// Any number of stars in a row are one step.
    private mutating func readRun() {
        let start = self.position
        while self.next == "*" { self.position += 1 }
        self.steps.append(.anyRun(crossesSlashes: self.position > start))
    }

    // MARK: Sets

    /// - Parameter start: Behind the opening bracket.
    /// - Returns: Where the closing bracket is. One that comes first is of the set.
    private mutating func endOfSet(from start: Int) -> Int? {
        var first = start
        if first < self.scalars.endIndex, self.scalars[first] == "!" { first += 1 }
        guard let lastBracket, first < lastBracket else { return nil }
        let end = self.scalars[(first + 1)...].firstIndex(of: "]")
        self.visits += (end ?? self.scalars.endIndex) - start
        return end
    }

    /// A `-` at either end stands for itself, and a range that runs backwards holds nothing.
    private static func set(_ content: ArraySlice<Unicode.Scalar>) -> GlobSet {
        var set = GlobSet()
        var rest = content
        if rest.first == "!" {
            set.isInverted = true
            rest = rest.dropFirst()
        }
        while let low = rest.popFirst() {
            var high = low
            if rest.count > 1, rest.first == "-" {
                high = rest[rest.startIndex + 1]
                rest = rest.dropFirst(2)
            }
            if low <= high { set.ranges.append(low...high) }
        }
        return set
    }

    // MARK: Alternatives

    /// Reads what is between braces.
    ///
    /// - Returns: Whether there is a brace that closes; nothing is read otherwise.
    private mutating func readAlternatives() -> Bool {
        guard !self.hasOpenBrace, let (parts, end) = self.alternatives(from: self.position + 1) else {
            self.hasOpenBrace = true
            return false
        }
        let programs = parts.map { part in
            var parser = Self(part)
            while parser.next != nil { parser.readStep() }
            self.visits += parser.visits
            return parser.steps
        }
        // The fork, then each alternative with a jump behind it, but for the last, which ends where the jumps lead to.
        let fork = self.steps.count
        let behind = fork + programs.reduce(0) { $0 + $1.count + 1 }
        var starts: [Int] = []
        self.steps.append(.fork([]))
        for (index, program) in programs.enumerated() {
            starts.append(self.steps.count)
            self.steps += program
            if index < programs.count - 1 { self.steps.append(.jump(behind)) }
        }
        self.steps[fork] = .fork(starts)
        self.position = end + 1
        return true
    }

    /// - Parameter start: Behind the opening brace.
    private mutating func alternatives(from start: Int) -> (parts: [ArraySlice<Unicode.Scalar>], end: Int)? {
        var parts: [ArraySlice<Unicode.Scalar>] = []
        var partStart = start
        var position = start
        while position < self.scalars.endIndex {
            self.visits += 1
            switch self.scalars[position] {
            case "}": return (parts + [self.scalars[partStart..<position]], position)
            case ",":
                parts.append(self.scalars[partStart..<position])
                partStart = position + 1
            case "\\": position += 1
            case "[": position = self.endOfSet(from: position + 1) ?? position
            case _: break
            }
            position += 1
        }
        return nil
    }
}
