// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// Twelve digits that name an account; every row of data belongs to one.
public struct AccountID: Sendable, Hashable, Comparable, CustomStringConvertible {
    public let rawValue: String

    /// `nil` unless the text is exactly twelve ASCII digits.
    @inlinable
    public init?(_ text: some StringProtocol) {
        guard text.utf8.count == 12, text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
        self.rawValue = String(text)
    }

    private init(checked rawValue: String) { self.rawValue = rawValue }

    /// The account of the administrator key that a first start makes.
    public static let `default` = Self(checked: "000000000000")

    public var description: String { self.rawValue }

    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// A region as the credential scope spells it, such as `eu-central-1`.
public struct Region: Sendable, Hashable, Comparable, CustomStringConvertible {
    public let rawValue: String

    /// `nil` unless the text has 1 to ``maximumLength`` lower-case letters, digits and hyphens.
    @inlinable
    public init?(_ text: some StringProtocol) {
        let allowed = text.utf8.allSatisfy { 0x61...0x7A ~= $0 || 0x30...0x39 ~= $0 || $0 == 0x2D }
        guard allowed, 1...Self.maximumLength ~= text.utf8.count else { return nil }
        self.rawValue = String(text)
    }

    private init(checked rawValue: String) { self.rawValue = rawValue }

    /// What tools without a region of their own are given.
    public static let `default` = Self(checked: "us-east-1")

    /// Source: AWS CodePipeline API, shape AWSRegionName.
    public static let maximumLength = 30

    public var description: String { self.rawValue }

    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// The partition of all data: an account in a region.
public struct Scope: Sendable, Hashable, Comparable, CustomStringConvertible {
    public var account: AccountID
    public var region: Region

    public init(account: AccountID, region: Region) {
        self.account = account
        self.region = region
    }

    public var description: String { "\(self.account)/\(self.region)" }

    public static func < (left: Self, right: Self) -> Bool {
        (left.account, left.region) < (right.account, right.region)
    }
}

/// A pipeline by the name that calls use.
public struct PipelineKey: Sendable, Hashable, CustomStringConvertible {
    public var scope: Scope
    public var name: String

    public init(scope: Scope, name: String) {
        self.scope = scope
        self.name = name
    }

    /// `arn:aws:codepipeline:REGION:ACCOUNT:NAME`
    public var arn: String { "arn:aws:codepipeline:\(self.scope.region):\(self.scope.account):\(self.name)" }

    public var description: String { "\(self.scope)/\(self.name)" }
}
