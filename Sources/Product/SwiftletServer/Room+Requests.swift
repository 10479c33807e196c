// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import Swiftlet
import SwiftletSignaling

/// What peers ask for, one method per request; the protocol is described in `Docs/SIGNALING.md`.
extension Room {
    /// Answers a request; the answer always comes, whatever is wrong with it.
    func handle(_ id: Int, _ method: String, _ data: FrameData, from session: SignalingSession) async {
        guard let peer = peer(of: session) else {
            return session.refuse(id, SignalingError(500, "the peer is no longer in the room"))
        }
        do {
            try await answer(id, method, data, peer)
        } catch let error as SignalingError {
            session.logger.debug("request refused", metadata: ["method": "\(method)", "reason": "\(error)"])
            session.refuse(id, error)
        } catch let error as SwiftletError {
            session.logger.debug("request refused", metadata: ["method": "\(method)", "reason": "\(error)"])
            session.refuse(id, SignalingError(error))
        } catch {
            session.logger.error("request failed", metadata: ["method": "\(method)", "reason": "\(error)"])
            session.refuse(id, SignalingError(500, "\(error)"))
        }
    }

    private func answer(_ id: Int, _ method: String, _ data: FrameData, _ peer: Peer) async throws {
        switch method {
        case "getRouterRtpCapabilities": peer.session.grant(id, try await host().router.rtpCapabilities)
        case "join": try join(id, try data.decode(), peer)
        case "changeDisplayName": try changeDisplayName(id, try data.decode(), peer)
        case "createWebRtcTransport": try await createTransport(id, try data.decode(), peer)
        case "connectWebRtcTransport": try await connectTransport(id, try data.decode(), peer)
        case "restartIce": try await restartIce(id, try data.decode(), peer)
        case "produce": try await produce(id, try data.decode(), peer)
        case "closeProducer", "pauseProducer", "resumeProducer":
            try await changeProducer(id, method, try data.decode(), peer)
        case "pauseConsumer", "resumeConsumer", "requestConsumerKeyFrame":
            try await changeConsumer(id, method, try data.decode(), peer)
        case "setConsumerPreferredLayers": try await setPreferredLayers(id, try data.decode(), peer)
        case "setConsumerPriority": try await setPriority(id, try data.decode(), peer)
        case "getTransportStats":
            let transport = try peer.transport(try data.decode(TransportRequest.self).transportId)
            peer.session.grant(id, try await transport.getStats())
        case "getProducerStats":
            let producer = try peer.producer(try data.decode(ProducerRequest.self).producerId)
            peer.session.grant(id, try await producer.getStats())
        case "getConsumerStats":
            let consumer = try peer.consumer(try data.decode(ConsumerRequest.self).consumerId)
            peer.session.grant(id, try await consumer.getStats())
        case "produceData": try await produceData(id, try data.decode(), peer)
        case "closeDataProducer": try await closeDataProducer(id, try data.decode(), peer)
        case "getDataProducerStats":
            let producer = try peer.dataProducer(try data.decode(DataProducerRequest.self).dataProducerId)
            peer.session.grant(id, try await producer.getStats())
        case "getDataConsumerStats":
            let consumer = try peer.dataConsumer(try data.decode(DataConsumerRequest.self).dataConsumerId)
            peer.session.grant(id, try await consumer.getStats())
        case "getChatHistory": try getChatHistory(id, peer)
        case "applyNetworkThrottle", "resetNetworkThrottle":
            throw SignalingError(403, "network throttling is not supported")
        default:
            throw SignalingError(500, "unknown request.method \"\(method.prefix(64))\"")
        }
    }

    // MARK: - Peers

    private func join(_ id: Int, _ request: JoinRequest, _ peer: Peer) throws(SignalingError) {
        guard !peer.isJoined else { throw SignalingError(400, "Peer already joined") }
        let name = request.displayName ?? ""
        try checkDisplayName(name)
        let device = request.device ?? [:]
        try checkAttached(device, "device")
        peer.isJoined = true
        peer.joinTimeout?.cancel()
        peer.info = PeerInfo(id: peer.session.peerId, displayName: name, device: device)
        peer.capabilities = request.rtpCapabilities
        peer.takesData = request.sctpCapabilities != nil
        let others = others(than: peer)
        peer.session.grant(id, JoinAnswer(peers: others.map(\.info), chatHistory: chat.messages))
        peer.session.logger.info("peer joined", metadata: ["peers": "\(others.count + 1)"])
        consumeEverybody(peer)
        tellSpeaker(to: peer)
        tell(others, "newPeer", peer.info)
        // What was produced before the join is offered now.
        for other in others { offerAll(of: peer, to: other) }
    }

