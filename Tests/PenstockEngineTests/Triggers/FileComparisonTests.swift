// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import Testing

struct FileComparisonTests {
    @Test(arguments: [nil, "merge-base"])
    func `A push is compared with what was there before`(mergeBase: String?) {
        let comparison = FileComparison(ofPushTo: "head", previous: "previous", mergeBase: mergeBase)
        #expect(comparison.base == "previous")
        #expect(comparison.head == "head")
    }

    @Test func `A new branch is compared with where it left the default branch`() {
        #expect(FileComparison(ofPushTo: "head", previous: nil, mergeBase: "merge-base").base == "merge-base")
    }

    @Test func `Of a new branch that has nothing in common with the default branch, every file counts as changed`() {
        let comparison = FileComparison(ofPushTo: "head", previous: nil, mergeBase: nil)
        #expect(comparison.base == nil)
        #expect(comparison.head == "head")
    }

    @Test(arguments: [nil, "merge-base"])
    func `A pull request is compared with where it left its target`(mergeBase: String?) {
        let comparison = FileComparison(ofPullRequestFor: "head", mergeBase: mergeBase)
        #expect(comparison.base == mergeBase)
        #expect(comparison.head == "head")
    }
}
