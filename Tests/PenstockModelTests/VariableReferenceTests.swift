// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import Testing

struct VariableReferenceTests {
    @Test(arguments: [
        ("#{Build.Tag}", ["<Build|Tag>"]),
        ("shop:#{Build.Tag}-#{variables.Env}!", ["shop:", "<Build|Tag>", "-", "<variables|Env>", "!"]),
        ("#{a.b}#{c.d}", ["<a|b>", "<c|d>"]),
        ("##{a.b}", ["#", "<a|b>"]),
        ("#{a.b.c}", ["<a|b.c>"]),
        ("#{.}", ["<|>"]),
        ("#{ a . b }", ["< a | b >"]),
        ("é#{ñ.ü}😀", ["é", "<ñ|ü>", "😀"]),
        ("#{a.b\n}", ["<a|b\n>"]),
    ])
    func `A text is cut at its references`(text: String, parts: [String]) {
        #expect(Self.shown(text) == parts)
    }

    @Test(arguments: ["", "plain", "#", "#{", "{a.b}", "# {a.b}", "#{a.b", "#{nodot}", "#{}", "#a.b}", "${a.b}", "}#{"])
    func `Everything else is plain text, whole`(text: String) {
        #expect(Self.shown(text) == (text.isEmpty ? [] : [text]))
        #expect(VariableReference.all(in: text).isEmpty)
    }

    @Test func `A piece of plain text between references is not cut`() {
        #expect(Self.shown("#{x} #{a.b} #{y} #{c.d} #{") == ["#{x} ", "<a|b>", " #{y} ", "<c|d>", " #{"])
    }

    @Test func `A reference is written as it was read`() {
        let text = "#{Build.Tag} and #{variables.Env}"
        #expect(VariableReference.all(in: text).map(\.description) == ["#{Build.Tag}", "#{variables.Env}"])
        #expect(VariableReference(namespace: "a", key: "b").description == "#{a.b}")
    }

    @Test(arguments: ["#", "#{", "#{a", "#{}", "#{a.b}", "}", "#{#{"])
    func `The parts make up the whole text, however often it is repeated`(piece: String) {
        let text = String(repeating: piece, count: 2000)
        let joined = VariableReference.parts(of: text).map { part in
            switch part {
            case .text(let text): String(text)
            case .reference(let reference): reference.description
            }
        }
        .joined()
        #expect(joined == text)
    }

    private static func shown(_ text: String) -> [String] {
        VariableReference.parts(of: text).map { part in
            switch part {
            case .text(let text): String(text)
            case .reference(let reference): "<\(reference.namespace)|\(reference.key)>"
            }
        }
    }
}
