// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockArtifacts
package import PenstockForeign
import PenstockServer
import PenstockStore

/// Where all content of a database is, or is to be.
package enum ContentPlace: Sendable {
    /// Whose rows have no generation.
    case files(BlobDirectory)
    /// Whose rows have one, and whose place names the database.
    case objects(ForeignBlobs)

    /// As it is read.
    var blobs: any BlobPlace {
        switch self {
        case .files(let directory): directory
        case .objects(let objects): BlobBucket(objects)
        }
    }

    /// Makes sure that the content of a database is there: that its rows say so, and so does the place.
    ///
    /// - Throws: ``ServerError``.
    func requireContent(of contents: any ContentsReader, _ store: StorePlace, _ work: AsyncWork) throws {
        let identity = try contents.foreignIdentity()
        switch (self, identity) {
        case (.files, nil): return
        case (.files, _):
            throw ServerError(
                .configuration, "The content of \(store.name) is in another store, which is to be named.")
        case (.objects(let objects), nil):
            throw ServerError(
                .configuration, "The content of \(store.name) is files, and not in \(objects.place).")
        case (.objects(let objects), let identity?):
            switch try objects.owner(work) {
            case identity: return
            case nil:
                throw ServerError(
                    .unusable, "\(objects.place) has nothing of \(store.name), whose content is elsewhere.")
            case .some: throw ServerError(.unusable, "\(objects.place) holds the content of another database.")
            }
        }
    }
}

extension ForeignBlobs {
    /// What the database is called whose content the place has; `nil` when it is nobody's.
    ///
    /// - Throws: ``ServerError`` when that cannot be read.
    func owner(_ work: AsyncWork) throws -> String? {
        try Self.explaining { try work.wait { try await self.marker() } }
    }

    /// Says whose content the place has from now on.
    func setOwner(_ identity: String, _ work: AsyncWork) throws {
        try Self.explaining { try work.wait { try await self.putMarker(identity) } }
    }

    private static func explaining<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let problem as ForeignPlaceProblem {
            throw ServerError(problem.kind == .configuration ? .configuration : .unusable, problem.description)
        }
    }
}

extension ServerError {
    /// Says that content could not be read or written, if that is what the error is about.
    ///
    /// - Parameter hash: Which content it was, if it was one.
    init?(content error: any Error, _ participle: String, _ hash: BlobHash? = nil) {
        switch error {
        case is FileError, is ForeignBlobFailure, is ArtifactError:
            let name = hash.map { "The content \($0.hex)" } ?? "The content"
            self.init(.unusable, "\(name) cannot be \(participle): \(error).")
        default: return nil
        }
    }
}
