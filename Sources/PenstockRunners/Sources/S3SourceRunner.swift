// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockArtifacts
import PenstockEngine
package import PenstockModel
package import PenstockRuntime

/// The source action of S3: an object of the service's own store, or of a foreign one, becomes the output artifact, byte
/// for byte.
///
/// Source: AWS CodePipeline User Guide, Amazon S3 source action reference.
package struct S3SourceRunner: ActionRunner {
    private let artifacts: ArtifactStore
    private let foreign: ForeignBuckets

    package init(artifacts: ArtifactStore, foreign: ForeignBuckets = ForeignBuckets()) {
        self.artifacts = artifacts
        self.foreign = foreign
    }

    package var types: Set<ActionTypeID> { [.s3Source] }

    package func run(_ job: RunnerJob) async throws -> JobResult {
        guard let bucket = job.configuration[key: "S3Bucket"], let key = job.configuration[key: "S3ObjectKey"],
            let output = job.start.outputs.first?.location
        else {
            return Self.failure(.configurationError, "S3Bucket, S3ObjectKey and one output artifact are required")
        }
        let source = ObjectName(bucket: bucket, key: ObjectKey(key))
        let target = ObjectName(bucket: output.bucket, key: ObjectKey(output.key))
        let caller = ArtifactStore.Caller(
            scope: job.scope,
            grant: JobWriteGrant(jobID: job.id, dispatch: job.dispatch)
        )
        let revision = job.start.boundRevision?.revisionID
        do {
            if let store = try self.foreign.store(of: bucket, for: job.scope) {
                let location = ObjectLocation(bucket: bucket, key: key)
                let found = try await self.fetch(location, of: store, revision: revision, to: target, caller)
                return Self.success(Taken(found), from: location)
            }
            let found = try await self.copy(source, revision: revision, to: target, caller)
            return Self.success(Taken(found), from: ObjectLocation(bucket: bucket, key: key))
        } catch let error as ArtifactError {
            return try await self.failure(error, source: source, target: target, caller)
        } catch let error as ForeignStoreFailure {
            guard !error.isTransient else { throw error }
            return Self.failure(error.details)
        }
    }

    /// Copies the revision that the execution is bound to, else the latest, in one transaction, so that what is
    /// reported is what was copied.
    ///
    /// Without versioning a bound revision is an ETag; content that was replaced meanwhile is gone, and the latest is
    /// taken in its place.
    private func copy(
        _ source: ObjectName, revision: String?, to target: ObjectName, _ caller: ArtifactStore.Caller
    ) async throws -> ObjectVersionRow {
        var named = source
        if let revision, try await self.artifacts.bucket(source.bucket, as: caller).versioning == .enabled {
            named.versionID = VersionID(revision)
        }
        return try await self.artifacts.copy(named, to: target, as: caller).source.row
    }

    /// Reads the revision that the execution is bound to, else the latest, as ``copy(_:revision:to:_:)`` takes it.
    private func fetch(
        _ location: ObjectLocation, of store: ForeignStore, revision: String?, to target: ObjectName,
        _ caller: ArtifactStore.Caller
    ) async throws -> ForeignObject {
        var versionID: String?
        if let revision {
            let latest = try await store.object(at: location)
            if latest.versionID != nil { versionID = revision }
        }
        var found: ForeignObject?
        _ = try await self.artifacts.put(target, as: caller) { writer in
            found = try await store.read(location, versionID: versionID) { try await writer.write($0) }
            return nil
        }
        guard let found else { preconditionFailure("what was put was read") }
        return found
    }

    private static func success(_ object: Taken, from location: ObjectLocation) -> JobResult {
        let revision = object.versionID ?? object.etag
        let kind = object.versionID == nil ? "ETag" : "version id"
        let summary = object.summary ?? "Amazon S3 \(kind): \(revision)"
        return .success(
            ActionProgress(
                summary: summary,
                externalExecutionID: revision,
                revision: SourceRevision(revisionID: revision, summary: summary, created: object.lastModified)
            ),
            continuationToken: nil,
            outputVariables: [
                KeyedValue("BucketName", location.bucket),
                KeyedValue("ETag", object.etag),
                KeyedValue("ObjectKey", location.key),
                KeyedValue("VersionId", object.versionID ?? VersionID.null.rawValue),
            ]
        )
    }
}

/// What a source action has taken.
private struct Taken {
    var etag: String
    /// `nil` in a bucket without versioning.
    var versionID: String?
    var lastModified: Timestamp?
    /// What the object's metadata says of its revision.
    var summary: String?

    init(_ object: ObjectVersionRow) {
        self.etag = object.etag
        self.versionID = object.versionID == .null ? nil : object.versionID.rawValue
        self.lastModified = object.lastModified
        self.summary = object.details.metadata[key: "codepipeline-artifact-revision-summary"]
    }

    init(_ object: ForeignObject) {
        self.etag = object.etag
        self.versionID = object.versionID
        self.lastModified = object.lastModified
        self.summary = object.summary
    }
}

// MARK: - Failures

extension S3SourceRunner {
    /// What the user is told; what may pass is thrown again.
    private func failure(
        _ error: ArtifactError, source: ObjectName, target: ObjectName, _ caller: ArtifactStore.Caller
    ) async throws -> JobResult {
        switch error.code {
        case .noSuchKey, .deleteMarker:
            return Self.failure(.missingObject(source.key.description, inBucket: source.bucket))
        case .noSuchVersion:
            return Self.failure(.missingVersion(of: source.key.description, inBucket: source.bucket))
        case .noSuchBucket, .accessDenied, .wrongRegion:
            let isSource = await self.isOutOfReach(source.bucket, caller)
            return Self.failure(error.code, bucket: isSource ? source.bucket : target.bucket)
        case .tooLarge:
            return Self.failure(.configurationError, error.message)
        case .unavailable:
            throw error
        case .bucketTaken, .bucketAlreadyYours, .bucketNotEmpty, .invalidBucketName, .keyTooLong, .invalidKey,
            .noSuchUpload, .invalidPart, .invalidPartOrder, .invalidPartNumber, .partTooSmall, .preconditionFailed,
            .badDigest, .contentMismatch, .invalidRequest, .grantEnded:
            return Self.failure(.configurationError, error.message)
        }
    }

    private func isOutOfReach(_ bucket: String, _ caller: ArtifactStore.Caller) async -> Bool {
        do {
            _ = try await self.artifacts.bucket(bucket, as: caller)
            return false
        } catch {
            return true
        }
    }

    private static func failure(_ code: ArtifactError.Code, bucket: String) -> JobResult {
        switch code {
        case .accessDenied: self.failure(.deniedBucket(bucket))
        case .wrongRegion(let region): self.failure(.bucket(bucket, inOther: region))
        default: self.failure(.missingBucket(bucket))
        }
    }

    private static func failure(_ type: FailureType, _ message: String) -> JobResult {
        self.failure(FailureDetails(type: type, message: message))
    }

    private static func failure(_ failure: FailureDetails) -> JobResult { .failure(failure, externalExecutionID: nil) }
}
