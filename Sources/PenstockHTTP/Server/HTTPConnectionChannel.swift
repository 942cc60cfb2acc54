// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
package import HummingbirdCore
package import Logging
package import NIOCore
internal import NIOHTTP1
internal import NIOHTTPTypes

/// Answers a request. What it throws is a client's broken framing (an `HTTPParserError`), which ends the connection.
package typealias RequestHandler = @Sendable (SurfaceRequest) async throws -> Response

/// One connection: HTTP/1.1 with the limits of this service.
package struct HTTPConnectionChannel: ServerChildChannel {
    /// A connection that is set up.
    package struct Connection: ServerChildChannelValue {
        fileprivate let asyncChannel: NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>
        fileprivate let peer: Peer
        fileprivate let executor: EventLoopTaskExecutor

        package var channel: any Channel { self.asyncChannel.channel }
    }

    private let limits: HTTPLimits
    private let isSecure: Bool
    private let dates: HTTPDateCache
    private let handler: RequestHandler

    init(limits: HTTPLimits, isSecure: Bool, dates: HTTPDateCache, handler: @escaping RequestHandler) {
        self.limits = limits
        self.isSecure = isSecure
        self.dates = dates
        self.handler = handler
    }

    package func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Connection> {
        let limits = self.limits
        let peer = Peer(channel: channel, isSecure: self.isSecure)
        do {
            let deadlines = ConnectionDeadlineHandler(limits: limits, peer: peer)
            try channel.pipeline.syncOperations.addHandler(deadlines)
        } catch {
            return channel.eventLoop.makeFailedFuture(error)
        }
        let http1 = HTTP1Channel(
            responder: { _, _, _ in },
            configuration: HTTP1Channel.Configuration(
                additionalChannelHandlers: [RequestGuardHandler(limits: limits, dates: self.dates)],
                idleTimeout: TimeAmount(limits.idleTimeout),
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: limits.headerFieldBytes,
                    maxHeaderListSize: limits.headerBytes,
                    maxHeaderFieldCount: limits.headerCount
                )
            )
        )
        return http1.setup(channel: channel, logger: logger).flatMapThrowing { asyncChannel in
            let pipeline = channel.pipeline.syncOperations
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            try pipeline.addHandler(OldClientHandler(), position: .after(decoder))
            // A server that stops drops a connection that it has accepted and not begun to serve, while the connection opens.
            // What is dropped before its channel has closed would end the process.
            channel.closeFuture.whenComplete { _ in withExtendedLifetime(asyncChannel) {} }
            let executor = EventLoopTaskExecutor(asyncChannel.channel.eventLoop)
            return Connection(asyncChannel: asyncChannel, peer: peer, executor: executor)
        }
    }

    package func handle(value connection: Connection, logger: Logger) async {
        let peer = connection.peer
        let http1 = HTTP1Channel(responder: { request, writer, _ in
            let head = request.head
            var response = try await self.handler(SurfaceRequest(head: head, body: request.body, peer: peer))
            response.headers.append(HTTPField(name: .date, value: self.dates.now))
            if head.method == .head {
                try await writer.writeResponse(response.head)
            } else {
                try await writer.write(response: response.head, body: response.body)
            }
        })
        // On the connection's own event loop a request is read, answered and written without changing threads.
        await withTaskExecutorPreference(connection.executor) {
            await http1.handle(value: connection.asyncChannel, logger: logger)
        }
    }
}
