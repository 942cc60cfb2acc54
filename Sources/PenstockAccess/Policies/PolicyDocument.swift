// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// An identity-based policy: statements that allow or deny.
///
/// The language is that of IAM policies as far as CodePipeline and S3 policies use it. What this service cannot evaluate
/// is refused when the policy is made, never skipped when it is used: a condition that nobody checks would be a hole.
///
/// Source: IAM User Guide, Grammar of the IAM JSON policy language.
package struct PolicyDocument: Sendable {
    /// The longest accepted document.
    package static let maximumByteCount = 10_240

    /// The JSON it was parsed from, which is also what is stored.
    package let source: String
    let statements: [PolicyStatement]
    /// Whether it depends on the tags of what an action is about.
    let looksAtResourceTags: Bool

    /// Parses and checks a document.
    ///
    /// - Throws: ``PolicyError`` that names the statement and what is wrong with it.
    package init(parsing source: String) throws(PolicyError) {
        guard source.utf8.count <= Self.maximumByteCount else {
            throw PolicyError("A policy document may have at most \(Self.maximumByteCount) bytes.")
        }
        self.source = source
        self.statements = try PolicyParser.statements(of: source)
        self.looksAtResourceTags = self.statements.contains(where: \.looksAtResourceTags)
    }
}

extension PolicyDocument: Hashable {
    package static func == (left: Self, right: Self) -> Bool { left.source == right.source }
    package func hash(into hasher: inout Hasher) { hasher.combine(self.source) }
}

/// Why a policy document is refused; the text is for whoever wrote it.
package struct PolicyError: Error, Sendable, Hashable, CustomStringConvertible {
    package var description: String
    init(_ description: String) { self.description = description }
}

/// One statement: to whom it applies is given by where it is attached, so it has no principal.
struct PolicyStatement: Sendable {
    enum Effect: Sendable { case allow, deny }
    enum Matcher<Pattern: Sendable>: Sendable {
        case any(of: [Pattern])
        case noneOf([Pattern])

        func matches(_ test: (Pattern) -> Bool) -> Bool {
            switch self {
            case .any(let patterns): patterns.contains(where: test)
            case .noneOf(let patterns): !patterns.contains(where: test)
            }
        }
    }

    var effect: Effect
    var actions: Matcher<WildcardPattern>
    var resources: Matcher<ResourcePattern>
    /// All must hold.
    var conditions: [PolicyCondition]
    /// Whether anything in it depends on the tags of what an action is about.
    var looksAtResourceTags: Bool

    func applies(action: [Unicode.Scalar], resource: ResourceName, context: AccessContext) -> Bool {
        self.actions.matches { $0.matches(action, context: context) }
            && self.resources.matches { $0.matches(resource, context: context) }
            && self.conditions.allSatisfy { $0.holds(in: context) }
    }
}
