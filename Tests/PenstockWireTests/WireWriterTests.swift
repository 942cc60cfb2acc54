// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockWire
import Testing

@Suite struct WireWriterTests {
    @Test(
        arguments: [
            (0, "0"), (1_446_137_312_204, "1446137312.204"), (1_446_137_312_000, "1446137312"), (1_500, "1.5"),
            (1_020, "1.02"), (-1, "-0.001"), (-1_500, "-1.5"),
        ] as [(Int64, String)])
    func `Timestamps have as many digits as they need`(milliseconds: Int64, text: String) throws {
        #expect(try #require(WireTimestamp(millisecondsSinceEpoch: milliseconds)).description == text)
    }

    @Test func `Timestamps beyond the years of clients do not exist`() {
        #expect(WireTimestamp(millisecondsSinceEpoch: .max) == nil)
        #expect(WireTimestamp(clampingMilliseconds: .max).description == "253402300799.999")
        #expect(WireTimestamp(clampingMilliseconds: .min).description == "-62135596800")
    }

    @Test(arguments: [0, 7, -7, 10, 1_000, .max, .min] as [Int])
    func `Integers of any size have all of their digits`(value: Int) {
        var writer = WireWriter()
        writer.beginObject()
        writer.member("number", value)
        writer.endObject()
        #expect(String(decoding: writer.bytes, as: UTF8.self) == #"{"number":\#(value)}"#)
    }

    @Test func `Text is escaped where JSON demands it and nowhere else`() {
        var writer = WireWriter()
        writer.beginObject()
        writer.member("text", "\u{0}\u{1F}\"\\/\n\r\t\u{7F}é😀\u{2028}")
        writer.member("absent", nil as String?)
        writer.endObject()
        #expect(
            String(decoding: writer.bytes, as: UTF8.self)
                == "{\"text\":\"\\u0000\\u001f\\\"\\\\/\\n\\r\\t\u{7F}é😀\u{2028}\"}")
    }

    @Test func `Members of all kinds are separated, and maps are in the order of their keys`() {
        var writer = WireWriter()
        writer.beginObject()
        writer.member("a", [] as [String])
        writer.member("b", ["x", "y"])
        writer.member("c", [ActionCategory.build, .test])
        writer.member("d", ["z": "1", "é": "3", "a": "2"])
        writer.member("e", ["k": Tag(key: "k", value: "v")])
        writer.member("f", [:] as [String: String])
        writer.member("g", [Tag(key: "k", value: "v"), Tag(key: "l", value: "w")])
        writer.member("h", -5)
        writer.member("i", false)
        writer.member("j", 0.25)
        writer.member("k", Double.nan)
        writer.endObject()
        #expect(
            String(decoding: writer.bytes, as: UTF8.self)
                == #"{"a":[],"b":["x","y"],"c":["Build","Test"],"d":{"a":"2","z":"1","é":"3"},"#
                + #""e":{"k":{"key":"k","value":"v"}},"f":{},"g":[{"key":"k","value":"v"},{"key":"l","value":"w"}],"#
                + #""h":-5,"i":false,"j":0.25}"#)
    }

    @Test func `A type written by hand reads and writes like a generated one`() throws {
        let body = #"{"seconds":86400000000,"factor":2.5}"#
        let value = try WireReader.read(Handwritten.self, from: Array(body.utf8), checkingConstraints: true)
        #expect(value == Handwritten(seconds: 86_400_000_000, factor: 2.5))
        #expect(String(decoding: WireWriter.write(value), as: UTF8.self) == body)
        #expect {
            try WireReader.read(
                Handwritten.self, from: Array(#"{"seconds":-1}"#.utf8), checkingConstraints: true)
        } throws: { error in
            (error as? WireError)?.message == "2 validation errors detected: "
                + "Value at 'seconds' failed to satisfy constraint: Member must have value greater than or equal to 0; "
                + "Value at 'factor' failed to satisfy constraint: Member must not be null"
        }
        #expect(throws: WireError.self) {
            try WireReader.read(
                Handwritten.self, from: Array(#"{"seconds":1,"factor":1e999}"#.utf8), checkingConstraints: true)
        }
    }
}

private struct Handwritten: WireStructure {
    var seconds: Int
    var factor: Double

    init(seconds: Int, factor: Double) {
        self.seconds = seconds
        self.factor = factor
    }

    init?(from reader: inout WireReader) throws(WireError) {
        var seconds: Int?
        var factor: Double?
        var object = try reader.beginObject(WireMembers(["seconds", "factor"], required: [0, 1]))
        while let member = try reader.nextMember(in: &object) {
            switch member {
            case 0:
                let any = IntegerConstraints(minimum: 0, representable: Int64.min...Int64.max)
                seconds = try reader.integer(any)
            default: factor = try reader.double()
            }
        }
        guard let seconds, let factor else {
            return nil
        }
        self.init(seconds: seconds, factor: factor)
    }

    func encode(to writer: inout WireWriter) {
        writer.beginObject()
        writer.member("seconds", self.seconds)
        writer.member("factor", self.factor)
        writer.endObject()
    }
}
