// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import PenstockModel
import Testing

@testable import PenstockRuntime

@Suite struct DeploymentWindowTests {
    @Test(arguments: [
        ("0 * 9-17 ? * MON-FRI *", "2026-03-09T09:00:00Z", "open"),
        ("0 * 9-17 ? * MON-FRI *", "2026-03-09T17:59:59Z", "open"),
        ("0 * 9-17 ? * MON-FRI *", "2026-03-09T18:00:00Z", "2026-03-10T09:00:00Z"),
        ("0 * 9-17 ? * MON-FRI *", "2026-03-13T18:00:00Z", "2026-03-16T09:00:00Z"),
        ("0 * 9-17 ? * MON-FRI *", "2026-03-09T08:59:59Z", "2026-03-09T09:00:00Z"),
        ("0 0 9-17 ? * MON-FRI *", "2026-03-09T09:00:59Z", "open"),
        ("0 0 9-17 ? * MON-FRI *", "2026-03-09T09:01:00Z", "2026-03-09T10:00:00Z"),
        ("0 30 12 L * ?", "2026-03-09T00:00:00Z", "2026-03-31T12:30:00Z"),
        ("0 0 0 29 2 ?", "2026-03-09T00:00:00Z", "2028-02-29T00:00:00Z"),
        ("0 0 0 29 2 ?", "2096-03-01T00:00:00Z", "2104-02-29T00:00:00Z"),
        ("0 59 23 31 12 ? 2199", "1971-01-01T00:00:00Z", "2199-12-31T23:59:00Z"),
        ("0 59 23 31 12 ?", "2199-12-31T23:59:30Z", "open"),
        ("0 0 0 1 1 ?", "2026-01-01T00:01:00Z", "2027-01-01T00:00:00Z"),
        ("0 15 6 ? 2 6#5", "2026-01-01T00:00:00Z", "2036-02-29T06:15:00Z"),
    ])
    func `The window is open in minutes that match, and otherwise opens with the next one`(
        _ cron: String,
        _ now: String,
        _ state: String
    ) throws {
        #expect(try DeploymentWindow(cron).state(at: now) == state)
    }

    @Test(arguments: [
        ("0 0 0 30 2 ?", "2026-01-01T00:00:00Z"), ("0 * * * * ? 2025", "2026-01-01T00:00:00Z"),
        ("0 0 0 1 * 2#2", "2026-01-01T00:00:00Z"), ("0 * * 31 4,6 ?", "1970-01-01T00:00:00Z"),
        ("0 * * * * ?", "2200-01-01T00:00:00Z"), ("0 0 0 * * ?", "2199-12-31T00:01:00Z"),
    ])
    func `A window that matches no minute up to the last year stays closed`(_ cron: String, _ now: String) throws {
        #expect(try DeploymentWindow(cron).state(at: now) == "closed")
        #expect(try DeploymentWindow(cron, "Pacific/Chatham").state(at: now) == "closed")
    }

    @Test func `The last year ends by local time`() throws {
        #expect(try DeploymentWindow("0 * * * * ?", "UTC-10:00").state(at: "2200-01-01T09:59:00Z") == "open")
        #expect(try DeploymentWindow("0 * * * * ?", "UTC-10:00").state(at: "2200-01-01T10:00:00Z") == "closed")
        #expect(try DeploymentWindow("0 * * * * ?", "UTC+10:00").state(at: "2199-12-31T14:00:00Z") == "closed")
    }

