// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// A regular expression in Java's syntax that is matched in time linear in the text, whatever the pattern.
///
/// It becomes a nondeterministic automaton whose states are followed side by side, one pass over the text, without ever
/// going back. What cannot be done so is refused: backreferences, lookaround, possessive quantifiers, atomic groups. Also
/// refused are the flags `d`, `u` and `U` and Unicode properties, so `\w`, `\d`, `\s`, `\b` and the flag `i` know ASCII
/// alone, as they do in Java without flags; and what Java reads in surprising ways, such as a `&&` with an empty side.
/// Text and pattern are taken as Unicode scalars, never as graphemes.
///
/// Source: Java SE API, java.util.regex.Pattern.
struct Pattern: Sendable, Hashable {
    /// In Unicode scalars. Source: AWS CodePipeline API, shape RuleConfigurationValue.
    static let maximumLength = 10_000
    /// Instructions, after counted repetitions are written out.
    static let maximumProgramSize = 20_000
    /// The highest count in braces.
    static let maximumRepetitions = 1_000
    /// Groups inside groups, and classes inside classes.
    static let maximumDepth = 250
    /// What one match may take; a twentieth of a second or so.
    static let maximumSteps = 10_000_000

    let program: PatternProgram

    /// - Throws: ``PatternError`` for what is no pattern, is not supported, or is larger than the bounds.
    init(_ text: String) throws(PatternError) {
        var parser = PatternParser(try PatternSource(text))
        self.program = try parser.parse()
    }

    /// Whether the text is an instance of the pattern from its start to its end.
    ///
    /// - Throws: ``PatternError`` when that takes more than ``maximumSteps``.
    func matches(wholeOf text: String) throws(PatternError) -> Bool {
        var machine = PatternMachine(program: self.program, text: Array(text.unicodeScalars))
        switch machine.run(maximumSteps: Self.maximumSteps) {
        case .matches: return true
        case .differs: return false
        case .outOfSteps:
            throw PatternError("the pattern and the text together need more than \(Self.maximumSteps) steps")
        }
    }
}
