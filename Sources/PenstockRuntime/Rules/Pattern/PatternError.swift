// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// Why a text is no pattern, or none that is supported.
struct PatternError: Error, Hashable, CustomStringConvertible {
    let reason: String
    /// Of the Unicode scalar where it shows, counted from 1; `nil` when the pattern as a whole is meant.
    let position: Int?

    init(_ reason: String, at position: Int? = nil) {
        self.reason = reason
        self.position = position
    }

    /// A construct of the syntax that needs more than linear time, or that is not known here.
    static func unsupported(_ construct: String, at position: Int) -> Self {
        Self("\(construct) is not supported", at: position)
    }

    var description: String {
        self.position.map { "\(self.reason), at character \($0)" } ?? self.reason
    }
}
