// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOSSL

/// The network, through AsyncHTTPClient: connections are pooled per host and reused.
///
/// The connections are closed when the last reference goes, or earlier by ``shutdown()``.
public final class AsyncHTTPClientTransport: HTTPTransport {
    /// What can be set.
    public struct Configuration: Sendable, Hashable {
        /// How long a connection may take to be made, TLS included.
        public var connectTimeout: Duration = .seconds(10)
        /// How long an unused connection is kept. Less than most servers' and proxies' own limit of a minute.
        public var idleTimeout: Duration = .seconds(50)
        /// The most connections to one host at once; further calls wait for one of them.
        public var connectionsPerHost = 64

        /// Certificates of the authorities that are believed, PEM, in place of the system's; `nil` for those.
        ///
        /// A file that cannot be read fails each connection.
        public var certificateAuthorityFile: String?

        /// Creates the defaults.
        public init() {}
    }

    private let client: HTTPClient

    /// Opens nothing yet: connections are made when they are needed.
    public init(configuration: Configuration = Configuration()) {
        var settings = HTTPClient.Configuration(redirectConfiguration: .disallow, decompression: .disabled)
        settings.timeout.connect = TimeAmount(configuration.connectTimeout)
        settings.connectionPool.idleTimeout = TimeAmount(configuration.idleTimeout)
        // Whoever calls has retries and a deadline of their own: the first failure is theirs to know.
        settings.connectionPool.retryConnectionEstablishment = false
        settings.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = configuration.connectionsPerHost
        settings.httpVersion = .http1Only
        if let file = configuration.certificateAuthorityFile {
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.trustRoots = .file(file)
            settings.tlsConfiguration = tls
        }
        self.client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
    }

    deinit {
        // The closure keeps the client alive until its connections are closed; after `shutdown()` this does nothing.
        let client = self.client
        client.shutdown { _ in withExtendedLifetime(client) {} }
    }

    /// Closes all connections; calls that are under way fail.
    public func shutdown() async {
        try? await self.client.shutdown()
    }

    public func send(_ request: TransportRequest) async throws(TransportError) -> TransportResponse {
        do {
            let response = try await self.client.execute(
                Self.clientRequest(request), timeout: TimeAmount(request.timeout))
            var headers = HTTPFields()
            for (name, value) in response.headers {
                if let name = HTTPField.Name(name) { headers.append(HTTPField(name: name, value: value)) }
            }
            return TransportResponse(
                status: Int(response.status.code), headers: headers,
                body: TransportBody(response.body.map { Array($0.readableBytesView) }))
        } catch {
            throw TransportError(translating: error, address: request.address)
        }
    }

    private static func clientRequest(_ request: TransportRequest) -> HTTPClientRequest {
        let head = request.head
        var result = HTTPClientRequest(
            url: "\(head.scheme ?? "https")://\(head.authority ?? "")\(head.path ?? "/")")
        result.method = HTTPMethod(rawValue: head.method.rawValue)
        for field in head.headerFields { result.headers.add(name: field.name.rawName, value: field.value) }
        switch request.body {
        case .bytes(let bytes):
            if !bytes.isEmpty || head.method == .post || head.method == .put { result.body = .bytes(bytes) }
        case .stream(let body, let byteCount):
            result.body = .stream(body.map { ByteBuffer(bytes: $0) }, length: .known(byteCount))
        }
        return result
    }
}
