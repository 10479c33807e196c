// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCrypto
import SwiftletWire

/// What an association is made of, and all it does; see ``SCTPAssociation`` for what its methods promise.
///
/// A structure, so that the compiler sees that no two changes overlap. In a class that is checked as it runs, at each
/// access to each property, which cost a third of the time.
struct AssociationCore {
    typealias Output = SCTPAssociation.Output

    /// What the handshake and the shutdown have come to, RFC 9260 §4.
    enum Phase {
        case idle, cookieWait, cookieEchoed, established
        case shutdownPending, shutdownSent, shutdownReceived, shutdownAckSent
        case ended
    }

    /// What is to be written into the next packet.
    struct Pending: OptionSet {
        let rawValue: UInt8
        static let cookieEcho = Pending(rawValue: 1)
        static let cookieAck = Pending(rawValue: 2)
        /// FORWARD-TSN.
        static let forward = Pending(rawValue: 4)
        /// A probe for losses at the end.
        static let probe = Pending(rawValue: 8)
        /// One packet of lost chunks, whatever the window.
        static let fastRetransmission = Pending(rawValue: 16)
        static let shutdown = Pending(rawValue: 32)
        static let shutdownAck = Pending(rawValue: 64)
    }

    /// A packet of one chunk, to a tag of its own.
    struct Reply {
        enum Content {
            /// INIT or INIT ACK.
            case initiation(InitChunk)
            case error([ErrorCause])
            case abort([ErrorCause])
            case shutdownAck, shutdownComplete
        }

        var tag: UInt32
        var content: Content
    }

    /// A chunk that goes with the next packet.
    enum Control {
        case heartbeat([UInt8])
        case heartbeatAck([UInt8])
        case error([ErrorCause])
        case reconfiguration([ReconfigurationParameter])
    }

    /// Bytes of the common header.
    static var headerLength: Int { SCTPPacketView.headerLength }
    /// Packets with chunks that await being written; answers beyond are dropped, as if lost.
    static let repliesLimit = 8
    static let controlLimit = 32
    /// Streams that one FORWARD-TSN names.
    static let skippedStreamsLimit = 256
    /// Bytes of a chunk that is sent back, RFC 9260 §8.3.
    static let echoedBytesLimit = 1024
    /// How often SHUTDOWN or SHUTDOWN ACK is said.
    static let shutdownAttempts = 10

    let configuration: SCTPConfiguration
    var state: SCTPState = .new
    /// What was agreed, once it was.
    var negotiated: SCTPNegotiated?
    var counters = SCTPCounters()

    // Who we are, and who the peer is.
    var phase = Phase.idle
    var ownTag: UInt32
    var ownTSN: UInt32
    var peerTag: UInt32 = 0
    /// Seals our cookies.
    let cookieKey: HMACSHA1
    /// What tags of restarts are made from.
    var tagSeed: UInt64

    // The handshake and other ceremonies.
    var timers = Timers()
    var pending: Pending = []
    var replies = Fifo<Reply>()
    var control = Fifo<Control>()
    /// The peer's cookie, which goes back to it until it is acknowledged.
    var cookie: [UInt8] = []
    /// How often the current message of handshake or shutdown was sent.
    var attempts = 0
    var wantsShutdown = false
    var lastRestart: Instant?
    var errorBudget = RateLimit(perSecond: 2)
    var heartbeatNonce: UInt64
    var heartbeatSentAt: Instant?

    // Sending.
    let packetSize: Int
    var queue = SendQueue()
    var outstanding: OutstandingData
    var congestion: CongestionControl
    var timeout = RetransmissionTimeout()
    /// Timeouts without an answer.
    var timeouts = 0
    /// Bytes the peer has room for, from its last SACK.
    var peerWindow = 0
    /// Whether the congestion window was what ended the last sending.
    var isWindowFull = false
    /// Whether a probe is under way.
    var isProbing = false
    var lastSent: Instant?
    var lastForward: Instant?

    // Receiving.
    var receiver: SCTPReceiver
    var outputs = Fifo<Output>()
    /// Whether nothing has happened since there was nothing to send.
    var isIdle = false

    var resets: StreamResets

    /// - Parameters:
    ///   - configuration: Fixed for life.
    ///   - random: Where tag, first TSN and cookie key come from; not kept.
    init(_ configuration: SCTPConfiguration, random: some RandomNumberGenerator) {
        var random = random
        self.configuration = configuration
        packetSize = max(256, configuration.maximumPacketSize & ~3)
        ownTag = UInt32.random(in: 1 ... .max, using: &random)
        ownTSN = configuration.initialTSN ?? UInt32.random(in: 0 ... .max, using: &random)
        let key = (0..<20).map { _ in UInt8.random(in: 0 ... .max, using: &random) }
        cookieKey = HMACSHA1(key: key.span)
        tagSeed = random.next()
        heartbeatNonce = random.next()
        outstanding = OutstandingData(firstTSN: ownTSN)
        congestion = CongestionControl(packetSize: packetSize)
        receiver = SCTPReceiver(
            initialTSN: 0,
            isInterleaved: false,
            incomingStreams: 0,
            maximumMessageSize: 0,
            window: 1500
        )
        resets = StreamResets(nextRequest: ownTSN)
    }

