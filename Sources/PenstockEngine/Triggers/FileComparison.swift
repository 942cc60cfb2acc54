// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// Which two commits are compared to find the files that an event has changed.
public struct FileComparison: Sendable, Hashable {
    /// With `nil` every file that there is in ``head`` counts as changed.
    public var base: String?
    public var head: String

    /// Of a push to a branch.
    ///
    /// - Parameters:
    ///   - previous: To which commit the branch pointed before; `nil` for a new branch.
    ///   - mergeBase: Of the head and the default branch, if they have one; what a new branch is compared with.
    public init(ofPushTo head: String, previous: String?, mergeBase: String?) {
        self.base = previous ?? mergeBase
        self.head = head
    }

    /// Of a pull request: all that it would bring, not only what was pushed to it last.
    ///
    /// - Parameter mergeBase: Of the head and the target branch, if they have one.
    public init(ofPullRequestFor head: String, mergeBase: String?) {
        self.base = mergeBase
        self.head = head
    }
}
