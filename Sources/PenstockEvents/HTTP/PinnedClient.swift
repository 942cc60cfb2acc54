// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import NIOCore
import NIOHTTP1
package import PenstockOutbound
package import PenstockRuntime
import Synchronization

/// What an endpoint answered, as far as deliveries need it.
package struct EndpointAnswer: Sendable, Hashable {
    package var status: Int
    package var retryAfter: Duration?
    /// At most ``PinnedClient/maximumAnswerBytes``, cut off there.
    package var body: [UInt8]
}

/// Sends requests to one endpoint, to exactly the address that its policy found, and follows no redirects.
package final class PinnedClient: Sendable {
    /// As much of an answer is read; the rest is of no interest.
    package static let maximumAnswerBytes = 16 * 1024
    /// How long an unused connection is kept: less than the limit of most servers.
    private static let idleTimeout = TimeAmount.seconds(30)

    package let endpoint: EndpointURL
    private let policy: AddressPolicy
    private let timeout: Duration
    private let maximumConnections: Int
    private let current = Mutex<(address: IPAddress, connections: OutboundClient)?>(nil)

    /// - Parameters:
    ///   - timeout: From the look-up of the host to the end of the answer, in real time.
    ///   - maximumConnections: At once; further requests wait for one of them.
    package init(endpoint: EndpointURL, policy: AddressPolicy, timeout: Duration, maximumConnections: Int) {
        self.endpoint = endpoint
        self.policy = policy
        self.timeout = timeout
        self.maximumConnections = maximumConnections
    }

    /// Posts the body.
    ///
    /// - Parameter attempt: See ``AddressPolicy/address(of:attempt:)``.
    package func post(
        _ body: [UInt8],
        headers: [(name: String, value: String)],
        attempt: Int
    ) async throws(EventSendFailure) -> EndpointAnswer {
        try await withinLimit(self.timeout) { () async throws(EventSendFailure) in
            let address = try await self.policy.address(of: self.endpoint.host, attempt: attempt)
            let connections = self.connections(to: address)
            var request = HTTPClientRequest(url: self.endpoint.description)
            request.method = .POST
            for header in headers { request.headers.add(name: header.name, value: header.value) }
            request.body = .bytes(body)
            do {
                return try await connections.answer(to: request, within: TimeAmount(self.timeout))
            } catch {
                throw EventSendFailure("\(self.endpoint.origin) did not answer: \(Self.words(for: error))")
            }
        }
    }

    /// The connections to the address; those to another one are closed once nobody uses them any more.
    private func connections(to address: IPAddress) -> OutboundClient {
        self.current.withLock { current in
            if let current, current.address == address { return current.connections }
            var settings = HTTPClient.Configuration(decompression: .disabled)
            settings.timeout.connect = TimeAmount(self.timeout)
            settings.connectionPool.idleTimeout = Self.idleTimeout
            settings.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = self.maximumConnections
            // Who does not listen is tried again when the event is.
            settings.connectionPool.retryConnectionEstablishment = false
            settings.httpVersion = .http1Only
            // The name stays what TLS verifies and what the host header says; only the look-up is not made again.
            settings.dnsOverride = [self.endpoint.host: address.description]
            let connections = OutboundClient(settings)
            current = (address, connections)
            return connections
        }
    }

    private static func words(for error: any Error) -> String {
        switch error {
        case let error as HTTPClientError where [.deadlineExceeded, .readTimeout].contains(error): "it took too long"
        case let error as HTTPClientError where error == .connectTimeout: "there was no connection in time"
        default: "\(error)"
        }
    }
}

extension OutboundClient {
    fileprivate func answer(to request: HTTPClientRequest, within limit: TimeAmount) async throws -> EndpointAnswer {
        let response = try await self.client.execute(request, timeout: limit)
        var body: [UInt8] = []
        for try await part in response.body {
            body += part.readableBytesView.prefix(PinnedClient.maximumAnswerBytes - body.count)
            if body.count == PinnedClient.maximumAnswerBytes { break }
        }
        let seconds = response.headers.first(name: "retry-after").flatMap { Int64($0) }
        return EndpointAnswer(
            status: Int(response.status.code),
            retryAfter: seconds.flatMap { $0 > 0 ? .seconds(min($0, 86_400)) : nil },
            body: body
        )
    }
}

extension EndpointAnswer {
    /// Returns if the endpoint has taken the event.
    func requireSuccess(from endpoint: EndpointURL) throws(EventSendFailure) {
        switch self.status {
        case 200...299: return
        case 300...399:
            throw EventSendFailure(
                "\(endpoint.origin) answered \(self.status), which asks to go elsewhere; redirects are not followed")
        default: throw EventSendFailure("\(endpoint.origin) answered \(self.status)", retryAfter: self.retryAfter)
        }
    }
}
