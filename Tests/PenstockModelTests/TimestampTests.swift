// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import Testing

struct TimestampTests {
    private static func at(_ milliseconds: Int64) -> Timestamp { Timestamp(millisecondsSinceEpoch: milliseconds) }

    @Test func `Sums keep whole milliseconds`() {
        #expect(Self.at(1000) + .milliseconds(1) == Self.at(1001))
        #expect(Self.at(1000) - .milliseconds(1) == Self.at(999))
        #expect(Self.at(1000) + .microseconds(1999) == Self.at(1001))
        #expect(Self.at(1000) + .microseconds(-1999) == Self.at(999))
        #expect(Self.at(5000) - Self.at(2000) == .seconds(3))
        #expect(Self.at(2000) - Self.at(5000) == .seconds(-3))
    }

    @Test func `Sums are cut at the ends of the range`() {
        #expect(Self.at(.max) + .milliseconds(1) == Self.at(.max))
        #expect(Self.at(.min) - .milliseconds(1) == Self.at(.min))
        #expect(Self.at(0) + .seconds(Int64.max) == Self.at(.max))
        #expect(Self.at(0) + .seconds(Int64.min) == Self.at(.min))
        #expect(Self.at(0) - .seconds(Int64.max) == Self.at(.min))
    }

    @Test func `The whole range has a length`() {
        #expect(Self.at(.max) - Self.at(.min) > .days(1_000_000_000))
        #expect((Self.at(.max) - Self.at(.min)).milliseconds == .max)
    }

    @Test(arguments: [
        (Duration.seconds(1), Int64(1000)), (.milliseconds(-7), -7), (.microseconds(999), 0), (.microseconds(-999), 0),
        (.nanoseconds(1_500_000), 1), (.zero, 0), (.seconds(Int64.max), .max), (.seconds(Int64.min), .min),
    ])
    func `A duration's milliseconds are rounded toward zero and cut at the ends`(duration: Duration, value: Int64) {
        #expect(duration.milliseconds == value)
    }

    @Test func `Longer units are multiples of seconds`() {
        #expect(Duration.minutes(5) == .seconds(300))
        #expect(Duration.hours(36) == .seconds(129_600))
        #expect(Duration.days(7) == .seconds(604_800))
    }

    @Test func `Seconds keep their fraction`() {
        #expect(Self.at(1_767_261_600_120).secondsSinceEpoch == 1_767_261_600.12)
        #expect(Self.at(-500).secondsSinceEpoch == -0.5)
    }

    @Test func `Later instants are greater`() {
        #expect([Self.at(3), Self.at(-1), Self.at(2)].sorted() == [Self.at(-1), Self.at(2), Self.at(3)])
    }

    @Test(arguments: [
        (Int64(1_773_065_100_000), "2026-03-09T14:05:00Z"), (0, "1970-01-01T00:00:00Z"),
        (951_782_399_999, "2000-02-28T23:59:59Z"), (951_782_400_000, "2000-02-29T00:00:00Z"),
        (-1000, "1969-12-31T23:59:59Z"),
    ])
    func `People read the date and the time to the second`(milliseconds: Int64, text: String) {
        #expect(Self.at(milliseconds).text == text)
    }

    @Test(arguments: [Int64.min, .max, 253_402_300_800_000])
    func `Instants that no calendar page shows have a text all the same`(milliseconds: Int64) {
        #expect(!Self.at(milliseconds).text.isEmpty)
    }
}
