// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import PenstockSigning
import Synchronization

/// One request to the artifact store, not yet signed.
struct S3Request: Sendable {
    var method: HTTPRequest.Method
    var place: ArtifactPlace
    /// In the order of the query; a subresource has an empty value.
    var query: [(name: String, value: String)] = []
    var headers: HTTPFields = [:]
    var body: [UInt8] = []
    /// On top of the time that the body takes to be sent.
    var patience: Duration = .zero
}

/// Carries requests to the artifact store: signs with a job's credentials, sends, retries.
///
/// Copies share the retry budget, the clock's correction and what was learned of buckets' regions.
struct S3Caller: Sendable {
    /// Slower than this an upload is not waited for.
    private static let slowestBytesPerSecond: Int64 = 64 << 10

    /// What is longer is no name of a region.
    private static let maximumRegionBytes = 64

    private final class LearnedRegions: Sendable {
        let byBucket = Mutex<[String: String]>([:])
    }

    private let configuration: ClientConfiguration
    private let transport: any HTTPTransport
    private let pacing: Pacing
    private let stallLimit: Duration
    private let loop: AttemptLoop
    private let regions = LearnedRegions()

    /// The size of parts of an upload, unless it needs larger ones.
    let partBytes: Int

    init(_ client: CodePipelineClient, _ worker: WorkerConfiguration) {
        self.configuration = client.configuration
        self.transport = client.transport
        self.pacing = client.pacing
        self.stallLimit = worker.transferStallLimit
        self.partBytes = worker.uploadPartBytes
        self.loop = AttemptLoop(policy: client.configuration.retryPolicy, pacing: client.pacing)
    }

    /// Whether the store is Amazon S3 itself.
    var isAWS: Bool { self.configuration.artifactEndpoint == nil }

    /// Sends until there is an answer that `read` accepts.
    ///
    /// - Parameters:
    ///   - request: Makes the request of an attempt.
    ///   - read: Reads an answer with status 2xx. Errors are tried again, except ``ArtifactError``, unless it is
    ///     `.corrupted`.
    func call<Answer: Sendable>(
        _ place: ArtifactPlace, as credentials: JobCredentials,
        request: @escaping @Sendable () -> S3Request,
        read: @escaping @Sendable (TransportResponse, Progress) async throws -> Answer
    ) async throws(ArtifactError) -> Answer {
        do {
            return try await self.loop.run(deadline: nil) { attempt in
                await self.attempt(request(), attempt, credentials, read)
            }
        } catch {
            if credentials.isOver { throw ArtifactError(.jobIsOver, "The job is over", underlying: error) }
            throw ArtifactError(error, place)
        }
    }

    private func attempt<Answer: Sendable>(
        _ request: S3Request, _ attempt: Int, _ provider: JobCredentials,
        _ read: @escaping @Sendable (TransportResponse, Progress) async throws -> Answer
    ) async -> Attempt<Answer> {
        do {
            let credentials = try await provider.credentials()
            var response = try await self.transport.send(self.signed(request, credentials))
            if self.learnsRegion(from: response, of: request.place.bucket) {
                _ = try await response.body.collect(upTo: S3Document.maximumBytes)
                response = try await self.transport.send(self.signed(request, credentials))
            }
            guard !(200..<300).contains(response.status) else {
                let answer = response
                return .answered(
                    try await Progress.watched(limit: self.stallLimit, pacing: self.pacing) { progress in
                        try await read(answer, progress)
                    })
            }
            let document = try await response.body.collect(upTo: S3Document.maximumBytes)
            let error = S3Document.error(
                document, httpStatus: response.status, requestID: response.headers[.amzRequestID], attempts: attempt)
            let isExpired = RefusalKind(error) == .expiredCredentials
            let hasOthers = isExpired ? await provider.discard(credentials) : false
            return .refused(error, headers: response.headers, hasOtherCredentials: hasOthers)
        } catch {
            return self.failed(error, attempt: attempt)
        }
    }

    private func failed<Answer>(_ error: any Error, attempt: Int) -> Attempt<Answer> {
        switch error {
        case let error as CredentialsError:
            return .failed(CallFailure(.noCredentials, error.message, attempts: attempt, underlying: error), .final)
        case let error as ArtifactError:
            let problem: AttemptProblem = error.code == .corrupted ? .transient : .final
            return .failed(CallFailure(.invalidAnswer, error.message, attempts: attempt, underlying: error), problem)
        case let refusal as ServiceError:
            return .refused(refusal, headers: [:], hasOtherCredentials: false)
        default:
            let address = self.configuration.artifactEndpoint?.origin ?? "Amazon S3"
            return AttemptLoop.failed(TransportError(translating: error, address: address), attempt: attempt)
        }
    }

    private func signed(_ request: S3Request, _ credentials: SigningCredentials) -> TransportRequest {
        let region = self.region(of: request.place.bucket)
        let address = request.place.address(endpoint: self.configuration.artifactEndpoint, region: region)
        let query = request.query.map { name, value in
            "\(name)=\(String(decoding: URIEncoding.encode(value.utf8, keepingSlashes: false), as: UTF8.self))"
        }.joined(separator: "&")
        let target = query.isEmpty ? address.path : "\(address.path)?\(query)"
        var signable = SignableRequest(
            method: request.method.rawValue, target: target, host: address.authority, headers: request.headers)
        Signer(credentials: credentials, region: region, service: "s3").sign(
            &signable, at: self.loop.signingTime, payload: .sha256(PayloadHash(of: request.body)))
        signable.headers[.userAgent] = userAgent
        let head = HTTPRequest(
            method: request.method, scheme: address.scheme, authority: address.authority, path: target,
            headerFields: signable.headers)
        let sending = Duration.seconds(Int64(request.body.count) / Self.slowestBytesPerSecond)
        return TransportRequest(
            head: head, body: .bytes(request.body),
            timeout: self.configuration.attemptTimeout + sending + request.patience)
    }

    // MARK: Regions

    private func region(of bucket: String) -> String {
        self.regions.byBucket.withLock { $0[bucket] } ?? self.configuration.region
    }

    /// Takes note of a bucket's region when the store says that it is another one.
    private func learnsRegion(from response: TransportResponse, of bucket: String) -> Bool {
        guard [301, 307, 400].contains(response.status), let region = response.headers[.amzBucketRegion],
            !region.isEmpty, region.utf8.count <= Self.maximumRegionBytes, region != self.region(of: bucket)
        else { return false }
        let isName = region.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || byte == UInt8(ascii: "-")
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
        guard isName else { return false }
        self.regions.byBucket.withLock { $0[bucket] = region }
        return true
    }
}

extension HTTPField.Name {
    fileprivate static let amzBucketRegion = literal("x-amz-bucket-region")
    fileprivate static let amzRequestID = literal("x-amz-request-id")
}
