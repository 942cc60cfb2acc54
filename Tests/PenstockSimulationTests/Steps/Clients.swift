// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel

/// What those who call the API remember.
struct Clients {
    /// A start that was answered under a token.
    struct TokenUse {
        let token: String
        let pipeline: PipelineID
        let execution: PipelineExecutionID
        let at: Timestamp
    }

    static let names = ["alpha", "beta", "gamma"]

    private(set) var tokenUses: [TokenUse] = []
    /// What was started since the last call began.
    private(set) var started: [PipelineExecutionID] = []
    private var tokenCount = 0
    private var revisionCount = 0

    mutating func begin() { self.started = [] }

    mutating func note(_ outcome: PipelineOutcome) { self.started += outcome.startedExecution.map { [$0] } ?? [] }

    mutating func note(_ use: TokenUse) { self.tokenUses.append(use) }

    mutating func freshToken() -> String {
        self.tokenCount += 1
        return "token-\(self.tokenCount)"
    }

    mutating func freshRevision() -> String {
        self.revisionCount += 1
        return "r\(self.revisionCount)"
    }
}
