// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// A day of the Gregorian calendar, from the year 1 on.
struct CivilDay: Sendable, Hashable {
    let year: Int
    /// From 1.
    let month: Int
    /// From 1.
    let day: Int

    init(year: Int, month: Int, day: Int) {
        self.year = year
        self.month = month
        self.day = day
    }

    /// - Parameter number: Days since 1970-01-01.
    init(number: Int) {
        let days = number - Self.number(ofYear: 1)
        // The mean length of a year never estimates too low, and at most one year too high.
        var year = days * 400 / 146_097 + 1
        while Self.number(ofYear: year + 1) <= number { year += 1 }
        while Self.number(ofYear: year) > number { year -= 1 }
        var month = 1
        var rest = number - Self.number(ofYear: year)
        while rest >= Self.length(ofMonth: month, year: year) {
            rest -= Self.length(ofMonth: month, year: year)
            month += 1
        }
        self.init(year: year, month: month, day: rest + 1)
    }

    /// Days since 1970-01-01.
    var number: Int {
        let months = (1..<self.month).reduce(0) { $0 + Self.length(ofMonth: $1, year: self.year) }
        return Self.number(ofYear: self.year) + months + self.day - 1
    }

    /// From 1, a Sunday, to 7.
    var weekday: Int {
        let sinceSunday = (self.number + 4) % 7
        return (sinceSunday < 0 ? sinceSunday + 7 : sinceSunday) + 1
    }

    /// How many days its month has.
    var monthLength: Int { Self.length(ofMonth: self.month, year: self.year) }

    /// The first of January, in days since 1970-01-01.
    private static func number(ofYear year: Int) -> Int {
        let before = year - 1
        return before * 365 + before / 4 - before / 100 + before / 400 - 719_162
    }

    private static func length(ofMonth month: Int, year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        case _: 31
        }
    }
}

/// A minute of the local time of some zone.
struct LocalMinute: Sendable, Hashable {
    /// Since the local 1970-01-01T00:00.
    let number: Int

    init(number: Int) { self.number = number }

    init(_ day: CivilDay, minuteOfDay: Int = 0) { self.number = day.number * Self.perDay + minuteOfDay }

    static let perDay = 1440

    var day: CivilDay { CivilDay(number: (self.number - self.minuteOfDay) / Self.perDay) }

    var minuteOfDay: Int {
        let rest = self.number % Self.perDay
        return rest < 0 ? rest + Self.perDay : rest
    }
}
