// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockArtifacts
import PenstockModel
import PenstockStore
import Testing

@Suite struct `Timers, effects and watches in every store` {
    @Test(arguments: StoreUnderTest.allCases)
    func `Due timers are leased, the earliest first, and again when the lease has ended`(
        _ kind: StoreUnderTest
    ) async throws {
        try await kind.withStore { store in
            try await store.write { transaction throws in
                let row = pipeline()
                _ = try transaction.insertPipeline(row)
                #expect(try transaction.earliestTimer() == nil)
                for (number, due) in [(1, 30), (2, 10), (3, 20)] {
                    try transaction.putTimer(timer(number, due: Int64(due), of: row))
                }
                #expect(try transaction.earliestTimer() == at(10))
                let first = try transaction.claimTimers(dueBy: at(25), leaseUntil: at(40), limit: 1)
                #expect(first.map(\.row) == [timer(2, due: 10, of: row)])
                #expect(try transaction.earliestTimer() == at(20))
                let second = try transaction.claimTimers(dueBy: at(25), leaseUntil: at(50), limit: 9)
                #expect(second.map(\.row.key) == [.jobDeadline(id(3))])
                let again = try transaction.claimTimers(dueBy: at(40), leaseUntil: at(60), limit: 9)
                #expect(again.map(\.row.key) == [.jobDeadline(id(2)), .jobDeadline(id(1))])
                #expect(try !transaction.holdsTimer(.jobDeadline(id(2)), fence: first[0].fence))
                #expect(try transaction.holdsTimer(.jobDeadline(id(2)), fence: again[0].fence))
                #expect(again[0].fence > first[0].fence)
            }
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `The earliest end of a lease is that of a timer or of an effect that somebody holds`(
        _ kind: StoreUnderTest
    ) async throws {
        try await kind.withStore { store in
            try await store.write { transaction throws in
                let row = pipeline()
                _ = try transaction.insertPipeline(row)
                try transaction.putTimer(timer(1, due: 10, of: row))
                try transaction.oweEffect(EffectRow(owing: change(at: 3)))
                #expect(try transaction.earliestLapse() == nil)
                let effects = try transaction.claimEffects(at: at(10), leaseUntil: at(60), limit: 1)
                #expect(try transaction.earliestLapse() == at(60))
                _ = try transaction.claimTimers(dueBy: at(10), leaseUntil: at(50), limit: 1)
                #expect(try transaction.earliestLapse() == at(50))
                try transaction.deleteTimer(.jobDeadline(id(1)))
                #expect(try transaction.earliestLapse() == at(60))
                #expect(try transaction.settleEffect(effects[0].row.id, fence: effects[0].fence))
                #expect(try transaction.earliestLapse() == nil)
            }
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `A timer that was moved, deleted or set anew is held no more`(_ kind: StoreUnderTest) async throws {
        try await kind.withStore { store in
            try await store.write { transaction throws in
                let row = pipeline()
                _ = try transaction.insertPipeline(row)
                let timer = timer(1, due: 10, of: row)
                func claim() throws -> Int64 {
                    try transaction.putTimer(timer)
                    let claimed = try transaction.claimTimers(dueBy: at(10), leaseUntil: at(50), limit: 1)
                    return try #require(claimed.first).fence
                }
                let moved = try claim()
                let current = try claim()
                #expect(try !transaction.holdsTimer(timer.key, fence: moved))
                #expect(try transaction.holdsTimer(timer.key, fence: current))
                try transaction.deleteTimer(timer.key)
                #expect(try !transaction.holdsTimer(timer.key, fence: current))
                _ = try claim()
                #expect(try !transaction.holdsTimer(timer.key, fence: current))
                #expect(try !transaction.holdsTimer(timer.key, fence: moved))
            }
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `An effect is owed once, leased, and settled by who holds it`(_ kind: StoreUnderTest) async throws {
        try await kind.withStore { store in
            try await store.write { transaction throws in
                let older = EffectRow(owing: change(at: 3))
                let newer = EffectRow(owing: change(at: 4))
                for effect in [newer, older, newer] { try transaction.oweEffect(effect) }
                let first = try transaction.claimEffects(at: at(10), leaseUntil: at(20), limit: 1)
                #expect(first.map(\.row.id) == [older.id])
                #expect(first.map(\.row.kind) == [older.kind])
                #expect(first.map(\.row.attempts) == [1])
                let second = try transaction.claimEffects(at: at(10), leaseUntil: at(30), limit: 9)
                #expect(second.map(\.row.id) == [newer.id])
                let again = try transaction.claimEffects(at: at(20), leaseUntil: at(40), limit: 9)
                #expect(again.map(\.row.attempts) == [2])
                #expect(try !transaction.settleEffect(older.id, fence: first[0].fence))
                #expect(try transaction.settleEffect(older.id, fence: again[0].fence))
                #expect(try !transaction.settleEffect(older.id, fence: again[0].fence))
                let last = try transaction.claimEffects(at: at(99), leaseUntil: at(100), limit: 9)
                #expect(last.map(\.row.id) == [newer.id])
            }
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `Two handles that claim at once never lease the same timer or effect`(_ kind: StoreUnderTest) async throws {
        try await kind.withHandles { first, second in
            let row = pipeline()
            try await first.write { transaction throws in
                _ = try transaction.insertPipeline(row)
                for number in 1...40 {
                    try transaction.putTimer(timer(number, due: Int64(number), of: row))
                    try transaction.oweEffect(EffectRow(owing: change(at: Int64(number))))
                }
            }
            let claimed = try await withThrowingTaskGroup(of: [String].self) { group in
                for worker in 0..<6 {
                    let store = worker % 2 == 0 ? first : second
                    group.addTask {
                        var mine: [String] = []
                        while true {
                            let claimed = try await store.write { transaction throws in
                                let timers = try transaction.claimTimers(dueBy: at(90), leaseUntil: at(100), limit: 3)
                                let effects = try transaction.claimEffects(at: at(90), leaseUntil: at(100), limit: 3)
                                return timers.map(\.row.key.text) + effects.map(\.row.id.description)
                            }
                            if claimed.isEmpty { return mine }
                            mine += claimed
                        }
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(claimed.count == 80)
            #expect(Set(claimed).count == 80)
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `Watches are found by object, and keep their cursor while they watch the same`(
        _ kind: StoreUnderTest
    ) async throws {
        try await kind.withStore { store in
            try await store.write { transaction throws in
                let (row, other) = (pipeline(1, name: "b"), pipeline(2, name: "a"))
                for row in [row, other] { _ = try transaction.insertPipeline(row) }
                let watches = [watch("one", of: row), watch("two", of: row)]
                try transaction.replaceSourceWatches(of: row.id, with: watches)
                try transaction.replaceSourceWatches(of: other.id, with: [watch("one", of: other)])
                try transaction.putSourceCursor("r1", of: row.id, actionName: "one")
                try transaction.putSourceCursor("r1", of: row.id, actionName: "two")
                try transaction.putSourceCursor("r1", of: row.id, actionName: "absent")
                let found = try transaction.sourceWatches(bucket: "bucket", objectKey: "source.zip", in: scope)
                #expect(found.map { $0.pipelineKey.name + $0.actionName } == ["aone", "bone", "btwo"])
                let changed = [watch("one", of: row), watch("two", of: row, key: "other.zip")]
                try transaction.replaceSourceWatches(of: row.id, with: changed)
                let kept = [watch("one", of: row, cursor: "r1"), watch("two", of: row, key: "other.zip")]
                #expect(try transaction.sourceWatches(of: row.id) == kept)
                #expect(try transaction.sourceWatches(bucket: "else", objectKey: "source.zip", in: scope).isEmpty)
            }
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `A watch that is off or has stopped keeps its cursor and is owed nothing`(_ kind: StoreUnderTest) async throws
    {
        try await kind.withStore { store in
            let row = pipeline()
            var (off, stopped) = (watch("off", of: row), watch("stops", of: row, key: "other.zip"))
            off.polls = false
            let watches = [off, stopped]
            try await store.write { transaction throws in
                _ = try transaction.insertPipeline(row)
                try transaction.replaceSourceWatches(of: row.id, with: watches)
                for action in ["off", "stops"] {
                    try transaction.putSourceCursor("r", of: row.id, actionName: action)
                }
                try transaction.disablePolling(of: row.id, at: at(7))
                try transaction.disablePolling(of: row.id, at: at(8))
            }
            for index in 0...1 {
                try await store.withArtifacts { try $0.oweSourceEvent(change(key: watches[index].objectKey)) }
            }
            off.cursor = "r"
            (stopped.cursor, stopped.disabledAt) = ("r", at(7))
            let expected = [off, stopped]
            try await store.write { transaction throws in
                #expect(try transaction.sourceWatches(of: row.id) == expected)
                #expect(try transaction.claimEffects(at: at(9), leaseUntil: at(10), limit: 9).isEmpty)
                try transaction.replaceSourceWatches(of: row.id, with: watches)
                #expect(try transaction.sourceWatches(of: row.id).map(\.disabledAt) == [nil, nil])
                #expect(try transaction.sourceWatches(of: row.id).map(\.cursor) == ["r", "r"])
            }
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `A change of an object is owed once, and only when somebody watches it`(_ kind: StoreUnderTest) async throws {
        try await kind.withStore { store in
            try await store.write { transaction throws in
                _ = try transaction.insertPipeline(pipeline())
                try transaction.replaceSourceWatches(of: id(1), with: [watch("source", of: pipeline())])
            }
            try await store.withArtifacts { transaction throws in
                for key in ["unwatched.zip", "source.zip", "source.zip"] {
                    try transaction.oweSourceEvent(change(key: key))
                }
            }
            let owed = try await store.write { transaction throws in
                try transaction.claimEffects(at: at(10), leaseUntil: at(20), limit: 9)
            }
            #expect(owed.map(\.row.kind) == [.objectChanged(change())])
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `A poll that is due is claimed by one, and again when its lease is over`(_ kind: StoreUnderTest) async throws {
        try await kind.withHandles { first, second in
            let row = pipeline()
            var polled = watch("polled", of: row, cursor: "r")
            polled.poll = SourcePoll(due: at(5))
            var later = watch("later", of: row, key: "later.zip")
            later.poll = SourcePoll(due: at(8), lookedAt: at(2), failure: .missingBucket)
            var off = watch("off", of: row, key: "off.zip")
            (off.polls, off.poll) = (false, SourcePoll(due: at(1)))
            let watches = [later, off, polled, watch("told", of: row, key: "told.zip")]
            try await first.write { transaction throws in
                _ = try transaction.insertPipeline(row)
                #expect(try transaction.earliestSourcePoll() == nil)
                try transaction.replaceSourceWatches(of: row.id, with: watches)
                #expect(try transaction.sourceWatches(of: row.id) == watches)
                #expect(try transaction.earliestSourcePoll() == at(5))
                #expect(try transaction.claimSourcePolls(dueBy: at(4), leaseUntil: at(20), limit: 9).isEmpty)
            }
            polled.poll?.due = at(20)
            let claimed = polled
            let found = try await first.write { transaction throws in
                try transaction.claimSourcePolls(dueBy: at(9), leaseUntil: at(20), limit: 1)
            }
            #expect(found == [claimed])
            later.poll?.due = at(30)
            let other = later
            try await second.write { transaction throws in
                let found = try transaction.claimSourcePolls(dueBy: at(9), leaseUntil: at(30), limit: 9)
                #expect(found == [other])
                #expect(try transaction.earliestSourcePoll() == at(20))
            }
            let ended = SourcePoll(due: at(60), lookedAt: at(21))
            try await first.write { transaction throws in
                let again = try transaction.claimSourcePolls(dueBy: at(20), leaseUntil: at(40), limit: 9)
                #expect(again.map(\.actionName) == ["polled"])
                try transaction.putSourcePoll(ended, of: row.id, actionName: "polled")
                try transaction.putSourcePoll(ended, of: row.id, actionName: "gone")
                try transaction.disablePolling(of: row.id, at: at(22))
                #expect(try transaction.earliestSourcePoll() == nil)
                #expect(try transaction.claimSourcePolls(dueBy: at(99), leaseUntil: at(100), limit: 9).isEmpty)
                #expect(try transaction.sourceWatches(of: row.id).map(\.poll?.due) == [at(30), at(1), at(60), nil])
            }
        }
    }
}

extension FailureDetails {
    fileprivate static let missingBucket = Self(type: .configurationError, message: "there is no such bucket")
}
