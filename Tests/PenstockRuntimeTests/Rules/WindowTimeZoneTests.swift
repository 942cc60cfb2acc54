// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import Testing

@testable import PenstockRuntime

@Suite struct WindowTimeZoneTests {
    @Test(arguments: [
        ("UTC", 0, 0), ("UTC+05:30", 330, 330), ("UTC-03:00", -180, -180), ("UTC+00:00", 0, 0), ("UTC-00:30", -30, -30),
        ("UTC+18:00", 1080, 1080), ("UTC-18:00", -1080, -1080),
        ("Europe/Berlin", 60, 120), ("America/Los_Angeles", -480, -420), ("Asia/Kolkata", 330, 330),
        ("America/Argentina/Buenos_Aires", -180, -180), ("US/Eastern", -300, -240), ("Etc/GMT+5", -300, -300),
        ("Australia/Lord_Howe", 660, 630), ("Pacific/Chatham", 825, 765),
    ])
    func `Zones are known by region and city and by offset`(_ name: String, _ winter: Int, _ summer: Int) throws {
        try Self.check(name, winter, summer)
    }

    @Test(arguments: [
        ("ACT", 570, 570), ("AET", 660, 600), ("AGT", -180, -180), ("ART", 120, 180), ("AST", -540, -480),
        ("BET", -180, -180), ("BST", 360, 360), ("CAT", 120, 120), ("CNT", -210, -150), ("CST", -360, -300),
        ("CTT", 480, 480), ("EAT", 180, 180), ("ECT", 60, 120), ("IET", -300, -240), ("IST", 330, 330),
        ("JST", 540, 540), ("MIT", 780, 780), ("NET", 240, 240), ("NST", 780, 720), ("PLT", 300, 300),
        ("PNT", -420, -420), ("PRT", -240, -240), ("PST", -480, -420), ("SST", 660, 660), ("VST", 420, 420),
        ("EST", -300, -300), ("MST", -420, -420), ("HST", -600, -600),
        ("GMT", 0, 0), ("CET", 60, 120), ("EET", 120, 180), ("MET", 60, 120), ("WET", 0, 60),
    ])
    func `Abbreviations mean what they do in Java, daylight saving included`(
        _ name: String,
        _ winter: Int,
        _ summer: Int
    ) throws {
        try Self.check(name, winter, summer)
    }

    @Test func `Every abbreviation of the table leads to a zone`() {
        for name in WindowTimeZone.identifiersByAbbreviation.keys { #expect(WindowTimeZone(name) != nil, "\(name)") }
    }

    @Test(arguments: [
        "", "utc", "Utc", "Z", "PDT", "CEST", "XYZ", "pst", "Berlin", "Europe", "Europe/", "/", "Europe/Nowhere",
        "europe/berlin", "Europe/Berlin ", "Etc/Unknown", "UTC+5", "UTC+05", "UTC+0530", "UTC+5:30", "UTC+05:60",
        "UTC+18:01", "UTC+24:00", "UTC05:30", "UTC+-5:30", "UTC+05:3", "UTC+05:300", "UTC +05:30", "GMT+05:30",
        "+05:30",
        "UTC+０5:30",
    ])
    func `Other names are not known`(_ name: String) {
        #expect(WindowTimeZone(name) == nil)
    }

    @Test func `A stretch ends where the offset changes`() throws {
        let zone = try #require(WindowTimeZone("Europe/Berlin"))
        let spring = Int(try Timestamp.at("2026-03-29T01:00:00Z").millisecondsSinceEpoch / 1000)
        let autumn = Int(try Timestamp.at("2026-10-25T01:00:00Z").millisecondsSinceEpoch / 1000)
        #expect(zone.stretch(at: spring - 1) == WindowTimeZone.Stretch(offset: 3600, end: spring))
        #expect(zone.stretch(at: spring) == WindowTimeZone.Stretch(offset: 7200, end: autumn))
        #expect(try #require(WindowTimeZone("UTC+05:30")).stretch(at: spring).end == nil)
    }

    private static func check(_ name: String, _ winter: Int, _ summer: Int) throws {
        let zone = try #require(WindowTimeZone(name))
        for (instant, minutes) in [("2026-01-15T12:00:00Z", winter), ("2026-07-15T12:00:00Z", summer)] {
            let time = Int(try Timestamp.at(instant).millisecondsSinceEpoch / 1000)
            #expect(zone.stretch(at: time).offset == minutes * 60, "\(instant)")
        }
    }
}
