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

    /// A data producer and where it comes in.
    struct DataProducing {
        let producer: DataProducer
        let transportId: String
    }

    /// A data consumer and how far its client is with it.
    struct DataConsuming {
        let consumer: DataConsumer
        let transportId: String
        /// Whether the client has accepted it; until then it is not told of its end.
        var isAccepted = false
    }

    /// Something of another peer's that may be received.
    enum Offer {
        case media(Producer)
        case data(DataProducer)

        /// The producer's or data producer's id.
        var id: String {
            switch self {
            case .media(let producer): producer.id
            case .data(let producer): producer.id
            }
        }

        /// Whether there is nothing to receive any more.
        var isClosed: Bool {
            switch self {
            case .media(let producer): producer.closed
            case .data(let producer): producer.closed
            }
        }
    }

    /// A `produceData` whose answer waits for those who are to take the channel.
    struct Untaken {
        /// The request's id.
        let request: Int
        /// How many have not taken it yet.
        var takers: Int
        /// Answers in time.
        let timeout: Task<Void, Never>
    }

    let session: SignalingSession
    /// The peer as others are told of it.
    var info: PeerInfo
    var isJoined = false
    var capabilities: RtpCapabilities?
    /// Whether it said that it can receive data channels.
    var takesData = false
    var transports: [String: Transport] = [:]
    /// Transports that are being made.
    var transportsUnderway = 0
    var producers: [String: Producer] = [:]
    /// Producers that are being made.
    var producersUnderway = 0
    var consumers: [String: Consuming] = [:]
    var dataProducers: [String: DataProducing] = [:]
    /// Data producers that are being made.
    var dataProducersUnderway = 0
    var dataConsumers: [String: DataConsuming] = [:]
    /// Data producers whose channel the client closed, which it may still ask to close; the latest 32.
    private(set) var recentlyClosedData: [String] = []
    /// Data producers that others are just being offered.
    var untaken: [String: Untaken] = [:]
    /// Producers and data producers of others that are consumed, are being offered, or wait for it.
    var wanted: Set<String> = []
    /// What waits to be offered.
    var waiting = OfferQueue()
    /// Offers that are underway.
    var offers = 0
    /// How often it may read the chat's history.
    var historyReads = TokenBucket(burst: 4, perSecond: 0.5, now: .now)
    /// Ends the peer when it does not join.
    var joinTimeout: Task<Void, Never>?

    init(session: SignalingSession) {
        self.session = session
        info = PeerInfo(id: session.peerId, displayName: "", device: [:])
    }

    /// Takes note that a data producer ended with its channel.
    func noteClosedData(_ id: String) {
        recentlyClosedData.append(id)
        if recentlyClosedData.count > 32 { recentlyClosedData.removeFirst() }
    }

    /// Where it receives.
    var consumingTransport: WebRtcTransport? {
        transports.values.first { $0.isConsuming && !$0.transport.closed }?.transport
    }

    /// Where it receives messages.
    var dataTransport: WebRtcTransport? {
        transports.values.first { $0.isConsuming && !$0.transport.closed && $0.transport.sctpParameters != nil }?
            .transport
    }

    /// Whether it can receive that at all.
    func canTake(_ offer: Offer) -> Bool {
        switch offer {
        case .media: capabilities != nil && consumingTransport != nil
        case .data: takesData && dataTransport != nil
        }
    }

    /// Forgets what closed while it waited to be offered.
    func dropClosedOffers() {
        for id in waiting.removeClosed() { wanted.remove(id) }
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

    /// The data producer, or 404.
    func dataProducer(_ id: String) throws(SignalingError) -> DataProducer {
        guard let entry = dataProducers[id] else {
            throw SignalingError(404, "data producer with id \"\(id)\" not found")
        }
        return entry.producer
    }

    /// The data consumer, or 404.
    func dataConsumer(_ id: String) throws(SignalingError) -> DataConsumer {
        guard let entry = dataConsumers[id] else {
            throw SignalingError(404, "data consumer with id \"\(id)\" not found")
        }
        return entry.consumer
    }
}
