// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockTesting
import Synchronization
import Testing

@testable import PenstockWorker

/// A worker against a service that is played, in both families.
@Suite(.timeLimit(.minutes(10))) struct JobWorkerTests {
    @Test func `A custom job is acknowledged, done and reported`() async throws {
        let service = PlayedService(.custom, jobs: [.first])
        try await RunningWorker.run(
            worker(service) { job in
                .success(
                    summary: "Linted \(job.configuration["Host"] ?? "")", externalExecutionID: "run-1",
                    outputVariables: ["Findings": "0"])
            }
        ) { _ in await service.untilCalled("PutJobSuccessResult") }
        #expect(
            service.operations.filter { $0 != "PollForJobs" } == ["AcknowledgeJob", "PutJobSuccessResult"])
        #expect(service.operations.first == "PollForJobs")
        let result = try Operations.PutJobSuccessResult.decodeInput(
            try #require(service.requests(of: "PutJobSuccessResult").first).body)
        #expect(
            result
                == PutJobSuccessResultInput(
                    jobID: PlayedJob.first.id,
                    executionDetails: ExecutionDetails(summary: "Linted web-1", externalExecutionID: "run-1"),
                    outputVariables: ["Findings": "0"]))
    }

    @Test func `A partner's job is read before it is acknowledged, and every call carries the customer's token`()
        async throws
    {
        let service = PlayedService(.partner, jobs: [.first])
        try await RunningWorker.run(
            worker(service) { job in
                #expect(job.clientID == PlayedService.clientID)
                return .success(summary: "Linted", outputVariables: ["Findings": "0"])
            }
        ) { _ in await service.untilCalled("PutThirdPartyJobSuccessResult") }
        let operations = ["GetThirdPartyJobDetails", "AcknowledgeThirdPartyJob", "PutThirdPartyJobSuccessResult"]
        #expect(service.operations.filter { $0 != "PollForThirdPartyJobs" } == operations)
        for operation in operations {
            let body = try #require(service.requests(of: operation).first).text
            #expect(body.contains(#""clientToken":"client-token""#), "\(operation)")
            #expect(!body.contains("outputVariables"))
        }
    }

    @Test(arguments: Family.allCases) func `What the handler throws becomes the failure`(_ family: Family) async throws
    {
        let service = PlayedService(family, jobs: [.first])
        try await RunningWorker.run(
            worker(service) { _ in
                throw JobFailure(.configurationError, "Host is not set", externalExecutionID: "run-7")
            }
        ) { _ in await service.untilCalled(family.failure) }
        let body = try #require(service.requests(of: family.failure).first).text
        #expect(
            body.contains(
                #""failureDetails":{"type":"ConfigurationError","message":"Host is not set","#
                    + #""externalExecutionId":"run-7"}"#))
    }

    @Test func `An unexpected error fails the job without telling what is inside the worker`() async throws {
        struct DatabaseError: Error { let password = "hush" }
        let service = PlayedService(.custom, jobs: [.first])
        try await RunningWorker.run(worker(service) { _ in throw DatabaseError() }) { _ in
            await service.untilCalled("PutJobFailureResult")
        }
        let body = try #require(service.requests(of: "PutJobFailureResult").first).text
        #expect(body.contains(#""message":"The job worker met an unexpected error: DatabaseError""#))
        #expect(!body.contains("hush"))
    }

    @Test func `A message is cut where the service would refuse it, and never empty`() {
        let long = String(repeating: "é🚧", count: 2000)
        guard case .failure(let cut) = JobFailure(.jobFailed, long).report,
            case .failure(let empty) = JobFailure(.jobFailed, "").report
        else {
            Issue.record("a failure is reported as one")
            return
        }
        #expect(cut.message.utf16.count <= 5000 && cut.message.utf16.count > 4997)
        #expect(long.hasPrefix(cut.message))
        #expect(empty.message == "The job failed")
    }

    @Test(arguments: Family.allCases) func `A job that is somebody else's is left to them`(_ family: Family)
        async throws
    {
        let service = PlayedService(family, jobs: [.first])
        service.interject(family.acknowledge, { _ in .refusal(.invalidNonce) })
        try await RunningWorker.run(
            worker(service) { _ in
                Issue.record("the handler was given somebody else's job")
                return .success()
            }
        ) { _ in
            await service.untilCalled(family.acknowledge)
            await service.untilCalled(family.poll, times: 2)
        }
        #expect(service.requests(of: family.success).isEmpty && service.requests(of: family.failure).isEmpty)
    }

    @Test func `A job of a customer without a token is not touched`() async throws {
        let service = PlayedService(.partner, jobs: [.first])
        try await RunningWorker.run(worker(service, clientTokens: { _ in nil }) { _ in .success() }) { _ in
            await service.untilCalled("PollForThirdPartyJobs", times: 2)
        }
        #expect(Set(service.operations) == ["PollForThirdPartyJobs"])
    }

    @Test(arguments: Family.allCases) func `Continuations carry the token on, and progress with it`(
        _ family: Family
    ) async throws {
        let service = PlayedService(family, jobs: [.first])
        let tokens = Mutex<[String?]>([])
        try await RunningWorker.run(
            worker(service) { job in
                tokens.withLock { $0.append(job.continuationToken) }
                guard job.continuationToken == nil else { return .success(summary: "done") }
                return .continuation(
                    token: "half", summary: "half done", externalExecutionID: "run-1", percentComplete: 50)
            }
        ) { _ in
            await service.untilCalled(family.success)
            var next = PlayedJob.numbered(2)
            next.continuationToken = "half"
            service.add(next)
            await service.untilCalled(family.success, times: 2)
        }
        #expect(tokens.withLock { $0 } == [nil, "half"])
        let bodies = service.requests(of: family.success).map(\.text)
        #expect(bodies[0].contains(#""continuationToken":"half""#))
        #expect(
            bodies[0].contains(
                #""executionDetails":{"summary":"half done","externalExecutionId":"run-1","percentComplete":50}"#))
        #expect(!bodies[1].contains("continuationToken"))
    }

    @Test func `No more jobs are taken than may be worked on at once`() async throws {
        let service = PlayedService(.custom, jobs: (1...5).map { .numbered($0) })
        let (release, begun) = (Event(), Signal())
        let running = Mutex(0)
        let most = Mutex(0)
        try await RunningWorker.run(
            worker(service, .test(concurrentJobs: 2)) { _ in
                let now = running.withLock {
                    $0 += 1
                    return $0
                }
                most.withLock { $0 = max($0, now) }
                begun.raise()
                await release.wait()
                running.withLock { $0 -= 1 }
                return .success()
            }
        ) { _ in
            await begun.until { running.withLock { $0 } == 2 }
            release.happen()
            await service.untilCalled("PutJobSuccessResult", times: 5)
        }
        #expect(most.withLock { $0 } == 2)
        let sizes = try service.requests(of: "PollForJobs").map {
            try Operations.PollForJobs.decodeInput($0.body).maxBatchSize ?? 1
        }
        #expect(sizes.first == 2 && sizes.allSatisfy { $0 <= 2 })
    }

    @Test func `A query goes with every poll`() async throws {
        let service = PlayedService(.custom)
        let worker = JobWorker(
            actionType: Family.custom.actionType, queryParameters: ["Project": "shop"], client: client(of: service)
        ) { _ in .success() }
        try await RunningWorker.run(worker) { _ in await service.untilCalled("PollForJobs") }
        let body = try #require(service.requests(of: "PollForJobs").first).text
        #expect(body.contains(#""queryParam":{"Project":"shop"}"#))
    }

    @Test func `A job does not show its secrets when it is printed`() async throws {
        var secret = PlayedJob.first
        secret.configuration = ["Password": "hush-hush"]
        let service = PlayedService(.custom, jobs: [secret])
        let shown = Mutex("")
        try await RunningWorker.run(
            worker(service) { job in
                var text = "\(job) " + String(reflecting: job)
                dump(job, to: &text)
                shown.withLock { [text] in $0 = text }
                return .success()
            }
        ) { _ in await service.untilCalled("PutJobSuccessResult") }
        let text = shown.withLock { $0 }
        #expect(text.contains(PlayedJob.first.id))
        for hidden in ["hush-hush", "artifact-secret", "session-1"] { #expect(!text.contains(hidden)) }
    }
}
