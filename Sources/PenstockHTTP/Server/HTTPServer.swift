// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import HummingbirdCore
package import Logging
package import NIOCore
internal import ServiceLifecycle
internal import NIOPosix

/// Listens on the one address. It runs until its graceful shutdown: requests in progress are answered, no more are
/// taken, idle connections end.
package struct HTTPServer: Service {
    /// What a server is made of, besides the handler.
    package struct Configuration: Sendable {
        package var address: BindAddress
        package var limits: HTTPLimits
        /// Wraps each connection in TLS; `nil` for plain HTTP.
        package var tls: (@Sendable (HTTPConnectionChannel) throws -> any ServerChildChannel)?
        package var eventLoopGroup: any EventLoopGroup
        /// Called once, with the address that was bound (its port, where port 0 was asked for).
        package var onListening: @Sendable (SocketAddress?) async -> Void

        package init(
            address: BindAddress,
            limits: HTTPLimits = HTTPLimits(),
            tls: (@Sendable (HTTPConnectionChannel) throws -> any ServerChildChannel)? = nil,
            eventLoopGroup: (any EventLoopGroup)? = nil,
            onListening: @escaping @Sendable (SocketAddress?) async -> Void = { _ in }
        ) {
            self.address = address
            self.limits = limits
            self.tls = tls
            self.eventLoopGroup = eventLoopGroup ?? MultiThreadedEventLoopGroup.singleton
            self.onListening = onListening
        }
    }

    private let service: any Service

    /// Makes a server; nothing is bound before ``run()``.
    ///
    /// - Throws: What the TLS configuration throws.
    package init(
        _ configuration: Configuration,
        dates: HTTPDateCache,
        logger: Logger,
        handler: @escaping RequestHandler
    ) throws {
        let limits = configuration.limits
        let plain = HTTPConnectionChannel(
            limits: limits,
            isSecure: configuration.tls != nil,
            dates: dates,
            handler: handler
        )
        let channel: any ServerChildChannel = try configuration.tls?(plain) ?? plain
        let onListening = configuration.onListening
        self.service = channel.server(
            configuration: ServerConfiguration(
                address: configuration.address,
                backlog: limits.backlog,
                availableConnectionsDelegate: .maximum(limits.connections, logger: logger)
            ),
            onServerRunning: { await onListening($0.localAddress) },
            eventLoopGroup: configuration.eventLoopGroup,
            logger: logger
        )
    }

    package func run() async throws { try await self.service.run() }
}
