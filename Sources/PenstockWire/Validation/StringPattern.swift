// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// The regular expressions of the service description, each with a matcher of its own.
///
/// There are few, and all are simple, so a loop over bytes decides in nanoseconds what a regular expression engine
/// decides in microseconds, and none of them can be driven into backtracking. A pattern matches the whole value even
/// when it is not written with anchors; a dot matches every character, line breaks included; `\w` means ASCII.
/// `wiregen` refuses a description that has a pattern without a case here.
public enum StringPattern: String, Sendable, Hashable, CaseIterable {
    /// The 12 digits of an account.
    case accountID = "[0-9]{12}"
    /// An account, or all of them.
    case accountIDOrStar = "[0-9]{12}|\\*"
    /// The owners of action types that a partner's description may name.
    case awsOrThirdParty = "AWS|ThirdParty"
    /// A universally unique identifier in lower case.
    case uuid = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    /// The names of pipelines, stages, actions, rules and webhooks.
    case name = "[A-Za-z0-9.@\\-_]+"
    /// The names of namespaces and variables.
    case variableName = "[A-Za-z0-9@\\-_]+"
    /// The names of providers and versions.
    case provider = "[0-9A-Za-z_-]+"
    /// The values by which job workers select jobs.
    case queryableValue = "[a-zA-Z0-9_-]+"
    /// The names of artifacts.
    case artifactName = "[a-zA-Z0-9_\\-]+"
    /// The names of buckets.
    case bucketName = "[a-zA-Z0-9\\-\\.]+"
    /// The tokens that make a request idempotent.
    case clientRequestToken = "^[a-zA-Z0-9-]+$"
    /// The reasons for which transitions are disabled.
    case disabledReason = "[a-zA-Z0-9!@ \\(\\)\\.\\*\\?\\-]+"
    /// The names of environment variables.
    case environmentVariableName = "[A-Za-z0-9_]+"
    /// Everything.
    case anything = ".*"
    /// The ARN of a function.
    case functionARN = "arn:aws(-[\\w]+)*:lambda:.+:[0-9]{12}:function:.+"
    /// The ARN of a resource of this service.
    case resourceARN = "arn:aws(-[\\w]+)*:codepipeline:.+:[0-9]{12}:.+"
    /// The ARN of a role.
    case roleARN = "arn:aws(-[\\w]+)*:iam::[0-9]{12}:role/.*"

    /// Whether the whole text matches.
    public func matches(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { self.matches($0) }
    }

    func matches(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        switch self {
        case .accountID: Self.isAccountID(bytes[...])
        case .accountIDOrStar: Self.isAccountID(bytes[...]) || bytes.elementsEqual("*".utf8)
        case .awsOrThirdParty: bytes.elementsEqual("AWS".utf8) || bytes.elementsEqual("ThirdParty".utf8)
        case .uuid: Self.isUUID(bytes)
        case .name: CharacterSet.name.isAll(of: bytes)
        case .variableName: CharacterSet.variableName.isAll(of: bytes)
        case .provider, .queryableValue, .artifactName: CharacterSet.alphanumericsDashUnderscore.isAll(of: bytes)
        case .bucketName: CharacterSet.bucketName.isAll(of: bytes)
        case .clientRequestToken: CharacterSet.alphanumericsDash.isAll(of: bytes)
        case .disabledReason: CharacterSet.disabledReason.isAll(of: bytes)
        case .environmentVariableName: CharacterSet.word.isAll(of: bytes)
        case .anything: true
        case .functionARN: Self.isARN(bytes, of: ":lambda:", then: ":function:")
        case .resourceARN: Self.isARN(bytes, of: ":codepipeline:", then: ":")
        case .roleARN: Self.isRoleARN(bytes)
        }
    }

    // MARK: Matchers

    private typealias Bytes = Slice<UnsafeBufferPointer<UInt8>>

