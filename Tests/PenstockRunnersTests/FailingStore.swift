// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockArtifacts
import PenstockStore
import Synchronization

/// A store in memory whose commits can be made to fail.
final class FailingStore: Store {
    private let base = MemoryStore()
    private let isFailing = Mutex(false)

    var isShared: Bool { self.base.isShared }

    func failNext() { self.isFailing.withLock { $0 = true } }

    /// Whether the commit that is to fail is still to come.
    var failsNext: Bool { self.isFailing.withLock { $0 } }

    func write<Result: Sendable>(
        _ body: @escaping @Sendable (any StoreTransaction) throws -> Result
    ) async throws -> Result {
        let fails = self.isFailing.withLock { isFailing in
            defer { isFailing = false }
            return isFailing
        }
        return try await self.base.write { transaction in
            let result = try body(transaction)
            guard !fails else { throw StoreError(.unavailable, "the disk is full") }
            return result
        }
    }

    func read<Result: Sendable>(
        _ body: @escaping @Sendable (any StoreReader) throws -> Result
    ) async throws -> Result { try await self.base.read(body) }

    func withArtifacts<Result: Sendable>(
        _ body: @escaping @Sendable (any ArtifactTransaction) throws -> Result
    ) async throws -> Result { try await self.base.withArtifacts(body) }

    func readArtifacts<Result: Sendable>(
        _ body: @escaping @Sendable (any ArtifactTransaction) throws -> Result
    ) async throws -> Result { try await self.base.readArtifacts(body) }

    func observe(_ observer: @escaping @Sendable (StoreSignal) -> Void) { self.base.observe(observer) }

    func close() async { await self.base.close() }
}
