// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// A signature's moment, in whole seconds of UTC: the resolution that Signature Version 4 writes.
package struct SigningTime: Sendable, Hashable, Comparable {
    /// Seconds since 1970-01-01 UTC, leap seconds not counted.
    package var secondsSinceEpoch: Int64

    /// Takes seconds since 1970-01-01 UTC; what lies outside the years 0 to 9999 is written as the nearest of them.
    package init(secondsSinceEpoch: Int64) {
        self.secondsSinceEpoch = min(max(secondsSinceEpoch, -62_167_219_200), 253_402_300_799)
    }

    package static func < (lhs: Self, rhs: Self) -> Bool {
        lhs.secondsSinceEpoch < rhs.secondsSinceEpoch
    }

    /// The moment a number of seconds later, or earlier when the number is negative.
    package func advanced(bySeconds seconds: Int64) -> Self {
        let (sum, overflow) = self.secondsSinceEpoch.addingReportingOverflow(seconds)
        return Self(secondsSinceEpoch: overflow ? (seconds < 0 ? .min : .max) : sum)
    }
}

extension SigningTime {
    /// Reads `YYYYMMDD'T'HHMMSS'Z'`, and nothing that merely resembles it.
    package init?(basicFormat text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard bytes.count == 16, bytes[8] == UInt8(ascii: "T"), bytes[15] == UInt8(ascii: "Z"),
            let year = Self.number(bytes[0..<4]), let month = Self.number(bytes[4..<6]),
            let day = Self.number(bytes[6..<8]), let hour = Self.number(bytes[9..<11]),
            let minute = Self.number(bytes[11..<13]), let second = Self.number(bytes[13..<15])
        else { return nil }
        self.init(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
    }

    /// Reads the `Date` header's form, such as `Sun, 06 Nov 1994 08:49:37 GMT`.
    package init?(httpDate text: some StringProtocol) {
        let parts = text.split(whereSeparator: { $0 == " " || $0 == "," || $0 == ":" })
        guard parts.count == 8, let month = Self.monthNames.firstIndex(of: String(parts[2])),
            ["GMT", "UTC", "+0000", "-0000"].contains(parts[7]), parts[0].count == 3,
            let day = Self.number(parts[1].utf8), let year = Self.number(parts[3].utf8), parts[3].count == 4,
            let hour = Self.number(parts[4].utf8), let minute = Self.number(parts[5].utf8),
            let second = Self.number(parts[6].utf8)
        else { return nil }
        self.init(year: year, month: month + 1, day: day, hour: hour, minute: minute, second: second)
    }

    /// `YYYYMMDD'T'HHMMSS'Z'`, as `X-Amz-Date` and the string to sign write it.
    package var basicFormat: String {
        let civil = self.civil
        let second = Int(self.secondsSinceEpoch - civil.midnight)
        return String(unsafeUninitializedCapacity: 16) { buffer in
            Self.write(civil.year, width: 4, to: buffer, at: 0)
            Self.write(civil.month, width: 2, to: buffer, at: 4)
            Self.write(civil.day, width: 2, to: buffer, at: 6)
            buffer[8] = UInt8(ascii: "T")
            Self.write(second / 3600, width: 2, to: buffer, at: 9)
            Self.write(second / 60 % 60, width: 2, to: buffer, at: 11)
            Self.write(second % 60, width: 2, to: buffer, at: 13)
            buffer[15] = UInt8(ascii: "Z")
            return 16
        }
    }

    /// `YYYYMMDD`, the date of a credential scope.
    package var day: String {
        String(self.basicFormat.prefix(8))
    }

    private static let monthNames = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private init?(year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int) {
        guard (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 60 else { return nil }
        // Days since 1970-01-01 in the proleptic Gregorian calendar, with years counted from March so that the
        // leap day is a year's last.
        let shifted = month > 2 ? year : year - 1
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let days = Int64(era * 146_097 + dayOfEra - 719_468)
        self.init(secondsSinceEpoch: days * 86_400 + Int64(hour * 3600 + minute * 60 + second))
        let civil = self.civil
        guard civil.day == day, civil.month == month, civil.year == year else { return nil }
    }

    private var civil: (year: Int, month: Int, day: Int, midnight: Int64) {
        var days = self.secondsSinceEpoch / 86_400
        if self.secondsSinceEpoch % 86_400 < 0 { days -= 1 }
        let shifted = Int(days) + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day, days * 86_400)
    }

    private static func number(_ digits: some Collection<UInt8>) -> Int? {
        guard !digits.isEmpty, digits.count <= 4 else { return nil }
        var value = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            value = value * 10 + Int(digit - UInt8(ascii: "0"))
        }
        return value
    }

    private static func write(_ value: Int, width: Int, to buffer: UnsafeMutableBufferPointer<UInt8>, at start: Int) {
        var rest = value
        for index in stride(from: start + width - 1, through: start, by: -1) {
            buffer[index] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        }
    }
}
