// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import NIOCore
import NIOHTTP1
package import PenstockModel
package import PenstockOutbound
import PenstockRuntime
package import PenstockSigning

/// An object of a foreign store, as its head has it.
struct ForeignObject: Sendable, Hashable {
    var etag: String
    /// `nil` in a bucket without versioning.
    var versionID: String?
    var lastModified: Timestamp?
    /// What the object's metadata says of its revision.
    var summary: String?
    /// `nil` where the store does not tell.
    var sizeBytes: Int64?

    /// What tells this content from what comes after it.
    var revisionID: String { self.versionID ?? self.etag }
}

/// Why an object of a foreign store is not to be had.
struct ForeignStoreFailure: Error {
    /// In words for whoever declared it.
    var details: FailureDetails
    /// Whether it may go better in a while.
    var isTransient = false

    init(_ details: FailureDetails, isTransient: Bool = false) {
        self.details = details
        self.isTransient = isTransient
    }
}

/// Reads objects of one S3-compatible store, with requests that are signed.
///
/// Buckets are named in the path, which every store takes. Source: Amazon S3 API Reference, HeadObject and GetObject.
package struct ForeignStore: Sendable {
    /// A larger source is refused, in bytes. Source: AWS CodePipeline User Guide, Quotas in AWS CodePipeline (7 GB).
    package static let maximumSourceBytes: Int64 = 7 << 30

    private let client: S3Client

    /// How long one look at an object takes at most.
    var longestAnswer: Duration { self.client.longestAnswer }

    /// - Parameters:
    ///   - endpoint: Its path, if it has one, stands before the buckets.
    ///   - timeout: From the beginning of a request to the head of its answer, and for each piece of a body.
    ///   - realTime: What signatures are dated by, whatever the service's clock says.
    package init(
        endpoint: EndpointURL,
        region: String,
        credentials: SigningCredentials,
        timeout: Duration,
        realTime: @escaping @Sendable () -> Timestamp
    ) {
        self.client = S3Client(
            S3Client.Settings(endpoint: endpoint, region: region, timeout: timeout),
            credentials: S3Credentials(credentials),
            secondsSinceEpoch: { realTime().millisecondsSinceEpoch / 1000 }
        )
    }

    /// What is there now, or was with that version.
    func object(
        at location: ObjectLocation, versionID: String? = nil
    ) async throws(ForeignStoreFailure) -> ForeignObject {
        let answer = try await self.answer(.HEAD, location, versionID: versionID)
        guard answer.status == 200 else { throw try await self.failure(answer, location, versionID: versionID) }
        return try self.object(answer, location)
    }

    /// Reads the content, whole and in order.
    ///
    /// - Returns: What was read.
    func read(
        _ location: ObjectLocation,
        versionID: String?,
        into sink: (ByteBuffer) async throws -> Void
    ) async throws -> ForeignObject {
        let answer = try await self.answer(.GET, location, versionID: versionID)
        guard answer.status == 200 else { throw try await self.failure(answer, location, versionID: versionID) }
        let object = try self.object(answer, location)
        var count: Int64 = 0
        do {
            for try await part in answer.body {
                count += Int64(part.readableBytes)
                guard count <= Self.maximumSourceBytes else { throw Self.tooLarge(location) }
                try await sink(part)
            }
        } catch let error as HTTPClientError {
            throw Self.failure(S3Failure("\(self.client.origin) did not answer: \(error)"))
        }
        guard object.sizeBytes ?? count == count else {
            throw ForeignStoreFailure(
                FailureDetails(
                    type: .systemUnavailable,
                    message:
                        "\(count) of \(object.sizeBytes ?? 0) bytes of '\(location.key)' arrived from \(self.client.origin)"
                ),
                isTransient: true
            )
        }
        return object
    }
}

// MARK: - Requests

extension ForeignStore {
    private func answer(
        _ method: HTTPMethod, _ location: ObjectLocation, versionID: String?
    ) async throws(ForeignStoreFailure) -> S3Answer {
        var request = S3Request(method, bucket: location.bucket, key: location.key)
        if let versionID { request.query = [("versionId", versionID)] }
        request.streamsAnswer = true
        return try await self.send(request)
    }

    private func send(_ request: S3Request) async throws(ForeignStoreFailure) -> S3Answer {
        do throws(S3Failure) {
            return try await self.client.send(request)
        } catch {
            throw Self.failure(error)
        }
    }

    private func object(
        _ answer: S3Answer, _ location: ObjectLocation
    ) throws(ForeignStoreFailure) -> ForeignObject {
        let headers = answer.headers
        guard let tag = headers.first(name: "etag"), !tag.isEmpty else {
            throw ForeignStoreFailure(
                FailureDetails(
                    type: .configurationError,
                    message: "\(self.client.origin) does not answer as an object store does: an ETag is missing"))
        }
        let version = headers.first(name: "x-amz-version-id")
        let size = headers.first(name: "content-length").flatMap { Int64($0) }
        guard size ?? 0 <= Self.maximumSourceBytes else { throw Self.tooLarge(location) }
        let modified = headers.first(name: "last-modified").flatMap { SigningTime(httpDate: $0) }
        return ForeignObject(
            etag: tag.filter { $0 != "\"" },
            versionID: version == "null" ? nil : version,
            lastModified: modified.map { Timestamp(millisecondsSinceEpoch: $0.secondsSinceEpoch * 1000) },
            summary: headers.first(name: "x-amz-meta-codepipeline-artifact-revision-summary"),
            sizeBytes: size
        )
    }
}

// MARK: - Failures

extension ForeignStore {
    private static func tooLarge(_ location: ObjectLocation) -> ForeignStoreFailure {
        ForeignStoreFailure(
            FailureDetails(
                type: .configurationError,
                message: "The object with key '\(location.key)' in the S3 bucket '\(location.bucket)' "
                    + "has more than \(Self.maximumSourceBytes) bytes"))
    }

    private static func failure(_ failure: S3Failure) -> ForeignStoreFailure {
        ForeignStoreFailure(
            FailureDetails(type: .systemUnavailable, message: failure.description), isTransient: true)
    }

    /// What an answer other than 200 means.
    private func failure(
        _ answer: S3Answer, _ location: ObjectLocation, versionID: String?
    ) async throws(ForeignStoreFailure) -> ForeignStoreFailure {
        let region = answer.headers.first(name: "x-amz-bucket-region").flatMap { Region($0) }
        switch answer.status {
        case 301, 307, 400:
            guard let region, region.rawValue != self.client.settings.region else { break }
            return ForeignStoreFailure(.bucket(location.bucket, inOther: region))
        case 401, 403: return ForeignStoreFailure(.deniedBucket(location.bucket))
        case 404:
            // An answer to HEAD does not say what is missing.
            let bucket = try await self.send(S3Request(.HEAD, bucket: location.bucket))
            if bucket.status == 404 { return ForeignStoreFailure(.missingBucket(location.bucket)) }
            guard versionID != nil else {
                return ForeignStoreFailure(.missingObject(location.key, inBucket: location.bucket))
            }
            return ForeignStoreFailure(.missingVersion(of: location.key, inBucket: location.bucket))
        default: break
        }
        return ForeignStoreFailure(
            FailureDetails(
                type: .configurationError,
                message: "\(self.client.origin) answered \(answer.status) for the S3 bucket '\(location.bucket)'"
            ))
    }
}
