// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials

extension Timestamp {
    /// As people read it, to the second: `2026-03-09T14:05:00Z`.
    package var text: String {
        Date(timeIntervalSince1970: self.secondsSinceEpoch).formatted(.iso8601)
    }
}
