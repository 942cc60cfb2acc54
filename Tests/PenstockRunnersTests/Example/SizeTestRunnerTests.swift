// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import PenstockStore
import Testing

struct SizeTestRunnerTests {
    @Test(arguments: [("5", ActionExecutionStatus.succeeded), ("4", .failed)])
    func `An artifact passes up to its limit`(limit: String, status: ActionExecutionStatus) async throws {
        let fixture = try await RunnerFixture(others: { [SizeTestRunner(artifacts: $0)] })
        try await fixture.put("hello")
        let size = ActionTypeID(category: .test, owner: .aws, provider: "Size", version: "1")
        try await fixture.createPipeline(
            then: ActionDeclaration(
                name: "Weigh", typeID: size, configuration: [KeyedValue("MaximumBytes", limit)],
                inputArtifacts: ["Code"]))
        try await fixture.work()
        let attempt = try #require(try await fixture.attempts(of: "Weigh").first?.attempt)
        #expect(attempt.status == status)
    }
}
