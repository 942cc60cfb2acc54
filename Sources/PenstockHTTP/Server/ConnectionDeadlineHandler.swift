// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import NIOCore

/// Ends connections of clients that send nothing at all, send a request's head too slowly, or take a response too
/// slowly; notes when a client leaves.
///
/// It sits where bytes are, behind TLS. A request whose head comes in one piece, as nearly all do, costs no timer.
final class ConnectionDeadlineHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        /// Goes to `readingHead` with the first byte.
        case betweenRequests
        /// Goes to `readingBody` when the head is complete, or ends with the connection.
        case readingHead
        /// Goes to `betweenRequests` with the last byte.
        case readingBody
    }

    private let firstByteTimeout: TimeAmount
    private let headerReadTimeout: TimeAmount
    private let writeStallTimeout: TimeAmount
    private let peer: Peer
    private var phase = Phase.betweenRequests
    private var firstByteDeadline: Scheduled<Void>?
    private var headDeadline: Scheduled<Void>?
    private var writeDeadline: Scheduled<Void>?

    init(limits: HTTPLimits, peer: Peer) {
        self.firstByteTimeout = TimeAmount(limits.firstByteTimeout)
        self.headerReadTimeout = TimeAmount(limits.headerReadTimeout)
        self.writeStallTimeout = TimeAmount(limits.writeStallTimeout)
        self.peer = peer
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.firstByteDeadline = self.closing(context, in: self.firstByteTimeout)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.firstByteDeadline?.cancel()
        self.firstByteDeadline = nil
        if self.phase == .betweenRequests { self.phase = .readingHead }
        context.fireChannelRead(data)
        guard self.phase == .readingHead, self.headDeadline == nil else { return }
        self.headDeadline = self.closing(context, in: self.headerReadTimeout)
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        switch event as? ConnectionEvent {
        case .headReceived:
            self.phase = .readingBody
            self.headDeadline?.cancel()
            self.headDeadline = nil
        case .requestReceived:
            self.phase = .betweenRequests
        case .bodyWanted, nil:
            return context.triggerUserOutboundEvent(event, promise: promise)
        }
        promise?.succeed()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            self.writeDeadline?.cancel()
            self.writeDeadline = nil
        } else if self.writeDeadline == nil {
            self.writeDeadline = self.closing(context, in: self.writeStallTimeout)
        }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent { self.peer.noteDeparture() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.peer.noteDeparture()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.firstByteDeadline?.cancel()
        self.headDeadline?.cancel()
        self.writeDeadline?.cancel()
    }

    private func closing(_ context: ChannelHandlerContext, in delay: TimeAmount) -> Scheduled<Void> {
        context.eventLoop.assumeIsolated().scheduleTask(in: delay) { context.close(promise: nil) }
    }
}
