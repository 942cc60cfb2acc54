// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import HTTPTypes
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
    /// How often a request is made that the store does not answer, or answers with an error of its own.
    static let maximumAttempts = 3

    private let endpoint: EndpointURL
    private let signer: Signer
    private let region: String
    private let timeout: TimeAmount
    private let outbound: OutboundClient
    private let realTime: @Sendable () -> Timestamp

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
        self.endpoint = endpoint
        self.region = region
        self.signer = Signer(credentials: credentials, region: region, service: "s3")
        self.timeout = .milliseconds(timeout.milliseconds)
        var settings = HTTPClient.Configuration(decompression: .disabled)
        settings.timeout.connect = self.timeout
        settings.timeout.read = self.timeout
        settings.httpVersion = .http1Only
        self.outbound = OutboundClient(settings)
        self.realTime = realTime
    }

    /// What is there now, or was with that version.
    func object(
        at location: ObjectLocation, versionID: String? = nil
    ) async throws(ForeignStoreFailure) -> ForeignObject {
        let answer = try await self.answer(.HEAD, location, versionID: versionID)
        guard answer.status == .ok else { throw try await self.failure(answer, location, versionID: versionID) }
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
        guard answer.status == .ok else { throw try await self.failure(answer, location, versionID: versionID) }
        let object = try self.object(answer, location)
        var count: Int64 = 0
        do {
            for try await part in answer.body {
                count += Int64(part.readableBytes)
                guard count <= Self.maximumSourceBytes else { throw Self.tooLarge(location) }
                try await sink(part)
            }
        } catch let error as HTTPClientError {
            throw self.silence(error)
        }
        guard object.sizeBytes ?? count == count else {
            throw ForeignStoreFailure(
                FailureDetails(
                    type: .systemUnavailable,
                    message:
                        "\(count) of \(object.sizeBytes ?? 0) bytes of '\(location.key)' arrived from \(self.endpoint.origin)"
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
    ) async throws(ForeignStoreFailure) -> HTTPClientResponse {
        try await self.answer(
            method,
            path: "\(Self.encode(location.bucket))/\(Self.encode(location.key))",
            query: versionID.map { "versionId=\(Self.encode($0, keepingSlashes: false))" }
        )
    }

    /// Sends until there is an answer that is not an error of the store itself.
    private func answer(
        _ method: HTTPMethod, path: String, query: String? = nil
    ) async throws(ForeignStoreFailure) -> HTTPClientResponse {
        var attempt = 1
        while true {
            let request = self.request(method, path: path, query: query)
            do {
                let answer = try await self.outbound.client.execute(request, timeout: self.timeout)
                guard answer.status.code >= 500 || answer.status == .tooManyRequests else { return answer }
                guard attempt < Self.maximumAttempts else { throw self.refusal(answer.status) }
            } catch let failure as ForeignStoreFailure {
                throw failure
            } catch {
                guard attempt < Self.maximumAttempts, !Task.isCancelled else { throw self.silence(error) }
            }
            attempt += 1
        }
    }

    private func request(_ method: HTTPMethod, path: String, query: String?) -> HTTPClientRequest {
        let prefix = self.endpoint.target.hasSuffix("/") ? self.endpoint.target : self.endpoint.target + "/"
        let target = prefix + path + (query.map { "?\($0)" } ?? "")
        var signable = SignableRequest(method: method.rawValue, target: target, host: self.endpoint.authority)
        let seconds = self.realTime().millisecondsSinceEpoch / 1000
        self.signer.sign(
            &signable, at: SigningTime(secondsSinceEpoch: seconds), payload: .sha256(PayloadHash(of: [])))
        var request = HTTPClientRequest(url: self.endpoint.origin + target)
        request.method = method
        for field in signable.headers { request.headers.add(name: field.name.rawName, value: field.value) }
        return request
    }

    private static func encode(_ text: String, keepingSlashes: Bool = true) -> String {
        String(decoding: URIEncoding.encode(text.utf8, keepingSlashes: keepingSlashes), as: UTF8.self)
    }

    private func object(
        _ answer: HTTPClientResponse, _ location: ObjectLocation
    ) throws(ForeignStoreFailure) -> ForeignObject {
        let headers = answer.headers
        guard let tag = headers.first(name: "etag"), !tag.isEmpty else {
            throw ForeignStoreFailure(
                FailureDetails(
                    type: .configurationError,
                    message: "\(self.endpoint.origin) does not answer as an object store does: an ETag is missing"))
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

    private func silence(_ error: any Error) -> ForeignStoreFailure {
        ForeignStoreFailure(
            FailureDetails(type: .systemUnavailable, message: "\(self.endpoint.origin) did not answer: \(error)"),
            isTransient: true)
    }

    private func refusal(_ status: HTTPResponseStatus) -> ForeignStoreFailure {
        ForeignStoreFailure(
            FailureDetails(type: .systemUnavailable, message: "\(self.endpoint.origin) answered \(status.code)"),
            isTransient: true)
    }

    /// What an answer other than 200 means.
    private func failure(
        _ answer: HTTPClientResponse, _ location: ObjectLocation, versionID: String?
    ) async throws(ForeignStoreFailure) -> ForeignStoreFailure {
        let region = answer.headers.first(name: "x-amz-bucket-region").flatMap { Region($0) }
        switch answer.status.code {
        case 301, 307, 400:
            guard let region, region.rawValue != self.region else { break }
            return ForeignStoreFailure(.bucket(location.bucket, inOther: region))
        case 401, 403: return ForeignStoreFailure(.deniedBucket(location.bucket))
        case 404:
            // An answer to HEAD does not say what is missing.
            let bucket = try await self.answer(.HEAD, path: Self.encode(location.bucket))
            if bucket.status == .notFound { return ForeignStoreFailure(.missingBucket(location.bucket)) }
            guard versionID != nil else {
                return ForeignStoreFailure(.missingObject(location.key, inBucket: location.bucket))
            }
            return ForeignStoreFailure(.missingVersion(of: location.key, inBucket: location.bucket))
        default: break
        }
        return ForeignStoreFailure(
            FailureDetails(
                type: .configurationError,
                message: "\(self.endpoint.origin) answered \(answer.status.code) for the S3 bucket '\(location.bucket)'"
            ))
    }
}
