// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockArtifacts
import PenstockModel
import PenstockStore
import PenstockWire
import Synchronization
import Testing

/// What operations ask of the database.
///
/// The rows that a read can have are those of `StoreReader`, which knows neither heads of pipelines nor states of
/// executions; only transactions that write do.
struct DatabaseAccessTests {
    private static let type = PenstockWire.ActionTypeID(
        category: .test, owner: .custom, provider: "Checker", version: "1")

    private func bed() async throws -> (bed: APITestBed, store: CountingStore, execution: String) {
        let store = CountingStore()
        let bed = try await APITestBed(store: store)
        try await bed.register()
        let execution = try #require(try await bed.createPipeline("shop"))
        return (bed, store, execution.description)
    }

    @Test func `Operations that read ask for rows made for it, and write nothing`() async throws {
        let (bed, store, execution) = try await self.bed()
        let job = try #require(try await bed.takeJobs()["Work"]?.id)
        let before = store.accesses
        // A fixture's pipeline has no document, so that nothing could be read of the answer.
        let body = Operations.GetPipeline.encodeInput(GetPipelineInput(name: "shop"))
        #expect(try await bed.send(TestRequest(Operations.GetPipeline.self, body: body)).status == 200)
        try await bed.call(Operations.GetPipelineState.self, GetPipelineStateInput(name: "shop"))
        try await bed.call(
            Operations.GetPipelineExecution.self,
            GetPipelineExecutionInput(pipelineName: "shop", pipelineExecutionID: execution))
        try await bed.call(Operations.ListPipelines.self, ListPipelinesInput())
        try await bed.call(
            Operations.ListPipelineExecutions.self, ListPipelineExecutionsInput(pipelineName: "shop"))
        try await bed.call(Operations.ListActionExecutions.self, ListActionExecutionsInput(pipelineName: "shop"))
        try await bed.call(Operations.ListActionTypes.self, ListActionTypesInput())
        try await bed.call(Operations.GetJobDetails.self, GetJobDetailsInput(jobID: job))
        #expect(store.accesses.writes == before.writes)
        #expect(store.accesses.reads > before.reads)
    }

    @Test func `An empty poll asks the database nothing`() async throws {
        let (bed, store, _) = try await self.bed()
        _ = try await bed.takeJob()
        // What the type is, and that nothing more is there, is asked once.
        try await bed.call(Operations.PollForJobs.self, PollForJobsInput(actionTypeID: Self.type))
        let before = store.accesses
        for _ in 0..<3 {
            let polled = try await bed.call(Operations.PollForJobs.self, PollForJobsInput(actionTypeID: Self.type))
            #expect(polled.jobs == [])
        }
        #expect(store.accesses == before)
    }

    @Test func `An empty poll of a partner asks the database nothing`() async throws {
        let (bed, store, _) = try await self.bed()
        try await bed.registerPartnerType()
        let input = PollForThirdPartyJobsInput(
            actionTypeID: PenstockWire.ActionTypeID(
                category: .test, owner: .thirdParty, provider: "Scanner", version: "1"))
        try await bed.call(Operations.PollForThirdPartyJobs.self, input, as: .partner)
        let before = store.accesses
        try await bed.call(Operations.PollForThirdPartyJobs.self, input, as: .partner)
        #expect(store.accesses == before)
    }

    @Test func `A poll takes one transaction, and so does the acknowledgement`() async throws {
        let (bed, store, _) = try await self.bed()
        let before = store.accesses
        _ = try await bed.takeJob()
        #expect(store.accesses.writes == before.writes + 2, "a poll and an acknowledgement")
    }
}

/// A store in memory that counts how it is asked.
private final class CountingStore: Store {
    struct Accesses: Hashable {
        var reads = 0
        var writes = 0
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
