// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import Swiftlet
import SwiftletSignaling

/// Who receives what, and what peers are told of it.
extension Room {
    // MARK: - Offering

    /// Offers a peer everything that the others produce.
    func consumeEverybody(_ peer: Peer) {
        for other in others(than: peer) { enqueueAll(of: other, for: peer) }
        offerNext(peer)
    }

    /// Offers a peer everything that another one produces.
    func offerAll(of owner: Peer, to peer: Peer) {
        enqueueAll(of: owner, for: peer)
        offerNext(peer)
    }

    /// Offers a peer a producer or data producer, once; a few at a time.
    ///
    /// - Returns: Whether it is going to be offered because of this.
    @discardableResult
    func want(_ offer: Peer.Offer, of owner: String, for peer: Peer) -> Bool {
        let isNew = enqueue(offer, of: owner, for: peer)
        if isNew { offerNext(peer) }
        return isNew
    }

    private func enqueueAll(of owner: Peer, for peer: Peer) {
        for producer in owner.producers.values { enqueue(.media(producer), of: owner.info.id, for: peer) }
        for entry in owner.dataProducers.values { enqueue(.data(entry.producer), of: owner.info.id, for: peer) }
    }

    @discardableResult
    private func enqueue(_ offer: Peer.Offer, of owner: String, for peer: Peer) -> Bool {
        guard peer.isJoined, peer.canTake(offer), !peer.wanted.contains(offer.id) else { return false }
        // Who does not answer offers, while others produce and close without end, must not make us remember it all.
        if peer.waiting.count >= settings.limits.waitingOffers { peer.dropClosedOffers() }
        guard peer.waiting.count < settings.limits.waitingOffers else { return false }
        peer.wanted.insert(offer.id)
        peer.waiting.append(offer, of: owner)
        return true
    }

    /// Offers what waits, as much as may be open at once: consumers are made together, and offered each by itself.
    private func offerNext(_ peer: Peer) {
        let free = settings.limits.offersAtOnce - peer.offers
        // Of a crowd several are made at once, so none is as soon as there is room for one.
        guard free > 0, peer.waiting.count <= free || free >= settings.limits.offersAtOnce / 4 else { return }
        let session = peer.session
        var media: [Wanted] = []
        for _ in 0..<min(free, peer.waiting.count) {
            guard let (next, owner) = peer.waiting.removeFirst() else { break }
            peer.offers += 1
            switch next {
            case .media(let producer): media.append(Wanted(producer: producer, owner: owner))
            case .data(let producer):
                Task {
                    let isConsumed = await offer(producer, of: owner, to: session)
                    noteTaken(producer.id, of: owner)
                    offerEnded(producer.id, isConsumed, session)
                }
            }
        }
        guard !media.isEmpty else { return }
        Task { [media] in await offer(media, to: session) }
    }

    private func offerEnded(_ producerId: String, _ isConsumed: Bool, _ session: SignalingSession) {
        guard let peer = peer(of: session) else { return }
        peer.offers -= 1
        if !isConsumed { peer.wanted.remove(producerId) }
        offerNext(peer)
    }

    /// A producer that is going to be offered to somebody.
    private struct Wanted: Sendable {
        let producer: Producer
        let owner: String
    }

    /// Makes paused consumers, asks the client to take each, and lets it run once that has happened: media that comes
    /// before a browser knows of it is dropped or goes to the wrong place.
    private func offer(_ wanted: [Wanted], to session: SignalingSession) async {
        let results = await consume(wanted, session)
        for (one, result) in zip(wanted, results) {
            switch result {
            case .failure(let error):
                // Who cannot receive a codec is not offered it, and that is nothing to speak of.
                if error.code != .unsupported { note(error, one.producer, session) }
                offerEnded(one.producer.id, false, session)
            case .success(let consumer):
                guard let peer = peer(of: session) else {
                    await consumer.close()
                    continue
                }
                peer.consumers[consumer.id] = Peer.Consuming(
                    consumer: consumer,
                    toldPaused: consumer.producerPaused,
                    isSmallest: isSmallest(one.producer, for: peer)
                )
                watch(consumer, session)
                Task {
                    let isConsumed = await present(consumer, of: one, to: session)
                    offerEnded(one.producer.id, isConsumed, session)
                }
            }
        }
    }

