// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletPeerLink
import SwiftletSCTP
import SwiftletWire

/// The data channels of one link: the association, and whose each of its streams is.
final class DataLink {
    /// A channel by which we send.
    struct Sender {
        var isUnordered: Bool
        var reliability: SCTPReliability
        /// The publication's id, once there is one.
        var id: String?
        var counts = DataStatistics()
        var waiters: [Waiter] = []
    }

    /// A channel by which we receive.
    struct Receiver {
        var id: String
        var counts = DataStatistics()
    }

    /// Somebody who waits until few enough bytes are left to be sent.
    struct Waiter {
        var limit: Int
        var done: @Sendable (SwiftletClientError?) -> Void
    }

    /// Streams that we send on at most.
    static let outgoingStreams: UInt16 = 1024
    /// Streams that the server may send on.
    static let incomingStreams: UInt16 = 65_535
    /// Who waits for one channel, at most.
    static let maximumWaiters = 64
    /// Bytes that wait to be sent or acknowledged in all channels together, unless one message alone may be longer.
    static let sendBuffer = 2_000_000

    let association: SCTPAssociation
    var senders: [UInt16: Sender] = [:]
    var receivers: [UInt16: Receiver] = [:]
    /// Streams that we have begun to reset; each is free again when both ends have.
    private(set) var closing: [UInt16: (byUs: Bool, byPeer: Bool)] = [:]
    private var nextStream: UInt16 = 0
    /// Whether the end was told.
    var isLost = false
    private var packet = [UInt8](repeating: 0, count: PeerLink.maximumMessageLength)

    /// - Parameters:
    ///   - longest: Bytes of the longest message that the server takes.
    ///   - seed: Of tags and numbers, a secret.
    init(longest: Int, seed: UInt64) {
        var configuration = SCTPConfiguration()
        configuration.maximumPacketSize = PeerLink.maximumMessageLength
        // Who sends to the server is bound by what it takes, and so is what it passes on.
        let incoming = max(longest, configuration.maximumReceiveMessageSize)
        (configuration.maximumSendMessageSize, configuration.maximumReceiveMessageSize) = (longest, incoming)
        configuration.sendBufferSize = max(Self.sendBuffer, longest)
        configuration.perStreamSendQueueLimit = configuration.sendBufferSize
        configuration.receiveWindow = max(configuration.receiveWindow, incoming + incoming / 4)
        configuration.outgoingStreams = Self.outgoingStreams
        configuration.incomingStreams = Self.incomingStreams
        association = SCTPAssociation(configuration, random: SeededRandom(seed: seed))
    }

    var isInUse: Bool { !senders.isEmpty || !receivers.isEmpty }

    /// When the association has something to do.
    var nextDeadline: Instant? { isLost ? nil : association.nextDeadline }

    // MARK: Streams

    /// Takes the next free stream to send on.
    func open(isUnordered: Bool, reliability: SCTPReliability) -> UInt16? {
        for _ in 0..<Self.outgoingStreams {
            let stream = nextStream
            nextStream = (nextStream + 1) % Self.outgoingStreams
            guard senders[stream] == nil, closing[stream] == nil else { continue }
            senders[stream] = Sender(isUnordered: isUnordered, reliability: reliability)
            return stream
        }
        return nil
    }

    /// Closes a channel from our side, once what waits on it was sent; RFC 8831 §6.7.
    ///
    /// - Returns: Whether the server will hear of it.
    func close(_ stream: UInt16, now: Instant) -> Bool {
        guard association.state == .connected, !isLost else { return false }
        guard closing[stream] == nil else { return true }
        closing[stream] = (false, false)
        association.resetStream(stream, now: now)
        return true
    }

    func noteReset(_ streams: [UInt16]) {
        for stream in streams {
            guard let sides = closing[stream] else { continue }
            closing[stream] = sides.byPeer ? nil : (true, false)
        }
    }

    /// The server has closed channels; ours follow, unless they went first.
    func noteReset(byServer streams: [UInt16], now: Instant) {
        let all = streams.isEmpty ? Array(receivers.keys) + Array(senders.keys) : streams
        for stream in all {
            if let sides = closing[stream] {
                closing[stream] = sides.byUs ? nil : (false, true)
            } else {
                closing[stream] = (false, true)
                association.resetStream(stream, now: now)
            }
        }
    }

    // MARK: Packets

    /// Moves the next packet into the link.
    ///
    /// - Returns: Whether there was one.
    func transmit(over link: PeerLink, now: Instant) -> Bool {
        guard association.hasPacketsToSend else { return false }
        var packet: [UInt8] = []
        swap(&packet, &self.packet)
        defer { swap(&packet, &self.packet) }
        var room = packet.mutableSpan
        let length = association.transmit(into: &room, now: now)
        guard length > 0 else { return false }
        _ = link.sendApplicationData(packet.span.extracting(0..<length), now: now)
        return true
    }

    // MARK: Who waits

    /// Tells those for whom few enough bytes are left.
    func settleWaiters() {
        for stream in senders.keys where senders[stream]?.waiters.isEmpty == false {
            let left = association.bufferedAmount(of: stream)
            guard let waiters = senders[stream]?.waiters, waiters.contains(where: { left <= $0.limit }) else {
                continue
            }
            senders[stream]?.waiters = waiters.filter { left > $0.limit }
            for waiter in waiters where left <= waiter.limit { waiter.done(nil) }
        }
    }

    /// Tells all of a channel, or of all channels, that it is over.
    func giveUp(_ stream: UInt16? = nil, _ error: SwiftletClientError) {
        for one in stream.map({ [$0] }) ?? Array(senders.keys) {
            let waiters = senders[one]?.waiters ?? []
            senders[one]?.waiters = []
            for waiter in waiters { waiter.done(error) }
        }
    }
}
