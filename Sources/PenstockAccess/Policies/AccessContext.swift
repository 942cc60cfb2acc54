// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel

/// What conditions and policy variables can look at.
package struct AccessContext: Sendable {
    private let now: Timestamp?
    private let sourceAddress: String?
    private let isSecure: Bool?
    private let region: Region?
    /// What was set besides, by lower-case key; IAM compares keys without regard to case.
    private var entries: [String: [String]] = [:]

    /// - Parameters:
    ///   - now: The service's clock, for `aws:CurrentTime` and `aws:EpochTime`.
    ///   - sourceAddress: The peer's IP address; `nil` when there is none, as on a local socket.
    package init(now: Timestamp? = nil, sourceAddress: String? = nil, isSecure: Bool? = nil, region: Region? = nil) {
        self.now = now
        self.sourceAddress = sourceAddress
        self.isSecure = isSecure
        self.region = region
    }

    /// Sets a key such as `aws:ResourceTag/team`; an empty list is a key that is present without values.
    package mutating func set(_ key: String, _ values: [String]) { self.entries[key.lowercased()] = values }
    package mutating func set(_ key: String, _ value: String) { self.set(key, [value]) }

    /// Sets one key per tag, and for a request's tags the list of their keys.
    package mutating func setTags(_ tags: [KeyedValue], requested: Bool) {
        for tag in tags { self.set("\(requested ? "aws:RequestTag" : "aws:ResourceTag")/\(tag.key)", tag.value) }
        if requested { self.set("aws:TagKeys", tags.map(\.key)) }
    }

    /// `nil` when the key is absent.
    func values(for lowercasedKey: String) -> [String]? {
        self.entries[lowercasedKey] ?? self.requestValue(for: lowercasedKey).map { [$0] }
    }

    /// What a request says by itself. It is written out when a policy asks, which few do.
    private func requestValue(for lowercasedKey: String) -> String? {
        switch lowercasedKey {
        case "aws:currenttime", "aws:epochtime": self.now.map { "\($0.millisecondsSinceEpoch / 1000)" }
        case "aws:sourceip": self.sourceAddress
        case "aws:securetransport": self.isSecure.map { "\($0)" }
        case "aws:requestedregion": self.region?.rawValue
        case _: nil
        }
    }

    func adding(_ principal: Principal) -> Self {
        var context = self
        context.set("aws:PrincipalAccount", principal.account.rawValue)
        context.set("aws:PrincipalArn", principal.arn)
        switch principal.kind {
        case .administrator, .user:
            context.set("aws:PrincipalType", "User")
            context.set("aws:username", principal.name)
        case .session:
            context.set("aws:PrincipalType", "AssumedRole")
        }
        return context
    }
}
