// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockWire
import Testing

/// A poll that finds nothing is answered from memory.
struct EmptyPollTests {
    private let store = CountingStore()

    /// Polls, and returns how often the store was asked for it.
    private func cost(of poll: () async throws -> Int, finding count: Int) async throws -> Int {
        let before = self.store.accesses.total
        #expect(try await poll() == count)
        return self.store.accesses.total - before
    }

    @Test(arguments: WorkerFamily.allCases)
    func `Where there never was a job a poll asks the store for nothing`(family: WorkerFamily) async throws {
        let worker = try await TestWorker.idle(family, store: self.store)
        // The first poll learns of its type.
        _ = try await worker.poll()
        for _ in 0..<10 { #expect(try await self.cost(of: { try await worker.poll().count }, finding: 0) == 0) }
    }

    @Test(arguments: WorkerFamily.allCases)
    func `Once the jobs are taken a poll asks the store for nothing`(family: WorkerFamily) async throws {
        let worker = try await TestWorker.idle(family, store: self.store)
        try await worker.bed.createPipeline(type: family.type)
        #expect(try await worker.poll(10).count == 1)
        for _ in 0..<10 { #expect(try await self.cost(of: { try await worker.poll(10).count }, finding: 0) == 0) }
        worker.bed.pass(time: .seconds(59))
        #expect(try await self.cost(of: { try await worker.poll().count }, finding: 0) == 0)
        worker.bed.pass(time: .seconds(1))
        #expect(try await worker.poll(10).count == 1)
        #expect(try await self.cost(of: { try await worker.poll().count }, finding: 0) == 0)
    }

    @Test(arguments: WorkerFamily.allCases)
    func `A full batch costs the next poll one look`(family: WorkerFamily) async throws {
        let worker = try await TestWorker.idle(family, store: self.store)
        try await worker.bed.createPipeline(type: family.type)
        #expect(try await worker.poll(1).count == 1)
        #expect(try await self.cost(of: { try await worker.poll(1).count }, finding: 0) == 1)
        #expect(try await self.cost(of: { try await worker.poll(1).count }, finding: 0) == 0)
    }

    @Test func `For each value of the queryable property there is one look`() async throws {
        let bed = try await APITestBed(store: self.store)
        let property = PenstockModel.ActionTypeProperty(
            name: "Project", isRequired: true, isKey: true, isQueryable: true)
        try await bed.register(properties: [property])
        try await bed.createPipeline(configuration: [KeyedValue("Project", "red")])
        func poll(_ value: String) async throws -> Int {
            let input = PollForJobsInput(actionTypeID: .checker, queryParam: ["Project": value])
            return try await bed.call(Operations.PollForJobs.self, input).jobs?.count ?? 0
        }
        _ = try await poll("green")
        #expect(try await self.cost(of: { try await poll("green") }, finding: 0) == 0)
        #expect(try await self.cost(of: { try await poll("blue") }, finding: 0) == 1)
        #expect(try await self.cost(of: { try await poll("blue") }, finding: 0) == 0)
        #expect(try await poll("red") == 1)
    }

    @Test(arguments: WorkerFamily.allCases)
    func `A poll that is refused asks the store for nothing`(family: WorkerFamily) async throws {
        let worker = try await TestWorker.idle(family, store: self.store)
        _ = try await worker.poll()
        let before = self.store.accesses.total
        _ = await #expect(throws: ServiceException.self) { try await worker.poll(0) }
        #expect(self.store.accesses.total == before)
    }

    @Test(arguments: WorkerFamily.allCases)
    func `After a restart the first poll for nothing asks only for its type`(family: WorkerFamily) async throws {
        let worker = try await TestWorker.idle(family, store: self.store).restarted()
        #expect(try await self.cost(of: { try await worker.poll().count }, finding: 0) == 1)
        #expect(try await self.cost(of: { try await worker.poll().count }, finding: 0) == 0)
    }
}