    // MARK: Sending

    /// Queues a message, also before the handshake is done.
    ///
    /// - Parameters:
    ///   - message: What to send; its payload is shared, not copied.
    ///   - now: When its lifetime begins.
    /// - Returns: The stream's buffered amount, this message included.
    /// - Throws: ``SCTPSendError``, and then the message counts as never handed over.
    mutating func send(_ message: SCTPMessage, now: Instant) throws(SCTPSendError) -> Int {
        switch phase {
        case .idle, .cookieWait, .cookieEchoed, .established: break
        default: throw .closed
        }
        let size = message.payload.count
        guard size > 0 else { throw .emptyMessage }
        guard size <= configuration.maximumSendMessageSize else { throw .messageTooLong }
        guard message.stream < negotiated?.outgoingStreams ?? configuration.outgoingStreams else {
            throw .invalidStream
        }
        let stream = queue.stream(message.stream)
        guard stream.reset == .none else { throw .invalidStream }
        if !hasRoom(for: size, on: stream) {
            queue.dropExpired(of: stream, now: now)
            dropAbandoned(now: now)
            guard hasRoom(for: size, on: stream) else { throw .sendBufferFull }
        }
        let isLimited = negotiated?.partialReliability ?? true
        queue.append(OutgoingMessage(message, limited: isLimited, now: now), to: stream)
        isIdle = false
        if congestion.burst <= 0, outstanding.isEmpty { noteIdle(now: now) }
        counters.messagesSent += 1
        counters.bytesSent += UInt64(size)
        return stream.buffered
    }

    private func hasRoom(for size: Int, on stream: OutgoingStream) -> Bool {
        stream.buffered + size <= configuration.perStreamSendQueueLimit
            && queue.bytes + outstanding.bytes + size <= configuration.sendBufferSize
    }

    /// Bytes of a stream that have not been sent yet.
    func bufferedAmount(of stream: UInt16) -> Int { queue.existing(stream)?.buffered ?? 0 }

    /// Bytes that all streams hold, sent or not, until they are acknowledged.
    var bufferedAmount: Int { queue.bytes + outstanding.bytes }

    /// Bytes that are held for messages received in part, out of order, or not polled.
    var heldBytes: Int { receiver.heldBytes }

    /// Asks for ``Output/bufferedAmountLow(stream:amount:)`` whenever the amount falls from above `bytes` to it or below.
    mutating func setBufferedAmountLowThreshold(_ bytes: Int, of stream: UInt16) {
        queue.stream(stream).lowThreshold = max(0, bytes)
    }

    // MARK: State

    mutating func enter(_ state: SCTPState) {
        guard self.state != state else { return }
        self.state = state
        outputs.append(.stateChanged(state))
    }

    // MARK: What the phase allows

    /// Whether the peer's tag is known and counts.
    var hasPeer: Bool {
        switch phase {
        case .idle, .cookieWait, .ended: false
        default: true
        }
    }

    /// Whether data may go either way without COOKIE ECHO before it.
    var mayExchangeData: Bool {
        switch phase {
        case .established, .shutdownPending, .shutdownSent, .shutdownReceived, .shutdownAckSent: true
        default: false
        }
    }

    /// Whether new fragments may leave.
    var maySendNewData: Bool {
        switch phase {
        case .cookieEchoed, .established, .shutdownPending, .shutdownReceived: true
        default: false
        }
    }

    var isInterleaving: Bool { queue.isInterleaving }
    /// Bytes of a data chunk before its payload.
    var dataHeaderLength: Int {
        isInterleaving ? DataChunkHeader.interleavedLength : DataChunkHeader.length
    }
    /// What a fragment that is not its message's last must have room for.
    var leastFragment: Int {
        min(256, (packetSize - Self.headerLength - DataChunkHeader.interleavedLength) & ~3)
    }

    /// Takes note that the peer broke a rule.
    mutating func breach() { counters.protocolErrors += 1 }

    /// Has a chunk written into the next packet.
    mutating func enqueue(_ chunk: Control) {
        guard control.count < Self.controlLimit else { return }
        isIdle = false
        control.append(chunk)
    }

    /// Has a chunk written into a packet of its own.
    mutating func reply(_ content: Reply.Content, to tag: UInt32) {
        guard replies.count < Self.repliesLimit else { return }
        isIdle = false
        replies.append(Reply(tag: tag, content: content))
    }
}