    private func consume(
        _ wanted: [Wanted],
        _ session: SignalingSession
    ) async -> [Result<Consumer, SwiftletError>] {
        guard let peer = peer(of: session), let capabilities = peer.capabilities,
            let transport = peer.consumingTransport
        else {
            // Its transport is gone, and whoever makes another is offered everything anew.
            return wanted.map { _ in .failure(SwiftletError(.unsupported, "the peer receives nothing")) }
        }
        let options = wanted.map { one in
            ConsumerOptions(
                producerId: one.producer.id,
                rtpCapabilities: capabilities,
                paused: true,
                preferredLayers: isSmallest(one.producer, for: peer) ? ConsumerLayers(spatialLayer: 0) : nil,
                enableRtx: true,
                forwardDependencyDescriptor: one.producer.needsDescription,
                appData: ["peerId": .string(one.owner)]
            )
        }
        do throws(SwiftletError) {
            return try await transport.consume(options)
        } catch {
            return wanted.map { _ in .failure(error) }
        }
    }

    /// Whether a client cannot put several sizes of a stream together.
    private func isSmallest(_ producer: Producer, for peer: Peer) -> Bool {
        producer.needsDescription && peer.capabilities?.hasDescription != true
    }

    private func note(_ error: any Error, _ producer: Producer, _ session: SignalingSession) {
        session.logger.notice(
            "consumer not taken",
            metadata: ["producer": "\(producer.id)", "reason": "\(error)"]
        )
    }

    /// Asks the client to take a consumer.
    ///
    /// - Returns: Whether it is consumed now.
    private func present(_ consumer: Consumer, of wanted: Wanted, to session: SignalingSession) async -> Bool {
        guard let entry = peer(of: session)?.consumers[consumer.id] else { return false }
        let (producer, owner) = (wanted.producer, wanted.owner)
        session.logger.debug(
            "offers",
            metadata: ["consumer": "\(consumer.id)", "producer": "\(producer.id)", "of": "\(owner)"]
        )
        do {
            try await session.request(
                "newConsumer",
                NewConsumerRequest(
                    peerId: owner,
                    producerId: producer.id,
                    id: consumer.id,
                    kind: consumer.kind,
                    rtpParameters: consumer.rtpParameters,
                    type: consumer.type,
                    appData: producer.appData,
                    producerPaused: entry.toldPaused
                )
            )
            return try await accepted(consumer, session)
        } catch {
            note(error, producer, session)
            if let entry = peer(of: session)?.consumers.removeValue(forKey: consumer.id) {
                await entry.consumer.close()
            }
            return false
        }
    }

    /// The client took it: it runs, and the client hears what changed meanwhile.
    private func accepted(_ consumer: Consumer, _ session: SignalingSession) async throws -> Bool {
        guard let peer = peer(of: session) else { return false }
        guard peer.consumers[consumer.id] != nil else {
            session.notify("consumerClosed", ConsumerNotice(consumerId: consumer.id))
            return false
        }
        peer.consumers[consumer.id]?.isAccepted = true
        tellPaused(consumer, peer)
        if peer.consumers[consumer.id]?.isPaused == false { try await consumer.resume() }
        session.notify("consumerScore", ScoreNotice(consumerId: consumer.id, score: consumer.score))
        return true
    }

    private func tellPaused(_ consumer: Consumer, _ peer: Peer) {
        guard var entry = peer.consumers[consumer.id], entry.isAccepted, entry.toldPaused != consumer.producerPaused
        else { return }
        entry.toldPaused = consumer.producerPaused
        peer.consumers[consumer.id] = entry
        let method = entry.toldPaused ? "consumerPaused" : "consumerResumed"
        peer.session.notify(method, ConsumerNotice(consumerId: consumer.id))
    }

    // MARK: - Watching; every task ends with what it watches

    func watch(_ transport: WebRtcTransport, _ session: SignalingSession) {
        let events = transport.events()
        Task { [weak self] in
            for await event in events { await self?.handle(event, transport, session) }
        }
    }

    func watch(_ producer: Producer, _ session: SignalingSession) {
        let events = producer.events()
        Task { [weak self] in
            for await event in events { await self?.handle(event, producer, session) }
        }
    }

    private func watch(_ consumer: Consumer, _ session: SignalingSession) {
        let events = consumer.events()
        Task { [weak self] in
            for await event in events { await self?.handle(event, consumer, session) }
        }
    }

