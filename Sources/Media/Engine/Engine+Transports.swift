// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCongestion
import SwiftletControl
package import SwiftletCrypto
import SwiftletDTLS
import SwiftletICE
import SwiftletORTC
import SwiftletPeerLink
import SwiftletRTP
import SwiftletStreams
package import SwiftletWire

/// Requests about transports, producers and consumers.
extension Engine {
    func createTransport(
        _ request: ControlRequest.CreateWebRtcTransport,
        _ bound: [BoundSocket]
    ) throws(ControlError) -> ControlReply {
        try checkFree(request.id)
        let router = try router(request.routerId)
        let server: WebRtcServer?
        let sockets: [ListeningSocket]
        switch request.listen {
        case .server(let id):
            let found = try self.server(id)
            server = found
            sockets = found.sockets.filter { $0.info.protocol == .udp ? request.enableUdp : request.enableTcp }
        case .infos(let infos):
            server = nil
            sockets = try listening(infos, bound)
        }
        if let sctp = request.sctp {
            try Self.checkMessageSize(sctp.maxSendMessageSize, "maxSendMessageSize")
            try Self.checkMessageSize(sctp.maxReceiveMessageSize, "maxReceiveMessageSize")
        }
        guard !sockets.isEmpty else { throw ControlError(.invalidArgument, "no socket of an enabled protocol") }
        guard let slot = board.takeSlot() else {
            throw ControlError(.limitReached, "at most \(limits.transports) transports")
        }
        let credentials = freshCredentials()
        let agent = ICELiteAgent(
            credentials: credentials,
            consentTimeout: .seconds(Int64(request.iceConsentTimeout))
        )
        let candidates = Self.candidates(
            of: sockets,
            preferUDP: request.preferUdp,
            preferTCP: request.preferTcp
        )
        let transport = WebRtcTransport(
            id: request.id,
            slot: slot,
            board: board,
            router: router,
            server: server,
            sockets: sockets,
            candidates: candidates,
            link: PeerLink(lite: agent, context: board.dtls),
            sctp: request.sctp
        )
        board.add(transport: transport)
        board.fragments[credentials.usernameFragment] = slot
        router.transports.append(transport)
        server?.transports.append(transport)
        return .webRtcTransport(
            ControlReply.WebRtcTransport(
                iceParameters: IceParameters(credentials),
                iceCandidates: candidates,
                dtlsParameters: DtlsParameters(role: .auto, fingerprints: fingerprints),
                sctpParameters: transport.channels?.parameters
            )
        )
    }

    /// Credentials whose user name fragment no transport has.
    private func freshCredentials() -> ICECredentials {
        while true {
            let credentials = ICECredentials(using: &board.random)
            if board.fragments[credentials.usernameFragment] == nil { return credentials }
        }
    }

    /// Our certificate's digests.
    var fingerprints: [DtlsFingerprint] {
        certificate.fingerprints.map { DtlsFingerprint(algorithm: $0.algorithm.rawValue, value: $0.value) }
    }

    /// One candidate for each address that peers are told.
    private static func candidates(
        of sockets: [ListeningSocket],
        preferUDP: Bool,
        preferTCP: Bool
    ) -> [IceCandidate] {
        var endpoints: [ICECandidate.Endpoint] = []
        for one in sockets {
            let local = one.socket.local
            var addresses = [one.info.announcedAddress ?? local.host]
            if one.info.announcedAddress != nil, one.info.exposeInternalIp, !local.isUnspecified {
                addresses.append(local.host)
            }
            for address in addresses {
                endpoints.append(
                    ICECandidate.Endpoint(
                        transport: one.info.protocol == .udp ? .udp : .tcp,
                        address: address,
                        port: local.port
                    )
                )
            }
        }
        return ICECandidate.serverCandidates(for: endpoints, preferUDP: preferUDP, preferTCP: preferTCP).map {
            IceCandidate(
                foundation: $0.foundation,
                priority: $0.priority,
                address: $0.address,
                protocol: $0.transport == .udp ? .udp : .tcp,
                port: $0.port,
                type: .host,
                tcpType: $0.transport == .tcp ? .passive : nil
            )
        }
    }

