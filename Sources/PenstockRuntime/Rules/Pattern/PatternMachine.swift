// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// Runs a program over a text.
///
/// At every position it holds the set of instructions that have been reached, each once, so a position costs at most
/// four steps for each instruction, however the pattern is nested.
struct PatternMachine {
    enum Outcome: Sendable, Hashable {
        case matches
        case differs
        case outOfSteps
    }

    private let program: PatternProgram
    private let text: [Unicode.Scalar]
    /// Instructions looked at so far.
    private(set) var steps = 0
    /// Instructions that take a scalar, reached at the current position.
    private var reached: [Int] = []
    /// By instruction: the position at which it was reached last. One more stands for the end of the program.
    private var lastReached: [Int]
    private var pending: [Int] = []

    init(program: PatternProgram, text: [Unicode.Scalar]) {
        self.program = program
        self.text = text
        self.lastReached = Array(repeating: -1, count: program.instructions.count + 1)
    }

    /// Tells whether the whole text is an instance of the pattern.
    mutating func run(maximumSteps: Int) -> Outcome {
        self.follow(from: 0, at: 0)
        for (position, scalar) in self.text.enumerated() {
            let current = self.reached
            guard !current.isEmpty else { return .differs }
            guard self.steps <= maximumSteps else { return .outOfSteps }
            self.reached.removeAll(keepingCapacity: true)
            self.steps += current.count
            for index in current where self.takes(scalar, at: index) {
                self.follow(from: index + 1, at: position + 1)
            }
        }
        return self.lastReached[self.program.instructions.count] == self.text.count ? .matches : .differs
    }

    private func takes(_ scalar: Unicode.Scalar, at index: Int) -> Bool {
        switch self.program.instructions[index] {
        case .scalar(let wanted): scalar == wanted
        case .set(let set): self.program.sets[set].contains(scalar)
        case .assert, .split, .jump: false
        }
    }

    /// Reaches the instruction and all that follow without taking a scalar.
    private mutating func follow(from start: Int, at position: Int) {
        self.pending.append(start)
        while let index = self.pending.popLast() {
            self.steps += 1
            guard self.lastReached[index] != position else { continue }
            self.lastReached[index] = position
            guard index < self.program.instructions.count else { continue }
            switch self.program.instructions[index] {
            case .scalar, .set: self.reached.append(index)
            case .assert(let assertion):
                if assertion.holds(at: position, in: self.text) { self.pending.append(index + 1) }
            case .split(let offset):
                self.pending.append(index + offset)
                self.pending.append(index + 1)
            case .jump(let offset): self.pending.append(index + offset)
            }
        }
    }
}

extension PatternAssertion {
    /// - Parameter position: Of the scalar that follows.
    func holds(at position: Int, in text: [Unicode.Scalar]) -> Bool {
        switch self {
        case .textStart: position == 0
        case .textEnd: position == text.count
        case .lastLineEnd:
            position == text.count
                || Self.isLineEnd(at: position, in: text)
                    && (position == text.count - 1
                        || position == text.count - 2 && text[position] == "\r"
                            && text[position + 1] == "\n")
        case .lineStart:
            // A terminator at the very end begins no further line, and an empty text has none.
            position < text.count && (position == 0 || Self.isAfterTerminator(position, in: text))
        case .lineEnd: position == text.count || Self.isLineEnd(at: position, in: text)
        case .wordBoundary: Self.isWord(at: position - 1, in: text) != Self.isWord(at: position, in: text)
        case .noWordBoundary: Self.isWord(at: position - 1, in: text) == Self.isWord(at: position, in: text)
        }
    }

    private static func isLineEnd(at position: Int, in text: [Unicode.Scalar]) -> Bool {
        guard ScalarSet.lineTerminators.contains(text[position]) else { return false }
        return !Self.isInsidePair(position, in: text)
    }

    private static func isAfterTerminator(_ position: Int, in text: [Unicode.Scalar]) -> Bool {
        ScalarSet.lineTerminators.contains(text[position - 1]) && !Self.isInsidePair(position, in: text)
    }

    /// Between a carriage return and its line feed.
    private static func isInsidePair(_ position: Int, in text: [Unicode.Scalar]) -> Bool {
        position > 0 && text[position - 1] == "\r" && text[position] == "\n"
    }

    private static func isWord(at position: Int, in text: [Unicode.Scalar]) -> Bool {
        text.indices.contains(position) && ScalarSet.wordCharacters.contains(text[position])
    }
}