    private static func isAccountID(_ bytes: Bytes) -> Bool {
        bytes.count == 12 && bytes.allSatisfy { CharacterSet.digits.contains($0) }
    }

    private static func isUUID(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard bytes.count == 36 else {
            return false
        }
        for (index, byte) in bytes.enumerated() {
            let isDash = index == 8 || index == 13 || index == 18 || index == 23
            guard isDash ? byte == UInt8(ascii: "-") : CharacterSet.lowercaseHexadecimal.contains(byte) else {
                return false
            }
        }
        return true
    }

    /// Matches `arn:aws(-[\w]+)*`, the service, `.+`, a colon and an account, the text after it, and `.+`.
    private static func isARN(
        _ bytes: UnsafeBufferPointer<UInt8>, of service: StaticString, then suffix: StaticString
    ) -> Bool {
        guard let region = Self.skipPartition(of: bytes[...]).flatMap({ Self.skip(service, of: $0) }),
            region.count > 13 + suffix.utf8CodeUnitCount
        else {
            return false
        }
        // `.+` may contain anything, accounts too, so every place is tried; each try looks at a few bytes.
        for colon in (region.startIndex + 1)..<(region.endIndex - 12) where region[colon] == UInt8(ascii: ":") {
            let rest = region[(colon + 1)...]
            if Self.isAccountID(rest.prefix(12)), let resource = Self.skip(suffix, of: rest.dropFirst(12)),
                !resource.isEmpty
            {
                return true
            }
        }
        return false
    }

    private static func isRoleARN(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let account = Self.skipPartition(of: bytes[...]).flatMap({ Self.skip(":iam::", of: $0) }),
            Self.isAccountID(account.prefix(12))
        else {
            return false
        }
        return Self.skip(":role/", of: account.dropFirst(12)) != nil
    }

    private static func skipPartition(of bytes: Bytes) -> Bytes? {
        guard var rest = Self.skip("arn:aws", of: bytes) else {
            return nil
        }
        while rest.first == UInt8(ascii: "-") {
            let word = rest.dropFirst().prefix { CharacterSet.word.contains($0) }
            guard !word.isEmpty else {
                return nil
            }
            rest = rest[word.endIndex...]
        }
        return rest
    }

    private static func skip(_ text: StaticString, of bytes: Bytes) -> Bytes? {
        guard bytes.count >= text.utf8CodeUnitCount else {
            return nil
        }
        let prefix = UnsafeBufferPointer(rebasing: bytes.prefix(text.utf8CodeUnitCount))
        return text.isEqual(to: prefix) ? bytes.dropFirst(text.utf8CodeUnitCount) : nil
    }
}

/// A set of ASCII characters as 128 bits.
private struct CharacterSet {
    private let bits: UInt128

    static let digits = CharacterSet("0123456789")
    static let lowercaseHexadecimal = CharacterSet("0123456789abcdef")
    static let word = CharacterSet("_", withAlphanumerics: true)
    static let alphanumericsDash = CharacterSet("-", withAlphanumerics: true)
    static let alphanumericsDashUnderscore = CharacterSet("-_", withAlphanumerics: true)
    static let name = CharacterSet(".@-_", withAlphanumerics: true)
    static let variableName = CharacterSet("@-_", withAlphanumerics: true)
    static let bucketName = CharacterSet("-.", withAlphanumerics: true)
    static let disabledReason = CharacterSet("!@ ().*?-", withAlphanumerics: true)

    init(_ characters: String, withAlphanumerics: Bool = false) {
        let alphanumerics = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
        self.bits = (withAlphanumerics ? characters + alphanumerics : characters).utf8
            .reduce(0) { $0 | UInt128(1) << UInt128($1) }
    }

    func contains(_ byte: UInt8) -> Bool {
        byte < 128 && self.bits >> UInt128(byte) & 1 == 1
    }

    /// Whether the text is at least one character long and all of its characters are in the set.
    func isAll(of bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        !bytes.isEmpty && bytes.allSatisfy { self.contains($0) }
    }
}
