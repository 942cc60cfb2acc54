// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import Testing

struct GlobPatternTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let pattern: String
        let matching: [String]
        let others: [String]

        init(_ pattern: String, _ matching: [String], not others: [String]) {
            self.pattern = pattern
            self.matching = matching
            self.others = others
        }

        var testDescription: String { self.pattern }

        func verify() {
            let glob = GlobPattern(self.pattern)
            for value in self.matching { #expect(glob.matches(value), "\(self.pattern) stands for \(value)") }
            for value in self.others { #expect(!glob.matches(value), "\(self.pattern) does not stand for \(value)") }
        }
    }

    @Test(arguments: [
        Row("main", ["main"], not: ["mai", "mainx", "xmain", "Main", "MAIN", ""]),
        Row("feature/x", ["feature/x"], not: ["feature", "feature/", "feature/x/y"]),
        Row("v1.0", ["v1.0"], not: ["v1x0"]),
        Row("größe", ["größe"], not: ["grosse"]),
    ])
    func `A plain pattern stands for itself, whole and in its own case`(row: Row) { row.verify() }

    @Test(arguments: [
        Row("*", ["", "main", ".hidden"], not: ["a/b", "/"]),
        Row("release/*", ["release/1", "release/"], not: ["release", "release/1/hot"]),
        Row("*.swift", ["x.swift", ".swift"], not: ["src/x.swift", "x.swiftly"]),
        Row("v*.*", ["v1.0", "v.", "v1.2.3"], not: ["v1", "v1/2.0"]),
        Row("a*b*c", ["abc", "axbxc", "abcbc"], not: ["ab", "acb", "a/bc"]),
    ])
    func `A star stands for any characters without a slash`(row: Row) { row.verify() }

    @Test(arguments: [
        Row("**", ["", "main", "a/b/c", "/"], not: []),
        Row("src/**", ["src/", "src/a", "src/a/b.swift"], not: ["src", "xsrc/a", "lib/src/a"]),
        Row("**/test.md", ["a/test.md", "a/b/test.md", "/test.md"], not: ["test.md", "a/xtest.md"]),
        Row("**.md", ["a.md", "docs/a.md", ".md"], not: ["a.mdx"]),
        Row("a/**/z", ["a/b/z", "a/b/c/z", "a//z"], not: ["a/z", "az"]),
        Row("a***z", ["az", "a/b/z"], not: ["a/b"]),
    ])
    func `Two stars cross slashes`(row: Row) { row.verify() }

    @Test(arguments: [
        Row("v?", ["v1", "vé", "v."], not: ["v", "v12", "v/"]),
        Row("?", ["a", "*"], not: ["", "/", "ab"]),
    ])
    func `A question mark stands for one character but a slash`(row: Row) { row.verify() }

    @Test(arguments: [
        Row(#"\*"#, ["*"], not: ["a", "", #"\*"#]),
        Row(#"a\?c"#, ["a?c"], not: ["abc"]),
        Row(#"\[a]"#, ["[a]"], not: ["a"]),
        Row(#"\{a,b}"#, ["{a,b}"], not: ["a"]),
        Row(#"a\\b"#, [#"a\b"#], not: ["ab"]),
        Row(#"\main"#, ["main"], not: [#"\main"#]),
    ])
    func `A backslash makes the next character stand for itself`(row: Row) { row.verify() }

    @Test(arguments: [
        Row("[abc]", ["a", "b", "c"], not: ["d", "A", "", "ab"]),
        Row("v[0-9]", ["v0", "v5", "v9"], not: ["v", "va", "v10"]),
        Row("[a-cx-z]", ["a", "c", "x", "z"], not: ["d", "w"]),
        Row("[!a]", ["b", "!", "^"], not: ["a", "/", "", "bc"]),
        Row("[!a-z]", ["A", "5"], not: ["m", "/"]),
        Row("[^a]", ["^", "a"], not: ["b"]),
        Row(#"[*?\]"#, ["*", "?", #"\"#], not: ["a"]),
        Row("[a/]", ["a"], not: ["/"]),
        Row("[.-0]", [".", "0"], not: ["/"]),
        Row("[-a]", ["-", "a"], not: ["b"]),
        Row("[a-]", ["-", "a"], not: ["b"]),
        Row("[]a]", ["]", "a"], not: ["b"]),
        Row("[!]a]", ["b"], not: ["]", "a"]),
        Row("x[z-a]", [], not: ["x", "xa", "xm", "xz"]),
        Row("[α-ω]", ["λ"], not: ["l"]),
    ])
    func `Brackets stand for one character of a set, or outside of it, and never for a slash`(row: Row) {
        row.verify()
    }

    @Test(arguments: [
        Row("{main,develop}", ["main", "develop"], not: ["maindevelop", "", "mai"]),
        Row("{a,b*}", ["a", "b", "bcd"], not: ["ac", "b/c"]),
        Row("{src,lib}/**/*.{c,h}", ["src/a/x.c", "lib/a/b/y.h"], not: ["src/x.c", "doc/a/x.c", "src/a/x.o"]),
        Row("v1{,.0}", ["v1", "v1.0"], not: ["v1."]),
        Row("{a}", ["a"], not: ["{a}"]),
        Row("x{}y", ["xy"], not: ["x{}y"]),
        Row(#"{a\,b,c}"#, ["a,b", "c"], not: ["a", "b"]),
        Row(#"{a\},b}"#, ["a}", "b"], not: ["a"]),
        Row("{[ab],c}", ["a", "b", "c"], not: ["[ab]"]),
        Row("{[,}],c}", [",", "}", "c"], not: ["["]),
        Row("{a,{b}c", ["ac", "{bc"], not: ["bc"]),
        Row("{**,x}/y", ["a/b/y", "x/y", "/y"], not: ["y"]),
    ])
    func `Braces stand for any one of their alternatives, and do not nest`(row: Row) { row.verify() }

    @Test(arguments: [
        Row("[ab", ["[ab"], not: ["a"]),
        Row("a]", ["a]"], not: ["a"]),
        Row("[]", ["[]"], not: ["", "]"]),
        Row("[!]", ["[!]"], not: ["a"]),
        Row("{a,b", ["{a,b"], not: ["a", "b"]),
        Row("{a,[b}]", ["{a,b", "{a,}"], not: ["a"]),
        Row("a}", ["a}"], not: ["a"]),
        Row("a,b", ["a,b"], not: ["a"]),
        Row(#"a\"#, [#"a\"#], not: ["a"]),
    ])
    func `What is opened and never closed stands for itself`(row: Row) { row.verify() }

    @Test(arguments: [Row("*", [".env"], not: []), Row("**/.?*", ["a/.git"], not: ["a/git", "a/."])])
    func `A dot in front is a character like any other`(row: Row) { row.verify() }
}
