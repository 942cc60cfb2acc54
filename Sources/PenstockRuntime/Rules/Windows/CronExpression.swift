// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// When a deployment window is open: seconds, minutes, hours, day-of-month, month, day-of-week and, if it is given, the
/// year, parted by blanks.
///
/// A minute matches when all fields but the seconds do, both fields for days among them; `?` there is every day, as `*`
/// is. What the documentation leaves open: a range may go over the end of its field (`22-2`, `FRI-MON`) except in years;
/// `W` alone is every weekday; `L` alone as a day of the week is Saturday, the last one.
///
/// Source: AWS CodePipeline User Guide, DeploymentWindow rule.
struct CronExpression: Sendable, Hashable {
    var minutes = CronValues(CronField.minutes.range)
    var hours = CronValues(CronField.hours.range)
    var daysOfMonth = DaysOfMonth()
    var months = CronValues(CronField.month.range)
    var daysOfWeek = DaysOfWeek()
    var years = CronValues(CronField.year.range, isFull: true)

    /// After it, nothing matches.
    static let lastDay = CivilDay(year: CronField.year.range.upperBound, month: 12, day: 31)

    func matches(_ minute: LocalMinute) -> Bool {
        self.matches(minute.day) && self.hours.contains(minute.minuteOfDay / 60)
            && self.minutes.contains(minute.minuteOfDay % 60)
    }

    /// The first minute that matches, out of those from the one up to, but not including, the other.
    ///
    /// Years, months and days that do not match are passed over whole.
    func firstMatch(from start: LocalMinute, before end: LocalMinute) -> LocalMinute? {
        guard start.number < end.number else { return nil }
        let lastDay = LocalMinute(number: end.number - 1).day
        var earliest = start
        while let day = self.firstDay(from: earliest.day, through: lastDay) {
            let minute = LocalMinute(day).number < earliest.number ? earliest.minuteOfDay : 0
            if let found = self.firstMinute(ofDayFrom: minute) {
                let match = LocalMinute(day, minuteOfDay: found)
                return match.number < end.number ? match : nil
            }
            earliest = LocalMinute(number: LocalMinute(day).number + LocalMinute.perDay)
        }
        return nil
    }

    private func matches(_ day: CivilDay) -> Bool {
        self.years.contains(day.year) && self.months.contains(day.month) && self.matchesInMonth(day)
    }

    private func matchesInMonth(_ day: CivilDay) -> Bool {
        self.daysOfMonth.contains(day) && self.daysOfWeek.contains(day)
    }

    private func firstDay(from start: CivilDay, through last: CivilDay) -> CivilDay? {
        var day = start
        while let year = self.years.first(from: day.year), year <= last.year {
            if year != day.year { day = CivilDay(year: year, month: 1, day: 1) }
            guard let month = self.months.first(from: day.month) else {
                day = CivilDay(year: year + 1, month: 1, day: 1)
                continue
            }
            if month != day.month { day = CivilDay(year: year, month: month, day: 1) }
            guard day.number <= last.number else { return nil }
            for number in day.day...day.monthLength {
                let candidate = CivilDay(year: year, month: month, day: number)
                if self.matchesInMonth(candidate) { return candidate.number <= last.number ? candidate : nil }
            }
            day =
                month < 12 ? CivilDay(year: year, month: month + 1, day: 1) : CivilDay(year: year + 1, month: 1, day: 1)
        }
        return nil
    }

    private func firstMinute(ofDayFrom start: Int) -> Int? {
        if self.hours.contains(start / 60), let minute = self.minutes.first(from: start % 60) {
            return start / 60 * 60 + minute
        }
        guard let hour = self.hours.first(from: start / 60 + 1), let minute = self.minutes.first(from: 0) else {
            return nil
        }
        return hour * 60 + minute
    }
}
