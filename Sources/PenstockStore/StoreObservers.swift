// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Those who want to hear of commits, for stores to tell.
package final class StoreObservers: Sendable {
    private let observers = Mutex<[@Sendable (StoreSignal) -> Void]>([])

    package init() {}

    package func add(_ observer: @escaping @Sendable (StoreSignal) -> Void) {
        self.observers.withLock { $0.append(observer) }
    }

    package func removeAll() { self.observers.withLock { $0 = [] } }

    /// Tells every observer each of the signals once, in order. Called without locks, after the commit.
    ///
    /// That events wait is told last: many workers poll when they are told that their action has started, and by then
    /// its job must be known as one that can be polled.
    package func deliver(_ signals: [StoreSignal]) {
        guard !signals.isEmpty else { return }
        let observers = self.observers.withLock { $0 }
        var told: Set<StoreSignal> = [.eventQueued]
        for signal in signals where told.insert(signal).inserted {
            for observer in observers { observer(signal) }
        }
        guard signals.contains(.eventQueued) else { return }
        for observer in observers { observer(.eventQueued) }
    }
}
