// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import PenstockRuntime
import PenstockStore
import Synchronization
import Testing

struct RunnerServiceTests {
    /// A runner that does what the test says, with the number of the dispatch.
    private struct Scripted: ActionRunner {
        struct Broken: Error {}

        let body: @Sendable (RunnerJob) async throws -> JobResult
        var types: Set<ActionTypeID> { [.s3Source] }
        func run(_ job: RunnerJob) async throws -> JobResult { try await self.body(job) }
    }

    @Test func `What a runner throws is tried again after the lease, and fails in the end`() async throws {
        let fixture = try await RunnerFixture()
        let dispatches = Mutex<[Int]>([])
        let service = RunnerService(
            context: fixture.context,
            runners: [
                Scripted { job in
                    dispatches.withLock { $0.append(job.dispatch) }
                    throw Scripted.Broken()
                }
            ])
        try await fixture.createPipeline(polls: "false")
        for _ in 1...RunnerService.maximumDispatches {
            #expect(try await fixture.attempts().first?.attempt.status == .inProgress)
            await service.carryOutClaimableJobs()
            fixture.clock.advance(by: RunnerService.lease)
        }
        #expect(dispatches.withLock { $0 } == [1, 2, 3])
        let attempt = try #require(try await fixture.attempts().first?.attempt)
        #expect(attempt.failure?.type == .systemUnavailable)
    }

    @Test(arguments: [0, 1])
    func `Of 122880 bytes output variables are taken, one more fails the action`(surplus: Int) async throws {
        let fixture = try await RunnerFixture()
        let variables = [KeyedValue("Text", String(repeating: "x", count: 122_880 - "Text".utf8.count + surplus))]
        let service = RunnerService(
            context: fixture.context,
            runners: [
                Scripted { _ in
                    .success(ActionProgress(), continuationToken: nil, outputVariables: variables)
                }
            ])
        try await fixture.createPipeline(polls: "false")
        await service.carryOutClaimableJobs()
        let row = try #require(try await fixture.attempts().first)
        let tooLarge = FailureDetails(
            type: .configurationError, message: "The output variables exceed the maximum size of 122880 bytes")
        #expect(row.attempt.failure == (surplus == 0 ? nil : tooLarge))
        #expect(row.outputVariables == (surplus == 0 ? variables : []))
    }

    @Test func `Who lost the lease changes nothing`() async throws {
        let fixture = try await RunnerFixture()
        let rival = RunnerService(
            context: fixture.context,
            runners: [
                Scripted { _ in .success(ActionProgress(summary: "second"), continuationToken: nil, outputVariables: [])
                }
            ])
        let clock = fixture.clock
        let slow = RunnerService(
            context: fixture.context,
            runners: [
                Scripted { _ in
                    clock.advance(by: RunnerService.lease)
                    await rival.carryOutClaimableJobs()
                    return .success(ActionProgress(summary: "first"), continuationToken: nil, outputVariables: [])
                }
            ])
        try await fixture.createPipeline(polls: "false")
        await slow.carryOutClaimableJobs()
        #expect(try await fixture.attempts().map(\.attempt.summary) == ["second"])
    }
}
