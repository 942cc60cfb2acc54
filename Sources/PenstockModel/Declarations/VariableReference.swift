// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// A reference to a variable in a text: `#{namespace.key}`.
///
/// There is no escape, and nothing nests: a `#{` that no `}` follows, or that has no dot inside, is plain text.
public struct VariableReference: Sendable, Hashable, CustomStringConvertible {
    public var namespace: String
    public var key: String

    public init(namespace: String, key: String) {
        self.namespace = namespace
        self.key = key
    }

    /// As it is written.
    public var description: String { "#{\(self.namespace).\(self.key)}" }

    /// A stretch of a text.
    public enum Part: Sendable, Hashable {
        case text(Substring)
        case reference(VariableReference)
    }

    /// The text cut at its references, in order.
    public static func parts(of text: String) -> [Part] {
        var parts: [Part] = []
        var rest = text[...]
        var searchStart = rest.startIndex
        while let start = Self.firstOpening(in: rest.utf8[searchStart...]) {
            let inside = text.utf8.index(start, offsetBy: 2)
            guard let end = rest.utf8[inside...].firstIndex(of: UInt8(ascii: "}")) else { break }
            let afterEnd = text.utf8.index(after: end)
            searchStart = afterEnd
            guard let dot = text.utf8[inside..<end].firstIndex(of: UInt8(ascii: ".")) else { continue }
            if rest.startIndex < start { parts.append(.text(rest[..<start])) }
            let key = text[text.utf8.index(after: dot)..<end]
            parts.append(.reference(Self(namespace: String(text[inside..<dot]), key: String(key))))
            rest = rest[afterEnd...]
        }
        if !rest.isEmpty { parts.append(.text(rest)) }
        return parts
    }

    /// The references of the text, in order.
    public static func all(in text: String) -> [Self] {
        self.parts(of: text).compactMap { part in
            if case .reference(let reference) = part { reference } else { nil }
        }
    }

    private static func firstOpening(in bytes: Substring.UTF8View) -> String.Index? {
        var rest = bytes
        while let mark = rest.firstIndex(of: UInt8(ascii: "#")) {
            rest = rest[rest.index(after: mark)...]
            if rest.first == UInt8(ascii: "{") { return mark }
        }
        return nil
    }
}
