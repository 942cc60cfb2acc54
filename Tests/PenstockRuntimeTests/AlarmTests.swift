// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import Testing

@testable import PenstockRuntime

struct AlarmTests {
    @Test func `What was due before a look and is still there is left alone for a while`() {
        let clock = ManualServiceClock()
        let looked = clock.now
        #expect(Alarm.next(nil, after: looked, clock) == nil)
        for due in [looked, looked - .hours(1)] {
            #expect(Alarm.next(due, after: looked, clock) == clock.now + Alarm.pauseForOthers)
        }
        // What has come to be due during the look is looked at next.
        let later = looked + .milliseconds(1)
        #expect(Alarm.next(later, after: looked, clock) == later)
    }
}