    func connect(
        _ transport: WebRtcTransport,
        _ parameters: DtlsParameters,
        now: Instant
    ) throws(ControlError) -> ControlReply {
        guard transport.link.localRole == nil else { throw ControlError(.invalidState, "connect() already called") }
        let offered = parameters.fingerprints.compactMap { Fingerprint(algorithm: $0.algorithm, value: $0.value) }
        guard let fingerprint = RemoteFingerprint(offered) else {
            throw ControlError(.invalidArgument, "no usable DTLS fingerprint")
        }
        let remote: PeerLink.RemoteRole =
            switch parameters.role {
            case .auto: .auto
            case .client: .client
            case .server: .server
            }
        let role = transport.link.connect(remoteRole: remote, fingerprint: fingerprint, now: now)
        transport.drainLink(now: now)
        return .connected(localRole: role == .client ? .client : .server)
    }

    func restartICE(_ transport: WebRtcTransport, now: Instant) throws(ControlError) -> ControlReply {
        let credentials = freshCredentials()
        board.fragments[credentials.usernameFragment] = transport.slot
        transport.link.restartICE(credentials: credentials, now: now)
        transport.drainLink(now: now)
        return .iceParameters(IceParameters(credentials))
    }

    // MARK: Producers

    func produce(_ request: ControlRequest.Produce, now: Instant) throws(ControlError) -> ControlReply {
        try checkFree(request.id)
        let transport = try transport(request.transportId)
        try checkRoom(board.producers.count, limits.producers, "producers")
        try checkRoom(transport.producers.count, limits.producersPerTransport, "producers on a transport")
        let parameters = request.rtpParameters
        guard (1...limits.encodingsPerProducer).contains(parameters.encodings.count) else {
            throw ControlError(.invalidArgument, "a producer has 1 to \(limits.encodingsPerProducer) encodings")
        }
        guard request.rtpMapping.encodings.count == parameters.encodings.count else {
            throw ControlError(.invalidArgument, "rtpMapping and rtpParameters differ in their number of encodings")
        }
        let type: ProducerType
        do throws(ORTCError) {
            type = try ORTC.producerType(parameters)
        } catch {
            throw ControlError(.invalidArgument, error.message)
        }
        let extensions = try transport.checkExtensions(parameters)
        let producer = Producer(request, handle: transport.nextProducerHandle, type: type, transport: transport)
        try transport.register(producer, now: now)
        for (kind, id) in extensions { transport.incoming.add(kind, id: id) }
        transport.add(producer)
        transport.chooseFeedback(for: producer)
        board.add(producer: producer)
        return .produced(type: type)
    }

    // MARK: Consumers

    /// Makes several consumers, each for itself: one that is refused changes nothing for the others.
    func consume(_ requests: [ControlRequest.Consume], now: Instant) throws(ControlError) -> ControlReply {
        guard requests.count <= ControlRequest.longestBatch else {
            throw ControlError(.limitReached, "at most \(ControlRequest.longestBatch) consumers in one request")
        }
        let results = requests.map { request -> Result<ControlReply.Consumed, ControlError> in
            do throws(ControlError) {
                return .success(try consume(request, now: now))
            } catch {
                return .failure(error)
            }
        }
        return .consumedBatch(results)
    }

    func consume(_ request: ControlRequest.Consume, now: Instant) throws(ControlError) -> ControlReply.Consumed {
        try checkFree(request.id)
        let transport = try transport(request.transportId)
        let producer = try producer(request.producerId)
        try checkRoom(board.consumers.count, limits.consumers, "consumers")
        try checkRoom(transport.consumers.count { $0 != nil }, limits.consumersPerTransport, "consumers on a transport")
        guard producer.transport.router === transport.router else {
            throw ControlError(.invalidArgument, "the producer is in another router")
        }
        guard producer.kind == request.kind else {
            throw ControlError(.invalidArgument, "the producer is of another kind")
        }
        guard request.type != .pipe else { throw ControlError(.unsupported, "consumers of type pipe") }
        guard let encoding = request.rtpParameters.encodings.first, let ssrc = encoding.ssrc else {
            throw ControlError(.invalidArgument, "a consumer has an encoding with an SSRC")
        }
        for used in [ssrc, encoding.rtx?.ssrc].compactMap(\.self) where transport.consumersBySSRC[used] != nil {
            throw ControlError(.alreadyExists, "SSRC \(used) is in use on the transport")
        }
        guard request.rtpParameters.codecs.contains(where: { !Consumer.isRTX($0) }), !request.codecMapping.isEmpty
        else {
            throw ControlError(.invalidArgument, "a consumer has a media codec and a mapping to it")
        }
        let consumer = Consumer(request, slot: transport.nextConsumerSlot, transport: transport, producer: producer)
        board.add(consumer: consumer)
        transport.add(consumer, now: now)
        return ControlReply.Consumed(
            paused: consumer.isPaused,
            producerPaused: producer.isPaused,
            score: consumer.score,
            preferredLayers: consumer.hasLayers ? ConsumerLayers(consumer.preferred) : nil
        )
    }
}

