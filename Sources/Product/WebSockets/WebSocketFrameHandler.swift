// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOWebSocket

/// Turns frames into messages, answers pings and closes, and ends connections that break the protocol, its limits, or
/// fall silent.
final class WebSocketFrameHandler: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    private let connection: WebSocketConnection
    private let limits: WebSocketLimits
    private var message: ByteBuffer?
    private var fragments = 0
    private var tokens: Double
    private var refilled = NIODeadline.now()
    private var lastHeard = NIODeadline.now()
    private var keepalive: RepeatedTask?

    init(connection: WebSocketConnection, limits: WebSocketLimits) {
        (self.connection, self.limits) = (connection, limits)
        tokens = limits.messageBurst
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        keepalive = context.eventLoop.scheduleRepeatedTask(
            initialDelay: limits.pingInterval,
            delay: limits.pingInterval
        ) { _ in
            let (handler, context) = loopBound.value
            handler.keepAlive(context)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) { keepalive?.cancel() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        lastHeard = .now()
        let frame = unwrapInboundIn(data)
        // RFC 6455 §5.1: a client masks, a server does not; §5.2: reserved bits belong to extensions, and none was agreed.
        guard (frame.maskKey != nil) == (connection.side == .server), !frame.rsv1, !frame.rsv2, !frame.rsv3 else {
            return connection.close(code: 1002, reason: "a frame is masked wrongly or has reserved bits set")
        }
        switch frame.opcode {
        case .text:
            guard message == nil else { return connection.close(code: 1002, reason: "a message began inside another") }
            message = context.channel.allocator.buffer(capacity: frame.unmaskedData.readableBytes)
            fragments = 0
            take(frame)
        case .continuation:
            guard message != nil else { return connection.close(code: 1002, reason: "a continuation of nothing") }
            take(frame)
        case .binary:
            connection.close(code: 1003, reason: "only text is understood")
        case .ping:
            guard spendToken() else { return connection.close(code: 1008, reason: "too many messages a second") }
            // A peer that does not read its pongs gets no more of them.
            guard context.channel.isWritable else { return }
            context.writeAndFlush(wrapOutboundOut(connection.frame(.pong, frame.unmaskedData)), promise: nil)
        case .pong:
            break
        case .connectionClose:
            peerCloses(context, frame.unmaskedData)
        default:
            connection.close(code: 1002, reason: "unknown opcode")
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        connection.noteClosed(WebSocketConnection.Closure(code: 1006, reason: "the connection broke"))
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // A server's channels allow half-closure: a peer that will say nothing more is gone.
        if case ChannelEvent.inputClosed = event { context.close(promise: nil) }
        if event is ChannelShouldQuiesceEvent { connection.close(code: 1001, reason: "the server stops") }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let violation = error as? NIOWebSocketError else {
            context.close(promise: nil)
            return
        }
        switch violation {
        case .invalidFrameLength:
            connection.close(code: 1009, reason: "messages are at most \(limits.messageBytes) bytes")
        default: connection.close(code: 1002, reason: "not a WebSocket frame")
        }
    }

    private func take(_ frame: WebSocketFrame) {
        guard connection.closure == nil, var whole = message else { return }
        var part = frame.unmaskedData
        fragments += 1
        guard whole.readableBytes + part.readableBytes <= limits.messageBytes, fragments <= limits.fragments else {
            message = nil
            return connection.close(code: 1009, reason: "messages are at most \(limits.messageBytes) bytes")
        }
        message = nil
        whole.writeBuffer(&part)
        guard frame.fin else {
            message = whole
            return
        }
        guard let text = String(validating: whole.readableBytesView, as: UTF8.self) else {
            return connection.close(code: 1007, reason: "the text is not UTF-8")
        }
        guard spendToken() else { return connection.close(code: 1008, reason: "too many messages a second") }
        guard connection.receive(text) else { return connection.close(code: 1008, reason: "too many messages wait") }
    }

    /// A token bucket: a burst, then a steady rate.
    private func spendToken() -> Bool {
        let now = NIODeadline.now()
        let seconds = Double((now - refilled).nanoseconds) / 1e9
        refilled = now
        tokens = min(limits.messageBurst, tokens + seconds * limits.messagesPerSecond)
        guard tokens >= 1 else { return false }
        tokens -= 1
        return true
    }

    private func peerCloses(_ context: ChannelHandlerContext, _ data: ByteBuffer) {
        var data = data
        let code = data.readWebSocketErrorCode().map { UInt16(webSocketErrorCode: $0) } ?? 1005
        let reason = data.readString(length: data.readableBytes) ?? ""
        let isFirst = connection.noteClosed(WebSocketConnection.Closure(code: code, reason: reason))
        guard isFirst else { return context.close(promise: nil) }
        var echo = context.channel.allocator.buffer(capacity: 2)
        if code != 1005 { echo.write(webSocketErrorCode: WebSocketErrorCode(codeNumber: Int(code))) }
        let frame = connection.frame(.connectionClose, echo)
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(frame)).assumeIsolated().whenComplete { _ in channel.close(promise: nil) }
    }

    private func keepAlive(_ context: ChannelHandlerContext) {
        if NIODeadline.now() - lastHeard > limits.silence {
            connection.noteClosed(WebSocketConnection.Closure(code: 1006, reason: "no sign of life"))
            return context.close(promise: nil)
        }
        let ping = connection.frame(.ping, context.channel.allocator.buffer(capacity: 0))
        context.writeAndFlush(wrapOutboundOut(ping), promise: nil)
    }
}
