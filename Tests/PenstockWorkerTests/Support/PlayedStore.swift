// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import PenstockSigning
import PenstockTesting
import PenstockWorker
import Synchronization

/// An artifact store, played in memory: as much of S3 as the kit uses, and what a test wants to go wrong.
final class PlayedStore: Sendable {
    struct Object: Sendable {
        var bytes: [UInt8]
        var headers: HTTPFields = [:]
    }

    private struct State {
        var objects: [String: Object] = [:]
        var parts: [Int: [UInt8]] = [:]
        var interjections: [ScriptedTransport.Answer?] = []
        var requests: [ScriptedTransport.Request] = []
    }

    private let state = Mutex(State())
    private let seen = Signal()

    init(_ objects: [String: String] = [:]) {
        for (path, text) in objects { self.set(path, Array(text.utf8)) }
    }

    /// Puts an object there, by its whole path.
    func set(_ path: String, _ bytes: [UInt8], _ headers: HTTPFields = [:]) {
        self.state.withLock { $0.objects[path] = Object(bytes: bytes, headers: headers) }
    }

    func object(_ path: String) -> [UInt8]? { self.state.withLock { $0.objects[path]?.bytes } }

    /// Answers the next requests so, one after the other; nothing for one that is answered as usual.
    func interject(_ answers: ScriptedTransport.Answer?...) {
        self.state.withLock { $0.interjections += answers }
    }

    var requests: [ScriptedTransport.Request] { self.state.withLock { $0.requests } }

    /// Returns once so many requests have come.
    func untilAsked(times: Int) async { await self.seen.until { self.requests.count >= times } }

    func answer(_ request: ScriptedTransport.Request) async throws -> TransportResponse {
        let interjection = self.state.withLock { state -> ScriptedTransport.Answer? in
            state.requests.append(request)
            return state.interjections.isEmpty ? nil : state.interjections.removeFirst()
        }
        self.seen.raise()
        if let interjection { return try await interjection(request) }
        let target = request.head.path ?? "/"
        let path = String(target.prefix { $0 != "?" })
        let query = String(target.dropFirst(path.count + 1))
        switch request.head.method {
        case .get: return self.get(path, request)
        case .post where query == "uploads=":
            return .document(
                "<InitiateMultipartUploadResult><UploadId>u&amp;1</UploadId></InitiateMultipartUploadResult>")
        case .post: return self.complete(path)
        case .put where query.isEmpty:
            self.set(path, request.body)
            return self.stored(request.body)
        case .put:
            let number = query.split(separator: "&").first.flatMap { Int($0.dropFirst("partNumber=".count)) } ?? 0
            self.state.withLock { $0.parts[number] = request.body }
            return self.stored(request.body)
        case .delete: return TransportResponse(status: 204, body: [])
        default: return .s3Error("MethodNotAllowed", 405)
        }
    }

    private func get(_ path: String, _ request: ScriptedTransport.Request) -> TransportResponse {
        guard let object = self.state.withLock({ $0.objects[path] }) else { return .s3Error("NoSuchKey", 404) }
        var headers = object.headers
        let etag = headers[.eTag] ?? "\"\(md5(object.bytes))\""
        headers[.eTag] = etag
        if let match = request.header("If-Match"), match != etag { return .s3Error("PreconditionFailed", 412) }
        guard let range = request.header("Range") else {
            headers[.contentLength] = headers[.contentLength] ?? "\(object.bytes.count)"
            return TransportResponse(status: 200, headers: headers, body: object.bytes)
        }
        let start = Int(range.dropFirst("bytes=".count).dropLast()) ?? 0
        headers[.contentRange] = "bytes \(start)-\(object.bytes.count - 1)/\(object.bytes.count)"
        return TransportResponse(status: 206, headers: headers, body: Array(object.bytes[start...]))
    }

    private func complete(_ path: String) -> TransportResponse {
        self.state.withLock { state in
            let bytes = state.parts.sorted { $0.key < $1.key }.flatMap(\.value)
            state.objects[path] = Object(bytes: bytes)
        }
        return .document(
            #"<?xml version="1.0"?><CompleteMultipartUploadResult><ETag>&quot;abc-3&quot;</ETag>"#
                + "</CompleteMultipartUploadResult>", [name("x-amz-version-id"): "v9"])
    }

    private func stored(_ bytes: [UInt8]) -> TransportResponse {
        TransportResponse(
            status: 200, headers: [.eTag: "\"\(md5(bytes))\"", name("x-amz-version-id"): "v1"], body: [])
    }
}

extension TransportResponse {
    static func document(_ text: String, _ headers: HTTPFields = [:]) -> TransportResponse {
        TransportResponse(status: 200, headers: headers, body: Array(text.utf8))
    }

    /// A refusal as S3 writes it.
    static func s3Error(_ code: String, _ status: Int, _ headers: HTTPFields = [:]) -> TransportResponse {
        let text = "<?xml version=\"1.0\"?>\n<Error><Code>\(code)</Code><Message>refused &amp; told</Message></Error>"
        return TransportResponse(status: status, headers: headers, body: Array(text.utf8))
    }

    /// An answer that breaks off after some bytes, or stands still there.
    static func breaking(
        after bytes: [UInt8], headers: HTTPFields, status: Int = 200, standingStill: Bool = false
    ) -> TransportResponse {
        let pieces = AsyncThrowingStream<[UInt8], any Error> { source in
            source.yield(bytes)
            if !standingStill { source.finish(throwing: TransportError(.connectionFailed, "reset")) }
        }
        return TransportResponse(status: status, headers: headers, body: TransportBody(pieces))
    }
}

/// The name of a header.
func name(_ text: String) -> HTTPField.Name {
    guard let name = HTTPField.Name(text) else { preconditionFailure("\(text) is no header name") }
    return name
}

/// What S3 makes entity tags of.
func md5(_ bytes: [UInt8]) -> String {
    String(decoding: Hex.encode(Checksum.value(of: bytes, by: .md5)), as: UTF8.self)
}

/// A checksum in base64, as headers carry it.
func checksum(_ bytes: [UInt8], _ algorithm: Checksum.Algorithm = .crc64NVME) -> String {
    var checksum = Checksum(algorithm)
    checksum.update(bytes)
    return checksum.base64
}

/// Runs the body as the handler of a job with an input `Source` and an output `Built`, at a store that is played.
func withJob<Result: Sendable>(
    _ store: PlayedStore, job: PlayedJob = .withArtifacts,
    pacing: ManualPacing = ManualPacing(skippingSleepsUpTo: .seconds(20)),
    artifactEndpoint: String? = "http://127.0.0.1:7480", service given: PlayedService? = nil,
    _ body: @escaping @Sendable (WorkerJob) async throws -> Result
) async throws -> Result {
    let service = given ?? PlayedService(.custom, jobs: [job], objects: { try await store.answer($0) })
    let client = client(of: service, pacing: pacing, policy: RetryPolicy(), artifactEndpoint: artifactEndpoint)
    let (results, done) = AsyncStream.makeStream(of: Swift.Result<Result, any Error>.self)
    let worker = worker(service, client: client) { job in
        do { done.yield(.success(try await body(job))) } catch { done.yield(.failure(error)) }
        return .success()
    }
    return try await RunningWorker.run(worker) { _ in
        for await result in results { return try result.get() }
        throw CancellationError()
    }
}

extension PlayedJob {
    static let withArtifacts: PlayedJob = {
        var job = PlayedJob.first
        (job.inputs, job.outputs) = (["Source"], ["Built"])
        return job
    }()
}
