// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import NIOCore
package import PenstockArtifacts
package import PenstockModel
import PenstockStore

/// Content that a row names.
package struct NamedBlob: Sendable, Hashable {
    package let hash: BlobHash
    package let sizeBytes: Int64
    /// Of the object that has it in another store; `nil` where it is a file.
    package let generation: UniqueID?

    package init(_ row: BlobRow) {
        self.init(hash: row.hash, sizeBytes: row.sizeBytes, generation: row.generation)
    }

    package init(hash: BlobHash, sizeBytes: Int64, generation: UniqueID?) {
        self.hash = hash
        self.sizeBytes = sizeBytes
        self.generation = generation
    }

    /// `nil` for content that nothing names.
    init?(_ row: ContentsRow, of table: ContentsTable) throws {
        let fields = ContentsFields(row, of: table)
        guard try fields.integer("references") > 0 else { return nil }
        guard let hash = BlobHash(bytes: try fields.bytes("hash")) else { throw fields.unreadable("hash") }
        let canBeElsewhere = table.columns.contains { $0.name == "generation" }
        let isElsewhere = try canBeElsewhere && !fields.isAbsent("generation")
        self.init(
            hash: hash, sizeBytes: try fields.integer("size_bytes"),
            generation: isElsewhere ? try fields.id("generation") : nil)
    }

    /// The same content where it has this generation, or is a file.
    func named(_ generation: UniqueID?) -> Self {
        Self(hash: self.hash, sizeBytes: self.sizeBytes, generation: generation)
    }
}

/// Where content is: ``BlobDirectory``, or ``BlobBucket``.
package protocol BlobPlace: Sendable {
    /// `nil` when the blob is not there.
    func sizeBytes(of blob: NamedBlob) async throws -> Int64?

    /// Reads the blob whole, and hands over its bytes piece by piece.
    ///
    /// - Returns: `nil` when it is what its row says. What was handed over is nothing to keep if it is not.
    func read(_ blob: NamedBlob, _ body: (ByteBuffer) async throws -> Void) async throws -> BlobDamage?

    /// Takes a blob that another place has, under its name here; it is there whole, or not at all.
    ///
    /// - Returns: What is wrong with it in the other place; it was not taken then.
    func take(_ blob: NamedBlob, as name: NamedBlob, from source: any BlobPlace) async throws -> BlobDamage?

    /// Returns once what was taken survives a loss of power.
    func synchronize() async throws

    /// Where the blob is, for people.
    func location(of blob: NamedBlob) -> String
}

/// What is wrong with a blob.
package enum BlobDamage: Sendable, Hashable {
    case missing
    case wrongSize(actual: Int64, expected: Int64)
    case wrongContent

    package var text: String {
        switch self {
        case .missing: "is not there"
        case .wrongSize(let actual, let expected): "has \(actual) bytes instead of \(expected)"
        case .wrongContent: "does not have the content that its name says"
        }
    }
}

/// Ends the taking of a blob that turns out to be damaged.
struct FoundDamage: Error { let damage: BlobDamage }

extension BlobPlace {
    /// Looks whether the blob is what its row says.
    ///
    /// - Parameter readsContent: Reads it whole; else its size is compared.
    package func damage(of blob: NamedBlob, readsContent: Bool = true) async throws -> BlobDamage? {
        if readsContent { return try await self.read(blob) { _ in } }
        guard let size = try await self.sizeBytes(of: blob) else { return .missing }
        return size == blob.sizeBytes ? nil : .wrongSize(actual: size, expected: blob.sizeBytes)
    }
}