    private func changeDisplayName(
        _ id: Int,
        _ request: ChangeDisplayNameRequest,
        _ peer: Peer
    ) throws(SignalingError) {
        guard peer.isJoined else { throw SignalingError(400, "Peer not yet joined") }
        try checkDisplayName(request.displayName)
        let old = peer.info.displayName
        peer.info.displayName = request.displayName
        let notice = DisplayNameNotice(
            peerId: peer.info.id,
            displayName: request.displayName,
            oldDisplayName: old
        )
        peer.session.grant(id, Nothing())
        tell(others(than: peer), "peerDisplayNameChanged", notice)
    }

    private func checkDisplayName(_ name: String) throws(SignalingError) {
        let most = settings.limits.displayNameBytes
        guard name.utf8.count <= most else { throw SignalingError(400, "displayName is longer than \(most) bytes") }
    }

    private func checkAttached(_ value: JSONValue, _ name: String) throws(SignalingError) {
        let most = settings.limits.attachedBytes
        guard let size = try? JSONEncoder().encode(value).count, size <= most else {
            throw SignalingError(400, "\(name) is longer than \(most) bytes of JSON")
        }
    }

    // MARK: - Transports

    private func createTransport(_ id: Int, _ request: CreateWebRtcTransportRequest, _ peer: Peer) async throws {
        let most = settings.limits.transportsPerPeer
        guard peer.transports.count + peer.transportsUnderway < most else {
            throw SignalingError(400, "a peer has at most \(most) transports")
        }
        peer.transportsUnderway += 1
        defer { peer.transportsUnderway -= 1 }
        let hosted = try await host()
        let forceTcp = request.forceTcp ?? false
        let transport = try await hosted.router.createWebRtcTransport(
            WebRtcTransportOptions(
                listen: .server(hosted.server),
                enableUdp: !forceTcp,
                enableTcp: true,
                preferUdp: true,
                iceConsentTimeout: 20,
                initialAvailableOutgoingBitrate: 1_000_000,
                enableSctp: request.sctpCapabilities != nil,
                maxSendMessageSize: settings.limits.messageBytes,
                maxReceiveMessageSize: settings.limits.messageBytes
            )
        )
        guard self.peer(of: peer.session) === peer else {
            await transport.close()
            throw SignalingError(500, "the peer left")
        }
        // Who says nothing gets a transport for both directions.
        let saysNothing = request.producing == nil && request.consuming == nil
        let isConsuming = request.consuming ?? saysNothing
        peer.transports[transport.id] = Peer.Transport(transport: transport, isConsuming: isConsuming)
        watch(transport, peer.session)
        peer.session.logger.debug("transport created", metadata: ["transport": "\(transport.id)"])
        peer.session.grant(
            id,
            CreateWebRtcTransportAnswer(
                id: transport.id,
                iceParameters: transport.iceParameters,
                iceCandidates: transport.iceCandidates,
                dtlsParameters: transport.dtlsParameters,
                sctpParameters: transport.sctpParameters,
                iceServers: settings.iceServers.map(\.forClients)
            )
        )
        if isConsuming, peer.isJoined { consumeEverybody(peer) }
    }

    private func connectTransport(_ id: Int, _ request: ConnectWebRtcTransportRequest, _ peer: Peer) async throws {
        try await peer.transport(request.transportId).connect(dtlsParameters: request.dtlsParameters)
        peer.session.grant(id, Nothing())
    }

    private func restartIce(_ id: Int, _ request: TransportRequest, _ peer: Peer) async throws {
        peer.session.grant(id, try await peer.transport(request.transportId).restartIce())
    }

    // MARK: - Producers and consumers

    /// Who may send media and messages: everybody who has joined.
    func checkMayProduce(_ peer: Peer) throws(SignalingError) {
        guard peer.isJoined else { throw SignalingError(400, "Peer not yet joined") }
    }

