// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockRuntime
import PenstockStore

/// Spoils a transaction that is about to commit, given the steps of the engine in it.
typealias Sabotage = @Sendable (any StoreTransaction, [EngineStep]) throws -> Void

/// A fault put in on purpose, to see that the simulation finds it.
///
/// The engine is broken where the runtime calls it, and rows are spoiled in the transaction that writes them: what is
/// shipped has no trace of this. What a mutation does follows from what it is given alone, so that a replay repeats it.
struct Mutation: Sendable {
    var name: String
    /// What is wrong, in words.
    var summary: String
    var engine: PipelineEngine = .direct
    var sabotage: Sabotage?
    /// Processes start without asking the store which queues have jobs.
    var forgetsQueues = false

    static let all: [Self] = Self.ofTheEngine + Self.ofTheStore

    static func named(_ name: String) -> Self? { self.all.first { $0.name == name } }
}
