// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// The zone in whose local time a deployment window is written.
struct WindowTimeZone: Sendable, Hashable {
    /// A time in which the zone keeps to one offset, so its local time runs along with UTC.
    struct Stretch: Sendable, Hashable {
        /// Of the local time from UTC, in seconds, east being positive.
        let offset: Int
        /// In seconds since 1970, no longer in it; `nil` when it never ends.
        let end: Int?
    }

    /// As it was given.
    let name: String
    private let zone: TimeZone

    static let utc = Self(name: "UTC", zone: .gmt)

    private init(name: String, zone: TimeZone) {
        self.name = name
        self.zone = zone
    }

    /// - Parameter name: `Region/City`; `UTC`, also with an offset as in `UTC+05:30`, up to 18 hours; or an abbreviation
    ///   of ``identifiersByAbbreviation``. The case counts. `nil` for anything else.
    init?(_ name: String) {
        let zone: TimeZone? =
            if let identifier = Self.identifiersByAbbreviation[name] {
                TimeZone(identifier: identifier)
            } else if let offset = Self.offset(name) {
                TimeZone(secondsFromGMT: offset)
            } else if name.utf8.contains(UInt8(ascii: "/")) {
                TimeZone(identifier: name)
            } else {
                nil
            }
        guard let zone else { return nil }
        self.init(name: name, zone: zone)
    }

    /// - Parameter time: In seconds since 1970.
    func stretch(at time: Int) -> Stretch {
        let date = Date(timeIntervalSince1970: TimeInterval(time))
        let end = self.zone.nextDaylightSavingTimeTransition(after: date)
        return Stretch(
            offset: self.zone.secondsFromGMT(for: date), end: end.map { Int($0.timeIntervalSince1970.rounded(.up)) })
    }

    /// Reads `UTC+05:30`, in seconds.
    private static func offset(_ name: String) -> Int? {
        let bytes = Array(name.utf8)
        guard bytes.count == 9, name.hasPrefix("UTC"), bytes[3] == UInt8(ascii: "+") || bytes[3] == UInt8(ascii: "-"),
            bytes[6] == UInt8(ascii: ":")
        else { return nil }
        let digits = [4, 5, 7, 8].map { Int(bytes[$0]) - Int(UInt8(ascii: "0")) }
        guard digits.allSatisfy({ 0...9 ~= $0 }), digits[2] < 6 else { return nil }
        let minutes = (digits[0] * 10 + digits[1]) * 60 + digits[2] * 10 + digits[3]
        guard minutes <= 18 * 60 else { return nil }
        return (bytes[3] == UInt8(ascii: "-") ? -minutes : minutes) * 60
    }

    /// What the short names mean in Java, and those that the zone database has itself.
    ///
    /// Source: Java SE API, java.time.ZoneId.SHORT_IDS.
    static let identifiersByAbbreviation = [
        "ACT": "Australia/Darwin",
        "AET": "Australia/Sydney",
        "AGT": "America/Argentina/Buenos_Aires",
        "ART": "Africa/Cairo",
        "AST": "America/Anchorage",
        "BET": "America/Sao_Paulo",
        "BST": "Asia/Dhaka",
        "CAT": "Africa/Harare",
        "CET": "CET",
        "CNT": "America/St_Johns",
        "CST": "America/Chicago",
        "CTT": "Asia/Shanghai",
        "EAT": "Africa/Addis_Ababa",
        "ECT": "Europe/Paris",
        "EET": "EET",
        "EST": "Etc/GMT+5",
        "GMT": "GMT",
        "HST": "Etc/GMT+10",
        "IET": "America/Indiana/Indianapolis",
        "IST": "Asia/Kolkata",
        "JST": "Asia/Tokyo",
        "MET": "MET",
        "MIT": "Pacific/Apia",
        "MST": "Etc/GMT+7",
        "NET": "Asia/Yerevan",
        "NST": "Pacific/Auckland",
        "PLT": "Asia/Karachi",
        "PNT": "America/Phoenix",
        "PRT": "America/Puerto_Rico",
        "PST": "America/Los_Angeles",
        "SST": "Pacific/Guadalcanal",
        "UTC": "GMT",
        "VST": "Asia/Ho_Chi_Minh",
        "WET": "WET",
    ]
}
