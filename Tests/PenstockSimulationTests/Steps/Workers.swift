// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockRuntime

/// What workers know: the jobs that they were handed, for as long as they remember, and the secrets of customers.
struct Workers {
    /// A job as it was handed to a worker.
    struct Paper {
        let job: JobID
        let nonce: String
        /// Of a partner's job.
        let client: ClientID?
        var isAcknowledged = false
        var lastResult: JobResult?
    }

    /// How many papers are kept, those of jobs that ended long ago among them.
    private static let memory = 24

    private(set) var papers: [Paper] = []
    /// Client tokens.
    private(set) var secrets: [ClientID: String] = [:]
    private(set) var clients: [ClientID] = []

    mutating func take(_ paper: Paper) {
        self.papers.append(paper)
        if self.papers.count > Self.memory { self.papers.removeFirst() }
    }

    mutating func change(_ paper: Paper, _ body: (inout Paper) -> Void) {
        let index = self.papers.lastIndex { $0.job == paper.job && $0.nonce == paper.nonce }
        if let index { body(&self.papers[index]) }
    }

    mutating func learn(_ secret: String, of client: ClientID) {
        self.secrets[client] = secret
        self.clients.append(client)
    }
}
