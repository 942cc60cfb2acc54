// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockRuntime
import Testing

@Suite(.timeLimit(.minutes(10))) struct ManualServiceClockTests {
    @Test func `It stands still, goes to where it is moved, and wakes who has slept long enough`() async {
        let clock = ManualServiceClock()
        let start = clock.now
        await clock.sleep(until: start)
        await withTaskGroup { group in
            group.addTask { await clock.sleep(until: start + .seconds(10)) }
            clock.advance(by: .seconds(4))
            #expect(clock.now == start + .seconds(4))
            clock.move(to: start + .seconds(10))
            await group.waitForAll()
        }
        #expect(clock.now == start + .seconds(10))
    }

    @Test func `Who is cancelled sleeps no longer`() async {
        let clock = ManualServiceClock()
        await withTaskGroup { group in
            group.addTask { await clock.sleep(until: clock.now + .days(1)) }
            group.cancelAll()
        }
    }
}
