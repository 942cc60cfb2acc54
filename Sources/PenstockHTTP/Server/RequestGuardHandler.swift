// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import NIOCore
internal import NIOHTTP1
internal import NIOHTTPTypes

/// The manners of HTTP/1.1 that the framework leaves open.
///
/// - A client that waits for `100 Continue` gets it when the body is wanted, and not when it is refused.
/// - A response that says `Connection: close` ends the connection, after a moment in which the client can read it.
/// - Of a body that nobody wants a bounded part is skipped, so that the connection can go on; then it ends.
/// - A head beyond the limits is answered with 431.
/// - Answers that the framework gives by itself have a request id and a date as all others.
final class RequestGuardHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let unwantedBodyBytes: Int
    private let lingerTimeout: TimeAmount
    private let dates: HTTPDateCache

    /// Heads read for which no response has ended yet.
    private var requestsInProgress = 0
    /// How far the request that was begun last has been read.
    private var reading = Reading.nothing
    private var skippedBytes = 0
    private var closesAfterResponse = false
    private var isClosing = false
    private var headOverflowed = false

    private enum Reading { case nothing, head, body }

    init(limits: HTTPLimits, dates: HTTPDateCache) {
        self.dates = dates
        self.unwantedBodyBytes = limits.unwantedBodyBytes
        self.lingerTimeout = TimeAmount(limits.lingerTimeout)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !self.isClosing else { return }
        switch self.unwrapInboundIn(data) {
        case .head:
            self.requestsInProgress += 1
            self.reading = .head
            self.skippedBytes = 0
            context.triggerUserOutboundEvent(ConnectionEvent.headReceived, promise: nil)
        case .body(let bytes):
            self.reading = .body
            if self.requestsInProgress == 0 {
                self.skippedBytes += bytes.readableBytes
                if self.skippedBytes > self.unwantedBodyBytes { self.close(context) }
                return
            }
        case .end:
            self.reading = .nothing
            context.triggerUserOutboundEvent(ConnectionEvent.requestReceived, promise: nil)
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch self.unwrapOutboundIn(data) {
        case .head(var head):
            if head.headerFields[values: .connection].contains("close") { self.closesAfterResponse = true }
            // The date is what every answer of a surface gets on its way here.
            guard head.headerFields.value(of: .date) == nil, head.status.kind != .informational else { break }
            if self.headOverflowed, head.status == .badRequest { head.status = .requestHeaderFieldsTooLarge }
            head.headerFields[.date] = self.dates.now
            head.headerFields[.xAmznRequestID] = RequestID.next().description
            return context.write(self.wrapOutboundOut(.head(head)), promise: promise)
        case .body:
            break
        case .end:
            self.requestsInProgress -= 1
            guard self.closesAfterResponse else { break }
            context.writeAndFlush(data, promise: promise)
            return self.close(context)
        }
        context.write(data, promise: promise)
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard event as? ConnectionEvent == .bodyWanted else {
            return context.triggerUserOutboundEvent(event, promise: promise)
        }
        // With earlier requests in progress it would look like the answer to one of them.
        if self.reading == .head, self.requestsInProgress == 1 {
            context.writeAndFlush(self.wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
        }
        promise?.succeed()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error as? HTTPParserError == .headerOverflow { self.headOverflowed = true }
        context.fireErrorCaught(error)
    }

    /// Ends our side, and a moment later the whole connection. Closing at once would take the response away from a
    /// client that is still sending.
    private func close(_ context: ChannelHandlerContext) {
        guard !self.isClosing else { return }
        self.isClosing = true
        context.close(mode: .output, promise: nil)
        context.eventLoop.assumeIsolated().scheduleTask(in: self.lingerTimeout) { context.close(promise: nil) }
    }
}
