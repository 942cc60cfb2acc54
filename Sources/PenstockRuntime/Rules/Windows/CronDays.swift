// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// The days of a month that a day-of-month field means.
struct DaysOfMonth: Sendable, Hashable {
    /// `15`: by number.
    var numbered = CronValues(1...31)
    /// `L`, `L-3`: so many days before the last one.
    var beforeLast = CronValues(0...30)
    /// `15W`: the weekday nearest to that day within the month; none where the month has no such day.
    var weekdaysNearest = CronValues(1...31)
    /// `LW`: the last weekday.
    var includesLastWeekday = false
    /// `W`: every weekday.
    var includesWeekdays = false

    func contains(_ day: CivilDay) -> Bool {
        let last = day.monthLength
        if self.numbered.contains(day.day) || self.beforeLast.contains(last - day.day) { return true }
        guard !Self.isWeekend(day.weekday) else { return false }
        return self.includesWeekdays || self.includesLastWeekday && Self.weekday(nearest: last, in: day) == day.day
            || (max(1, day.day - 2)...min(last, day.day + 2)).contains { near in
                self.weekdaysNearest.contains(near) && Self.weekday(nearest: near, in: day) == day.day
            }
    }

    /// The Monday to Friday nearest to the day of that number in the month of the other, never outside the month.
    private static func weekday(nearest number: Int, in month: CivilDay) -> Int {
        switch CivilDay(year: month.year, month: month.month, day: number).weekday {
        case 1: number == month.monthLength ? number - 2 : number + 1
        case 7: number == 1 ? number + 2 : number - 1
        case _: number
        }
    }

    private static func isWeekend(_ weekday: Int) -> Bool { weekday == 1 || weekday == 7 }
}

/// The days of a week that a day-of-week field means.
struct DaysOfWeek: Sendable, Hashable {
    /// `FRI`: of every week.
    var weekly = CronValues(1...7)
    /// `FRIL`: the last of a month.
    var last = CronValues(1...7)
    /// `FRI#3`: by week, the third of a month at index 2.
    var numbered = Array(repeating: CronValues(1...7), count: Self.weeks.upperBound)

    /// How often a day of the week comes in a month.
    static let weeks = 1...5

    func contains(_ day: CivilDay) -> Bool {
        let weekday = day.weekday
        return self.weekly.contains(weekday) || self.numbered[(day.day - 1) / 7].contains(weekday)
            || day.day + 7 > day.monthLength && self.last.contains(weekday)
    }
}
