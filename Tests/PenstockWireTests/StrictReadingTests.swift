// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockWire
import Testing

/// How a service fails to read the body as the input of `PollForJobs`, which has all kinds of members but timestamps.
private func failure(_ body: [UInt8]) -> WireError? {
    do throws(WireError) {
        _ = try Operations.PollForJobs.decodeInput(body)
        return nil
    } catch {
        return error
    }
}

private func failure(_ body: String) -> WireError? {
    failure(Array(body.utf8))
}

@Suite struct StrictReadingTests {
    @Test(arguments: [
        "null", "true", "1", "\"text\"", "[]", "{", "}", " ", "{]", "{}}", "{} {}", "{},", "nul", "{\"a\"}", "{\"a\":}",
        "{\"a\":1,}", "{,}", "{\"a\":1 \"b\":2}", "{a:1}", "{'a':1}", "{\"a\":[1,]}", "{\"a\":[,1]}", "{\"a\":[1 2]}",
        "{\"a\":[1}", "{\"a\":{]}", "{\"a\":tru}", "{\"a\":True}", "{\"a\":undefined}", "{\"a\":// comment\n1}",
        "{\"a\":NaN}", "{\"a\":-NaN}", "{\"a\":Infinity}", "{\"a\":-Infinity}", "{\"maxBatchSize\":NaN}",
        "{\"a\":01}", "{\"a\":-}", "{\"a\":+1}", "{\"a\":.5}", "{\"a\":1.}", "{\"a\":1e}", "{\"a\":1e+}", "{\"a\":0x1}",
        "{\"a\":\"", "{\"a\":\"\\", "{\"a\":\"\\x\"}", "{\"a\":\"\\u12\"}", "{\"a\":\"\\u12g4\"}", "{\"a\":\"\n\"}",
        "{\"a\":\"\\ud800\"}", "{\"a\":\"\\udc00\"}", "{\"a\":\"\\ud800\\u0041\"}", "{\"a\":\"\\ud800\\ud800\"}",
        "{\"\\ud800\":1}", "{\"queryParam\":{\"k\":\"\\udfff\"}}", "{\"a\":\"\\ud800\\", "{\"a\":\"\\ud800\\u", "{\"a",
        "{\"a\":\"\u{0}\"}", "\u{FEFF}{}", "{\"queryParam\":{\"k\":\"v\"", "{\"a\":-", "{\"maxBatchSize\":1",
    ])
    func `What is not a JSON object is refused in so many words`(body: String) throws {
        let error = try #require(failure(body))
        #expect(error.code == .malformed)
        #expect(error.exception == ServiceException(.serialization, "Could not parse request body"))
        #expect(error.detail?.contains("at byte") == true)
    }

