// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import PenstockModel
import PenstockRuntime
import PenstockStore
import PenstockWire
import ServiceLifecycle
import ServiceLifecycleTestKit
import Testing

@testable import PenstockHTTP

/// Polls that ask to be held until there is a job.
@Suite(.timeLimit(.minutes(5))) struct HeldPollTests {
    private let store = CountingStore()

    /// What a poll that is held for so long answers: ids of jobs.
    private static func poll(_ worker: TestWorker, seconds: Int = 20) async throws -> [String?] {
        switch worker.family {
        case .custom:
            let input = PollForJobsInput(actionTypeID: .checker)
            let output = try await worker.bed.call(
                Operations.PollForJobs.self, input, as: worker.identity, waitSeconds: seconds)
            return output.jobs?.map(\.id) ?? []
        case .partner:
            let input = PollForThirdPartyJobsInput(actionTypeID: .scanner)
            let output = try await worker.bed.call(
                Operations.PollForThirdPartyJobs.self, input, as: worker.identity, waitSeconds: seconds)
            return output.jobs?.map(\.jobID) ?? []
        }
    }

    private static func queue(of worker: TestWorker) -> JobQueue {
        let account = worker.family == .custom ? worker.identity.account : nil
        return JobQueue(region: .default, typeID: worker.family.type, account: account)
    }

    /// Returns once so many polls of the worker's type are held.
    private static func held(_ count: Int, of worker: TestWorker) async {
        let (queues, queue) = (worker.bed.context.queues, Self.queue(of: worker))
        while queues.waiterCount(of: queue) != count, !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(1))
        }
    }

    @Test(arguments: WorkerFamily.allCases)
    func `A new job is handed to whoever waits for it`(family: WorkerFamily) async throws {
        let worker = try await TestWorker.idle(family, store: self.store)
        async let polled = Self.poll(worker)
        await Self.held(1, of: worker)
        try await worker.bed.createPipeline(type: family.type)
        #expect(try await polled == [worker.bed.openJobID()])
    }

    @Test(arguments: WorkerFamily.allCases)
    func `A job that is there already is handed out without waiting`(family: WorkerFamily) async throws {
        let worker = try await TestWorker.idle(family, store: self.store)
        try await worker.bed.createPipeline(type: family.type)
        #expect(try await Self.poll(worker).count == 1)
    }

    @Test(arguments: WorkerFamily.allCases)
    func `A job comes to whoever waits when its visibility ends`(family: WorkerFamily) async throws {
        let worker = try await TestWorker.idle(family, store: self.store)
        try await worker.bed.createPipeline(type: family.type)
        let first = try await Self.poll(worker)
        async let polled = Self.poll(worker)
        await Self.held(1, of: worker)
        worker.bed.clock.advance(by: .seconds(60))
        #expect(try await polled == first)
    }

    @Test(arguments: WorkerFamily.allCases)
    func `A job goes to one of those who wait, and the rest wait on`(family: WorkerFamily) async throws {
        let worker = try await TestWorker.idle(family, store: self.store)
        let taken = try await withThrowingTaskGroup(of: [String?].self) { group in
            for _ in 0..<8 { group.addTask { try await Self.poll(worker) } }
            await Self.held(8, of: worker)
            var taken: [String?] = []
            for number in 1...8 {
                try await worker.bed.createPipeline(number == 1 ? "shop" : "shop\(number)", type: family.type)
                if family == .partner, number > 1 { _ = try await worker.bed.connect("shop\(number)") }
                let jobs = try #require(try await group.next())
                #expect(jobs.count == 1)
                taken += jobs
                await Self.held(8 - number, of: worker)
            }
            return taken
        }
        #expect(Set(taken).count == 8)
    }

    @Test(arguments: WorkerFamily.allCases)
    func `When the time is over the answer is empty, and the store was not asked`(family: WorkerFamily) async throws {
        let worker = try await TestWorker.idle(family, store: self.store)
        _ = try await worker.poll()
        let before = self.store.accesses
        async let polled = Self.poll(worker, seconds: 5)
        await Self.held(1, of: worker)
        worker.bed.realTime.advance(by: .milliseconds(4999))
        await Self.held(1, of: worker)
        worker.bed.realTime.advance(by: .milliseconds(1))
        #expect(try await polled == [])
        #expect(self.store.accesses == before)
    }

    @Test func `A job of one value wakes the poll for it, whoever waits before it`() async throws {
        let bed = try await APITestBed(store: self.store)
        let property = PenstockModel.ActionTypeProperty(
            name: "Project", isRequired: true, isKey: true, isQueryable: true)
        try await bed.register(properties: [property])
        let worker = TestWorker(bed: bed, family: .custom)
        @Sendable func poll(_ value: String) async throws -> Int {
            let input = PollForJobsInput(actionTypeID: .checker, queryParam: ["Project": value])
            return try await bed.call(Operations.PollForJobs.self, input, waitSeconds: 20).jobs?.count ?? 0
        }
        try await withThrowingTaskGroup(of: (String, Int).self) { group in
            group.addTask { ("blue", try await poll("blue")) }
            await Self.held(1, of: worker)
            group.addTask { ("red", try await poll("red")) }
            await Self.held(2, of: worker)
            try await bed.createPipeline(configuration: [KeyedValue("Project", "red")])
            let first = try #require(try await group.next())
            #expect(first == ("red", 1))
            await Self.held(1, of: worker)
            try await bed.createPipeline("other", configuration: [KeyedValue("Project", "blue")])
            let second = try #require(try await group.next())
            #expect(second == ("blue", 1))
        }
    }

    @Test func `A poll for one value rests while there are jobs of others`() async throws {
        let bed = try await APITestBed(store: self.store)
        let property = PenstockModel.ActionTypeProperty(
            name: "Project", isRequired: true, isKey: true, isQueryable: true)
        try await bed.register(properties: [property])
        try await bed.createPipeline(configuration: [KeyedValue("Project", "red")])
        let input = PollForJobsInput(actionTypeID: .checker, queryParam: ["Project": "blue"])
        let before = self.store.accesses.total
        async let polled = bed.call(Operations.PollForJobs.self, input, waitSeconds: 20).jobs
        await Self.held(1, of: TestWorker(bed: bed, family: .custom))
        bed.realTime.advance(by: .seconds(20))
        #expect(try await polled == [])
        // One for the type, one look.
        #expect(self.store.accesses.total - before == 2)
    }

    // MARK: Ends

    @Test(arguments: WorkerFamily.allCases)
    func `A shutdown answers those who wait`(family: WorkerFamily) async throws {
        let worker = try await TestWorker.idle(family, store: self.store)
        try await testGracefulShutdown { trigger in
            async let polled = Self.poll(worker)
            await Self.held(1, of: worker)
            trigger.triggerGracefulShutdown()
            let jobs = try await polled
            #expect(jobs == [])
        }
    }

    @Test(arguments: WorkerFamily.allCases)
    func `Whoever has left is given no job, and the next one gets it`(family: WorkerFamily) async throws {
        let worker = try await TestWorker.idle(family, store: self.store)
        let body =
            switch family {
            case .custom: #"{"actionTypeId":{"category":"Test","owner":"Custom","provider":"Checker","version":"1"}}"#
            case .partner:
                #"{"actionTypeId":{"category":"Test","owner":"ThirdParty","provider":"Scanner","version":"1"}}"#
            }
        var request =
            switch family {
            case .custom: TestRequest(Operations.PollForJobs.self, body: body)
            case .partner: TestRequest(Operations.PollForThirdPartyJobs.self, body: body)
            }
        request.headers[.penstockWaitSeconds] = "20"
        let leaving = request
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await #expect(throws: CancellationError.self) {
                    try await worker.bed.send(leaving, as: worker.identity)
                }
            }
            await Self.held(1, of: worker)
            leaving.peer.noteDeparture()
        }
        try await worker.bed.createPipeline(type: family.type)
        #expect(try await Self.poll(worker, seconds: 0).count == 1)
    }

    @Test(arguments: ["-1", "21", "1.5", "", "soon"]) func `A poll is held for 0 to 20 whole seconds`(
        value: String
    ) async throws {
        let bed = try await APITestBed()
        let body = #"{"actionTypeId":{"category":"Test","owner":"Custom","provider":"Checker","version":"1"}}"#
        var request = TestRequest(Operations.PollForJobs.self, body: body)
        request.headers[.penstockWaitSeconds] = value
        let problem = "The header x-penstock-wait-seconds must be a whole number from 0 to 20"
        #expect(try await bed.send(request).refusal == ServiceException(.validation, problem))
    }
}
