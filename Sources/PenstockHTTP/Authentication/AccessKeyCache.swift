// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockAccess
package import PenstockModel
package import PenstockSigning
internal import Synchronization

/// Access keys of the last second, opened, so that a busy client costs no lookup per request.
///
/// A change made in this process is seen at once, through ``invalidate(_:)``; one made elsewhere within
/// ``lifetime``.
package final class AccessKeyCache: Sendable {
    /// A key that may sign.
    package struct Entry: Sendable {
        package let principal: Principal
        package let secret: SecretAccessKey
    }

    /// How long a key is believed without asking again.
    package static let lifetime = Duration.seconds(1)

    private struct Slot {
        /// `nil` for a key that does not exist or is disabled.
        var entry: Entry?
        var readAt: Timestamp
    }

    private struct State {
        var slots: [String: Slot] = [:]
        /// Raised by each invalidation: what was being read meanwhile is not kept.
        var generation = 0
    }

    private let directory: any AccessKeyDirectory
    private let sealer: Sealer
    private let realTime: @Sendable () -> Timestamp
    private let capacity: Int
    private let state = Mutex(State())

    /// - Parameter capacity: The most keys, unknown ones included, that are remembered; all are forgotten beyond it.
    package init(
        directory: any AccessKeyDirectory,
        sealer: Sealer,
        realTime: @escaping @Sendable () -> Timestamp,
        capacity: Int = 4096
    ) {
        self.directory = directory
        self.sealer = sealer
        self.realTime = realTime
        self.capacity = capacity
    }

    /// Forgets a key, after it was changed, disabled or deleted.
    package func invalidate(_ accessKeyID: String) {
        self.state.withLock { state in
            state.generation += 1
            state.slots[accessKeyID] = nil
        }
    }

    /// Forgets every key, after some were changed.
    package func invalidateAll() {
        self.state.withLock { state in
            state.generation += 1
            state.slots.removeAll(keepingCapacity: true)
        }
    }

    /// The key; `nil` when there is none, or it is disabled.
    ///
    /// - Throws: What the directory throws, and ``SealError`` for a secret sealed under another master key.
    package func entry(for accessKeyID: String) async throws -> Entry? {
        let now = self.realTime()
        let (slot, generation) = self.state.withLock { ($0.slots[accessKeyID], $0.generation) }
        if let slot, slot.readAt <= now, now < slot.readAt + Self.lifetime { return slot.entry }
        let entry = try await self.read(accessKeyID)
        self.state.withLock { state in
            guard state.generation == generation else { return }
            if state.slots.count >= self.capacity { state.slots.removeAll(keepingCapacity: true) }
            state.slots[accessKeyID] = Slot(entry: entry, readAt: now)
        }
        return entry
    }

    private func read(_ accessKeyID: String) async throws -> Entry? {
        guard let record = try await self.directory.accessKey(accessKeyID), !record.isDisabled else { return nil }
        let context = AccessKeyRecord.sealingContext(accessKeyID: accessKeyID)
        let secret = try self.sealer.open(record.sealedSecret, context: context)
        return Entry(
            principal: record.principal,
            secret: SecretAccessKey(String(decoding: secret, as: UTF8.self))
        )
    }
}
