// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// A revision that PutActionRevision told of. Unique by all of its members within a pipeline.
package struct SeenRevision: Sendable, Hashable {
    package var stageName: String
    package var actionName: String
    package var revisionID: String
    package var changeID: String

    package init(stageName: String, actionName: String, revisionID: String, changeID: String) {
        self.stageName = stageName
        self.actionName = actionName
        self.revisionID = revisionID
        self.changeID = changeID
    }
}
