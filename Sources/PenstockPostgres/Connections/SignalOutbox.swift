// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockStore

/// What waits to be told to other processes: each signal once, and of timers the earliest alone, since who hears of it
/// looks for all that are due.
struct SignalOutbox: Sendable {
    /// More than this are not kept: every signal may be lost, and what it tells of is then found by looking.
    static let capacity = 1024

    private var earliestTimer: Timestamp?
    private var others: [StoreSignal] = []
    private var known: Set<StoreSignal> = []

    var isEmpty: Bool { self.earliestTimer == nil && self.others.isEmpty }

    /// - Returns: Whether nothing waited before, and something does now.
    mutating func add(_ signals: [StoreSignal]) -> Bool {
        let wasEmpty = self.isEmpty
        for signal in signals {
            if case .timerSet(let due) = signal {
                self.earliestTimer = min(due, self.earliestTimer ?? due)
            } else if self.others.count < Self.capacity, self.known.insert(signal).inserted {
                self.others.append(signal)
            }
        }
        return wasEmpty && !self.isEmpty
    }

    /// Empties the box.
    ///
    /// - Returns: What waited, in order, a timer last.
    mutating func take() -> [StoreSignal] {
        defer { self = SignalOutbox() }
        return self.others + (self.earliestTimer.map { [.timerSet($0)] } ?? [])
    }
}
