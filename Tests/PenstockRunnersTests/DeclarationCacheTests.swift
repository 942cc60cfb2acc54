// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockArtifacts
import PenstockModel
import PenstockRuntime
import PenstockStore
import Synchronization
import Testing

/// What a version's number stands for when the first transaction that used it failed.
struct DeclarationCacheTests {
    @Test func `A version whose transaction failed is not remembered`() async throws {
        let store = FailingStore()
        let fixture = try await RunnerFixture(store: store)
        try await fixture.put("one")
        try await fixture.put("two", to: "other.zip")
        try await fixture.put("three", to: "third.zip")
        try await fixture.createPipeline()
        store.failNext()
        // It starts an execution, which reads the version that is being written.
        await #expect(throws: StoreError.self) {
            try await fixture.updatePipeline(RunnerFixture.source(key: "other.zip"))
        }
        try await fixture.updatePipeline(RunnerFixture.source(key: "third.zip"))
        let service = PipelineService(context: fixture.context)
        let shown = try await service.version(fixture.call, name: "shop", version: 2).version.declaration
        #expect(shown.stages.first?.actions.first?.configuration[key: "S3ObjectKey"] == "third.zip")
    }
}

/// A store in memory whose commits can be made to fail.
private final class FailingStore: Store {
    private let base = MemoryStore()
    private let isFailing = Mutex(false)

    var isShared: Bool { self.base.isShared }

    func failNext() { self.isFailing.withLock { $0 = true } }

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
