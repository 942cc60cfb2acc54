// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockTesting
import PenstockWorker
import Synchronization
import Testing

/// How work comes to its end when it is not by itself.
@Suite(.timeLimit(.minutes(10))) struct EndingTests {
    @Test func `Graceful shutdown takes no more and finishes what the worker holds`() async throws {
        let service = PlayedService(.custom, jobs: [.first])
        let (begun, release) = (Event(), Event())
        try await RunningWorker.run(
            worker(service) { _ in
                begun.happen()
                await release.wait()
                #expect(!Task.isCancelled)
                return .success()
            }
        ) { running in
            await begun.wait()
            await running.beginShutdown()
            service.add(.numbered(2))
            release.happen()
        }
        let reported = try service.requests(of: "PutJobSuccessResult").map {
            try Operations.PutJobSuccessResult.decodeInput($0.body).jobID
        }
        #expect(reported.first == PlayedJob.first.id)
        #expect(service.requests(of: "AcknowledgeJob").count == reported.count)
    }

    @Test func `Cancellation abandons the work and reports nothing`() async throws {
        let service = PlayedService(.custom, jobs: [.first])
        let begun = Event()
        let cancelled = Mutex(false)
        let worker = worker(service) { _ in
            begun.happen()
            await Event().wait()
            cancelled.withLock { $0 = Task.isCancelled }
            throw CancellationError()
        }
        try await RunningWorker.crash(worker) { await begun.wait() }
        #expect(cancelled.withLock { $0 })
        #expect(Set(service.operations) == ["PollForJobs", "AcknowledgeJob"])
    }

    @Test(arguments: Family.allCases) func `Work is cancelled when its job is gone`(_ family: Family) async throws {
        let service = PlayedService(family, jobs: [.first])
        let (pacing, begun, cancelled) = (ManualPacing(), Event(), Event())
        try await RunningWorker.run(
            worker(service, pacing: pacing) { _ in
                begun.happen()
                await Event().wait()
                cancelled.happen()
                throw JobFailure(.jobFailed, "cut off")
            }
        ) { _ in
            await begun.wait()
            await pacing.untilSomebodySleeps(for: .seconds(45))
            service.end(PlayedJob.first.id)
            pacing.advance(by: .seconds(45))
            await cancelled.wait()
        }
        #expect(service.requests(of: family.failure).isEmpty)
    }

    @Test func `A look that fails is not the end of a job`() async throws {
        let service = PlayedService(.custom, jobs: [.first])
        service.interject("GetJobDetails", { _ in .refusal(.internalFailure) })
        let (pacing, release) = (ManualPacing(), Event())
        try await RunningWorker.run(
            worker(service, pacing: pacing) { _ in
                await release.wait()
                return Task.isCancelled ? .success(summary: "cut off") : .success(summary: "whole")
            }
        ) { _ in
            await pacing.untilSomebodySleeps(for: .seconds(45))
            pacing.advance(by: .seconds(45))
            await pacing.untilSomebodySleeps(for: .seconds(45))
            release.happen()
            await service.untilCalled("PutJobSuccessResult")
        }
        #expect(service.requests(of: "GetJobDetails").count == 1)
        #expect(service.requests(of: "PutJobSuccessResult").first?.text.contains("whole") == true)
    }

    // MARK: Calls that are not answered

    @Test(arguments: Family.allCases) func `An acknowledgement is sent until it is answered, and so is a report`(
        _ family: Family
    ) async throws {
        let service = PlayedService(family, jobs: [.first])
        let lost: ScriptedTransport.Answer = { _ in throw TransportError(.connectionFailed, "reset") }
        service.interject(family.acknowledge, lost, lost)
        service.interject(family.success, lost, { _ in .refusal(.throttling) })
        let pacing = ManualPacing()
        try await RunningWorker.run(worker(service, pacing: pacing) { _ in .success(summary: "once") }) { _ in
            for _ in 0..<2 {
                for wait in [Duration.milliseconds(750), .milliseconds(1500)] {
                    await pacing.untilSomebodySleeps(for: wait)
                    pacing.advance(by: wait)
                }
            }
            await service.untilCalled(family.success, times: 3)
        }
        for operation in [family.acknowledge, family.success] {
            let bodies = service.requests(of: operation).map(\.body)
            #expect(bodies.count == 3)
            #expect(Set(bodies).count == 1, "\(operation) was not repeated as it was")
        }
    }

    @Test func `A refused acknowledgement is not repeated`() async throws {
        let service = PlayedService(.custom, jobs: [.first])
        service.interject("AcknowledgeJob", { _ in .refusal(.accessDenied) })
        try await RunningWorker.run(
            worker(service) { _ in
                Issue.record("the job was not acknowledged")
                return .success()
            }
        ) { _ in
            await service.untilCalled("PollForJobs", times: 2)
            await service.untilCalled("AcknowledgeJob")
        }
        #expect(service.requests(of: "AcknowledgeJob").count == 1)
    }

    @Test func `A success that the service does not take becomes a failure that says why`() async throws {
        let service = PlayedService(.custom, jobs: [.first])
        service.interject(
            "PutJobSuccessResult", { _ in .refusal(.outputVariablesSizeExceeded, "The output variables exceed") })
        try await RunningWorker.run(worker(service) { _ in .success(outputVariables: ["A": "b"]) }) { _ in
            await service.untilCalled("PutJobFailureResult")
        }
        let body = try #require(service.requests(of: "PutJobFailureResult").first).text
        #expect(body.contains("The worker's result was refused: The output variables exceed"))
    }

    @Test(arguments: Family.allCases) func `A report that comes too late is not repeated`(_ family: Family) async throws
    {
        let service = PlayedService(family, jobs: [.first])
        try await RunningWorker.run(
            worker(service) { job in
                service.end(job.id)
                return .success()
            }
        ) { _ in
            await service.untilCalled(family.success)
            service.add(.numbered(2))
            await service.untilCalled(family.success, times: 2)
        }
        #expect(service.requests(of: family.success).count == 2)
    }

    @Test func `A customer's token that was rotated is looked up again`() async throws {
        let service = PlayedService(.partner, jobs: [.first])
        service.interject("PutThirdPartyJobSuccessResult", { _ in .refusal(.invalidClientToken) })
        let pacing = ManualPacing()
        try await RunningWorker.run(worker(service, pacing: pacing) { _ in .success() }) { _ in
            await pacing.untilSomebodySleeps(for: .milliseconds(750))
            pacing.advance(by: .milliseconds(750))
            await service.untilCalled("PutThirdPartyJobSuccessResult", times: 2)
        }
    }
}
