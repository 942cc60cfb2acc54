// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// JSON that is told to the outside: members keep their order, and those without a value are left out.
package enum JSONValue: Sendable, Hashable {
    case text(String)
    case whole(Int)
    /// A whole number with a fraction of zero, as events write versions: `3.0`.
    case fractional(Int)
    case object([Member])
    case list([JSONValue])
    /// What is JSON already.
    case json(String)

    package struct Member: Sendable, Hashable {
        package var name: String
        package var value: JSONValue?

        package init(_ name: String, _ value: JSONValue?) {
            self.name = name
            self.value = value
        }

        package init(_ name: String, _ text: String?) { self.init(name, text.map { .text($0) }) }
    }

    /// Without spaces; only what JSON demands is escaped.
    package var rendered: String {
        var text = ""
        self.render(into: &text)
        return text
    }

    private func render(into text: inout String) {
        switch self {
        case .text(let value): Self.quote(value, into: &text)
        case .whole(let value): text += String(value)
        case .fractional(let value): text += "\(value).0"
        case .json(let value): text += value
        case .list(let values):
            text += "["
            for (index, value) in values.enumerated() {
                if index > 0 { text += "," }
                value.render(into: &text)
            }
            text += "]"
        case .object(let members):
            text += "{"
            var isFirst = true
            for member in members {
                guard let value = member.value else { continue }
                if !isFirst { text += "," }
                isFirst = false
                Self.quote(member.name, into: &text)
                text += ":"
                value.render(into: &text)
            }
            text += "}"
        }
    }

    private static func quote(_ value: String, into text: inout String) {
        text += "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\u{0}"..."\u{1F}":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            case _: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}

extension String {
    /// At most so many Unicode scalars; a text that is cut ends in `…`.
    func cut(to length: Int) -> String {
        guard self.unicodeScalars.count > length else { return self }
        return String(String.UnicodeScalarView(self.unicodeScalars.prefix(length - 1))) + "…"
    }
}
