// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1
package import PenstockArtifacts
package import PenstockModel
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
    /// So many parts of one object are copied at once.
    static let copyWidth = 8

    private let blobs: ForeignBlobs
    private let role: ForeignRole

    package init(blobs: ForeignBlobs, role: ForeignRole) {
        self.blobs = blobs
        self.role = role
    }

    package func location(of name: StagedName) -> (bucket: String, key: String) {
        (self.blobs.bucket, self.key(of: name))
    }

    private func key(of name: StagedName) -> String {
        "\(self.folder(of: name.action))\(name.direction.rawValue)/\(name.artifact)"
    }

    private func folder(of action: ActionExecutionID) -> String { "\(self.blobs.prefix)\(action)/" }

    package func sizeBytes(of name: StagedName) async throws -> Int64? {
        try await self.blobs.head(self.key(of: name))?.sizeBytes
    }

    // MARK: Inputs

    package func make(_ name: StagedName, of blobs: [(name: BlobName, sizeBytes: Int64)]) async throws {
        let key = self.key(of: name)
        let parts = CopiedParts(sources: blobs.filter { $0.sizeBytes > 0 }.map { self.source($0.name) })
        switch parts.count {
        case 0:
            let answer = try await self.blobs.send(self.blobs.request(.PUT, key))
            try self.blobs.require(answer.isSuccess, answer, to: "put an object")
        case 1:
            var request = self.blobs.request(.PUT, key)
            parts.complete(&request, part: 1)
            let answer = try await self.blobs.send(request)
            try self.blobs.require(answer.isSuccess && answer.errorCode == nil, answer, to: "copy an object")
        default:
            let sizeBytes = blobs.reduce(0) { $0 + $1.sizeBytes }
            try await ForeignUpload(self.blobs, key, sizeBytes: sizeBytes).run(parts)
        }
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
        var staged = StagedObject(sizeBytes: sizeBytes, contentType: answer["content-type"], run: nil)
        if sizeBytes > 0 {
            let object = ForeignObject(key: key, sizeBytes: sizeBytes, etag: answer["etag"])
            staged.run = try await self.blobs.open(object, 0..<sizeBytes)
        }
        return staged
    }

    // MARK: Credentials

    package func credentials(
        reading: [StagedName], writing: [StagedName], session: String, lifetime: Duration
    ) async throws -> StagingCredentials {
        let policy = self.policy(reading: reading, writing: writing)
        return try await self.role.assume(session: session, policy: policy, lifetime: lifetime)
    }

    /// Where exactly the names are more than a policy can hold, all that the attempts may have of that direction: nothing
    /// else is ever there.
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
        } catch {
            throw ForeignPlaceProblem(kind: .unusable, description: error.description.withCapital)
        }
        guard !answer.isSuccess else { return }
        throw ForeignPlaceProblem(
            kind: .configuration,
            description: "The role of \(self.blobs.place) cannot be assumed: \(self.role.told(answer)).")
    }

    // MARK: Cleaning

    package func actions() async throws -> [ActionExecutionID] {
        let prefix = self.blobs.prefix
        return try await self.listing([("prefix", prefix), ("delimiter", "/")], of: "Prefix")
            .compactMap { $0.hasPrefix(prefix) ? ActionExecutionID($0.dropFirst(prefix.count).dropLast()) : nil }
    }

    package func removeAll(of action: ActionExecutionID) async throws {
        let folder = self.folder(of: action)
        try await self.blobs.abortUploads(beneath: folder)
        for key in try await self.listing([("prefix", folder)], of: "Key") { try await self.blobs.remove(key) }
    }

    /// What stands in the elements of this name on all pages.
    ///
    /// Source: Amazon S3 API Reference, ListObjectsV2.
    private func listing(_ query: [(String, String?)], of element: String) async throws -> [String] {
        var (found, token) = ([String](), String?.none)
        repeat {
            var request = S3Request(.GET, bucket: self.blobs.bucket)
            request.query = [("list-type", "2")] + query + (token.map { [("continuation-token", $0)] } ?? [])
            let answer = try await self.blobs.send(request)
            try self.blobs.require(answer.isSuccess, answer, to: "list objects")
            found += answer.texts(of: element)
            token = answer.text(of: "NextContinuationToken")
        } while token != nil
        return found
    }
}

/// Parts that are copies of other objects, each whole.
private struct CopiedParts: UploadParts {
    /// Buckets and keys, encoded.
    let sources: [String]

    var count: Int { self.sources.count }
    var width: Int { ForeignStaging.copyWidth }

    func complete(_ request: inout S3Request, part number: Int) {
        request.headers.append(("x-amz-copy-source", self.sources[number - 1]))
    }

    func tag(_ answer: S3Answer) -> String? { answer.text(of: "ETag") }
}

extension String {
    fileprivate var withCapital: String { self.prefix(1).uppercased() + self.dropFirst() }
}