    @Test(
        arguments: [
            [0xC0, 0x80], [0xC1, 0xBF], [0x80], [0xBF], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF], [0xED, 0xA0, 0x80],
            [0xED, 0xBF, 0xBF], [0xF0, 0x8F, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF],
            [0xC3], [0xE2, 0x82], [0xF0, 0x9F, 0x98], [0xC3, 0x28], [0xE2, 0x28, 0xA1],
        ] as [[UInt8]])
    func `Ill-formed UTF-8 is refused, in known and unknown members and at the end`(sequence: [UInt8]) {
        for body in [
            Array("{\"unknown\":\"".utf8) + sequence + Array("\"}".utf8),
            Array("{\"".utf8) + sequence + Array("\":1}".utf8),
            Array("{}".utf8) + sequence,
        ] {
            #expect(failure(body)?.code == .malformed)
        }
    }

    @Test func `Well-formed UTF-8 of every length is kept`() throws {
        let text = "a\u{7F}\u{80}\u{7FF}\u{800}\u{D7FF}\u{E000}\u{FFFF}\u{10000}\u{10FFFF}\u{FEFF}"
        let body = #"{"nextToken":"\#(text)","regionFilter":"\u20ac\ud83d\ude00\"\\\/\b\f\n\r\t"}"#
        let input = try Operations.ListActionTypes.decodeInput(Array(body.utf8))
        #expect(input.nextToken == text)
        #expect(input.regionFilter == "€😀\"\\/\u{8}\u{c}\n\r\t")
        #expect(try Operations.ListActionTypes.decodeInput(Operations.ListActionTypes.encodeInput(input)) == input)
    }

    @Test(arguments: [
        (#"{"maxBatchSize":"5"}"#, "STRING_VALUE cannot be converted to Integer at 'maxBatchSize'"),
        (#"{"maxBatchSize":true}"#, "TRUE_VALUE cannot be converted to Integer at 'maxBatchSize'"),
        (#"{"maxBatchSize":[]}"#, "Start of structure or map found where not expected at 'maxBatchSize'"),
        (#"{"maxBatchSize":{}}"#, "Start of structure or map found where not expected at 'maxBatchSize'"),
        (#"{"maxBatchSize":1.5}"#, "NUMBER_VALUE with a fraction cannot be converted to Integer at 'maxBatchSize'"),
        (#"{"maxBatchSize":2147483648}"#, "Numeric value out of range of Integer at 'maxBatchSize'"),
        (#"{"maxBatchSize":-2147483649}"#, "Numeric value out of range of Integer at 'maxBatchSize'"),
        (#"{"maxBatchSize":1e400}"#, "Numeric value out of range of Integer at 'maxBatchSize'"),
        (#"{"maxBatchSize":1e-400}"#, "NUMBER_VALUE with a fraction cannot be converted to Integer at 'maxBatchSize'"),
        (#"{"maxBatchSize":1e99999999999999999999}"#, "Numeric value out of range of Integer at 'maxBatchSize'"),
        (#"{"actionTypeId":"x"}"#, "Unexpected field type at 'actionTypeId'"),
        (#"{"actionTypeId":[]}"#, "Unexpected field type at 'actionTypeId'"),
        (#"{"queryParam":7}"#, "Unexpected field type at 'queryParam'"),
        (#"{"queryParam":{"a":1}}"#, "NUMBER_VALUE cannot be converted to String at 'queryParam.a'"),
        (
            #"{"actionTypeId":{"category":false}}"#,
            "FALSE_VALUE cannot be converted to String at 'actionTypeId.category'"
        ),
    ])
    func `A member of another JSON type is a SerializationException`(body: String, message: String) throws {
        let error = try #require(failure(body))
        #expect(error.code == .wrongType)
        #expect(error.exception == ServiceException(.serialization, message))
    }

    @Test(arguments: [
        (
            #"{"pipeline":{"stages":[{"name":"a"},{"name":"b","actions":[{"name":"c"},{"name":7}]}]}}"#,
            "pipeline.stages.2.member.actions.2.member.name", 80
        ),
        (#"{"other":{"x":["},{",1,[2]]},"pipeline":{"stages":[7]}}"#, "pipeline.stages.1.member", 51),
        (#"{"a\\":[{}], "tags":[ 7 ]}"#, "tags.1.member", 22),
        (
            #"{"pipeline":{"stages":[{"actions":[{"configuration":{"a b":1}}]}]}}"#,
            "pipeline.stages.1.member.actions.1.member.configuration", 59
        ),
    ])
    func `A value of another type is told with its place`(body: String, path: String, position: Int) throws {
        let error = try #require(throws: WireError.self) {
            try Operations.CreatePipeline.decodeInput(Array(body.utf8))
        }
        #expect(error.message.hasSuffix(" at '\(path)'"))
        #expect(error.position == position)
    }

    @Test func `A place never repeats what could be a value`() {
        let body = #"{"queryParam":{"\#(String(repeating: "k", count: 101))":1}}"#
        #expect(failure(body)?.message == "NUMBER_VALUE cannot be converted to String at 'queryParam'")
    }

    @Test func `What is not JSON is told with its place to whoever has the document`() {
        let error = failure(#"{"a":1 "b":2}"#)
        #expect(error?.finding == "',' or '}' expected")
        #expect(error?.position == 7)
        #expect(error?.detail == "',' or '}' expected at byte 7")
    }

    @Test func `Lists and timestamps have their types too`() {
        func message<Operation: WireOperation>(_ operation: Operation.Type, _ body: String) -> String? {
            do throws(WireError) {
                _ = try operation.decodeInput(Array(body.utf8))
                return nil
            } catch {
                return error.message
            }
        }
        #expect(message(Operations.UntagResource.self, #"{"tagKeys":{}}"#) == "Unexpected field type at 'tagKeys'")
        #expect(message(Operations.UntagResource.self, #"{"tagKeys":"k"}"#) == "Unexpected field type at 'tagKeys'")
        let time = #"{"currentRevision":{"created":"2015-10-29T16:48:32Z"}}"#
        #expect(
            message(Operations.PutJobSuccessResult.self, time)
                == "STRING_VALUE cannot be converted to Timestamp at 'currentRevision.created'")
        #expect(
            message(Operations.PutJobSuccessResult.self, #"{"currentRevision":{"created":1e300}}"#)
                == "Numeric value out of range of Timestamp at 'currentRevision.created'")
    }

    @Test(arguments: [
        ("5", 5), ("5.0", 5), ("5e0", 5), ("0.5E1", 5), ("50e-1", 5), ("5.000000000000000000000000000000", 5),
        ("2147483647", 2_147_483_647), ("1e3", 1000),
    ])
    func `An integer may be written in any way that has no fraction`(text: String, value: Int) throws {
        let body = #"{"name":"p","version":\#(text)}"#
        #expect(try Operations.GetPipeline.decodeInput(Array(body.utf8)).version == value)
    }

    @Test(arguments: [
        ("1446137312.204", 1_446_137_312_204), ("1446137312", 1_446_137_312_000),
        ("1.446137312204E9", 1_446_137_312_204),
        ("0", 0), ("-0.001", -1), ("0.0004", 0), ("0.0005", 1), ("1446137312.2049999", 1_446_137_312_205),
        ("253402300799.999", 253_402_300_799_999), ("1e-400", 0), ("-62135596800", -62_135_596_800_000),
        ("1446137312.20400000000000000000000000001", 1_446_137_312_204),
    ])
    func `A timestamp is exact to the millisecond`(text: String, milliseconds: Int64) throws {
        let body = #"""
            {"jobId":"0a1b2c3d-4e5f-4789-8abc-def012345678",
            "currentRevision":{"revision":"r","changeIdentifier":"c","created":\#(text)}}
            """#
        let input = try Operations.PutJobSuccessResult.decodeInput(Array(body.utf8))
        #expect(input.currentRevision?.created?.millisecondsSinceEpoch == milliseconds)
    }

    // MARK: Size and depth

    @Test(arguments: ["[", "{\"a\":", "[[{\"b\":", "{\"actionTypeId\":"])
    func `Ten thousand levels are refused without recursion`(opening: String) throws {
        for body in [
            "{\"unknown\":" + String(repeating: opening, count: 10_000),
            "{\"queryParam\":{\"k\":" + String(repeating: opening, count: 10_000),
        ] {
            let error = try #require(failure(body))
            #expect(error.code == .malformed || error.code == .wrongType)
        }
        let deep = try #require(failure("{\"unknown\":" + String(repeating: "[", count: 10_000)))
        #expect(deep.message == "Could not parse request body: nested deeper than 128 levels")
    }

    @Test func `The deepest document that is read has 128 levels`() {
        func document(levels: Int) -> String {
            #"{"maxBatchSize":1,"actionTypeId":{"category":"Build","owner":"AWS","provider":"p","version":"1"},"x":"#
                + String(repeating: "[", count: levels - 1) + String(repeating: "]", count: levels - 1) + "}"
        }
        #expect(failure(document(levels: 128)) == nil)
        #expect(failure(document(levels: 129))?.code == .malformed)
    }

    @Test func `A body of 4 MiB is read, whatever fills it`() {
        let size = 4 << 20
        let known = #""actionTypeId":{"category":"Build","owner":"AWS","provider":"p","version":"1"}"#
        for filler in ["x", "1", " ", "\\n", "é", "\\ud83d\\ude00"] {
            let text = String(repeating: filler, count: size / filler.utf8.count)
            let value = filler == "1" ? text : filler == " " ? "\(text)1" : "\"\(text)\""
            #expect(failure("{\(known),\"unknown\":\(value)}") == nil)
        }
        #expect(failure("{\(known),\"unknown\":[" + String(repeating: "[],", count: size / 3) + "[]]}") == nil)
        #expect(failure("{\(known)" + String(repeating: ",\"a\":1", count: size / 6) + "}") == nil)
        let digits = String(repeating: "9", count: size)
        #expect(
            failure("{\(known),\"maxBatchSize\":\(digits)}")?.message
                == "Numeric value out of range of Integer at 'maxBatchSize'")
        #expect(failure("{\(known),\"maxBatchSize\":0.\(digits)}")?.code == .wrongType)
        #expect(failure("{\(known),\"maxBatchSize\":1e\(digits)}")?.code == .wrongType)
    }

    @Test(arguments: [
        (#"{"actionTypeId":{"category":"Build"},"other":{"metadata":1}}"#, #""other""#),
        (#"{"metadata":{"x":1},"actionTypeId":{"category":"Build","metadata":1}}"#, #""metadata":1"#),
        (#"{"\u0061":1}"#, #""\u0061""#),
    ])
    func `Who writes by hand is told of members that there are not, and where`(body: String, found: String) throws {
        let bytes = Array(body.utf8)
        func read(_ unknownMembers: WireReader.UnknownMembers) -> WireError? {
            do throws(WireError) {
                _ = try WireReader.read(
                    PollForJobsInput.self, from: bytes, checkingConstraints: true, unknownMembers: unknownMembers)
                return nil
            } catch {
                return error
            }
        }
        let error = try #require(read(.refused(exceptAtTop: ["metadata"])))
        let offset = try #require(body.firstRange(of: found)).lowerBound.utf16Offset(in: body)
        #expect(error.position == offset)
        #expect(error.finding?.hasPrefix("there is no member '") == true)
        #expect(read(.ignored)?.code == .brokenConstraints)
    }
}
