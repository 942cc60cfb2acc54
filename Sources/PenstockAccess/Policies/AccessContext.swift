// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel

/// What conditions and policy variables can look at.
package struct AccessContext: Sendable {
    /// By lower-case key; IAM compares keys without regard to case.
    private var entries: [String: [String]] = [:]

    /// - Parameters:
    ///   - now: The service's clock, for `aws:CurrentTime` and `aws:EpochTime`.
    ///   - sourceAddress: The peer's IP address; `nil` when there is none, as on a local socket.
    package init(now: Timestamp? = nil, sourceAddress: String? = nil, isSecure: Bool? = nil, region: Region? = nil) {
        if let now {
            self.entries["aws:currenttime"] = ["\(now.millisecondsSinceEpoch / 1000)"]
            self.entries["aws:epochtime"] = ["\(now.millisecondsSinceEpoch / 1000)"]
        }
        if let sourceAddress { self.entries["aws:sourceip"] = [sourceAddress] }
        if let isSecure { self.entries["aws:securetransport"] = ["\(isSecure)"] }
        if let region { self.entries["aws:requestedregion"] = [region.rawValue] }
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
    func values(for lowercasedKey: String) -> [String]? { self.entries[lowercasedKey] }

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
