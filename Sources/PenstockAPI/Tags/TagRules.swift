// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockModel
internal import PenstockWire

/// What tags must be like, wherever a request brings some.
///
/// Source: AWS CodePipeline User Guide, Tagging resources, and Quotas in AWS CodePipeline.
enum TagRules {
    /// Tags on one resource.
    static let maximumCount = 50

    /// The tags in the order in which answers show them.
    ///
    /// - Parameter resource: The ARN of what is tagged.
    static func checked(_ tags: [Tag], on resource: String) throws -> [KeyedValue] {
        guard tags.count <= Self.maximumCount else {
            throw Rejection(.tooManyTags, "Tag limit exceeded for resource [\(resource)].")
        }
        var keys: Set<String> = []
        for tag in tags {
            if tag.key.lowercased().hasPrefix("aws:") { throw Self.systemTag }
            guard keys.insert(tag.key).inserted else {
                throw Rejection(.invalidTags, "The tag key '\(tag.key)' is used more than once")
            }
            guard Self.isValid(tag.key), Self.isValid(tag.value) else {
                let allowed = "letters, digits, spaces and + - = . _ : / @"
                throw Rejection(.invalidTags, "The tag '\(tag.key)' may only contain \(allowed)")
            }
        }
        return tags.map { KeyedValue($0.key, $0.value) }.sorted { $0.key < $1.key }
    }

    private static let systemTag = Rejection(
        .invalidTags,
        "Not allowed to modify system tags. System tags start with 'aws:'."
            + " msg=[Caller is an end user and not allowed to mutate system tags]"
    )

    private static func isValid(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { scalar in
            switch scalar.properties.generalCategory {
            case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
            case .decimalNumber, .letterNumber, .otherNumber: true
            case .nonspacingMark, .spacingMark, .spaceSeparator: true
            case _: "+-=._:/@".unicodeScalars.contains(scalar)
            }
        }
    }
}
