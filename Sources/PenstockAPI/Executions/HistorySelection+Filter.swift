// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockModel
internal import PenstockStore
internal import PenstockWire

extension HistorySelection {
    /// What a filter of ListActionExecutions selects; `nil` when its two parts have nothing in common.
    init?(_ filter: ActionExecutionFilter?) {
        self.init(plain: filter?.pipelineExecutionID, latest: filter?.latestInPipelineExecution)
    }

    /// What a filter of ListRuleExecutions selects; `nil` when its two parts have nothing in common.
    init?(_ filter: RuleExecutionFilter?) {
        self.init(plain: filter?.pipelineExecutionID, latest: filter?.latestInPipelineExecution)
    }

    private init?(plain: String?, latest: LatestInPipelineExecutionFilter?) {
        let plain = plain.flatMap { PipelineExecutionID($0) }
        guard let latest, let id = PipelineExecutionID(latest.pipelineExecutionID) else {
            self = plain.map { .execution($0) } ?? .all
            return
        }
        guard plain ?? id == id else { return nil }
        self = latest.startTimeRange == .latest ? .latest(id) : .execution(id)
    }

    /// What page tokens are bound to: listings of the same attempts share their tokens.
    var tokenFilters: [String?] {
        switch self {
        case .all: [nil]
        case .execution(let id): [id.description]
        case .latest(let id): [id.description, "latest"]
        }
    }
}
