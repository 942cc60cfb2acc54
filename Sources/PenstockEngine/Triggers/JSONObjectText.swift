// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel

/// A JSON object of texts, for members of the API that hold JSON as text and are bounded.
enum JSONObjectText {
    private static let cutMark = "…"

    /// The members in the given order, without spaces.
    ///
    /// - Parameter maximumLength: In Unicode scalars. A longer text loses the ends of its longest values, one value after
    ///   the other; their keys stay, and they alone may be longer.
    static func text(of members: [KeyedValue], maximumLength: Int) -> String {
        var values = members.map { member in member.value.unicodeScalars.map(self.escaped) }
        var excess = self.render(members, values).unicodeScalars.count - maximumLength
        while excess > 0, let longest = values.indices.max(by: { values[$0].count < values[$1].count }),
            values[longest].count > self.cutMark.count
        {
            excess += self.cutMark.count
            while excess > 0, let last = values[longest].popLast() { excess -= last.count }
            values[longest].append(self.cutMark)
        }
        return self.render(members, values)
    }

    private static func render(_ members: [KeyedValue], _ values: [[String]]) -> String {
        let texts = zip(members, values).map { member, value in
            "\"\(member.key.unicodeScalars.map(self.escaped).joined())\":\"\(value.joined())\""
        }
        return "{\(texts.joined(separator: ","))}"
    }

    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\"": return "\\\""
        case "\\": return "\\\\"
        case "\u{0}"..."\u{1F}":
            let digits = String(scalar.value, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        case _: return String(scalar)
        }
    }
}
