// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// A resource as policies see it: an ARN split at its first five colons, or `*`.
struct ResourceName: Sendable {
    let whole: [Unicode.Scalar]
    /// Six parts, or none when the name is not an ARN.
    let segments: [[Unicode.Scalar]]

    init(_ name: String) {
        self.whole = Array(name.unicodeScalars)
        self.segments = ARNText.segments(of: name).map { $0.map { Array($0.unicodeScalars) } } ?? []
    }
}

/// What a statement's `Resource` names.
///
/// Wildcards match within a part of an ARN, so `arn:aws:codepipeline:*:111111111111:*` never reaches another account.
/// Action types are compared leniently, since public samples disagree with each other: the word `actiontype` and the
/// owner in any case, with or without a trailing slash, the account possibly empty.
struct ResourcePattern: Sendable, Hashable {
    private enum Form: Sendable, Hashable {
        case everything
        case segments([WildcardPattern], anyAccount: Bool)
        case whole(WildcardPattern)
    }

    private let form: Form

    init(_ text: String) {
        if text == "*" {
            self.form = .everything
        } else if let segments = ARNText.segments(of: text) {
            self.form = .segments(
                segments.map { WildcardPattern($0) },
                anyAccount: segments[4].isEmpty && ARNText.isActionType(segments)
            )
        } else {
            self.form = .whole(WildcardPattern(text))
        }
    }

    func matches(_ name: ResourceName, context: AccessContext) -> Bool {
        switch self.form {
        case .everything:
            true
        case .whole(let pattern):
            pattern.matches(name.whole, context: context)
        case .segments(let patterns, let anyAccount):
            name.segments.count == patterns.count
                && patterns.indices.allSatisfy { index in
                    (index == 4 && anyAccount) || patterns[index].matches(name.segments[index], context: context)
                }
        }
    }
}

/// The six parts of an ARN, brought to one spelling where spellings differ.
private enum ARNText {
    /// `nil` unless the text starts with `arn:` and has six parts; the last keeps its colons.
    static func segments(of text: String) -> [String]? {
        guard text.hasPrefix("arn:") else { return nil }
        var segments = self.split(text)
        guard segments.count == 6 else { return nil }
        if self.isActionType(segments) { segments[5] = self.canonicalActionType(segments[5]) }
        return segments
    }

    /// At the first five colons, those inside of policy variables (`${aws:username}`) left alone.
    private static func split(_ text: String) -> [String] {
        var segments = [""]
        var isInVariable = false
        var previous: Character = " "
        for character in text {
            switch character {
            case "{" where previous == "$": isInVariable = true
            case "}": isInVariable = false
            case _: break
            }
            if character == ":", !isInVariable, segments.count < 6 {
                segments.append("")
            } else {
                segments[segments.count - 1].append(character)
            }
            previous = character
        }
        return segments
    }

    static func isActionType(_ segments: [String]) -> Bool {
        segments[2] == "codepipeline" && segments[5].prefix(11).lowercased() == "actiontype:"
    }

    /// `actiontype:` and the owner in lower case, without a trailing slash.
    private static func canonicalActionType(_ resource: String) -> String {
        let ownerEnd = resource.firstIndex(of: "/") ?? resource.endIndex
        var canonical = resource[..<ownerEnd].lowercased() + resource[ownerEnd...]
        if canonical.hasSuffix("/") { canonical.removeLast() }
        return canonical
    }
}
