// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

public import NIOCore
import NIOWebSocket
import Synchronization

/// One open WebSocket, of either side: text messages in, text messages out.
///
/// Sending never waits: ``offer(_:)`` queues, and a peer that reads too slowly is cut off. The messages end when the
/// connection does.
public final class WebSocketConnection: Sendable {
    /// Why a connection ended, RFC 6455 §7.4.
    public struct Closure: Sendable, Hashable {
        /// The close code; 1006 when the connection broke without one.
        public var code: UInt16
        /// What was said about it.
        public var reason: String

        /// An end and what was said about it.
        public init(code: UInt16, reason: String) { (self.code, self.reason) = (code, reason) }
    }

    /// Which end of the connection this is, for the rule by which a client's frames are masked and a server's are not.
    enum Side {
        case server
        case client
    }

    private struct State {
        var waitingBytes = 0
        var closure: Closure?
    }

    /// The text messages of the peer, in order; to be iterated once, by one task.
    public let messages: AsyncStream<String>
    private let input: AsyncStream<String>.Continuation
    private let channel: any Channel
    private let limits: WebSocketLimits
    let side: Side
    private let state = Mutex(State())

    init(channel: any Channel, limits: WebSocketLimits, side: Side = .server) {
        (self.channel, self.limits, self.side) = (channel, limits, side)
        (messages, input) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(limits.waitingMessages))
    }

    /// The peer's address.
    public var remoteAddress: SocketAddress? { channel.remoteAddress }

    /// Why the connection ended, or `nil` while it is open.
    public var closure: Closure? { state.withLock { $0.closure } }

    /// Queues a text message.
    ///
    /// - Returns: `false` when the connection is closed, or was closed now because the peer does not read.
    @discardableResult
    public func offer(_ text: String) -> Bool {
        let size = text.utf8.count
        let waiting: Int? = state.withLock { state in
            guard state.closure == nil else { return nil }
            state.waitingBytes += size
            return state.waitingBytes
        }
        guard let waiting else { return false }
        guard waiting <= limits.waitingBytes else {
            // It is not reading: a closing frame would only wait behind the rest.
            noteClosed(Closure(code: 1008, reason: "the peer reads too slowly"))
            channel.close(promise: nil)
            return false
        }
        channel.writeAndFlush(frame(.text, channel.allocator.buffer(string: text))).whenComplete { [self] _ in
            state.withLock { $0.waitingBytes -= size }
        }
        return true
    }

    /// Closes with a code and a reason of at most 123 bytes; closing again does nothing.
    public func close(code: UInt16, reason: String) {
        guard noteClosed(Closure(code: code, reason: reason)) else { return }
        var data = channel.allocator.buffer(capacity: 128)
        data.write(webSocketErrorCode: WebSocketErrorCode(codeNumber: Int(code)))
        data.writeString(Self.cut(reason))
        let channel = channel
        channel.writeAndFlush(frame(.connectionClose, data), promise: nil)
        // The peer's own close frame usually comes first; it gets a second for that, whether it reads or not.
        _ = channel.eventLoop.scheduleTask(in: .seconds(1)) { channel.close(promise: nil) }
    }

    /// What a close frame has room for, RFC 6455 §5.5, without half a character at its end.
    private static func cut(_ reason: String) -> String {
        var reason = reason
        while reason.utf8.count > 123 { reason.removeLast() }
        return reason
    }

    /// Waits until the connection is gone.
    public func closed() async { try? await channel.closeFuture.get() }

    // MARK: From the frame handler

    /// A whole message, masked where it has to be, RFC 6455 §5.3.
    func frame(_ opcode: WebSocketOpcode, _ data: ByteBuffer) -> WebSocketFrame {
        WebSocketFrame(fin: true, opcode: opcode, maskKey: side == .client ? .random() : nil, data: data)
    }

    /// Takes in a message; returns `false` when too many wait.
    func receive(_ text: String) -> Bool {
        switch input.yield(text) {
        case .enqueued, .terminated: true
        case .dropped: false
        @unknown default: true
        }
    }

    @discardableResult
    func noteClosed(_ closure: Closure) -> Bool {
        let isFirst = state.withLock { state in
            guard state.closure == nil else { return false }
            state.closure = closure
            return true
        }
        input.finish()
        return isFirst
    }
}
