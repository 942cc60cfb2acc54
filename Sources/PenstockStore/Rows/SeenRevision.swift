// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Crypto
import PenstockArtifacts

/// A revision that PutActionRevision told of. Unique by all of its members within a pipeline.
package struct SeenRevision: Sendable, Hashable {
    package let stageName: String
    package let actionName: String
    /// The revision's id, or what stands for it.
    package let revision: String
    /// The id of the change, or what stands for it; empty where none was told.
    package let change: String

    package init(stageName: String, actionName: String, revisionID: String, changeID: String) {
        self.stageName = stageName
        self.actionName = actionName
        self.revision = Self.key(for: revisionID)
        self.change = Self.key(for: changeID)
    }

    /// The size up to which an id is its own key, in bytes: all are of one index, and one of PostgreSQL takes 2,704.
    package static let maximumIDBytes = 1024

    /// An id as an index takes it. By its hash one that is long, that has NUL, which is no text to PostgreSQL, or that is
    /// not ASCII: ids are compared as bytes, and texts in Swift are not.
    private static func key(for id: String) -> String {
        let isPlain = id.utf8.allSatisfy { 0x20...0x7E ~= $0 }
        return isPlain && id.utf8.count <= Self.maximumIDBytes
            ? id : hexadecimal(SHA256.hash(data: Array(id.utf8)))
    }
}
