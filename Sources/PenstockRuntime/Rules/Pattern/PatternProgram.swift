// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// One step of the automaton. Offsets count from the instruction itself.
enum PatternInstruction: Sendable, Hashable {
    /// Takes this scalar and goes on with the next instruction.
    case scalar(Unicode.Scalar)
    /// Takes any scalar of the program's set at this index and goes on with the next instruction.
    case set(Int)
    /// Goes on with the next instruction where this holds.
    case assert(PatternAssertion)
    /// Goes on in two places: with the next instruction, and at the offset.
    case split(Int)
    case jump(Int)
}

/// Something that holds between two scalars of a text, or does not.
enum PatternAssertion: Sendable, Hashable {
    case textStart
    case textEnd
    /// At the end, or before the line terminator that ends the text.
    case lastLineEnd
    case lineStart
    case lineEnd
    case wordBoundary
    case noWordBoundary
}

/// A pattern made ready to run: it starts at the first instruction and has matched when it gets past the last.
struct PatternProgram: Sendable, Hashable {
    let instructions: [PatternInstruction]
    let sets: [ScalarSet]
}

/// Part of a program that is entered at its first instruction and left past its last, so that parts can be put one
/// after the other and copied.
struct PatternCode: Sendable, Hashable {
    var instructions: [PatternInstruction] = []

    mutating func append(_ other: Self) { self.instructions.append(contentsOf: other.instructions) }
}
