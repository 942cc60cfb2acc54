// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import HummingbirdCore
import NIOCore
import PenstockHTTP
import PenstockModel
import PenstockSigning
import PenstockWire
import Synchronization
import Testing

/// A request in its raw form, for what no well-behaved client sends.
///
/// ```swift
/// var request = TestRequest(Operations.PollForJobs.self, body: #"{"actionTypeId":7}"#)
/// request.isSigned = false
/// let answer = try await bed.send(request)
/// ```
struct TestRequest: Sendable {
    static let service = "codepipeline"
    static let targetPrefix = "CodePipeline_20150709"

    var method = HTTPRequest.Method.post
    var path = "/"
    var headers: HTTPFields
    var body: [UInt8]
    var isSigned = true
    var region = Region.default
    /// The service in the credential scope.
    var scopeService = TestRequest.service
    /// Whether the administration answers it, rather than the CodePipeline API.
    var isOfAdministration = false
    /// Whether there is a `Content-Length`.
    var announcesLength = true
    /// The other end of the connection.
    var peer = Peer(address: "192.0.2.17")
    /// Changes the headers when they have been signed.
    var tamper: @Sendable (inout HTTPFields) -> Void = { _ in }

    /// - Parameter target: What `X-Amz-Target` says; `nil` for none.
    init(target: String?, body: [UInt8] = Array("{}".utf8)) {
        self.headers = [.contentType: JSONEnvelope.contentType]
        self.headers[.xAmzTarget] = target
        self.body = body
    }

    init<Operation: WireOperation>(_ operation: Operation.Type, body: [UInt8]) {
        self.init(target: "\(Self.targetPrefix).\(operation.name)", body: body)
    }

    init<Operation: WireOperation>(_ operation: Operation.Type, body: String = "{}") {
        self.init(operation, body: Array(body.utf8))
    }

    /// A request to the administration, by the operation's name.
    static func administration(_ operation: String, body: [UInt8] = Array("{}".utf8)) -> Self {
        var request = Self(target: "\(Administration.targetPrefix).\(operation)", body: body)
        request.scopeService = Administration.service
        request.isOfAdministration = true
        return request
    }

    func surfaceRequest(credentials: SigningCredentials, at now: Timestamp) -> SurfaceRequest {
        var headers = self.headers
        if self.announcesLength { headers[.contentLength] = headers[.contentLength] ?? String(self.body.count) }
        if self.isSigned {
            let host = "localhost:7480"
            var signable = SignableRequest(
                method: self.method.rawValue, target: self.path, host: host, headers: headers)
            Signer(credentials: credentials, region: self.region.rawValue, service: self.scopeService)
                .sign(
                    &signable,
                    at: SigningTime(secondsSinceEpoch: now.millisecondsSinceEpoch / 1000),
                    payload: .sha256(PayloadHash(of: self.body))
                )
            headers = signable.headers
        }
        self.tamper(&headers)
        let head = HTTPRequest(
            method: self.method,
            scheme: "http",
            authority: "localhost:7480",
            path: self.path,
            headerFields: headers
        )
        return SurfaceRequest(
            head: head,
            body: RequestBody(buffer: ByteBuffer(bytes: self.body)),
            peer: self.peer
        )
    }
}

/// What was answered, as it goes over the wire.
struct TestAnswer: Sendable {
    var status: Int
    var headers: HTTPFields
    var body: [UInt8]

    /// Takes the answer, and holds it to what every answer must have.
    init(_ response: Response) async throws {
        let collector = BodyCollector()
        try await response.body.write(collector)
        self.status = response.status.code
        self.headers = response.headers
        self.body = collector.bytes
        #expect(self.headers[.contentType] == "application/x-amz-json-1.1")
        #expect(self.headers[.contentLength] == String(self.body.count))
        #expect(self.headers[.xAmznRequestID].flatMap { UniqueID($0) } != nil)
        #expect(self.headers[.xAmznErrorType] == self.refusal?.code.rawValue)
    }

    var text: String { String(decoding: self.body, as: UTF8.self) }

    /// What a client throws; `nil` after a success.
    var refusal: ServiceException? {
        if self.status == 200 { return nil }
        return ServiceException.decode(body: self.body, errorType: nil, httpStatus: self.status)
    }
}

private final class BodyCollector: ResponseBodyWriter, Sendable {
    private let collected = Mutex<[UInt8]>([])
    var bytes: [UInt8] { self.collected.withLock { $0 } }

    func write(_ buffer: ByteBuffer) async throws {
        self.collected.withLock { $0.append(contentsOf: buffer.readableBytesView) }
    }

    func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
