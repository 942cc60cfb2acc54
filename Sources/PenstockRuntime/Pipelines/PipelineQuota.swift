// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import Synchronization

/// Admits pipelines up to a limit, without counting those of the account and region each time: with 100,000 of them that
/// would take longer than the rest of what creates one.
///
/// Where this process alone writes, it remembers at most how many there are. Every creation that may be committed adds one,
/// and a deletion takes nothing away; when that reaches the limit they are counted again. Who counted in a transaction
/// that failed says so, since what it saw of others may have failed with it. Where others write too they are counted each
/// time.
final class PipelineQuota: Sendable {
    /// With so much room or less, whoever creates a pipeline waits for others who do: more are not created at once by the
    /// connections of all servers.
    static let contendedRoom = 256

    /// How many accounts' regions are remembered.
    static let capacity = 10_000

    private let isShared: Bool
    /// At most how many pipelines there are.
    private let bounds = Mutex<[Scope: Int]>([:])

    /// - Parameter isShared: Whether others write to the store as well.
    init(isShared: Bool) { self.isShared = isShared }

    /// Takes room for one more pipeline, if there is any.
    ///
    /// - Parameter count: How many there are, in the transaction that creates the next one.
    func takeRoom(in scope: Scope, limit: Int, counting count: () throws -> Int) rethrows -> Bool {
        if self.isShared { return try count() < limit }
        if let bound = self.bounds.withLock({ $0[scope] }), bound < limit {
            self.remember(bound + 1, of: scope)
            return true
        }
        let exact = try count()
        guard exact < limit else { return false }
        self.remember(exact + 1, of: scope)
        return true
    }

    /// The next one is to count: a transaction that took room has failed.
    func forget(_ scope: Scope) { self.bounds.withLock { $0[scope] = nil } }

    private func remember(_ bound: Int, of scope: Scope) {
        self.bounds.withLock { bounds in
            if bounds.count >= Self.capacity, bounds[scope] == nil { bounds.removeAll() }
            bounds[scope] = bound
        }
    }
}
