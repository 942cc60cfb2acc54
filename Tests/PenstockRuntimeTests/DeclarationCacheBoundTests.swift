// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import PenstockRuntime
import PenstockStore
import Testing

/// How many declarations are kept, and which go.
struct DeclarationCacheBoundTests {
    private static let pipelineID = PipelineID(UniqueID(high: 1, low: 1))

    private static func declaration(_ version: Int) -> PipelineDeclaration {
        let action = ActionDeclaration(name: "Check", typeID: RuntimeFixture.customType)
        return PipelineDeclaration(
            name: "shop", version: version, stages: [StageDeclaration(name: "Test", actions: [action])])
    }

    /// A store that has so many versions of one pipeline.
    private static func store(versions: Int) async throws -> MemoryStore {
        let store = MemoryStore()
        let scope = Scope(account: .default, region: .default)
        let created = Timestamp(millisecondsSinceEpoch: 0)
        let row = PipelineRow(
            id: Self.pipelineID, key: PipelineKey(scope: scope, name: "shop"), created: created, updated: created,
            pipelineType: .v2, executionMode: .superseded, tags: [],
            head: PipelineHead(declaration: Self.declaration(1)))
        try await store.write { transaction in
            guard try transaction.insertPipeline(row) else { throw StoreError(.constraint, "the name is taken") }
            for version in 1...versions {
                try transaction.insertPipelineVersion(
                    PipelineVersionRow(
                        pipelineID: Self.pipelineID, declaration: Self.declaration(version), document: [],
                        sealedSecrets: nil))
            }
        }
        return store
    }

    /// Which of the versions the cache has, asked for where there are none.
    private static func kept(_ versions: ClosedRange<Int>, by cache: DeclarationCache) async throws -> [Int] {
        try await MemoryStore().read { reader in
            try versions.filter { try cache.version($0, of: Self.pipelineID, in: reader) != nil }
        }
    }

    @Test func `The version that came first goes where there is no room for another`() async throws {
        let capacity = DeclarationCache.capacity
        let store = try await Self.store(versions: capacity + 3)
        let cache = DeclarationCache()
        try await store.read { reader in
            for version in 1...capacity { _ = try cache.version(version, of: Self.pipelineID, in: reader) }
        }
        #expect(try await Self.kept(1...capacity + 3, by: cache) == Array(1...capacity))
        try await store.read { reader in
            for version in [capacity + 1, 1, capacity + 2] {
                _ = try cache.version(version, of: Self.pipelineID, in: reader)
            }
        }
        // 1 went for the first of them, then 2 for 1, and 3 for the last.
        #expect(try await Self.kept(1...capacity + 3, by: cache) == [1] + Array(4...capacity + 2))
    }
}
