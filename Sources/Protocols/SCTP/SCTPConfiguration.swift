// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// What one end of an association is set to.
package struct SCTPConfiguration: Sendable {
    /// The port packets leave from, by convention 5000 on both ends, RFC 8841 §5.
    package var localPort: UInt16 = 5000
    /// The port packets go to.
    package var remotePort: UInt16 = 5000
    /// The largest packet written, without what DTLS adds; rounded down to a multiple of four, at least 256.
    package var maximumPacketSize = 1188
    /// The longest message taken for sending, as the peer's `a=max-message-size` says.
    package var maximumSendMessageSize = 262_144
    /// The longest message received; a longer one ends the association.
    package var maximumReceiveMessageSize = 262_144
    /// Bytes that all streams together hold, sent or not, until they are acknowledged.
    package var sendBufferSize = 2_000_000
    /// Bytes that one stream holds without having sent them.
    package var perStreamSendQueueLimit = 2_000_000
    /// The window advertised, which bounds what reassembly holds; RFC 9260 §3.3.2 wants 1500 at least.
    package var receiveWindow = 5_242_880
    /// Streams wanted for sending.
    package var outgoingStreams: UInt16 = 65_535
    /// Streams granted to the peer for sending.
    package var incomingStreams: UInt16 = 65_535
    /// Whether I-DATA is offered, RFC 8260.
    package var offersInterleaving = true
    /// Whether packets without a checksum are welcome, RFC 9653; the peer decides about ours.
    package var offersZeroChecksum = true
    /// Timeouts in a row after which the association fails, RFC 9260 §8.1; `nil` never, for ICE and DTLS decide
    /// about liveness.
    package var maximumRetransmissions: Int?
    /// How long an idle association waits between heartbeats, RFC 9260 §8.3; `nil` sends none.
    package var heartbeatInterval: Duration? = .seconds(30)
    /// Our first TSN, for tests of what happens when numbers wrap; `nil` draws it.
    package var initialTSN: UInt32?
    /// How long a state cookie is good, RFC 9260 §16.
    package var cookieLifetime: Duration = .seconds(60)

    package init() {}
}

/// Where an association stands, in the words of the API above.
package enum SCTPState: Hashable, Sendable {
    /// Neither asked to connect nor spoken to.
    case new
    /// The handshake is under way.
    case connecting
    /// Messages flow; also while a shutdown drains what is queued.
    case connected
    /// The handshake or the peer gave up, or either side aborted.
    case failed
    /// Shut down in agreement.
    case closed
}

/// What the two ends agreed on.
package struct SCTPNegotiated: Hashable, Sendable {
    /// Streams we may send on.
    package var outgoingStreams: UInt16
    /// Streams the peer may send on.
    package var incomingStreams: UInt16
    /// Whether both speak I-DATA, RFC 8260.
    package var interleaving: Bool
    /// Whether both speak FORWARD-TSN, RFC 3758.
    package var partialReliability: Bool
    /// Whether both speak RE-CONFIG, RFC 6525.
    package var streamReset: Bool
    /// Whether the peer takes packets without a checksum, RFC 9653.
    package var zeroChecksum: Bool
}

/// What an association has counted since it was made.
package struct SCTPCounters: Hashable, Sendable {
    package var packetsSent: UInt64 = 0
    package var packetsReceived: UInt64 = 0
    /// Chunks of user data sent, retransmissions among them.
    package var dataChunksSent: UInt64 = 0
    package var dataChunksReceived: UInt64 = 0
    /// Messages handed over for sending, and their bytes.
    package var messagesSent: UInt64 = 0
    package var bytesSent: UInt64 = 0
    /// Messages delivered, and their bytes.
    package var messagesReceived: UInt64 = 0
    package var bytesReceived: UInt64 = 0
    /// Chunks of user data sent again, for whatever reason.
    package var retransmissions: UInt64 = 0
    /// Losses found by missing reports.
    package var fastRetransmissions: UInt64 = 0
    /// Expiries of the retransmission timer.
    package var timeouts: UInt64 = 0
    /// Probes for losses at the end of a burst.
    package var tailProbes: UInt64 = 0
    /// Chunks that came twice.
    package var duplicates: UInt64 = 0
    /// Packets with a wrong checksum.
    package var checksumErrors: UInt64 = 0
    /// Packets with a wrong verification tag, or for which there is no association.
    package var strayPackets: UInt64 = 0
    /// Chunks that break the rules.
    package var protocolErrors: UInt64 = 0
    /// Messages given up before they arrived.
    package var abandonedMessages: UInt64 = 0
    /// Times the peer began anew.
    package var restarts: UInt64 = 0

    package init() {}
}
