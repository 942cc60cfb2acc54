// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Logging
import PenstockModel
import PenstockStore
import Testing

@testable import PenstockRuntime

@Suite struct `Work that many pipelines share` {
    private struct Damaged: Error {}

    private let pipeline = PipelineKey(scope: Scope(account: .default, region: .default), name: "p")

    @Test(arguments: [StoreError(.corrupt, "a row"), Damaged() as any Error & Sendable])
    func `is not stopped by what is wrong with one of them`(_ error: any Error & Sendable) async throws {
        let fixture = try await RuntimeFixture()
        let isDone = try await fixture.context.isolating("tried", pipeline: self.pipeline) { throw error }
        #expect(isDone)
    }

    @Test func `is not stopped by who holds the rows of one of them, whose work is still to be done`() async throws {
        let fixture = try await RuntimeFixture()
        let isDone = try await fixture.context.isolating("tried", pipeline: self.pipeline) {
            throw StoreError(.contended, "a lock")
        }
        #expect(!isDone)
    }

    @Test(arguments: [StoreError.Code.unavailable, .closed, .outcomeUnknown])
    func `is stopped by what is wrong with the store`(_ code: StoreError.Code) async throws {
        let fixture = try await RuntimeFixture()
        await #expect(throws: StoreError.self) {
            try await fixture.context.isolating("tried", pipeline: self.pipeline) { throw StoreError(code, "gone") }
        }
    }
}
