// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

public import NIOCore

/// What one connection may cost, with its numbers.
public struct WebSocketLimits: Sendable {
    /// Bytes of a request head.
    public var headBytes = 16 << 10
    /// How long a new connection may take for its request head, TLS handshake included.
    public var headTime: TimeAmount = .seconds(15)
    /// Bytes of a message, over all its fragments.
    public var messageBytes = 960_000
    /// Fragments of a message.
    public var fragments = 256
    /// Messages a second, over time.
    public var messagesPerSecond = 100.0
    /// Messages at once above that rate.
    public var messageBurst = 400.0
    /// Messages that wait to be handled.
    public var waitingMessages = 1024
    /// Bytes that wait to be sent; a peer that reads slower is cut off.
    public var waitingBytes = 4 << 20
    /// How often a silent peer is asked for a sign of life.
    public var pingInterval: TimeAmount = .seconds(10)
    /// Silence after which a peer counts as gone.
    public var silence: TimeAmount = .seconds(30)

    /// The default limits.
    public init() {}
}
