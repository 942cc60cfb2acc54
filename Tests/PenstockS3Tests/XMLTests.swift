// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import PenstockArtifacts
import PenstockModel
import Testing

@testable import PenstockS3

@Suite struct XMLReadingTests {
    private func read(_ text: String) throws -> XMLElement { try XMLElement(document: Array(text.utf8)) }

    @Test func `Elements, text and what surrounds them are read`() throws {
        let root = try self.read(
            """
            \u{FEFF}<?xml version="1.0" encoding="UTF-8"?>
            <!-- a comment -- almost -->
            <s3:Delete xmlns:s3="http://s3.amazonaws.com/doc/2006-03-01/" a = 'b>c'>
              <Object  ><Key>one</Key></Object ><Object/><Quiet>true</Quiet>
            </s3:Delete>
            <!-- the end -->
            """
        )
        #expect(root.name == "Delete")
        #expect(root.children.map(\.name) == ["Object", "Object", "Quiet"])
        #expect(root["Object"]?["Key"]?.text == "one")
        #expect(root["Quiet"]?.text == "true")
    }

    @Test(arguments: [
        ("<a> x </a>", " x "), ("<a>&lt;&gt;&amp;&quot;&apos;</a>", "<>&\"'"), ("<a>&#65;&#x1F4A5;&#1;</a>", "A💥\u{1}"),
        ("<a><![CDATA[<b>&amp;]]></a>", "<b>&amp;"), ("<a>x<!-- y -->z</a>", "xz"), ("<a></a>", ""), ("<a/>", ""),
        ("<a>x<b>y</b>z</a>", "xz"), ("<a>é💥</a>", "é💥"),
    ])
    func `Text is kept to the byte`(_ document: String, _ text: String) throws {
        #expect(Array(try self.read(document).text.utf8) == Array(text.utf8))
    }

    @Test(arguments: [
        "", " ", "text", "<a>", "<a", "<a>x", "</a>", "<a></b>", "<a/><b/>", "<a/>x", "<a>&unknown;</a>", "<a>&amp</a>",
        "<a>&#xD800;</a>", "<a>&#x110000;</a>", "<a>&#;</a>", "<a>&#-1;</a>", "<a b></a>", "<a b=c></a>",
        "<a b='c></a>",
        "<a><![CDATA[x</a>", "<!-- x", "<?xml", "<>", "<a><></a>", "< a></a>",
        "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>", "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>",
    ])
    func `What is broken, or has a document type, is refused`(_ document: String) {
        #expect { try self.read(document) } throws: { ($0 as? S3Error)?.code == "MalformedXML" }
    }

    @Test func `Nesting has a bound and bytes that are no text are refused`() throws {
        let depth = XMLElement.maximumDepth
        func nested(_ count: Int) -> String {
            String(repeating: "<a>", count: count) + String(repeating: "</a>", count: count)
        }
        _ = try self.read(nested(depth))
        #expect(throws: S3Error.self) { try self.read(nested(depth + 1)) }
        #expect(throws: S3Error.self) { try self.read(String(repeating: "<a>", count: 100_000)) }
        #expect(throws: S3Error.self) { try XMLElement(document: Array("<a>".utf8) + [0xFF] + Array("</a>".utf8)) }
    }

    @Test func `Every document that was damaged somewhere is read or refused`() {
        let document = Array(
            "<?xml version='1.0'?><Delete x='y'><!-- c --><Object><Key>&amp;&#65;<![CDATA[k]]></Key></Object></Delete>"
                .utf8
        )
        var refused = 0
        for position in document.indices {
            for byte: UInt8 in [0x00, 0x20, 0x26, 0x3B, 0x3C, 0x3E, 0x2F, 0x5D, 0x80, 0xFF] {
                var changed = document
                changed[position] = byte
                if (try? XMLElement(document: changed)) == nil { refused += 1 }
            }
            if (try? XMLElement(document: Array(document[..<position]))) != nil {
                Issue.record("a document that is cut at \(position) was read")
            }
        }
        #expect(refused > document.count)
    }

    @Test func `What was written is read back`() throws {
        let texts = ["", " a ", "<&>\"'", "]]>", "\u{1}\r\n\t", "💥", "&amp;"]
        let document = XMLWriter.document("Root") { xml in
            for text in texts { xml.element("Text", text) }
            xml.element("Number", 7)
            xml.element("Truth", false)
            xml.element("Absent", nil as String?)
        }
        let root = try XMLElement(document: Array(document.readableBytesView))
        #expect(root.all("Text").map(\.text) == texts)
        #expect(root.children.dropFirst(texts.count).map { "\($0.name)=\($0.text)" } == ["Number=7", "Truth=false"])
    }
}

@Suite struct RequestPartTests {
    @Test(arguments: [
        ("/", "localhost", nil, nil), ("", "localhost", nil, nil), ("/b", "localhost", "b", nil),
        ("/b/", "localhost", "b", nil), ("/b/k", "localhost", "b", "k"), ("/b//k/", "localhost", "b", "/k/"),
        ("/b/a%2Fb%20c+d", "localhost", "b", "a/b c+d"), ("/b/%252e", "localhost", "b", "%2e"),
        ("/b/../k", "localhost", "b", "../k"), ("/k", "b.store.example", "b", "k"),
        ("/", "B.Store.example:80", "b", nil),
        ("/b/k", "store.example", "b", "k"), ("/b/k", "[::1]:7480", "b", "k"), ("/b/k", "evilstore.example", "b", "k"),
    ])
    func `An address is a bucket and a key`(_ path: String, _ host: String, _ bucket: String?, _ key: String?) throws {
        let address = try S3Address(path: path, host: host, virtualHosts: ["store.example"])
        #expect(address.bucket == bucket)
        #expect(address.key?.description == key)
    }

    @Test(arguments: ["/b/%", "/b/%4", "/b/%GG", "/%FF/k", "//k"])
    func `What cannot be decoded is no address`(_ path: String) {
        #expect(throws: S3Error.self) { try S3Address(path: path, host: "localhost", virtualHosts: []) }
    }

    @Test func `A query's parameters are decoded, and one without a value is empty`() throws {
        let query = try S3Query("versions&prefix=a%20b+c&empty=&prefix=second&%70=%3D")
        #expect(query.names == ["versions", "prefix", "empty", "prefix", "p"])
        #expect(query["prefix"] == "a b c")
        #expect(query["versions"] == "")
        #expect(query["empty"] == "")
        #expect(query["p"] == "=")
        #expect(query["absent"] == nil)
        #expect(throws: S3Error.self) { try S3Query("a=%FF") }
    }

    @Test(arguments: [
        ("Mon, 21 Sep 2026 14:13:20 GMT", 1_790_000_000_000 as Int64?), ("2026-09-21T14:13:20Z", nil),
        ("Mon, 31 Feb 2026 14:13:20 GMT", nil), ("21 Sep 2026", nil), ("", nil), ("Mon, 21 Sep 2026 14:13:20 CET", nil),
    ])
    func `Dates of headers are read`(_ text: String, _ milliseconds: Int64?) {
        #expect(HTTPDate.parse(text)?.millisecondsSinceEpoch == milliseconds)
    }
}
