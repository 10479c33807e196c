// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletClient
import SwiftletControl
import SwiftletCrypto
import SwiftletDTLS
import SwiftletEngine
import SwiftletICE
import SwiftletORTC
import SwiftletStreams
import SwiftletWire
import Testing

/// An engine and the sessions of clients in virtual time, between them a network that delays by 5 ms and loses nothing;
/// what signalling would do is done here, by the same negotiation.
final class VirtualCall {
    /// One client.
    final class Party {
        let name: String
        let session: MediaSession
        let outbox: DatagramQueue
        let addresses: [SocketAddress]
        let sockets: [SocketID]
        var outputs: [MediaSession.Output] = []
        var isGone = false

        init(_ number: Int, _ name: String, wall: WallClockAnchor, seed: UInt64) {
            self.name = name
            outbox = DatagramQueue()
            session = MediaSession(
                outbox: outbox,
                pool: PacketPool(capacity: PacketPool.chunkSize),
                wall: wall,
                seed: seed,
                secrets: SeededRandom(seed: seed &+ 1)
            )
            addresses = [0, 1].map { SocketAddress(ipv4: 0x0B00_0000 + UInt32(number), port: 5000 + $0) }
            sockets = [0, 1].map { SocketID(rawValue: UInt32(1000 + number * 2 + $0)) }
        }

        /// What came for a data consumer, in order.
        func messages(_ id: String) -> [DataMessage] {
            outputs.compactMap { if case .message(id, let message) = $0 { message } else { nil } }
        }

        func transport(_ side: TransportSide) -> String { "\(name)-\(side)" }
    }

    private struct Datagram {
        var due: Instant
        var from: SocketAddress
        var to: SocketAddress
        var bytes: [UInt8]
    }

    static let delay = Duration.milliseconds(5)
    private static let socket = SocketID(rawValue: 1)
    private static let certificates = (0..<2).map { _ in Result { try Certificate.generate(unixSeconds: 1_760_000_000) }
    }

    let engine: Engine
    let capabilities: RtpCapabilities
    var now = Instant(nanoseconds: 1_000_000_000_000)
    let wall: WallClockAnchor
    private(set) var parties: [Party] = []
    /// Whether the network loses everything.
    var isCut = false
    /// Streams that the engine says the clients have closed.
    private(set) var closedStreams: [UInt16] = []
    private(set) var demands: [String: ProducerDemand] = [:]
    private var offers: [String: (party: Party, offer: Negotiation.Offer, consumable: RtpParameters)] = [:]
    private let context: DTLSContext
    private let address = SocketAddress(ipv4: 0x0A00_0001, port: 44_444)
    private var network: [Datagram] = []
    private var nextDatagram = 0
    private var incoming = ReceiveBatch(capacity: 1 << 16)
    private var outgoing = TransmitBatch(capacity: 1 << 17)
    private var random: SeededRandom
    private var serial = 0

    init(seed: UInt64 = 1) throws {
        wall = WallClockAnchor(instant: now, unixNanoseconds: 1_760_000_000_000_000_000)
        random = SeededRandom(seed: seed)
        var limits = EngineLimits()
        limits.storedBytes = 32 << 20
        engine = try Engine(
            certificate: try Self.certificates[0].get(),
            limits: limits,
            wall: wall,
            random: SeededRandom(seed: seed &+ 1)
        )
        context = try DTLSContext(certificate: try Self.certificates[1].get())
        capabilities = try ORTC.routerRtpCapabilities(
            mediaCodecs: [
                RtpCodecCapability(kind: .audio, mimeType: "audio/opus", clockRate: 48_000, channels: 2),
                RtpCodecCapability(kind: .video, mimeType: "video/VP8", clockRate: 90_000),
                RtpCodecCapability(
                    kind: .video,
                    mimeType: "video/VP9",
                    clockRate: 90_000,
                    parameters: ["profile-id": 0]
                ),
                RtpCodecCapability(
                    kind: .video,
                    mimeType: "video/H264",
                    clockRate: 90_000,
                    parameters: ["packetization-mode": 1, "profile-level-id": "42e01f"]
                ),
                RtpCodecCapability(kind: .video, mimeType: "video/AV1", clockRate: 90_000),
            ]
        )
        let info = TransportListenInfo(protocol: .udp, ip: "10.0.0.1", port: 44_444)
        try ask(
            .createWebRtcServer(.init(id: "server", listenInfos: [info])),
            sockets: [BoundSocket(id: Self.socket, kind: .udp, local: address)]
        )
        try ask(.createRouter(id: "router"))
    }

