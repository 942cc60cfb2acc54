// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockStore
import PenstockWire
import Testing

/// What operations ask of the database.
///
/// The rows that a read can have are those of `StoreReader`, which knows neither heads of pipelines nor states of
/// executions; only transactions that write do.
struct DatabaseAccessTests {
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

    @Test func `A poll takes one transaction, and so does the acknowledgement`() async throws {
        let (bed, store, _) = try await self.bed()
        let before = store.accesses
        _ = try await bed.takeJob()
        #expect(store.accesses.writes == before.writes + 2, "a poll and an acknowledgement")
    }
}
