// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockModel
internal import PenstockWire

extension TriggerDeclaration {
    init(_ wire: PipelineTriggerDeclaration) {
        let configuration = wire.gitConfiguration
        self.init(
            sourceActionName: configuration.sourceActionName,
            push: (configuration.push ?? []).map { filter in
                PushFilter(
                    tags: filter.tags.map { FilterCriteria($0.includes, $0.excludes) },
                    branches: filter.branches.map { FilterCriteria($0) },
                    filePaths: filter.filePaths.map { FilterCriteria($0) }
                )
            },
            pullRequest: (configuration.pullRequest ?? []).map { filter in
                PullRequestFilter(
                    events: (filter.events ?? []).compactMap { PullRequestEvent(rawValue: $0.rawValue) },
                    branches: filter.branches.map { FilterCriteria($0) },
                    filePaths: filter.filePaths.map { FilterCriteria($0) }
                )
            }
        )
    }
}

extension FilterCriteria {
    fileprivate init(_ wire: GitBranchFilterCriteria) { self.init(wire.includes, wire.excludes) }

    fileprivate init(_ wire: GitFilePathFilterCriteria) { self.init(wire.includes, wire.excludes) }

    fileprivate init(_ includes: [String]?, _ excludes: [String]?) {
        self.init(includes: includes ?? [], excludes: excludes ?? [])
    }
}