    @discardableResult
    func ask(_ request: ControlRequest, sockets: [BoundSocket] = []) throws -> ControlReply {
        try engine.handle(request, sockets: sockets, now: now).get()
    }

    // MARK: What signalling does

    /// A client with both of its transports under way.
    func join(_ name: String) throws -> Party {
        let party = Party(parties.count + 1, name, wall: wall, seed: random.next())
        parties.append(party)
        for side in TransportSide.allCases {
            let request = ControlRequest.CreateWebRtcTransport(
                id: party.transport(side),
                routerId: "router",
                listen: .server(id: "server"),
                sctp: SctpOptions()
            )
            guard case .webRtcTransport(let reply) = try ask(.createWebRtcTransport(request)) else {
                throw ControlError(.internal, "no transport")
            }
            let own = context.certificate.fingerprints.map {
                DtlsFingerprint(algorithm: $0.algorithm.rawValue, value: $0.value)
            }
            let parameters = DtlsParameters(role: .client, fingerprints: own)
            try ask(.connectWebRtcTransport(id: request.id, dtlsParameters: parameters))
            let fingerprint = RemoteFingerprint(
                reply.dtlsParameters.fingerprints.compactMap { Fingerprint(algorithm: $0.algorithm, value: $0.value) }
            )
            let plan = TransportPlan(
                remote: ICECredentials(
                    usernameFragment: reply.iceParameters.usernameFragment,
                    password: reply.iceParameters.password
                ),
                candidates: [.init(address: address, priority: 1)],
                fingerprint: try #require(fingerprint),
                maximumMessageSize: reply.sctpParameters?.maxMessageSize
            )
            let local = ICEControllingAgent.LocalCandidate(
                socket: party.sockets[side.rawValue],
                address: party.addresses[side.rawValue]
            )
            party.session.open(side, plan, locals: [local], context: context, now: now)
        }
        return party
    }

    /// Publishes, and returns the producer's id.
    func publish(_ media: OutgoingMedia, by party: Party) throws -> String {
        let made = try SourceFactory.sources(for: media, using: &random)
        serial += 1
        var offer = try Negotiation.offer(
            media,
            sources: made.sources,
            codec: made.codec,
            mid: "\(serial)",
            room: capabilities,
            cname: party.name,
            using: &random
        )
        offer.parameters = try ORTC.validatedProducer(offer.parameters, kind: media.kind)
        let mapping = try ORTC.producerRtpMapping(offer.parameters, routerCapabilities: capabilities, using: &random)
        let consumable = try ORTC.consumableRtpParameters(
            offer.parameters,
            kind: media.kind,
            routerCapabilities: capabilities,
            mapping: mapping
        )
        let id = "producer-\(serial)"
        try ask(
            .produce(
                .init(
                    id: id,
                    transportId: party.transport(.sending),
                    kind: media.kind,
                    rtpParameters: offer.parameters,
                    rtpMapping: mapping
                )
            )
        )
        offers[id] = (party, offer, consumable)
        party.session.publish(id, offer.plan, now: now)
        return id
    }

    /// Opens a data channel, and returns its stream and the data producer's id.
    func publishData(_ delivery: DataDelivery = DataDelivery(), by party: Party) throws -> (UInt16, id: String) {
        let stream = try #require(party.session.openChannel(delivery, now: now))
        serial += 1
        let id = "data-\(serial)"
        let parameters = SctpStreamParameters(
            streamId: stream,
            ordered: !delivery.isUnordered,
            maxRetransmits: delivery.maximumRetransmits
        )
        try ask(.produceData(.init(id: id, transportId: party.transport(.sending), sctpStreamParameters: parameters)))
        party.session.nameChannel(stream, id)
        return (stream, id)
    }

    /// Lets `reader` receive a data producer, and returns the data consumer's id.
    func consumeData(_ producer: String, _ delivery: DataDelivery = DataDelivery(), by reader: Party) throws -> String {
        serial += 1
        let id = "reader-\(serial)"
        let request = ControlRequest.ConsumeData(
            id: id,
            transportId: reader.transport(.receiving),
            dataProducerId: producer,
            ordered: !delivery.isUnordered,
            maxRetransmits: delivery.maximumRetransmits
        )
        guard case .dataConsumed(let reply) = try ask(.consumeData(request)), let own = reply.sctpStreamParameters
        else { throw ControlError(.internal, "no data consumer") }
        #expect(reader.session.subscribeData(id, stream: own.streamId, now: now))
        return id
    }

