// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import PenstockRuntime

@Suite struct CivilDayTests {
    @Test func `Days have the dates and weekdays of the calendar`() throws {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        for number in stride(from: -800, through: 84_500, by: 7 * 4 + 1) {
            let day = CivilDay(number: number)
            let date = Date(timeIntervalSince1970: TimeInterval(number) * 86_400)
            let parts = calendar.dateComponents([.year, .month, .day, .weekday], from: date)
            #expect(day == CivilDay(year: parts.year ?? 0, month: parts.month ?? 0, day: parts.day ?? 0))
            #expect(day.weekday == parts.weekday)
        }
    }

    @Test func `Every day follows the one before`() {
        var previous = CivilDay(number: -1)
        for number in 0...CronExpression.lastDay.number {
            let day = CivilDay(number: number)
            if day.number != number || day.weekday != previous.weekday % 7 + 1 {
                Issue.record("\(day) is day \(number)")
            }
            let follows =
                if day.day > 1 {
                    day.day == previous.day + 1 && day.month == previous.month && day.year == previous.year
                } else if day.month > 1 {
                    previous.day == previous.monthLength && day.month == previous.month + 1 && day.year == previous.year
                } else {
                    previous == CivilDay(year: day.year - 1, month: 12, day: 31)
                }
            if !follows { Issue.record("\(day) does not follow \(previous)") }
            previous = day
        }
    }

    @Test(arguments: [(2000, 29), (2023, 28), (2024, 29), (2100, 28)])
    func `February is longer in leap years`(_ year: Int, _ length: Int) {
        #expect(CivilDay(year: year, month: 2, day: 1).monthLength == length)
    }

    @Test func `Minutes before 1970 belong to the days before`() {
        let minute = LocalMinute(number: -1)
        #expect(minute.day == CivilDay(year: 1969, month: 12, day: 31))
        #expect(minute.minuteOfDay == 1439)
    }
}
