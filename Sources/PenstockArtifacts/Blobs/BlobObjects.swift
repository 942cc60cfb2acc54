// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import NIOCore
package import PenstockModel

/// The name of content in another store: its hash, and which of the times that it was put there.
///
/// A generation is used once. What is to be deleted under a name is thereby never what somebody wrote since, however
/// late a request to delete arrives.
package struct BlobName: Sendable, Hashable, Comparable {
    package var hash: BlobHash
    package var generation: UniqueID

    package init(hash: BlobHash, generation: UniqueID) {
        self.hash = hash
        self.generation = generation
    }

    /// Before every name that content has.
    package static let least = Self(hash: .zero, generation: UniqueID(high: 0, low: 0))

    package static func < (left: Self, right: Self) -> Bool {
        (left.hash, left.generation) < (right.hash, right.generation)
    }
}

/// Blobs as objects of another store, over a network.
///
/// Rules live in ``ArtifactStore``: which names there are, and which are to go. Every call may be repeated, and several
/// callers may make the same one at once. What they throw besides what is said here is a failure of the store, which the
/// same call may not meet later.
package protocol BlobObjects: Sendable {
    /// Makes the object, or makes it anew of the same content; returns when it is durable there.
    func put(_ name: BlobName, _ content: ReceivedBlob) async throws

    /// The size of the object; `nil` when it is not there.
    func sizeBytes(of name: BlobName) async throws -> Int64?

    /// Opens a run of bytes, which is not empty, of the object.
    ///
    /// - Parameter sizeBytes: Of the object.
    /// - Throws: ``ArtifactError`` with code `unavailable` when the object is not there.
    func open(_ name: BlobName, _ bytes: Range<Int64>, sizeBytes: Int64) async throws -> any BlobRun

    /// Removes the object, and what interrupted puts of it left; one that is not there is as good as removed.
    func remove(_ name: BlobName, sizeBytes: Int64) async throws
}

/// Bytes of a blob that were opened. Read once.
package protocol BlobRun: Sendable {
    func makeReader() -> any BlobReader
}

/// Reads on as somebody asks for more.
package protocol BlobReader {
    /// Some bytes, never none; `nil` after the last.
    mutating func next() async throws -> ByteBuffer?
}

/// The blob that was stored was condemned before its reference was counted: it is to be stored again.
struct CondemnedBlob: Error {}
