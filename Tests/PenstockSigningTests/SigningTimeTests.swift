// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import PenstockSigning
import Testing

struct SigningTimeTests {
    @Test func `The basic format is read and written, leap days included`() throws {
        let known: [(String, Int64)] = [
            ("19700101T000000Z", 0), ("20150830T123600Z", 1_440_938_160), ("20000229T235959Z", 951_868_799),
            ("20240229T000000Z", 1_709_164_800), ("19691231T235959Z", -1), ("00000101T000000Z", -62_167_219_200),
            ("99991231T235959Z", 253_402_300_799),
        ]
        for (text, seconds) in known {
            let time = try #require(SigningTime(basicFormat: text))
            #expect(time.secondsSinceEpoch == seconds)
            #expect(time.basicFormat == text)
        }
    }

    @Test func `Every day of four centuries is read back as written`() {
        for day in Int64(-40_000)..<110_000 {
            let time = SigningTime(secondsSinceEpoch: day * 86_400 + 43_210)
            if SigningTime(basicFormat: time.basicFormat) != time { Issue.record("\(time.basicFormat)") }
        }
    }

    @Test(arguments: [
        "", "20150830T123600", "20150830T123600z", "20150830 123600Z", "20150230T123600Z", "20151330T123600Z",
        "20150800T123600Z", "20150830T243600Z", "20150830T126000Z", "20150830T123660Z", "2015083AT123600Z",
        "20230229T000000Z", "+0150830T123600Z", "20150830T123600ZZ", "２0150830T123600Z",
    ])
    func `What only resembles the basic format is refused`(text: String) {
        #expect(SigningTime(basicFormat: text) == nil)
    }

    @Test func `The Date header's form is read`() {
        #expect(SigningTime(httpDate: "Sun, 30 Aug 2015 12:36:00 GMT")?.basicFormat == "20150830T123600Z")
        #expect(SigningTime(httpDate: "Sun, 30 Aug 2015 12:36:00 -0000")?.basicFormat == "20150830T123600Z")
        #expect(SigningTime(httpDate: "Sun, 30 Aug 2015 12:36:00 CEST") == nil)
        #expect(SigningTime(httpDate: "yesterday") == nil)
    }

    @Test func `Arithmetic stays within what can be written`() {
        #expect(SigningTime(secondsSinceEpoch: .max).basicFormat == "99991231T235959Z")
        #expect(SigningTime(secondsSinceEpoch: 0).advanced(bySeconds: .min).basicFormat == "00000101T000000Z")
    }
}
