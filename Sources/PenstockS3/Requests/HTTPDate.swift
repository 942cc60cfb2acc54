// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import PenstockModel

/// Dates of headers and documents.
enum HTTPDate {
    private static let months = [
        "Jan": 1, "Feb": 2, "Mar": 3, "Apr": 4, "May": 5, "Jun": 6, "Jul": 7, "Aug": 8, "Sep": 9, "Oct": 10,
        "Nov": 11, "Dec": 12,
    ]

    /// Reads `Tue, 24 Nov 2026 00:01:51 GMT` and the ISO form; `nil` for the rest.
    ///
    /// Source: RFC 9110, section 5.6.7.
    static func parse(_ text: String) -> Timestamp? {
        let words = text.split(separator: " ")
        guard words.count == 6, words[0].hasSuffix(","), words[5] == "GMT" else {
            return (try? Date.ISO8601FormatStyle().parse(text)).map(self.timestamp)
        }
        let clock = words[4].split(separator: ":")
        guard let day = Int(words[1]), let month = self.months[String(words[2])], let year = Int(words[3]),
            clock.count == 3, let hour = Int(clock[0]), let minute = Int(clock[1]), let second = Int(clock[2])
        else { return nil }
        let parts = [month, day, hour, minute, second].map { $0 < 10 ? "0\($0)" : "\($0)" }
        let date = "\(year)-\(parts[0])-\(parts[1])T\(parts[2]):\(parts[3]):\(parts[4])Z"
        return (try? Date.ISO8601FormatStyle().parse(date)).map(self.timestamp)
    }

    /// `2026-11-24T00:01:51.000Z`, as documents have it.
    static func document(_ timestamp: Timestamp) -> String {
        Date(timeIntervalSince1970: timestamp.secondsSinceEpoch)
            .formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }

    private static func timestamp(_ date: Date) -> Timestamp {
        Timestamp(millisecondsSinceEpoch: Int64((date.timeIntervalSince1970 * 1000).rounded()))
    }
}
