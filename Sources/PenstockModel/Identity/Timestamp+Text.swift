// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials

extension Timestamp {
    /// As people read it, to the second: `2026-03-09T14:05:00Z`.
    package var text: String {
        Date(timeIntervalSince1970: self.secondsSinceEpoch).formatted(.iso8601)
    }

    /// To the millisecond: `2026-02-01T10:20:30.123Z`.
    package var textWithMilliseconds: String {
        let (seconds, milliseconds) = self.wholeSeconds
        return seconds.text.dropLast() + "." + String(milliseconds + 1000).dropFirst() + "Z"
    }

    /// To the minute: `2026-03-09T14:05Z`.
    package var textWithMinutes: String { self.wholeSeconds.seconds.text.dropLast(4) + "Z" }

    /// The second that the instant lies in, and how far into it.
    private var wholeSeconds: (seconds: Self, milliseconds: Int64) {
        let milliseconds = (self.millisecondsSinceEpoch % 1000 + 1000) % 1000
        return (Self(millisecondsSinceEpoch: self.millisecondsSinceEpoch - milliseconds), milliseconds)
    }
}
