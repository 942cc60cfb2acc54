// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel
package import PenstockStore
import Synchronization

/// Versions of declarations, which never change once they are committed and are asked for at every step.
///
/// A number whose transaction fails is given to another declaration later. So a version is not kept while it is being
/// written: see ``whileWriting(_:)``.
package final class DeclarationCache: Sendable {
    /// How many versions are kept.
    package static let capacity = 1024

    fileprivate struct Key: Hashable {
        var id: PipelineID
        var version: Int
    }

    private struct State {
        var rows: [Key: PipelineVersionRow] = [:]
        /// The keys of ``rows`` in the order in which they came, as a ring.
        var ring: [Key] = []
        /// Where the ring begins, once it is full.
        var oldest = 0
        /// How many transactions are writing the version.
        var drafts: [Key: Int] = [:]

        /// Keeps the row, in place of the one that came first where there is no room.
        mutating func keep(_ row: PipelineVersionRow, as key: Key) {
            guard self.rows.updateValue(row, forKey: key) == nil else { return }
            guard self.ring.count == DeclarationCache.capacity else { return self.ring.append(key) }
            self.rows[self.ring[self.oldest]] = nil
            self.ring[self.oldest] = key
            self.oldest = (self.oldest + 1) % DeclarationCache.capacity
        }
    }

    private let state = Mutex(State())

    package init() {}

    /// The version, from memory or from the reader.
    package func version(_ version: Int, of id: PipelineID, in reader: any StoreReader) throws -> PipelineVersionRow? {
        let key = Key(id: id, version: version)
        if let row = self.state.withLock({ $0.rows[key] }) { return row }
        guard let row = try reader.pipelineVersion(version, of: id) else { return nil }
        self.state.withLock { state in
            guard state.drafts[key] == nil else { return }
            state.keep(row, as: key)
        }
        return row
    }

    /// Runs what writes versions; it tells of each before it writes it, and ends when its transaction has.
    func whileWriting<Result>(_ body: (DeclarationDrafts) async throws -> Result) async rethrows -> Result {
        let drafts = DeclarationDrafts(self)
        defer { drafts.end() }
        return try await body(drafts)
    }

    fileprivate func count(_ key: Key, by change: Int) {
        self.state.withLock { state in
            let count = state.drafts[key, default: 0] + change
            state.drafts[key] = count == 0 ? nil : count
        }
    }
}

/// The versions that one call is writing.
final class DeclarationDrafts: Sendable {
    private let cache: DeclarationCache
    private let keys = Mutex<Set<DeclarationCache.Key>>([])

    fileprivate init(_ cache: DeclarationCache) { self.cache = cache }

    /// The version is about to be written. A transaction that is run again says so again.
    func add(_ version: Int, of id: PipelineID) {
        let key = DeclarationCache.Key(id: id, version: version)
        guard self.keys.withLock({ $0.insert(key).inserted }) else { return }
        self.cache.count(key, by: 1)
    }

    fileprivate func end() { for key in self.keys.withLock({ $0 }) { self.cache.count(key, by: -1) } }
}