    @Test(arguments: [
        // 02:00 to 03:00 does not come on 29 March in Berlin.
        ("0 30 2 * * ?", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-30T00:30:00Z"),
        ("0 0 3 * * ?", "Europe/Berlin", "2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z"),
        ("0 * 2-3 * * ?", "Europe/Berlin", "2026-03-29T00:59:00Z", "2026-03-29T01:00:00Z"),
        ("0 30 2 29 3 ?", "Europe/Berlin", "2026-01-01T00:00:00Z", "2027-03-29T00:30:00Z"),
        // 02:00 to 03:00 comes twice on 25 October.
        ("0 30 2 25 * ?", "Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z"),
        ("0 30 2 25 * ?", "Europe/Berlin", "2026-10-25T00:30:00Z", "open"),
        ("0 30 2 25 * ?", "Europe/Berlin", "2026-10-25T00:31:00Z", "2026-10-25T01:30:00Z"),
        ("0 30 2 25 * ?", "Europe/Berlin", "2026-10-25T01:30:00Z", "open"),
        ("0 30 2 25 * ?", "Europe/Berlin", "2026-10-25T01:31:00Z", "2026-11-25T01:30:00Z"),
        ("0 10 2 * * ?", "Europe/Berlin", "2026-10-25T00:45:00Z", "2026-10-25T01:10:00Z"),
        ("0 0 3 * * ?", "Europe/Berlin", "2026-10-25T00:59:00Z", "2026-10-25T02:00:00Z"),
        // The clocks of Lord Howe go by half an hour, here from 02:00 to 02:30.
        ("0 15 2 * * ?", "Australia/Lord_Howe", "2026-10-03T12:00:00Z", "2026-10-04T15:15:00Z"),
        ("0 45 1 * * ?", "Australia/Lord_Howe", "2026-04-04T14:46:00Z", "2026-04-04T15:15:00Z"),
        // Samoa has no 30 December 2011.
        ("0 0 12 30 12 ?", "Pacific/Apia", "2011-12-01T00:00:00Z", "2012-12-29T22:00:00Z"),
        ("0 0 9 ? * MON", "America/New_York", "2026-03-06T00:00:00Z", "2026-03-09T13:00:00Z"),
        ("0 0 9 ? * MON", "PST", "2026-12-04T00:00:00Z", "2026-12-07T17:00:00Z"),
        ("0 0 9 * * ?", "UTC+05:30", "2026-03-09T03:31:00Z", "2026-03-10T03:30:00Z"),
        ("0 0 0 1 * ?", "UTC-03:45", "2026-02-28T12:00:00Z", "2026-03-01T03:45:00Z"),
    ])
    func `Local times that are skipped do not come, and those that are repeated come twice`(
        _ cron: String,
        _ zone: String,
        _ now: String,
        _ state: String
    ) throws {
        #expect(try DeploymentWindow(cron, zone).state(at: now) == state)
    }

    @Test(arguments: [
        ("Europe/Berlin", "2026-03-28T20:00:00Z"), ("Europe/Berlin", "2026-10-24T20:00:00Z"),
        ("America/New_York", "2026-03-08T00:00:00Z"), ("America/St_Johns", "2026-11-01T00:00:00Z"),
        ("Australia/Lord_Howe", "2026-04-04T08:00:00Z"), ("Australia/Lord_Howe", "2026-10-03T08:00:00Z"),
        ("America/Havana", "2026-11-01T00:00:00Z"), ("Antarctica/Troll", "2026-03-28T20:00:00Z"),
        ("Africa/Monrovia", "1972-01-06T20:00:00Z"), ("Pacific/Apia", "2011-12-30T00:00:00Z"),
    ])
    func `The next opening is the one that looking at every minute finds`(_ zone: String, _ start: String) throws {
        let crons = ["0 30 2 * * ?", "0 0/7 0-3 * * ?", "0 15,45 */2 ? * SUN", "0 0 0 * * ?", "0 59 1 ? * *"]
        let first = Int(try Timestamp.at(start).millisecondsSinceEpoch / 1000)
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = try #require(TimeZone(identifier: zone))
        // A day and a half, minute by minute, and seconds into them where the zone's offset is no whole minute.
        let minutes = stride(from: first, to: first + 36 * 3600, by: 60).map { time in
            let date = Date(timeIntervalSince1970: TimeInterval(time))
            let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute, .second], from: date)
            let day = CivilDay(year: parts.year ?? 0, month: parts.month ?? 0, day: parts.day ?? 0)
            let minute = LocalMinute(day, minuteOfDay: (parts.hour ?? 0) * 60 + (parts.minute ?? 0))
            return (time: time - (parts.second ?? 0), minute: minute)
        }
        for cron in crons {
            let window = try DeploymentWindow(cron, zone)
            var next: Int?
            for (time, minute) in minutes.reversed() {
                let isOpen = window.cron.matches(minute)
                if isOpen { next = time }
                guard let next, time % 300 == 0 else { continue }
                let expected =
                    isOpen
                    ? DeploymentWindow.State.open
                    : .opens(at: Timestamp(millisecondsSinceEpoch: Int64(next) * 1000))
                let state = window.state(at: Timestamp(millisecondsSinceEpoch: Int64(time) * 1000))
                #expect(state == expected, "\(cron) at \(time)")
            }
        }
    }

    @Test func `Any instant has an answer`() throws {
        for instant in [Int64.min, -1, 0, 1, 7_258_118_399_999, 7_258_118_400_000, Int64.max] {
            let now = Timestamp(millisecondsSinceEpoch: instant)
            for zone in ["UTC", "Europe/Berlin", "UTC-18:00"] {
                let window = try DeploymentWindow("0 0 12 * * ?", zone)
                let state = window.state(at: now)
                if instant > 7_258_300_000_000 { #expect(state == .closed) }
                if case .opens(let opening) = state { #expect(opening > now) }
                #expect(window.localTime(at: now).contains(zone))
            }
        }
    }

    @Test(arguments: [
        ("2026-03-09T13:05:59Z", "Europe/Berlin", "2026-03-09 14:05 in Europe/Berlin (UTC+01:00)"),
        ("2026-10-25T00:30:00Z", "Europe/Berlin", "2026-10-25 02:30 in Europe/Berlin (UTC+02:00)"),
        ("2026-10-25T01:30:00Z", "Europe/Berlin", "2026-10-25 02:30 in Europe/Berlin (UTC+01:00)"),
        ("2026-07-01T00:00:00Z", "PST", "2026-06-30 17:00 in PST (UTC-07:00)"),
        ("2026-07-01T00:00:00Z", "UTC-00:30", "2026-06-30 23:30 in UTC-00:30 (UTC-00:30)"),
        ("2026-01-01T00:00:00Z", "UTC", "2026-01-01 00:00 in UTC (UTC+00:00)"),
    ])
    func `Local times are written with their offset`(_ instant: String, _ zone: String, _ text: String) throws {
        #expect(try DeploymentWindow("0 0 0 * * ?", zone).localTime(at: Timestamp.at(instant)) == text)
    }
}
