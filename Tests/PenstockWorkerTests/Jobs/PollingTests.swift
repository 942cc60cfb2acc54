// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockTesting
import Testing

@testable import PenstockWorker

/// When a worker polls.
@Suite(.timeLimit(.minutes(10))) struct PollingTests {
    @Test func `A poll asks to be held, and a job that comes meanwhile is taken without a wait`() async throws {
        let service = PlayedService(.custom)
        let pacing = ManualPacing()
        try await RunningWorker.run(worker(service, pacing: pacing) { _ in .success() }) { _ in
            await service.untilCalled("PollForJobs")
            service.add(.first)
            await service.untilCalled("PutJobSuccessResult")
        }
        #expect(service.requests(of: "PollForJobs").first?.header("x-penstock-wait-seconds") == "20")
        #expect(pacing.sleeps.allSatisfy { $0 >= .seconds(45) }, "\(pacing.sleeps)")
    }

    @Test func `A service that does not hold polls is asked ever more seldom, and at once when there is work`()
        async throws
    {
        let service = PlayedService(.custom, holdsPolls: false)
        let pacing = ManualPacing()
        try await RunningWorker.run(worker(service, pacing: pacing) { _ in .success() }) { _ in
            // Half of the interval to all of it, by chance; here in the middle.
            for wait in [750, 1500, 3000, 6000, 12_000, 22_500, 22_500].map({ Duration.milliseconds($0) }) {
                await pacing.untilSomebodySleeps(for: wait)
                pacing.advance(by: wait)
            }
            await pacing.untilSomebodySleeps(for: .milliseconds(22_500))
            service.add(.first)
            pacing.advance(by: .milliseconds(22_500))
            await service.untilCalled("PutJobSuccessResult")
            await pacing.untilSomebodySleeps(for: .milliseconds(750))
        }
        #expect(service.requests(of: "PollForJobs").count == 10)
    }

    @Test func `A poll that fails is repeated after a wait`() async throws {
        let service = PlayedService(.custom, jobs: [.first])
        service.interject("PollForJobs", { _ in .refusal(.accessDenied) }, { _ in .refusal(.internalFailure) })
        let pacing = ManualPacing()
        try await RunningWorker.run(worker(service, pacing: pacing) { _ in .success() }) { _ in
            for wait in [Duration.milliseconds(750), .milliseconds(1500)] {
                await pacing.untilSomebodySleeps(for: wait)
                pacing.advance(by: wait)
            }
            await service.untilCalled("PutJobSuccessResult")
        }
    }

    @Test func `Without long polls none is asked for`() async throws {
        let service = PlayedService(.partner, holdsPolls: false)
        var configuration = WorkerConfiguration.test()
        configuration.longPoll = nil
        try await RunningWorker.run(worker(service, configuration) { _ in .success() }) { _ in
            await service.untilCalled("PollForThirdPartyJobs")
        }
        #expect(service.requests(of: "PollForThirdPartyJobs").first?.header("x-penstock-wait-seconds") == nil)
    }

    // MARK: The pacer

    private var pacer: PollPacer {
        PollPacer(shortest: .seconds(1), longest: .seconds(30), heldThreshold: .seconds(10))
    }

    @Test func `A poll that was held until it came back empty is repeated at once`() {
        var pacer = self.pacer
        #expect(pacer.wait(after: .nothing(after: .seconds(20)), chance: 1) == .zero)
        #expect(pacer.wait(after: .nothing(after: .milliseconds(9999)), chance: 1) == .seconds(1))
        #expect(pacer.wait(after: .failure, chance: 0) == .seconds(1))
        #expect(pacer.wait(after: .nothing(after: .seconds(10)), chance: 1) == .zero)
        #expect(pacer.wait(after: .nothing(after: .zero), chance: 1) == .seconds(1))
    }

    @Test func `Waits are spread, so that workers do not poll in step`() {
        for (chance, wait) in [(0.0, Duration.milliseconds(500)), (0.5, .milliseconds(750)), (0.999, .seconds(0.9995))]
        {
            var pacer = self.pacer
            #expect(pacer.wait(after: .nothing(after: .zero), chance: chance) == wait)
        }
    }
}