    /// What a client says of a producer or data producer of its own, with the peer's id, which it cannot choose.
    func ownAppData(_ said: JSONValue?, _ peer: Peer) throws(SignalingError) -> JSONValue {
        var appData: [String: JSONValue] = [:]
        if case .object(let members)? = said { appData = members }
        try checkAttached(.object(appData), "appData")
        appData["peerId"] = .string(peer.info.id)
        return .object(appData)
    }

    private func produce(_ id: Int, _ request: ProduceRequest, _ peer: Peer) async throws {
        try checkMayProduce(peer)
        let most = settings.limits.producersPerPeer
        guard peer.producers.count + peer.producersUnderway < most else {
            throw SignalingError(400, "a peer has at most \(most) producers")
        }
        let transport = try peer.transport(request.transportId)
        let appData = try ownAppData(request.appData, peer)
        peer.producersUnderway += 1
        defer { peer.producersUnderway -= 1 }
        let producer = try await transport.produce(
            ProducerOptions(kind: request.kind, rtpParameters: request.rtpParameters, appData: appData)
        )
        guard self.peer(of: peer.session) === peer else {
            await producer.close()
            throw SignalingError(500, "the peer left")
        }
        peer.producers[producer.id] = producer
        watch(producer, peer.session)
        peer.session.logger.info(
            "produces",
            metadata: [
                "producer": "\(producer.id)", "transport": "\(transport.id)", "kind": "\(producer.kind)",
                "type": "\(producer.type)",
            ]
        )
        peer.session.grant(id, ProduceAnswer(id: producer.id))
        // What was known before anybody listened.
        if let demand = producer.demand { tell(demand, of: producer, peer.session) }
        for other in others(than: peer) { want(.media(producer), of: peer.info.id, for: other) }
        if producer.kind == .audio { await listen(to: producer) }
    }

    private func changeProducer(_ id: Int, _ method: String, _ request: ProducerRequest, _ peer: Peer) async throws {
        let producer = try peer.producer(request.producerId)
        switch method {
        case "pauseProducer": try await producer.pause()
        case "resumeProducer": try await producer.resume()
        default:
            peer.producers[producer.id] = nil
            await producer.close()
        }
        peer.session.grant(id, Nothing())
    }

    private func changeConsumer(_ id: Int, _ method: String, _ request: ConsumerRequest, _ peer: Peer) async throws {
        let consumer = try peer.consumer(request.consumerId)
        switch method {
        case "pauseConsumer":
            peer.consumers[consumer.id]?.isPaused = true
            try await consumer.pause()
        case "resumeConsumer":
            peer.consumers[consumer.id]?.isPaused = false
            // Before the client has accepted it, it stays paused; then it is resumed anyway.
            if peer.consumers[consumer.id]?.isAccepted == true { try await consumer.resume() }
        default: try await consumer.requestKeyFrame()
        }
        peer.session.grant(id, Nothing())
    }

    private func setPreferredLayers(_ id: Int, _ request: SetConsumerPreferredLayersRequest, _ peer: Peer) async throws
    {
        let consumer = try peer.consumer(request.consumerId)
        // Higher ones than there are mean the highest; this bounds what is passed on.
        let isSmallest = peer.consumers[consumer.id]?.isSmallest == true
        let layers = ConsumerLayers(
            spatialLayer: min(request.spatialLayer, isSmallest ? 0 : settings.limits.highestLayer),
            temporalLayer: request.temporalLayer.map { min($0, settings.limits.highestLayer) }
        )
        try await consumer.setPreferredLayers(layers)
        let applied = consumer.preferredLayers
        peer.session.grant(
            id,
            PreferredLayersAnswer(spatialLayer: applied?.spatialLayer, temporalLayer: applied?.temporalLayer)
        )
    }

    private func setPriority(_ id: Int, _ request: SetConsumerPriorityRequest, _ peer: Peer) async throws {
        try await peer.consumer(request.consumerId).setPriority(request.priority)
        peer.session.grant(id, Nothing())
    }
}

extension SignalingError {
    /// What a refusal by the API means to a client.
    init(_ error: SwiftletError) {
        let code =
            switch error.code {
            case .invalidArgument, .invalidState, .alreadyExists, .unsupported, .limitReached: 400
            case .notFound, .closed: 404
            default: 500
            }
        self.init(code, error.message)
    }
}
