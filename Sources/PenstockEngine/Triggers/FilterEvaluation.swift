// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel

/// Criteria whose patterns have been read, to be held against many values.
private struct CompiledCriteria {
    private let includes: [GlobPattern]
    private let excludes: [GlobPattern]

    init(_ criteria: FilterCriteria) {
        self.includes = criteria.includes.map { GlobPattern($0) }
        self.excludes = criteria.excludes.map { GlobPattern($0) }
    }

    func accept(_ value: String) -> Bool {
        (self.includes.isEmpty || self.includes.contains { $0.matches(value) })
            && !self.excludes.contains { $0.matches(value) }
    }
}

extension FilterCriteria {
    fileprivate func accept(_ name: String) -> Bool { CompiledCriteria(self).accept(name) }

    /// Each file is judged alone, and one is enough.
    fileprivate func accept(anyOf files: [String]) -> Bool {
        let criteria = CompiledCriteria(self)
        return files.contains { criteria.accept($0) }
    }
}

extension PushFilter {
    /// A filter of tags lets no push of a branch pass.
    func passes(_ push: BranchPush) -> Bool {
        self.tags == nil
            && self.branches?.accept(push.branch) ?? true
            && self.filePaths?.accept(anyOf: push.changedFiles) ?? true
    }

    /// Only a filter of tags lets a tag pass.
    func passes(tag: String) -> Bool {
        self.branches == nil && self.filePaths == nil && self.tags?.accept(tag) ?? false
    }
}

extension PullRequestFilter {
    func passes(_ pullRequest: PullRequest, as event: PullRequestEvent) -> Bool {
        (self.events.isEmpty || self.events.contains(event))
            && self.branches?.accept(pullRequest.targetBranch) ?? true
            && self.filePaths?.accept(anyOf: pullRequest.changedFiles) ?? true
    }
}
