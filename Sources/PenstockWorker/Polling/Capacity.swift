// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// How many more jobs a worker may take.
final class Capacity: Sendable {
    private let limit: Int
    private let inUse = Mutex(0)
    private let released: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation

    init(limit: Int) {
        self.limit = limit
        (self.released, self.signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Waits until there is room; nothing when the task is cancelled. One task alone may wait.
    func room() async -> Int? {
        var iterator = self.released.makeAsyncIterator()
        while true {
            let free = self.limit - self.inUse.withLock { $0 }
            if free > 0 { return free }
            guard await iterator.next() != nil else { return nil }
        }
    }

    func take(_ count: Int) {
        self.inUse.withLock { $0 += count }
    }

    func release() {
        self.inUse.withLock { $0 -= 1 }
        self.signal.yield()
    }
}
