// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockStore
import Testing

@testable import PenstockRuntime

struct PipelineQuotaFailureTests {
    @Test func `After a creation that failed with its database the pipelines are counted anew`() async throws {
        let store = FailingStore()
        let fixture = try await RunnerFixture(store: store)
        func isCounted() -> Bool {
            var isCounted = false
            _ = fixture.context.quota.takeRoom(in: fixture.call.scope, limit: 1000) {
                isCounted = true
                return 0
            }
            return isCounted
        }
        store.failNext()
        await #expect(throws: StoreError.self) { try await fixture.createPipeline() }
        #expect(isCounted())
        try await fixture.createPipeline()
        #expect(!isCounted())
    }
}
