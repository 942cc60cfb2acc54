// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockClient
import PenstockTesting
import Testing

@Suite(.timeLimit(.minutes(10))) struct DeadlineTests {
    /// A service that never answers, and says when it is left.
    private func silentService() -> (ScriptedTransport, departures: AsyncStream<Void>) {
        let (departures, departed) = AsyncStream.makeStream(of: Void.self)
        let service = ScriptedTransport { _ in
            let (endless, _) = AsyncStream.makeStream(of: Void.self)
            for await _ in endless {}
            departed.yield()
            throw CancellationError()
        }
        return (service, departures)
    }

    @Test func `A call that takes too long is given up, and its exchange too`() async throws {
        let (service, departures) = self.silentService()
        let pacing = ManualPacing()
        let client = client(service, pacing: pacing)
        async let failure = Result { try await client.listPipelines() }
        await pacing.untilSomebodySleeps(for: .seconds(60))
        pacing.advance(by: .seconds(60))
        let error = try #require(await failure.failure as? ListPipelinesError)
        #expect(error.callFailure?.code == .deadlineExceeded)
        for await _ in departures { break }
    }

    @Test func `A call has the deadline it asks for, and a held poll as much more as it is held`() async throws {
        let (service, _) = self.silentService()
        let pacing = ManualPacing()
        let client = client(service, pacing: pacing)
        let options = CallOptions(deadline: .seconds(5), longPoll: .seconds(20))
        let type = ActionTypeID(category: .test, owner: .custom, provider: "Linter", version: "1")
        async let failure = Result { try await client.pollForJobs(actionTypeId: type, options: options) }
        await pacing.untilSomebodySleeps(for: .seconds(25))
        pacing.advance(by: .seconds(25))
        let error = try #require(await failure.failure as? PollForJobsError)
        #expect(error.callFailure?.code == .deadlineExceeded)
        #expect(error.callFailure?.attempts == 1)
    }

    @Test func `The deadline holds for all attempts together`() async throws {
        let service = ScriptedTransport { _ in .refusal(.internalFailure) }
        let pacing = ManualPacing(chance: 1)
        let client = client(service, pacing: pacing)
        async let failure = Result {
            try await client.listPipelines(options: CallOptions(deadline: .milliseconds(2500)))
        }
        await pacing.untilSomebodySleeps(for: .seconds(1))
        pacing.advance(by: .seconds(1))
        await pacing.untilSomebodySleeps(for: .seconds(2))
        pacing.advance(by: .milliseconds(1500))
        let error = try #require(await failure.failure as? ListPipelinesError)
        #expect(error.callFailure?.code == .deadlineExceeded)
        #expect(error.callFailure?.attempts == 2)
        #expect(service.requests.count == 2)
    }

    @Test func `Cancelling the task ends a wait between attempts`() async throws {
        let service = ScriptedTransport { _ in .refusal(.internalFailure) }
        let pacing = ManualPacing(chance: 1)
        let client = client(service, pacing: pacing)
        let call = Task { try await client.listPipelines() }
        await pacing.untilSomebodySleeps(for: .seconds(1))
        call.cancel()
        let error = try #require(await call.result.failure as? ListPipelinesError)
        #expect(error.callFailure?.code == .cancelled)
        #expect(service.requests.count == 1)
    }
}

extension Result where Failure == any Error {
    /// What the body returns or throws.
    init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }

    var failure: Failure? {
        if case .failure(let error) = self { error } else { nil }
    }
}
