// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Tells a transfer that is slow from one that stands still.
final class Progress: Sendable {
    private let steps = Mutex(0)

    /// Something has arrived.
    func note() { self.steps.withLock { $0 += 1 } }

    /// Runs a transfer that is given up when nothing arrives for as long as the limit.
    ///
    /// - Throws: ``TransportError`` with code `.timedOut`, or what the transfer throws.
    static func watched<Result: Sendable>(
        limit: Duration, pacing: Pacing, _ transfer: @escaping @Sendable (Progress) async throws -> Result
    ) async throws -> Result {
        let progress = Progress()
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask { try await transfer(progress) }
            group.addTask {
                var seen: Int
                repeat {
                    seen = progress.steps.withLock { $0 }
                    try await pacing.sleep(limit)
                } while progress.steps.withLock { $0 } != seen
                throw TransportError(.timedOut, "the transfer stood still for \(limit)")
            }
            defer { group.cancelAll() }
            while let result = try await group.next() {
                if let result { return result }
            }
            throw CancellationError()
        }
    }
}