    /// Lets `viewer` receive a producer, and returns the consumer's id.
    func consume(_ producer: String, isChecked: Bool = true, isRepaired: Bool = true, by viewer: Party) throws -> String
    {
        let (_, offer, consumable) = try #require(offers[producer])
        serial += 1
        let resolved = try ORTC.consumerRtpParameters(
            consumable,
            capabilities: Negotiation.capabilities(of: capabilities),
            mid: "\(serial)",
            forwardDependencyDescriptor: consumable.codecs.first?.mimeType == "video/AV1",
            using: &random
        )
        let type = ConsumerType(try ORTC.producerType(offer.parameters))
        let id = "consumer-\(serial)"
        let plan = try Negotiation.subscription(
            offer.plan.kind,
            type,
            resolved.rtpParameters,
            appData: offer.appData,
            isChecked: isChecked,
            isRepaired: isRepaired
        )
        #expect(viewer.session.subscribe(id, plan, now: now))
        try ask(
            .consume(
                .init(
                    id: id,
                    transportId: viewer.transport(.receiving),
                    producerId: producer,
                    kind: offer.plan.kind,
                    type: type,
                    rtpParameters: resolved.rtpParameters,
                    codecMapping: resolved.codecMapping,
                    consumableRtpEncodings: consumable.encodings
                )
            )
        )
        return id
    }

    func statistics(_ id: String, of party: Party) -> SubscriptionStatistics {
        party.session.statistics(now: now).subscriptions[id] ?? SubscriptionStatistics()
    }

    // MARK: Time

    /// Lets time pass: datagrams arrive and deadlines fire in their order.
    func run(for duration: Duration) {
        let end = now + duration
        flush()
        while true {
            var next = earliest(nextDatagram < network.count ? network[nextDatagram].due : nil, engine.nextDeadline)
            for party in parties where !party.isGone { next = earliest(next, party.session.nextDeadline) }
            guard let next, next <= end else { break }
            now = max(now, next)
            while nextDatagram < network.count, network[nextDatagram].due <= now {
                deliver(network[nextDatagram])
                nextDatagram += 1
            }
            if nextDatagram == network.count { (network, nextDatagram) = ([], 0) }
            if let due = engine.nextDeadline, due <= now { engine.advance(to: now) }
            for party in parties where !party.isGone {
                if let due = party.session.nextDeadline, due <= now { party.session.handleTimeout(now: now) }
            }
            flush()
        }
        now = end
    }

    private func deliver(_ datagram: Datagram) {
        guard datagram.to == address else {
            for party in parties where !party.isGone {
                guard let index = party.addresses.firstIndex(of: datagram.to), let side = TransportSide(rawValue: index)
                else { continue }
                var bytes = datagram.bytes
                var span = bytes.mutableSpan
                party.session.receive(
                    side,
                    &span,
                    0..<datagram.bytes.count,
                    from: Tuple(socket: party.sockets[index], remote: datagram.from),
                    now: now
                )
            }
            return
        }
        incoming.removeAll()
        _ = incoming.append(datagram.bytes.span, at: 0, socket: Self.socket, source: datagram.from, arrival: now)
        engine.receive(&incoming, now: now)
    }

    private func send(_ bytes: [UInt8], from: SocketAddress, to: SocketAddress) {
        guard !isCut else { return }
        network.append(Datagram(due: now + Self.delay, from: from, to: to, bytes: bytes))
    }

    private func flush() {
        var more = true
        while more {
            more = engine.transmit(into: &outgoing, now: now)
            for message in outgoing.messages {
                var start = message.offset
                let end = message.offset + message.length
                while start < end {
                    let stop = message.segmentSize == 0 ? end : min(end, start + message.segmentSize)
                    send(outgoing.bytes.extracting(start..<stop).copied(), from: address, to: message.destination)
                    start = stop
                }
            }
            outgoing.removeAll()
        }
        for party in parties {
            for entry in party.outbox.entries {
                let side = party.sockets.firstIndex(of: entry.tuple.socket) ?? 0
                send(party.outbox.copy(entry), from: party.addresses[side], to: entry.tuple.remote)
            }
            party.outbox.removeAll()
            while let output = party.session.poll() { party.outputs.append(output) }
        }
        while let output = engine.poll() {
            if case .notify(.dataChannelClosed(_, let stream)) = output { closedStreams.append(stream) }
            guard case .notify(.producerDemand(let id, let demand)) = output else { continue }
            demands[id] = demand
            offers[id]?.party.session.setDemand(
                id,
                encodings: demand.encodings,
                spatialLayer: demand.spatialLayer,
                now: now
            )
        }
    }
}
