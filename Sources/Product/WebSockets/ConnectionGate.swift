// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
public import NIOCore
import NIOHTTP1
import NIOWebSocket
import SwiftletCrypto

/// Looks at the first request of a connection and decides what the connection is: a WebSocket, which it opens itself,
/// or HTTP, whose bytes it hands on unread.
///
/// It owns the whole decision, refusals included: an upgrade that is refused gets its answer and a closed connection,
/// never silence.
public final class ConnectionGate<HTTP: Sendable>: ChannelInboundHandler, RemovableChannelHandler {
    /// Bytes of the connection.
    public typealias InboundIn = ByteBuffer
    /// The same bytes, handed on.
    public typealias InboundOut = ByteBuffer

    /// What a connection turned out to be.
    public enum Outcome: Sendable {
        /// HTTP, with what its setup made.
        case http(HTTP)
        /// An open WebSocket, and whatever its acceptance came with.
        case webSocket(WebSocketConnection, UpgradeRequest, (any Sendable)?)
        /// Closed, refused or timed out; nothing is left to do.
        case ended
    }

    private let limits: WebSocketLimits
    private let decide: @Sendable (UpgradeRequest, SocketAddress?) -> UpgradeDecision
    private let setUpHTTP: @Sendable (any Channel) -> EventLoopFuture<HTTP>
    private let outcome: EventLoopPromise<Outcome>
    private var pending = ByteBuffer()
    private var searched = 0
    private var isDecided = false
    private var isInputClosed = false
    private var timeout: Scheduled<Void>?

    /// - Parameters:
    ///   - limits: What the connection may cost.
    ///   - outcome: Completed once it is decided.
    ///   - decide: Whether a well-formed upgrade is welcome; called on the connection's event loop.
    ///   - setUpHTTP: Adds handlers for HTTP behind the gate, which then steps aside.
    public init(
        limits: WebSocketLimits,
        outcome: EventLoopPromise<Outcome>,
        decide: @escaping @Sendable (UpgradeRequest, SocketAddress?) -> UpgradeDecision,
        setUpHTTP: @escaping @Sendable (any Channel) -> EventLoopFuture<HTTP>
    ) {
        (self.limits, self.outcome, self.decide, self.setUpHTTP) = (limits, outcome, decide, setUpHTTP)
    }

    /// Starts the time that the request head may take.
    public func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        timeout = context.eventLoop.assumeIsolated().scheduleTask(in: limits.headTime) { [weak self] in
            guard let self, !self.isDecided else { return }
            channel.close(promise: nil)
        }
    }

    /// Collects the request head, and decides once it is there.
    public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = unwrapInboundIn(data)
        pending.writeBuffer(&buffer)
        guard !isDecided else { return }
        guard let head = headIfComplete() else {
            if pending.readableBytes > limits.headBytes {
                refuse(context, status: 431, reason: "the request head is longer than \(limits.headBytes) bytes")
            }
            return
        }
        guard let request = UpgradeRequest(head: head), request.asksForWebSocket else { return handOn(context) }
        if let flaw = request.flaw { return refuse(context, status: 400, reason: flaw) }
        switch decide(request, context.remoteAddress) {
        case .accept(let subprotocol, let ticket): open(context, request, subprotocol, ticket, head.count)
        case .refuse(let status, let reason): refuse(context, status: status, reason: reason)
        }
    }

    /// Notes that nothing will come of the connection.
    public func channelInactive(context: ChannelHandlerContext) {
        settle(.ended)
        context.fireChannelInactive()
    }

    /// Gives the connection up: a TLS handshake failed, or the socket did.
    public func errorCaught(context: ChannelHandlerContext, error: any Error) {
        settle(.ended)
        context.close(promise: nil)
    }

    /// Gives up an undecided connection whose peer or server stops.
    public func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        // A server's channels allow half-closure: a peer that will say nothing more is gone.
        case ChannelEvent.inputClosed where isDecided: isInputClosed = true
        case ChannelEvent.inputClosed: context.close(promise: nil)
        case is ChannelShouldQuiesceEvent where !isDecided: context.close(promise: nil)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    /// Hands on what has come so far, to the handlers that are there now.
    public func removeHandler(context: ChannelHandlerContext, removalToken: ChannelHandlerContext.RemovalToken) {
        if pending.readableBytes > 0 {
            context.fireChannelRead(wrapInboundOut(pending))
            context.fireChannelReadComplete()
            pending.clear()
        }
        if isInputClosed { context.fireUserInboundEventTriggered(ChannelEvent.inputClosed) }
        context.leavePipeline(removalToken: removalToken)
    }

    /// Sees to it that an outcome is told in any case.
    public func handlerRemoved(context: ChannelHandlerContext) {
        timeout?.cancel()
        settle(.ended)
    }

    private func stepAside(_ context: ChannelHandlerContext) {
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    private func handOn(_ context: ChannelHandlerContext) {
        let channel = context.channel
        setUpHTTP(channel).assumeIsolated().whenComplete { [self] result in
            switch result {
            case .success(let http):
                settle(.http(http))
                stepAside(context)
            case .failure:
                channel.close(promise: nil)
            }
        }
    }

    private func settle(_ result: Outcome) {
        guard !isDecided else { return }
        isDecided = true
        timeout?.cancel()
        outcome.succeed(result)
    }

    /// The head with its empty line, once it has come.
    private func headIfComplete() -> [UInt8]? {
        let bytes = pending.readableBytesView
        // What was searched before is not searched again, but for an end that came in two parts.
        let rest = bytes.dropFirst(max(0, searched - 3))
        searched = bytes.count
        guard let end = rest.firstRange(of: [13, 10, 13, 10]), end.upperBound - bytes.startIndex <= limits.headBytes
        else {
            return nil
        }
        return Array(bytes[..<end.upperBound])
    }

    private func open(
        _ context: ChannelHandlerContext,
        _ request: UpgradeRequest,
        _ subprotocol: String?,
        _ ticket: (any Sendable)?,
        _ length: Int
    ) {
        // RFC 6455 §4.2.2: the key with this GUID, hashed.
        let key = Array(((request.header("sec-websocket-key") ?? "") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)
        let accept = Data(Digest.sha1.hash(key.span)).base64EncodedString()
        var response = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        response += "Sec-WebSocket-Accept: \(accept)\r\n"
        if let subprotocol { response += "Sec-WebSocket-Protocol: \(subprotocol)\r\n" }
        context.writeAndFlush(NIOAny(context.channel.allocator.buffer(string: response + "\r\n")), promise: nil)
        pending.moveReaderIndex(forwardBy: length)

        let connection = WebSocketConnection(channel: context.channel, limits: limits)
        do {
            let pipeline = context.pipeline.syncOperations
            try pipeline.addHandlers([
                ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: limits.messageBytes)),
                WebSocketFrameEncoder(),
                WebSocketFrameHandler(connection: connection, limits: limits),
            ])
        } catch {
            return context.close(promise: nil)
        }
        settle(.webSocket(connection, request, ticket))
        stepAside(context)
    }

    private func refuse(_ context: ChannelHandlerContext, status: Int, reason: String) {
        let phrase = HTTPResponseStatus(statusCode: status).reasonPhrase
        let body = reason + "\n"
        let response =
            "HTTP/1.1 \(status) \(phrase)\r\nContent-Type: text/plain; charset=utf-8\r\n"
            + "Content-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)"
        settle(.ended)
        let channel = context.channel
        context.writeAndFlush(NIOAny(context.channel.allocator.buffer(string: response))).assumeIsolated().whenComplete
        { _ in
            channel.close(promise: nil)
        }
    }
}
