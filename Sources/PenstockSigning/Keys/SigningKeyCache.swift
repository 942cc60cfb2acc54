// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Derived keys of recent, proven clients, so that a known client's request costs one HMAC and not five.
///
/// Two generations of half the capacity each: a key that is used stays in the younger one, and when that is full the
/// older one is dropped whole. Every operation is thus constant in time and the memory bounded. Only a verified
/// signature may insert, so nobody can flush the cache without owning keys.
package final class SigningKeyCache: Sendable {
    struct Key: Sendable, Hashable {
        var accessKeyID: String
        var secretFingerprint: PayloadHash
        var scope: CredentialScope
    }

    private struct Generations: Sendable {
        var young: [Key: SigningKey] = [:]
        var old: [Key: SigningKey] = [:]
    }

    /// The most keys held at once.
    package let capacity: Int

    private let generations = Mutex(Generations())

    /// Makes an empty cache; a capacity below two is raised to it.
    package init(capacity: Int = SigningLimits.maximumCachedKeys) {
        self.capacity = max(2, capacity)
    }

    /// How many keys are held, never more than ``capacity``.
    package var count: Int {
        self.generations.withLock { $0.young.count + $0.old.count }
    }

    /// The key for an access key's secret in a scope, when a signature under it has been verified lately.
    func find(_ key: Key) -> SigningKey? {
        self.generations.withLock { generations in
            if let found = generations.young[key] { return found }
            guard let found = generations.old.removeValue(forKey: key) else { return nil }
            self.insert(found, for: key, into: &generations)
            return found
        }
    }

    /// Keeps a key under which a signature has just been verified.
    func insert(_ signingKey: SigningKey, for key: Key) {
        self.generations.withLock { self.insert(signingKey, for: key, into: &$0) }
    }

    private func insert(_ signingKey: SigningKey, for key: Key, into generations: inout Generations) {
        if generations.young.count >= self.capacity / 2, generations.young[key] == nil {
            generations.old = generations.young
            generations.young = [:]
        }
        generations.young[key] = signingKey
        generations.old[key] = nil
    }
}
