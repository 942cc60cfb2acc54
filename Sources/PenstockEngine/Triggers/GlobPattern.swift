// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// A pattern for branch names, tag names and file paths.
///
/// | written | stands for |
/// | --- | --- |
/// | `*` | any characters but `/`, or none |
/// | `**` | any characters, or none |
/// | `?` | one character, not `/` |
/// | `\` | makes the next character stand for itself |
/// | `[abc]`, `[a-z]`, `[!a]` | one character of the set, or outside of it; never `/` |
/// | `{a,b*}` | any one of the alternatives, which hold no other braces |
///
/// A character is a Unicode scalar, its case counts, and a dot in front is one like any other. What is opened and never
/// closed stands for itself.
/// Source: AWS CodePipeline User Guide, Working with glob patterns in syntax.
public struct GlobPattern: Sendable, Hashable {
    /// As it was written.
    public let text: String
    /// No longer than the text in scalars.
    let steps: [GlobStep]

    public init(_ text: String) {
        self.text = text
        self.steps = GlobParser(text).steps
    }

    /// Whether the pattern stands for the whole value.
    ///
    /// Takes time in proportion to the length of the pattern times that of the value, whatever they hold.
    public func matches(_ value: String) -> Bool {
        var search = GlobSearch(self.steps)
        return search.matches(value)
    }
}
