// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockModel

/// The times at which a deployment may happen: those whose local time matches an expression.
struct DeploymentWindow: Sendable, Hashable {
    let cron: CronExpression
    let zone: WindowTimeZone

    enum State: Sendable, Hashable {
        /// In the minute of this instant.
        case open
        /// From this instant on, and not before.
        case opens(at: Timestamp)
        /// Not any more up to the last year that an expression can name.
        case closed
    }

    /// More than any zone has up to the last year; it bounds the search.
    private static let maximumStretches = 2_000

    /// Says when the window opens, by the local time that really is: a minute that the clocks skip does not come, and
    /// one that they repeat comes twice.
    func state(at now: Timestamp) -> State {
        var time = Self.seconds(of: now)
        var stretch = self.zone.stretch(at: time)
        if self.cron.matches(Self.minute(of: time, in: stretch)) { return .open }
        for _ in 0..<Self.maximumStretches {
            let start = Self.minute(of: time, in: stretch)
            let end =
                stretch.end.map { Self.minute(of: $0 - 1, in: stretch).number + 1 } ?? LocalMinute.afterLastYear.number
            if let minute = self.cron.firstMatch(from: start, before: LocalMinute(number: end)) {
                let opening = max(minute.number * 60 - stretch.offset, time)
                return .opens(at: Timestamp(millisecondsSinceEpoch: Int64(opening) * 1000))
            }
            guard let next = stretch.end, next > time, start.number < LocalMinute.afterLastYear.number else { break }
            time = next
            stretch = self.zone.stretch(at: time)
        }
        return .closed
    }

    /// `2026-03-09 14:05 in Europe/Berlin (UTC+01:00)`.
    func localTime(at instant: Timestamp) -> String {
        let time = Self.seconds(of: instant)
        let stretch = self.zone.stretch(at: time)
        let minute = Self.minute(of: time, in: stretch)
        let day = minute.day
        let date = "\(day.year)-\(Self.padded(day.month))-\(Self.padded(day.day))"
        let sign = stretch.offset < 0 ? "-" : "+"
        let offset = "UTC\(sign)\(Self.clock(abs(stretch.offset) / 60))"
        return "\(date) \(Self.clock(minute.minuteOfDay)) in \(self.zone.name) (\(offset))"
    }

    private static func seconds(of instant: Timestamp) -> Int {
        let seconds = instant.millisecondsSinceEpoch / 1000
        return Int(instant.millisecondsSinceEpoch % 1000 < 0 ? seconds - 1 : seconds)
    }

    private static func minute(of time: Int, in stretch: WindowTimeZone.Stretch) -> LocalMinute {
        let local = time + stretch.offset
        return LocalMinute(number: local >= 0 ? local / 60 : (local - 59) / 60)
    }

    private static func clock(_ minutes: Int) -> String { "\(Self.padded(minutes / 60)):\(Self.padded(minutes % 60))" }

    private static func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}

extension LocalMinute {
    /// The first in which no expression matches any more.
    fileprivate static let afterLastYear = Self(number: Self(CronExpression.lastDay).number + Self.perDay)
}