extension Transport {
    /// The known extensions of a producer and their ids, none of which means something else here already.
    func checkExtensions(_ parameters: RtpParameters) throws(ControlError) -> [(RTPExtensionKind, UInt8)] {
        var added: [(RTPExtensionKind, UInt8)] = []
        for one in parameters.headerExtensions {
            guard one.id != 0 else { throw ControlError(.invalidArgument, "a header extension has id 0") }
            guard let kind = RTPExtensionKind(uri: one.uri) else { continue }
            let other = incoming.kind(of: one.id) ?? added.first { $0.1 == one.id }?.0
            guard other == nil || other == kind else {
                throw ControlError(
                    .invalidArgument,
                    "header extension id \(one.id) means something else on the transport"
                )
            }
            added.append((kind, one.id))
        }
        return added
    }

    /// Makes a producer's packets known by what it signalled.
    func register(_ producer: Producer, now: Instant) throws(ControlError) {
        let parameters = producer.parameters
        var encodings: [StreamRouter.Encoding] = []
        for (index, encoding) in parameters.encodings.enumerated() {
            guard let codec = producer.codec(of: index) else {
                throw ControlError(.invalidArgument, "an encoding without a media codec")
            }
            encodings.append(
                StreamRouter.Encoding(
                    ssrc: encoding.ssrc,
                    rtxSSRC: encoding.rtx?.ssrc,
                    rid: encoding.rid.map { Array($0.utf8) },
                    payloadType: codec.payloadType,
                    rtxPayloadType: producer.codecs.rtx(for: codec.payloadType)
                )
            )
        }
        do throws(StreamRouter.RegistrationError) {
            try streamRouter.register(
                producer: producer.handle,
                mid: parameters.mid.map { Array($0.utf8) },
                encodings: encodings,
                now: now
            )
        } catch {
            throw Self.refusal(error)
        }
    }

    private static func refusal(_ error: StreamRouter.RegistrationError) -> ControlError {
        switch error {
        case .ssrcInUse(let ssrc): ControlError(.alreadyExists, "SSRC \(ssrc) is in use on the transport")
        case .midInUse: ControlError(.alreadyExists, "the MID is in use on the transport")
        case .ridInUse: ControlError(.alreadyExists, "a RID is in use on the transport, and there is no MID")
        case .invalidIdentifier: ControlError(.invalidArgument, "a MID or RID has 1 to 16 bytes")
        case .producerInUse: ControlError(.internal, "a producer's handle is in use")
        case .tooMany: ControlError(.limitReached, "too many producers or encodings")
        }
    }

    /// Measures for REMB where a producer's peer understands that alone.
    func chooseFeedback(for producer: Producer) {
        let codecs = producer.codecs.all
        let ids = producer.parameters.headerExtensions.compactMap { RTPExtensionKind(uri: $0.uri) }
        let hasTransportFeedback =
            ids.contains(.transportSequenceNumber) && codecs.contains { $0.usesTransportFeedback }
        guard !hasTransportFeedback, ids.contains(.absoluteSendTime), codecs.contains(where: \.usesREMB) else { return }
        guard incoming.ids[.transportSequenceNumber] == 0, remb?.measures != true else { return }
        var measuring = RembGenerator(measures: true, senderSSRC: Self.ownSSRC)
        if let remb { measuring.setMaxIncomingBitrate(remb.maxIncomingBitrate, now: Instant(nanoseconds: 0)) }
        remb = measuring
    }

    /// Caps what the peer may send; 0 lifts the cap.
    func setMaxIncomingBitrate(_ bitrate: UInt32, now: Instant) {
        maxIncomingBitrate = bitrate
        if remb == nil { remb = RembGenerator(measures: false, senderSSRC: Self.ownSSRC) }
        remb?.setMaxIncomingBitrate(UInt64(bitrate), now: now)
        reschedule()
    }
}

extension IceParameters {
    init(_ credentials: ICECredentials) {
        self.init(usernameFragment: credentials.usernameFragment, password: credentials.password, iceLite: true)
    }
}

extension Engine {
    /// Gives a transport keys and a peer's address without ICE and DTLS, for simulations in which those do not matter.
    package func startWithKeys(transportId: String, keys: SRTPKeyingMaterial, tuple: Tuple, now: Instant) {
        guard let transport = board.transportsByID[transportId] as? WebRtcTransport else { return }
        transport.link.startWithKeys(keys, tuple: tuple)
        transport.drainLink(now: now)
    }
}