    private func handle(_ event: WebRtcTransport.Event, _ transport: WebRtcTransport, _ session: SignalingSession) async
    {
        guard let peer = peer(of: session), peer.transports[transport.id] != nil else { return }
        var logger = session.logger
        logger[metadataKey: "transport"] = "\(transport.id)"
        switch event {
        case .iceStateChange(let state):
            logger.debug("ICE", metadata: ["state": "\(state)"])
            switch state {
            case .disconnected: beginLoss(transport, peer)
            case .connected, .completed: endLoss(transport, peer)
            case .new, .closed: break
            }
        case .dtlsStateChange(let state):
            logger.debug("DTLS", metadata: ["state": "\(state)"])
            switch state {
            case .failed: beginLoss(transport, peer)
            case .closed:
                // The client said that it is done with this transport.
                endLoss(transport, peer)
                peer.transports[transport.id] = nil
                await transport.close()
            case .new, .connecting, .connected: break
            }
        case .routerClose, .listenServerClose:
            endLoss(transport, peer)
            peer.transports[transport.id] = nil
        case .iceSelectedTupleChange(let tuple):
            logger.debug("path", metadata: ["tuple": "\(tuple.map { "\($0)" } ?? "none")"])
        case .sctpStateChange(let state): logger.debug("SCTP", metadata: ["state": "\(state)"])
        case .dataChannelClosed(let streamId):
            await closeData(on: transport.id, streamId: streamId, peer)
        case .dataChannelOpened(let channel):
            // Channels are agreed on here; nobody listens to others.
            let stream = channel.sctpStreamParameters.streamId
            logger.debug("data channel opened in band", metadata: ["stream": "\(stream)"])
        @unknown default: break
        }
    }

    private func beginLoss(_ transport: WebRtcTransport, _ peer: Peer) {
        guard peer.transports[transport.id]?.loss == nil else { return }
        let (session, id, limit) = (peer.session, transport.id, settings.limits.mediaLossTime)
        peer.transports[transport.id]?.loss = Task { [weak self] in
            guard (try? await Task.sleep(for: limit)) != nil else { return }
            await self?.mediaLost(session, transportId: id)
        }
    }

    private func endLoss(_ transport: WebRtcTransport, _ peer: Peer) {
        peer.transports[transport.id]?.loss?.cancel()
        peer.transports[transport.id]?.loss = nil
    }

    private func handle(_ event: Producer.Event, _ producer: Producer, _ session: SignalingSession) {
        guard let peer = peer(of: session) else { return }
        switch event {
        case .score(let scores):
            session.notify("producerScore", ScoreNotice(producerId: producer.id, score: scores))
        case .demand(let demand): tell(demand, of: producer, session)
        case .transportClose: peer.producers[producer.id] = nil
        case .videoOrientationChange, .trace: break
        @unknown default: break
        }
    }

    /// Tells the client that sends which of its encodings anybody watches.
    func tell(_ demand: ProducerDemand, of producer: Producer, _ session: SignalingSession) {
        session.notify(
            "producerDemand",
            ProducerDemandNotice(
                producerId: producer.id,
                encodings: demand.encodings,
                spatialLayer: demand.spatialLayer,
                temporalLayer: demand.temporalLayer
            )
        )
    }

    private func handle(_ event: Consumer.Event, _ consumer: Consumer, _ session: SignalingSession) {
        guard let peer = peer(of: session) else { return }
        switch event {
        case .producerPause, .producerResume: tellPaused(consumer, peer)
        case .score(let score):
            guard peer.consumers[consumer.id]?.isAccepted == true else { return }
            session.notify("consumerScore", ScoreNotice(consumerId: consumer.id, score: score))
        case .layersChange(let layers):
            guard peer.consumers[consumer.id]?.isAccepted == true else { return }
            session.notify(
                "consumerLayersChanged",
                ConsumerLayersNotice(
                    consumerId: consumer.id,
                    spatialLayer: layers?.spatialLayer,
                    temporalLayer: layers?.temporalLayer
                )
            )
        case .trace, .rtp: break
        case .producerClose, .transportClose:
            peer.wanted.remove(consumer.producerId)
            guard let entry = peer.consumers.removeValue(forKey: consumer.id) else { return }
            if case .producerClose = event, entry.isAccepted {
                session.notify("consumerClosed", ConsumerNotice(consumerId: consumer.id))
            }
        @unknown default: break
        }
    }
}

extension Producer {
    /// Whether viewers need the dependency descriptor.
    ///
    /// Without it, browsers cannot put together the pictures of several AV1 layers in one stream. Of other streams they
    /// do better without.
    fileprivate var needsDescription: Bool {
        type == .svc && ScalabilityMode(parsing: rtpParameters.encodings.first?.scalabilityMode).spatialLayers > 1
            && rtpParameters.codecs.first?.mimeType.lowercased() == "video/av1"
    }
}

extension RtpCapabilities {
    /// Whether a client can read what describes layers.
    fileprivate var hasDescription: Bool {
        headerExtensions.contains {
            $0.kind == .video && $0.uri == RtpHeaderExtensionURI.dependencyDescriptor && $0.direction.receives
        }
    }
}
