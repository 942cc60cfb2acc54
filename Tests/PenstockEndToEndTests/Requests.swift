// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPTypes
import NIOCore
import NIOPosix
import PenstockClient
import PenstockSigning
import PenstockTesting

/// Connections that tests share.
private let transport = AsyncHTTPClientTransport()

/// An answer, read whole.
struct Answer: Sendable {
    var status: Int
    var body: String
}

/// One request, signed when there is a key and sent without retries.
func send(
    _ method: HTTPRequest.Method,
    _ target: String,
    to endpoint: Endpoint,
    body: TransportRequest.Body = .bytes([]),
    service: String = "s3",
    credentials: SigningCredentials? = nil,
    payload: PayloadDeclaration = .unsigned
) async throws -> Answer {
    let parts = target.split(separator: "?", maxSplits: 1)
    var head = HTTPRequest(method: method, scheme: endpoint.scheme, authority: endpoint.authority, path: target)
    if let credentials {
        var signable = SignableRequest(head)
        signable.path = String(parts.first ?? "/")
        let seconds = Int64(Date().timeIntervalSince1970)
        Signer(credentials: credentials, region: "us-east-1", service: service)
            .sign(&signable, at: SigningTime(secondsSinceEpoch: seconds), payload: payload)
        head.headerFields = signable.headers
    }
    let request = TransportRequest(head: head, body: body, timeout: .seconds(60))
    let response = try await transport.send(request)
    let bytes = try await response.body.collect(upTo: 1 << 20)
    return Answer(status: response.status, body: String(decoding: bytes, as: UTF8.self))
}

extension TestServer {
    /// A signed request to the artifact store.
    func s3(_ method: HTTPRequest.Method, _ target: String, _ body: String = "") async throws -> Answer {
        try await send(
            method, target, to: self.endpoint, body: .bytes(Array(body.utf8)), credentials: self.credentials)
    }
}

/// Asks again and again until the condition holds, at most for a minute.
func until(_ condition: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(60)
    while try await !condition() {
        guard ContinuousClock.now < deadline else { throw TimedOut() }
        try await Task.sleep(for: .milliseconds(5))
    }
}

struct TimedOut: Error {}

/// The permissions of a file.
func mode(_ path: String) throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    return (attributes[.posixPermissions] as? NSNumber)?.intValue ?? 0
}

/// Whether a new connection is taken there.
func isListening(_ endpoint: Endpoint) async -> Bool {
    let port = endpoint.authority.split(separator: ":").last.flatMap { Int($0) } ?? 0
    do {
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(host: "127.0.0.1", port: port).get()
        try await channel.close()
        return true
    } catch {
        return false
    }
}
