// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel
package import PenstockRuntime

/// Buckets of other S3-compatible stores that source actions may take objects from, as the operator's file has them.
///
/// The first entry whose pattern a bucket's name matches is the one that the bucket is in; a bucket of the same name in
/// the service's own store is not looked at.
package struct ForeignBuckets: Sendable {
    /// Buckets of one store.
    package struct Entry: Sendable {
        /// Names, with `*` for any text.
        package var patterns: [String]
        /// Whose pipelines may use them; `nil` for everybody's.
        package var accounts: Set<AccountID>?
        package var store: ForeignStore
    }

    package var entries: [Entry]

    package init(entries: [Entry] = []) { self.entries = entries }

    private func entry(for bucket: String) -> Entry? {
        self.entries.first { entry in entry.patterns.contains { Self.matches(bucket, $0) } }
    }

    /// The store that has the bucket; `nil` where it is the service's own.
    ///
    /// - Throws: ``ForeignStoreFailure`` when pipelines of the scope may not use the bucket.
    func store(of bucket: String, for scope: Scope) throws(ForeignStoreFailure) -> ForeignStore? {
        guard let entry = self.entry(for: bucket) else { return nil }
        guard entry.accounts?.contains(scope.account) ?? true else {
            throw ForeignStoreFailure(.deniedBucket(bucket))
        }
        return entry.store
    }

    /// Whether the name is the pattern, in which `*` stands for any text.
    static func matches(_ name: String, _ pattern: String) -> Bool {
        let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
        guard let first = parts.first, let last = parts.last, parts.count > 1 else { return name == pattern }
        guard name.hasPrefix(first), name.hasSuffix(last), name.utf8.count >= first.utf8.count + last.utf8.count else {
            return false
        }
        var rest = name.dropFirst(first.count).dropLast(last.count)
        for part in parts.dropFirst().dropLast() where !part.isEmpty {
            guard let found = rest.firstRange(of: part) else { return false }
            rest = rest[found.upperBound...]
        }
        return true
    }
}

extension ForeignBuckets: SourceProbe {
    package func covers(_ location: ObjectLocation) -> Bool { self.entry(for: location.bucket) != nil }

    package var longestLook: Duration { self.entries.map(\.store.longestAnswer).max() ?? .zero }

    package func look(at location: ObjectLocation, for scope: Scope) async -> SourceObject {
        do throws(ForeignStoreFailure) {
            guard let store = try self.store(of: location.bucket, for: scope) else {
                return .failure(.missingBucket(location.bucket))
            }
            return .revision(try await store.object(at: location).revisionID)
        } catch {
            return .failure(error.details)
        }
    }
}
