// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Crypto
import Foundation
@testable import PenstockArtifacts
import PenstockModel
import Synchronization
import Testing

/// An index whose database cuts off a transaction that was asked to be lost, after its body and before its commit.
private final class CutIndex: ArtifactIndex {
    struct Cut: Error {}

    let index: MemoryArtifactIndex
    /// What happens once the lost transaction's locks are gone and its process does not know of it.
    private let meanwhile = Mutex<(@Sendable () async throws -> Void)?>(nil)

    init(_ index: MemoryArtifactIndex) { self.index = index }

    func cutNext(_ meanwhile: @escaping @Sendable () async throws -> Void) {
        self.meanwhile.withLock { $0 = meanwhile }
    }

    func withArtifacts<Result: Sendable>(
        _ body: @escaping @Sendable (any ArtifactTransaction) throws -> Result
    ) async throws -> Result {
        guard let meanwhile = self.meanwhile.withLock({ $0.take() }) else {
            return try await self.index.withArtifacts(body)
        }
        do {
            _ = try await self.index.withArtifacts { transaction in
                _ = try body(transaction)
                throw Cut()
            }
        } catch is Cut {
            try await meanwhile()
            throw Cut()
        }
        throw Cut()
    }

    func readArtifacts<Result: Sendable>(
        _ body: @escaping @Sendable (any ArtifactTransaction) throws -> Result
    ) async throws -> Result {
        try await self.index.readArtifacts(body)
    }
}

@Suite struct `A collector whose transaction is lost` {
    private let fixture: Fixture
    private let index: CutIndex
    private let collector: ArtifactStore
    private let contested: BlobHash

    /// With the content "contested", which nothing names for long enough.
    init() async throws {
        let fixture = try await Fixture.withBucket()
        let index = CutIndex(fixture.index)
        self.fixture = fixture
        self.index = index
        self.contested = try #require(BlobHash(bytes: SHA256.hash(data: Data("contested".utf8))))
        self.collector = ArtifactStore(
            index: index, blobs: fixture.blobs, now: fixture.store.now, newID: { UniqueID(high: 8, low: 8) })
        try await fixture.put(key("a"), "contested")
        _ = try await fixture.store.delete([Deletion(key("a"), nil)], in: "bucket", as: owner)
        fixture.advance(.days(1))
    }

    @Test func `puts back what was named meanwhile, and readers find it before that`() async throws {
        let (fixture, contested) = (self.fixture, self.contested)
        self.index.cutNext {
            try await fixture.put(key("b"), "contested")
            // The collector's own call comes only now.
            try fixture.blobs.setAside(contested)
            #expect(fixture.files(in: "blobs") == [])
            #expect(try await fixture.get(key("b")) == "contested")
        }
        await #expect(throws: CutIndex.Cut.self) { try await self.collector.collectGarbage() }
        #expect(fixture.files(in: "blobs").count == 1)
        #expect(fixture.files(in: "aside") == [])
        #expect(try await fixture.get(key("b")) == "contested")
    }

    @Test func `removes what nobody has named`() async throws {
        self.index.cutNext {}
        await #expect(throws: CutIndex.Cut.self) { try await self.collector.collectGarbage() }
        #expect(self.fixture.files(in: "blobs") + self.fixture.files(in: "aside") == [])
    }

    @Test func `and that dies with it leaves the file to the next`() async throws {
        try await self.fixture.put(key("b"), "contested")
        try self.fixture.blobs.setAside(self.contested)
        #expect(try await self.fixture.store.collectGarbage() == 0)
        #expect(self.fixture.files(in: "blobs").count == 1)
        #expect(self.fixture.files(in: "aside") == [])
    }
}
