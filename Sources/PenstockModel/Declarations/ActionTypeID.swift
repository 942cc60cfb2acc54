// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// What kind of step an action is. Raw values are the wire's.
public enum ActionCategory: String, Sendable, Hashable, CaseIterable, StateCodable {
    case source = "Source"
    case build = "Build"
    case deploy = "Deploy"
    case test = "Test"
    case invoke = "Invoke"
    case approval = "Approval"
    case compute = "Compute"
}

/// Who provides an action type: the service, a partner, or the account itself. Raw values are the wire's.
public enum ActionOwner: String, Sendable, Hashable, CaseIterable, StateCodable {
    case aws = "AWS"
    case thirdParty = "ThirdParty"
    case custom = "Custom"
}

/// The identity of an action type; an incompatible change needs a new version and so a new identity.
public struct ActionTypeID: Sendable, Hashable, StateCodable, CustomStringConvertible {
    public var category: ActionCategory
    public var owner: ActionOwner
    public var provider: String
    public var version: String

    public init(category: ActionCategory, owner: ActionOwner, provider: String, version: String) {
        self.category = category
        self.owner = owner
        self.provider = provider
        self.version = version
    }

    public init(from reader: inout StateReader) throws(StateDecodingError) {
        self.init(
            category: try reader.read(),
            owner: try reader.read(),
            provider: try reader.readString(),
            version: try reader.readString()
        )
    }

    public func encode(to writer: inout StateWriter) {
        writer.write(self.category)
        writer.write(self.owner)
        writer.write(self.provider)
        writer.write(self.version)
    }

    /// `OWNER/CATEGORY/PROVIDER/VERSION`, as the action type's ARN ends.
    public var description: String {
        "\(self.owner.rawValue)/\(self.category.rawValue)/\(self.provider)/\(self.version)"
    }

    /// Manual approval, which a person completes.
    public static let manualApproval = Self(category: .approval, owner: .aws, provider: "Manual", version: "1")
    /// An object of an S3 bucket as source.
    public static let s3Source = Self(category: .source, owner: .aws, provider: "S3", version: "1")
    /// A git repository that a connection leads to, as source.
    public static let connectionSource = Self(
        category: .source,
        owner: .aws,
        provider: "CodeStarSourceConnection",
        version: "1"
    )
}
