// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockArtifacts
import PenstockEngine
import PenstockModel
import PenstockRuntime
import PenstockStore
import Testing

struct MissingArtifactTests {
    @Test(arguments: [false, true])
    func `A rollback whose artifact was deleted meanwhile fails, and names it`(isDeleted: Bool) async throws {
        let fixture = try await RunnerFixture(others: { [SizeTestRunner(artifacts: $0)] })
        let bucket = RunnerFixture.artifactBucket
        try await fixture.artifacts.setVersioning(enabled: true, of: bucket, as: fixture.caller)
        try await fixture.put("hello")
        let size = ActionTypeID(category: .test, owner: .aws, provider: "Size", version: "1")
        try await fixture.createPipeline(
            then: ActionDeclaration(
                name: "Weigh", typeID: size, configuration: [KeyedValue("MaximumBytes", "5")],
                inputArtifacts: ["Code"]))
        try await fixture.work()
        let first = try #require(try await fixture.attempts(of: "Weigh").first)
        #expect(first.attempt.status == .succeeded)
        let input = try #require(first.start.inputs.first?.location)
        if isDeleted {
            let deletion = Deletion(ObjectKey(input.key), VersionID(try #require(input.versionID)))
            _ = try await fixture.artifacts.delete([deletion], in: bucket, as: fixture.caller)
        }
        fixture.clock.advance(by: .seconds(1))
        _ = try await PipelineService(context: fixture.context).rollbackStage(
            fixture.call, name: "shop", stage: "Release", target: first.start.executionID)
        try await fixture.work()
        let failure = FailureDetails(type: .configurationError, message: "Input artifact 'Code' is not available")
        let attempts = try await fixture.attempts(of: "Weigh")
        #expect(attempts.count == 2)
        #expect(attempts.first?.attempt.failure == (isDeleted ? failure : nil))
        #expect(attempts.first?.attempt.status == (isDeleted ? .failed : .succeeded))
    }
}
