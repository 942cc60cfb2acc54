// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockStore
import Testing

@testable import PenstockPostgres

/// What processes tell each other, as it waits and as it travels.
@Suite struct SignalTests {
    private static func queue(_ number: Int) -> StoreSignal {
        let typeID = ActionTypeID(category: .build, owner: .custom, provider: "tool\(number)", version: "1")
        return .jobQueued(JobQueue(region: Region("eu-west-1")!, typeID: typeID, account: nil))
    }

    @Test func `Each signal waits once, and of timers the earliest`() {
        var outbox = SignalOutbox()
        #expect(outbox.isEmpty)
        let mustWake = [
            outbox.add([]),
            outbox.add([.timerSet(at(9)), Self.queue(1), .effectOwed]),
            outbox.add([Self.queue(1), .timerSet(at(7)), .timerSet(at(8)), Self.queue(2)]),
        ]
        #expect(mustWake == [false, true, false])
        let taken = [outbox.take(), outbox.take()]
        #expect(taken == [[Self.queue(1), .effectOwed, Self.queue(2), .timerSet(at(7))], []])
        #expect(outbox.isEmpty)
        let mustWakeAgain = outbox.add([.effectOwed])
        #expect(mustWakeAgain)
    }

    @Test func `Signals beyond the capacity are not kept, timers are`() {
        var outbox = SignalOutbox()
        let all = (0...SignalOutbox.capacity).map(Self.queue)
        _ = outbox.add(all + [.timerSet(at(1))])
        let taken = outbox.take()
        #expect(taken == all.dropLast() + [.timerSet(at(1))])
    }

    @Test func `Signals travel in as many payloads as they need, and arrive as they were sent`() {
        let all =
            (0..<400).map(Self.queue) + [.timerSet(at(3)), .sourceWatched, .effectOwed, .eventQueued]
            + [.accessChanged(.default)]
        let payloads = SignalText.payloads(of: all, from: "me")
        #expect(payloads.count > 1)
        #expect(payloads.allSatisfy { $0.utf8.count <= SignalText.maximumPayloadBytes })
        let read = payloads.map(SignalText.read)
        #expect(read.allSatisfy { $0.origin == "me" })
        #expect(read.flatMap(\.signals) == all)
    }

    @Test func `The connection for signals gives up after five seconds, and the database before it`() {
        var configuration = PostgresConfiguration(connectionString: "")
        let usual = SignalConnection.bounding(configuration)
        #expect(usual.answerTimeout == .seconds(5))
        #expect(usual.lockTimeout < usual.statementTimeout && usual.statementTimeout < usual.answerTimeout)
        #expect(usual.connectTimeout == configuration.connectTimeout)
        (configuration.lockTimeout, configuration.statementTimeout) = (.milliseconds(1), .milliseconds(2))
        configuration.answerTimeout = .milliseconds(3)
        let sooner = SignalConnection.bounding(configuration)
        #expect(sooner.lockTimeout == .milliseconds(1))
        #expect(sooner.statementTimeout == .milliseconds(2))
        #expect(sooner.answerTimeout == .milliseconds(3))
    }

    @Test func `A lost connection is opened again after a tenth of a second, and later and later up to ten`() {
        var delay = ReopeningDelay()
        let delays = (0..<9).map { _ in delay.next() }
        #expect(delays == [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000].map { .milliseconds($0) })
        delay.reset()
        #expect(delay.next() == .milliseconds(100))
        #expect(delay.next() == .milliseconds(200))
    }

    @Test func `Lines that are not known, or not whole, are passed over`() {
        let (origin, signals) = SignalText.read("you\ne\nzfuture\nt\nj\ntx\nv")
        #expect(origin == "you")
        #expect(signals == [.effectOwed, .eventQueued])
        #expect(SignalText.payloads(of: [], from: "me") == [])
    }
}
