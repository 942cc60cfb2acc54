// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockWire
import Testing

struct PutActionRevisionTests {
    private func put(
        _ id: String,
        change: String = "c1",
        action: String = "Get",
        stage: String = "Source",
        to bed: APITestBed
    ) async throws -> PutActionRevisionOutput {
        let revision = ActionRevision(revisionID: id, revisionChangeID: change, created: bed.now)
        return try await bed.call(
            Operations.PutActionRevision.self,
            PutActionRevisionInput(
                pipelineName: "shop", stageName: stage, actionName: action, actionRevision: revision))
    }

    private func pipeline() async throws -> APITestBed {
        try await APITestBed.withPipeline(
            .stage("Source", .work("Get", type: .fetcher, outputs: ["Code"])), .stage("Release", .work())
        ).bed
    }

    @Test func `A revision starts one execution, which carries it`() async throws {
        let bed = try await self.pipeline()
        let first = try await self.put("r1", to: bed)
        #expect(first.newRevision == true)
        let id = try #require(first.pipelineExecutionID)
        let execution = try await bed.execution(id)
        #expect(execution.trigger?.triggerType == .putActionRevision)
        #expect(execution.trigger?.triggerDetail == TestIdentity.customer.arn)
        let current = try await bed.action("Get", in: "Source").currentRevision
        #expect(current == ActionRevision(revisionID: "r1", revisionChangeID: "c1", created: bed.now))

        let again = try await self.put("r1", to: bed)
        #expect(again == PutActionRevisionOutput(newRevision: false, pipelineExecutionID: id))
        let changed = try await self.put("r1", change: "c2", to: bed)
        #expect(changed.newRevision == true)
        #expect(changed.pipelineExecutionID != id)
    }

    @Test func `What is not a source action of the pipeline is refused`() async throws {
        let bed = try await self.pipeline()
        let problem = "Action 'Work' in stage 'Release' is not a source action"
        await #expect(throws: ServiceException(.validation, problem)) {
            try await self.put("r1", action: "Work", stage: "Release", to: bed)
        }
        await #expect(throws: ServiceException.noStage("Nowhere")) {
            try await self.put("r1", stage: "Nowhere", to: bed)
        }
        let missing = "Stage 'Source' in pipeline 'shop' does not have an action with name 'Nothing'"
        await #expect(throws: ServiceException(.actionNotFound, missing)) {
            try await self.put("r1", action: "Nothing", to: bed)
        }
    }
}
