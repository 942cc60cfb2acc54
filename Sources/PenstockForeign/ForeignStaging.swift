// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1
package import PenstockArtifacts
import PenstockModel
import PenstockOutbound
import PenstockSigning

/// Artifacts of jobs as objects beneath the prefix of the blobs, for workers with sessions of a role.
///
/// ```text
/// PREFIX/ACTION-EXECUTION-ID/input/SourceOutput
/// PREFIX/ACTION-EXECUTION-ID/output/BuildOutput
/// ```
///
/// Without a prefix a key has exactly two slashes, as some workers of CodePipeline expect.
package struct ForeignStaging: StagedObjects {
    private static let metadataPrefix = "x-amz-meta-"

    let blobs: ForeignBlobs
    private let role: ForeignRole

    /// Creates the place of a role's sessions beside blobs.
    package init(blobs: ForeignBlobs, role: ForeignRole) {
        self.blobs = blobs
        self.role = role
    }

    package func location(of name: StagedName) -> (bucket: String, key: String) {
        (self.blobs.bucket, self.key(of: name))
    }

    private func key(of name: StagedName) -> String {
        self.folder(of: name.action, name.direction) + name.artifact
    }

    func folder(of action: ActionExecutionID, _ direction: StagedName.Direction) -> String {
        "\(self.blobs.prefix)\(action)/\(direction.rawValue)/"
    }

    package func sizeBytes(of name: StagedName) async throws -> Int64? {
        try await self.blobs.head(self.key(of: name))?.sizeBytes
    }

    // MARK: Inputs

    package func make(
        _ name: StagedName, of blobs: [(name: BlobName, sizeBytes: Int64)], _ metadata: StagedMetadata
    ) async throws {
        let parts = CopiedParts(blobs.map { (self.source($0.name), $0.sizeBytes) }, of: self.blobs.partSizeBytes)
        var request = self.blobs.request(.PUT, self.key(of: name))
        request.headers =
            metadata.headers.map { ($0.key, $0.value) }
            + metadata.metadata.map { (Self.metadataPrefix + $0.key, $0.value) }
        guard parts.count <= 1 else {
            let sizeBytes = blobs.reduce(0) { $0 + $1.sizeBytes }
            return try await ForeignUpload(self.blobs, request, sizeBytes: sizeBytes).run(parts)
        }
        if parts.count == 1 {
            parts.complete(&request, part: 1)
            request.headers.append(("x-amz-metadata-directive", "REPLACE"))
        }
        let answer = try await self.blobs.send(request)
        try self.blobs.require(answer.isSuccess && answer.errorCode == nil, answer, to: "copy an object")
    }

    /// Bucket and key of a blob, as a header has them.
    private func source(_ name: BlobName) -> String {
        let path = "\(self.blobs.bucket)/\(self.blobs.key(of: name))"
        return String(decoding: URIEncoding.encode(path.utf8, keepingSlashes: true), as: UTF8.self)
    }

    // MARK: Outputs

    package func open(_ name: StagedName) async throws -> StagedObject? {
        let key = self.key(of: name)
        guard let (sizeBytes, answer) = try await self.blobs.head(key) else { return nil }
        var staged = StagedObject(sizeBytes: sizeBytes, metadata: Self.metadata(of: answer), run: nil)
        if sizeBytes > 0 {
            let object = ForeignObject(key: key, sizeBytes: sizeBytes, etag: answer["etag"])
            staged.run = try await self.blobs.open(object, 0..<sizeBytes)
        }
        return staged
    }

    private static func metadata(of answer: S3Answer) -> StagedMetadata {
        let headers = ObjectDetails.contentHeaders.compactMap { name in answer[name].map { KeyedValue(name, $0) } }
        let metadata = answer.headers.compactMap { name, value -> KeyedValue? in
            let name = name.lowercased()
            guard name.hasPrefix(Self.metadataPrefix) else { return nil }
            return KeyedValue(String(name.dropFirst(Self.metadataPrefix.count)), value)
        }
        return StagedMetadata(headers: headers, metadata: metadata.sorted { $0.key < $1.key })
    }

    // MARK: Credentials

    package func credentials(
        reading: [StagedName], writing: [StagedName], session: String, lifetime: Duration
    ) async throws -> StagingCredentials {
        let policy = self.policy(reading: reading, writing: writing)
        return try await self.role.assume(session: session, policy: policy, lifetime: lifetime)
    }

    /// Where exactly the names are more than a policy can hold, all that the attempt has of that direction: nobody but its
    /// workers puts anything else there.
    package func policy(reading: [StagedName], writing: [StagedName]) -> SessionPolicy {
        let exact = SessionPolicy(reading: reading.map(self.arn), writing: writing.map(self.arn))
        guard exact.document.utf8.count > SessionPolicy.maximumLength else { return exact }
        return SessionPolicy(reading: self.folders(of: reading), writing: self.folders(of: writing))
    }

    private func folders(of names: [StagedName]) -> [String] {
        Set(names.map { self.arn(StagedName($0.action, $0.direction, "*")) }).sorted()
    }

    private func arn(_ name: StagedName) -> String {
        "arn:\(self.role.partition):s3:::\(self.blobs.bucket)/\(self.key(of: name))"
    }

    /// Makes sure that the role can be assumed.
    package func prepare() async throws(ForeignPlaceProblem) {
        let answer: S3Answer
        do throws(ForeignBlobFailure) {
            answer = try await self.role.ask(
                session: "penstock-start", policy: SessionPolicy(reading: [], writing: []),
                lifetime: ForeignRole.shortestLifetime)
            _ = try self.role.credentials(in: answer)
        } catch {
            // An STS that is there and says no will not say yes by itself.
            throw ForeignPlaceProblem(
                kind: error.isAnswer ? .configuration : .unusable,
                description: "The role of \(self.blobs.place) cannot be assumed: \(error).")
        }
    }
}

/// Parts that are copies of other objects, or of ranges of them.
///
/// Source: Amazon S3 API Reference, UploadPartCopy.
private struct CopiedParts: UploadParts {
    /// So many of one object are copied at once.
    private static let width = 8

    private struct Part {
        /// Bucket and key, encoded.
        var source: String
        /// `nil` for all of it.
        var range: Range<Int64>?
        var sizeBytes: Int64
    }

    private let parts: [Part]

    /// What is larger than a part is divided evenly, so that none is smaller than a store takes.
    init(_ sources: [(source: String, sizeBytes: Int64)], of partSizeBytes: Int64) {
        self.parts = sources.filter { $0.sizeBytes > 0 }.flatMap { source, sizeBytes in
            let count = (sizeBytes + partSizeBytes - 1) / partSizeBytes
            guard count > 1 else { return [Part(source: source, range: nil, sizeBytes: sizeBytes)] }
            return (0..<count).map { index in
                let range = sizeBytes * index / count..<sizeBytes * (index + 1) / count
                return Part(source: source, range: range, sizeBytes: Int64(range.count))
            }
        }
    }

    var count: Int { self.parts.count }
    var width: Int { Self.width }

    func complete(_ request: inout S3Request, part number: Int) {
        let part = self.parts[number - 1]
        request.headers.append(("x-amz-copy-source", part.source))
        if let range = part.range {
            request.headers.append(("x-amz-copy-source-range", "bytes=\(range.lowerBound)-\(range.upperBound - 1)"))
        }
        request.copiedBytes = part.sizeBytes
    }

    func tag(_ answer: S3Answer) -> String? { answer.text(of: "ETag") }
}
