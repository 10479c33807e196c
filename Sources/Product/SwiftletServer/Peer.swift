// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Swiftlet
import SwiftletSignaling

/// What a room knows of one peer; only touched by its room.
final class Peer {
    /// A transport and what it is for.
    struct Transport {
        let transport: WebRtcTransport
        let isConsuming: Bool
        /// Runs while the peer's media is gone, and ends the peer.
        var loss: Task<Void, Never>?
    }

    /// A consumer and how far its client is with it.
    struct Consuming {
        let consumer: Consumer
        /// Whether the client has accepted it; until then it is not told of changes.
        var isAccepted = false
        /// Whether the client wants it paused.
        var isPaused = false
        /// Whether the client was last told that the producer is paused.
        var toldPaused: Bool
        /// Whether the client cannot put several sizes of one stream together, and gets the smallest alone.
        var isSmallest = false
    }

    let session: SignalingSession
    /// The peer as others are told of it.
    var info: PeerInfo
    var isJoined = false
    var capabilities: RtpCapabilities?
    var transports: [String: Transport] = [:]
    /// Transports that are being made.
    var transportsUnderway = 0
    var producers: [String: Producer] = [:]
    /// Producers that are being made.
    var producersUnderway = 0
    var consumers: [String: Consuming] = [:]
    /// Producers of others that are consumed, are being offered, or wait for it.
    var wanted: Set<String> = []
    /// Producers that wait to be offered.
    var waiting: [(producer: Producer, owner: String)] = []
    /// Offers that are underway.
    var offers = 0
    /// Ends the peer when it does not join.
    var joinTimeout: Task<Void, Never>?

    init(session: SignalingSession) {
        self.session = session
        info = PeerInfo(id: session.peerId, displayName: "", device: [:])
    }

    /// Where it receives.
    var consumingTransport: WebRtcTransport? {
        transports.values.first { $0.isConsuming && !$0.transport.closed }?.transport
    }

    /// The transport, or 404.
    func transport(_ id: String) throws(SignalingError) -> WebRtcTransport {
        guard let entry = transports[id] else { throw SignalingError(404, "transport with id \"\(id)\" not found") }
        return entry.transport
    }

    /// The producer, or 404.
    func producer(_ id: String) throws(SignalingError) -> Producer {
        guard let producer = producers[id] else { throw SignalingError(404, "producer with id \"\(id)\" not found") }
        return producer
    }

    /// The consumer, or 404.
    func consumer(_ id: String) throws(SignalingError) -> Consumer {
        guard let entry = consumers[id] else { throw SignalingError(404, "consumer with id \"\(id)\" not found") }
        return entry.consumer
    }
}
