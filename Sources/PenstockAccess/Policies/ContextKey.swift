// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// The keys that conditions and policy variables can name: those that something sets. All are in lower case here, as IAM
/// compares them without regard to case.
enum ContextKey {
    private static let names: Set<String> = [
        "aws:currenttime", "aws:epochtime", "aws:sourceip", "aws:securetransport", "aws:requestedregion",
        "aws:principalaccount", "aws:principalarn", "aws:principaltype", "aws:username", "aws:tagkeys",
        "iam:passedtoservice", "s3:prefix", "s3:delimiter", "s3:max-keys", "s3:versionid",
    ]

    private static let resourceTag = "aws:resourcetag/"
    private static let requestTag = "aws:requesttag/"

    /// Whether the key looks at the tags of what an action is about, which have to be read for it.
    static func isResourceTag(_ key: String) -> Bool { key.hasPrefix(self.resourceTag) }

    /// A key that nothing sets makes a denial that never denies.
    ///
    /// - Throws: ``PolicyError`` that names it.
    static func check(_ key: String) throws(PolicyError) {
        let isTag = [self.resourceTag, self.requestTag].contains { key.hasPrefix($0) && key.count > $0.count }
        guard isTag || self.names.contains(key) else {
            throw PolicyError("The condition key '\(key)' is not known here, so nothing could be decided by it.")
        }
    }
}
