// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockRuntime
import Testing

struct EventBackoffTests {
    @Test func `What a target says of its failure has no control characters`() {
        #expect(EventSendFailure("ended with 1: bad\u{0}thing\r\nü").reason == "ended with 1: bad thing  ü")
    }

    @Test func `Each wait is twice as long, up to the limit`() {
        let waits = (1...12).map { EventBackoff.delay(after: $0, chance: 1, asked: nil).components.seconds }
        #expect(waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900])
        #expect(EventBackoff.delay(after: .max, chance: 1, asked: nil) == EventBackoff.longest)
    }

    @Test func `Half of a wait is due to chance`() {
        #expect(EventBackoff.delay(after: 3, chance: 0, asked: nil) == .seconds(2))
        #expect(EventBackoff.delay(after: 3, chance: 0.5, asked: nil) == .seconds(3))
    }

    @Test func `Who asks to be left alone is left alone, within the limit`() {
        #expect(EventBackoff.delay(after: 1, chance: 0, asked: .seconds(30)) == .seconds(30))
        #expect(EventBackoff.delay(after: 1, chance: 0, asked: .hours(5)) == EventBackoff.longest)
        #expect(EventBackoff.delay(after: 10, chance: 1, asked: .seconds(30)) == .seconds(512))
    }
}
