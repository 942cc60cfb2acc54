// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockRuntime
import PenstockStore
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
