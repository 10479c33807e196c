// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// What a data producer has received so far.
public struct DataProducerStat: Codable, Hashable, Sendable {
    /// Always "data-producer".
    public var type = "data-producer"
    /// When this was read, in milliseconds of the worker's clock.
    public var timestamp: Int
    /// The channel's label.
    public var label: String
    /// The channel's protocol.
    public var `protocol`: String
    /// Messages received.
    public var messagesReceived: Int
    /// Bytes of payload received.
    public var bytesReceived: Int

    /// A value made of its parts.
    public init(timestamp: Int, label: String, protocol: String, messagesReceived: Int, bytesReceived: Int) {
        (self.timestamp, self.label, self.protocol) = (timestamp, label, `protocol`)
        (self.messagesReceived, self.bytesReceived) = (messagesReceived, bytesReceived)
    }
}

/// What a data consumer has sent so far.
public struct DataConsumerStat: Codable, Hashable, Sendable {
    /// Always "data-consumer".
    public var type = "data-consumer"
    /// When this was read, in milliseconds of the worker's clock.
    public var timestamp: Int
    /// The channel's label.
    public var label: String
    /// The channel's protocol.
    public var `protocol`: String
    /// Messages handed over for sending.
    public var messagesSent: Int
    /// Bytes of payload handed over for sending.
    public var bytesSent: Int
    /// Messages dropped because the send buffer was full.
    public var messagesDropped: Int
    /// Bytes that wait to be sent.
    public var bufferedAmount: Int

    /// A value made of its parts.
    public init(
        timestamp: Int,
        label: String,
        protocol: String,
        messagesSent: Int,
        bytesSent: Int,
        messagesDropped: Int,
        bufferedAmount: Int
    ) {
        (self.timestamp, self.label, self.protocol) = (timestamp, label, `protocol`)
        (self.messagesSent, self.bytesSent, self.messagesDropped) = (messagesSent, bytesSent, messagesDropped)
        self.bufferedAmount = bufferedAmount
    }
}

/// What a direct transport has seen so far.
public struct DirectTransportStat: Codable, Hashable, Sendable {
    /// Always "direct-transport".
    public var type = "direct-transport"
    /// The transport's id.
    public var transportId: String
    /// When this was read, in milliseconds of the worker's clock.
    public var timestamp: Int
    /// Bytes of RTP, RTCP and messages that the application sent.
    public var bytesReceived: Int
    /// The same in bit/s.
    public var recvBitrate: Int
    /// Bytes of RTP, RTCP and messages that the application was handed.
    public var bytesSent: Int
    /// The same in bit/s.
    public var sendBitrate: Int

    /// A value made of its parts.
    public init(
        transportId: String,
        timestamp: Int,
        bytesReceived: Int,
        recvBitrate: Int,
        bytesSent: Int,
        sendBitrate: Int
    ) {
        (self.transportId, self.timestamp) = (transportId, timestamp)
        (self.bytesReceived, self.recvBitrate) = (bytesReceived, recvBitrate)
        (self.bytesSent, self.sendBitrate) = (bytesSent, sendBitrate)
    }
}
