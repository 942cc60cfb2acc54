// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import PenstockModel
import PenstockSigning

/// Dates of headers and documents.
enum HTTPDate {
    /// Reads `Tue, 24 Nov 2026 00:01:51 GMT`; `nil` for the rest.
    ///
    /// Source: RFC 9110, section 5.6.7.
    static func parse(_ text: String) -> Timestamp? {
        SigningTime(httpDate: text).map { Timestamp(millisecondsSinceEpoch: $0.secondsSinceEpoch * 1000) }
    }

    /// `2026-11-24T00:01:51.000Z`, as documents have it.
    static func document(_ timestamp: Timestamp) -> String {
        Date(timeIntervalSince1970: timestamp.secondsSinceEpoch)
            .formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }
}
