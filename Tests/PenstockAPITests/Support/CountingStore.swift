// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockArtifacts
import PenstockStore
import Synchronization

/// A store in memory that counts how it is asked.
final class CountingStore: Store {
    struct Accesses: Hashable {
        var reads = 0
        var writes = 0
        var total: Int { self.reads + self.writes }
    }

    private let base = MemoryStore()
    private let counts = Mutex(Accesses())

    var accesses: Accesses { self.counts.withLock { $0 } }
    var isShared: Bool { self.base.isShared }

    func write<Result: Sendable>(
        _ body: @escaping @Sendable (any StoreTransaction) throws -> Result
    ) async throws -> Result {
        self.counts.withLock { $0.writes += 1 }
        return try await self.base.write(body)
    }

    func read<Result: Sendable>(
        _ body: @escaping @Sendable (any StoreReader) throws -> Result
    ) async throws -> Result {
        self.counts.withLock { $0.reads += 1 }
        return try await self.base.read(body)
    }

    func withArtifacts<Result: Sendable>(
        _ body: @escaping @Sendable (any ArtifactTransaction) throws -> Result
    ) async throws -> Result {
        self.counts.withLock { $0.writes += 1 }
        return try await self.base.withArtifacts(body)
    }

    func readArtifacts<Result: Sendable>(
        _ body: @escaping @Sendable (any ArtifactTransaction) throws -> Result
    ) async throws -> Result {
        self.counts.withLock { $0.reads += 1 }
        return try await self.base.readArtifacts(body)
    }

    func observe(_ observer: @escaping @Sendable (StoreSignal) -> Void) { self.base.observe(observer) }

    func close() async { await self.base.close() }
}
