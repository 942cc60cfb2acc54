// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import PenstockStore
import Synchronization
import Testing

@Suite struct `Transactions of every store` {
    private struct Refusal: Error {}

    @Test(arguments: StoreUnderTest.allCases)
    func `A body that throws rolls back, alone`(_ kind: StoreUnderTest) async throws {
        try await kind.withStore { store in
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<40 {
                    group.addTask {
                        do {
                            try await store.write { transaction throws in
                                try transaction.putSetting("\(number)", [UInt8(number)])
                                transaction.signal(.effectOwed)
                                if number % 2 == 1 { throw Refusal() }
                            }
                            return number % 2 == 0
                        } catch is Refusal {
                            return number % 2 == 1
                        }
                    }
                }
                for try await isAsExpected in group { #expect(isAsExpected) }
            }
            for number in 0..<40 {
                let value = try await store.read { try $0.setting("\(number)") }
                #expect(value == (number % 2 == 0 ? [UInt8(number)] : nil))
            }
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `A broken rule of the schema refuses one transaction`(_ kind: StoreUnderTest) async throws {
        try await kind.withStore { store in
            let orphan = job(1, of: pipeline())
            await #expect { try await store.write { try $0.insertJob(orphan) } } throws: {
                ($0 as? StoreError)?.code == .constraint
            }
            let isInserted = try await store.write { try $0.insertPipeline(pipeline()) }
            #expect(isInserted)
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `Signals arrive before the writer's caller goes on, and only of what was committed`(
        _ kind: StoreUnderTest
    ) async throws {
        try await kind.withStore { store in
            let heard = Heard()
            store.observe { signal in heard.signals.withLock { $0.append(signal) } }
            try await store.write { $0.signal(.jobQueued(buildQueue)) }
            #expect(heard.signals.withLock { $0 } == [.jobQueued(buildQueue)])
            await #expect(throws: Refusal.self) {
                try await store.write { transaction throws in
                    transaction.signal(.effectOwed)
                    throw Refusal()
                }
            }
            #expect(heard.signals.withLock { $0 } == [.jobQueued(buildQueue)])
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `Sixty-four writers through two handles lose no count`(_ kind: StoreUnderTest) async throws {
        try await kind.withHandles { first, second in
            let row = pipeline()
            try await first.write { _ = try $0.insertPipeline(row) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<64 {
                    let store = number % 2 == 0 ? first : second
                    group.addTask {
                        for _ in 0..<5 {
                            try await store.write { transaction throws in
                                var row = try #require(try transaction.lockPipeline(row.key))
                                row.head.nextSequence += 1
                                try transaction.updatePipeline(row)
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            let counted = try await second.write { try $0.lockPipeline(row.key)?.head.nextSequence }
            #expect(counted == 1 + 64 * 5)
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `A cancelled caller's transaction commits, and others with it`(_ kind: StoreUnderTest) async throws {
        try await kind.withStore { store in
            let task = Task { () async throws -> [UInt8]? in
                withUnsafeCurrentTask { $0?.cancel() }
                try await store.write { try $0.putSetting("cancelled", [1]) }
                return try await store.read { try $0.setting("cancelled") }
            }
            let value = try await task.value
            #expect(value == [1])
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `A closed store takes nothing`(_ kind: StoreUnderTest) async throws {
        try await kind.withStore { store in
            await store.close()
            await #expect { try await store.write { try $0.putSetting("late", []) } } throws: {
                ($0 as? StoreError)?.code == .closed
            }
            await #expect { try await store.read { try $0.setting("late") } } throws: {
                ($0 as? StoreError)?.code == .closed
            }
        }
    }
}

private final class Heard: Sendable {
    let signals = Mutex<[StoreSignal]>([])
}
