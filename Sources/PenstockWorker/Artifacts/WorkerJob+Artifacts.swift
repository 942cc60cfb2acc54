// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// An output that has been written.
public struct StoredArtifact: Sendable, Hashable {
    /// The tag of its content.
    public var etag: String?
    /// Its version, when the bucket keeps versions.
    public var versionID: String?

    /// Creates a value, as test doubles do.
    public init(etag: String? = nil, versionID: String? = nil) {
        self.etag = etag
        self.versionID = versionID
    }
}

/// Reading inputs and writing outputs.
///
/// All of it goes with the job's own credentials, which reach exactly the job's artifacts and are renewed as long as the
/// job lasts. A transfer that breaks off is tried again, a download from where it was; what arrives is checked against
/// the store's checksums. A transfer needs at most 40 MiB of memory, however large the artifact is.
///
/// Artifacts are archives as a rule, ZIP archives by convention of CodePipeline. The kit neither packs nor unpacks them.
extension WorkerJob {
    /// The most bytes that ``contents(of:limit:)`` reads unless it is told otherwise.
    public static let defaultContentLimit = 64 << 20

    /// Reads an input into a file.
    ///
    /// The content is written under another name beside the file, which gets its name once all is there; a file that
    /// has the name is replaced. Its owner alone may read it.
    ///
    /// - Throws: ``ArtifactError``; then there is no file, and one that was there before is as it was.
    public func download(_ artifact: Artifact, to path: String) async throws {
        let place = try ArtifactPlace(artifact)
        let sink = try await FileSink(path)
        do {
            try await Download(self.store, place, self.credentials, into: sink).run()
            try await sink.finish()
        } catch {
            await sink.discard()
            throw error
        }
    }

    /// Reads an input into memory.
    ///
    /// - Throws: ``ArtifactError``, with code `.tooLarge` for an input of more bytes than the limit.
    public func contents(of artifact: Artifact, limit: Int = defaultContentLimit) async throws -> [UInt8] {
        let place = try ArtifactPlace(artifact)
        let sink = MemorySink(limit: limit, of: place)
        try await Download(self.store, place, self.credentials, into: sink).run()
        return sink.bytes
    }

    /// Writes bytes as an output.
    ///
    /// - Throws: ``ArtifactError``; then nothing is stored.
    @discardableResult
    public func upload(
        _ bytes: [UInt8], to artifact: Artifact, contentType: String = "application/zip"
    ) async throws -> StoredArtifact {
        try await self.upload(to: artifact, contentType).run(BytesSource(bytes))
    }

    /// Writes a file as an output. It must stay as it is until that is done.
    ///
    /// - Throws: ``ArtifactError``; then nothing is stored.
    @discardableResult
    public func upload(
        contentsOf path: String, to artifact: Artifact, contentType: String = "application/zip"
    ) async throws -> StoredArtifact {
        let upload = try self.upload(to: artifact, contentType)
        return try await upload.run(try await FileSource(path))
    }

    /// Writes what comes piece by piece as an output, up to 78 GiB.
    ///
    /// - Throws: ``ArtifactError``, or what the pieces throw; then nothing is stored.
    @discardableResult
    public func upload<Pieces: AsyncSequence>(
        pieces: Pieces, to artifact: Artifact, contentType: String = "application/zip"
    ) async throws -> StoredArtifact where Pieces.Element == [UInt8] {
        try await self.upload(to: artifact, contentType).run(PiecesSource(pieces))
    }

    private func upload(to artifact: Artifact, _ contentType: String) throws -> Upload {
        Upload(
            caller: self.store, place: try ArtifactPlace(artifact), credentials: self.credentials,
            encryptionKey: self.encryptionKey, contentType: contentType)
    }
}
