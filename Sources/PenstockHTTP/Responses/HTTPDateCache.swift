// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel
internal import Synchronization

/// The `Date` header, formatted once per second.
package final class HTTPDateCache: Sendable {
    private let realTime: @Sendable () -> Timestamp
    private let latest = Mutex<(second: Int64, text: String)>((.min, ""))

    package init(realTime: @escaping @Sendable () -> Timestamp) { self.realTime = realTime }

    /// The present in the form of RFC 9110: `Tue, 24 Nov 2026 00:01:51 GMT`.
    package var now: String {
        let second = Self.second(of: self.realTime())
        return self.latest.withLock { latest in
            if latest.second != second { latest = (second, Self.text(second: second)) }
            return latest.text
        }
    }

    /// Any instant in the same form.
    package static func text(_ timestamp: Timestamp) -> String { self.text(second: self.second(of: timestamp)) }

    private static func second(of timestamp: Timestamp) -> Int64 {
        Int64((Double(timestamp.millisecondsSinceEpoch) / 1000).rounded(.down))
    }

    private static func text(second: Int64) -> String {
        let days = (Double(second) / 86_400).rounded(.down)
        let ofDay = Int(second - Int64(days) * 86_400)
        let (year, month, day) = self.calendarDay(Int(days))
        let weekday = ((Int(days) + 4) % 7 + 7) % 7
        return "\(self.weekdays[weekday]), \(self.padded(day)) \(self.months[month - 1]) \(year) "
            + "\(self.padded(ofDay / 3600)):\(self.padded(ofDay / 60 % 60)):\(self.padded(ofDay % 60)) GMT"
    }

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private static func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    /// The proleptic Gregorian date of a day counted from 1970-01-01, by years that start in March.
    private static func calendarDay(_ day: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }
}
