// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// Text with `*` (any run of characters) and `?` (any one), and policy variables such as `${aws:username}`.
struct WildcardPattern: Sendable, Hashable {
    private enum Token: Sendable, Hashable {
        case literal(Unicode.Scalar)
        case one
        case run
        /// A context key, in lower case; its value is taken literally.
        case variable(String)
    }

    private let tokens: [Token]
    private let hasVariables: Bool

    /// The context keys that it names, in lower case.
    var variables: [String] {
        self.tokens.compactMap { if case .variable(let name) = $0 { name } else { nil } }
    }

    /// Parses a pattern.
    ///
    /// - Parameters:
    ///   - wildcards: `false` for operators that compare exactly; variables are replaced all the same.
    ///   - variables: `false` where IAM allows none, as in actions.
    init(_ text: some StringProtocol, wildcards: Bool = true, variables: Bool = true) {
        var tokens: [Token] = []
        var rest = Substring(text).unicodeScalars
        while let scalar = rest.popFirst() {
            switch scalar {
            case "*" where wildcards:
                if tokens.last != .run { tokens.append(.run) }
            case "?" where wildcards:
                tokens.append(.one)
            case "$" where variables && rest.first == "{":
                guard let end = rest.firstIndex(of: "}") else { fallthrough }
                let name = String(rest[rest.index(after: rest.startIndex)..<end])
                rest = rest[rest.index(after: end)...]
                switch name {
                case "*", "?", "$": tokens += name.unicodeScalars.map { .literal($0) }
                case _: tokens.append(.variable(name.lowercased()))
                }
            case _:
                tokens.append(.literal(scalar))
            }
        }
        self.tokens = tokens
        self.hasVariables = tokens.contains { if case .variable = $0 { true } else { false } }
    }

    /// Whether the whole text fits. A variable without exactly one value fits nothing.
    func matches(_ text: some StringProtocol, context: AccessContext) -> Bool {
        self.matches(Array(text.unicodeScalars), context: context)
    }

    func matches(_ text: [Unicode.Scalar], context: AccessContext) -> Bool {
        guard self.hasVariables else { return Self.matches(self.tokens, text) }
        var tokens: [Token] = []
        for token in self.tokens {
            guard case .variable(let name) = token else {
                tokens.append(token)
                continue
            }
            guard let values = context.values(for: name), values.count == 1 else { return false }
            tokens += values[0].unicodeScalars.map { .literal($0) }
        }
        return Self.matches(tokens, text)
    }

    /// Greedy matching with one point to come back to: linear in practice, at worst pattern times text.
    private static func matches(_ tokens: [Token], _ text: [Unicode.Scalar]) -> Bool {
        var token = 0
        var position = 0
        var resume: (token: Int, position: Int)?
        while position < text.count {
            if token < tokens.count, tokens[token] == .run {
                token += 1
                resume = (token, position)
            } else if token < tokens.count, tokens[token] == .one || tokens[token] == .literal(text[position]) {
                token += 1
                position += 1
            } else if let (resumeToken, resumePosition) = resume {
                token = resumeToken
                position = resumePosition + 1
                resume = (resumeToken, position)
            } else {
                return false
            }
        }
        return tokens[token...].allSatisfy { $0 == .run }
    }
}
