// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import Swiftlet
import SwiftletSignaling

/// Data channels: who sends on which, and who receives it.
extension Room {
    // MARK: - Producing

    func produceData(_ id: Int, _ request: ProduceDataRequest, _ peer: Peer) async throws {
        try checkMayProduce(peer)
        let most = settings.limits.dataProducersPerPeer
        guard peer.dataProducers.count + peer.dataProducersUnderway < most else {
            throw SignalingError(400, "a peer has at most \(most) data producers")
        }
        let transport = try peer.transport(request.transportId)
        let (label, subprotocol) = (request.label ?? "", request.protocol ?? "")
        try checkLabel(label, "label")
        try checkLabel(subprotocol, "protocol")
        let appData = try ownAppData(request.appData, peer)
        peer.dataProducersUnderway += 1
        defer { peer.dataProducersUnderway -= 1 }
        let producer = try await transport.produceData(
            DataProducerOptions(
                sctpStreamParameters: request.sctpStreamParameters,
                label: label,
                protocol: subprotocol,
                appData: appData
            )
        )
        // Before the client may send on it, so that nothing is missed.
        if label == ChatRecorder.label { await record(producer, peer.session) }
        guard self.peer(of: peer.session) === peer else {
            await producer.close()
            throw SignalingError(500, "the peer left")
        }
        guard !producer.closed else { throw SignalingError(500, "the transport was closed") }
        peer.dataProducers[producer.id] = Peer.DataProducing(producer: producer, transportId: transport.id)
        watch(producer, peer.session)
        peer.session.logger.info(
            "produces data",
            metadata: ["dataProducer": "\(producer.id)", "transport": "\(transport.id)", "label": "\(label)"]
        )
        let takers = others(than: peer).filter { want(.data(producer), of: peer.info.id, for: $0) }
        grantWhenTaken(producer, id, by: takers.count, peer)
    }

    func closeDataProducer(_ id: Int, _ request: DataProducerRequest, _ peer: Peer) async throws {
        // The channel's own end, which comes by the transport, may have been here first.
        guard !peer.recentlyClosedData.contains(request.dataProducerId) else {
            return peer.session.grant(id, Nothing())
        }
        let producer = try peer.dataProducer(request.dataProducerId)
        peer.dataProducers[producer.id] = nil
        await producer.close()
        peer.session.grant(id, Nothing())
    }

    private func checkLabel(_ text: String, _ name: String) throws(SignalingError) {
        let most = settings.limits.labelBytes
        guard text.utf8.count <= most else { throw SignalingError(400, "\(name) is longer than \(most) bytes") }
    }

    // MARK: - The answer to produceData

    /// Answers once everybody who is there has taken the channel, or soon: what is sent on it before is lost to them.
    private func grantWhenTaken(_ producer: DataProducer, _ id: Int, by takers: Int, _ peer: Peer) {
        let session = peer.session
        guard takers > 0 else { return session.grant(id, ProduceAnswer(id: producer.id)) }
        let limit = settings.limits.takingTime
        peer.untaken[producer.id] = Peer.Untaken(
            request: id,
            takers: takers,
            timeout: Task { [weak self] in
                guard (try? await Task.sleep(for: limit)) != nil else { return }
                await self?.grant(producer.id, session)
            }
        )
    }

    /// One more has taken the channel, or will not.
    func noteTaken(_ producerId: String, of owner: String) {
        guard let peer = peers[owner], let takers = peer.untaken[producerId]?.takers else { return }
        peer.untaken[producerId]?.takers = takers - 1
        if takers <= 1 { grant(producerId, peer.session) }
    }

    private func grant(_ producerId: String, _ session: SignalingSession) {
        guard let peer = peer(of: session), let entry = peer.untaken.removeValue(forKey: producerId) else { return }
        entry.timeout.cancel()
        session.grant(entry.request, ProduceAnswer(id: producerId))
    }

    // MARK: - Consuming

    /// Makes a paused data consumer, asks the client to take it, and lets it run once that has happened: a browser drops
    /// what comes on a stream that it has no channel for.
    ///
    /// - Returns: Whether it is consumed now.
    func offer(_ producer: DataProducer, of owner: String, to session: SignalingSession) async -> Bool {
        guard let peer = peer(of: session), let transport = peer.dataTransport, !producer.closed else { return false }
        var consumerId: String?
        do {
            let consumer = try await transport.consumeData(
                DataConsumerOptions(
                    dataProducerId: producer.id,
                    paused: true,
                    appData: ["peerId": .string(owner)]
                )
            )
            guard self.peer(of: session) === peer, let parameters = consumer.sctpStreamParameters else {
                await consumer.close()
                return false
            }
            consumerId = consumer.id
            peer.dataConsumers[consumer.id] = Peer.DataConsuming(consumer: consumer, transportId: transport.id)
            watch(consumer, session)
            session.logger.debug(
                "offers data",
                metadata: ["dataConsumer": "\(consumer.id)", "dataProducer": "\(producer.id)", "of": "\(owner)"]
            )
            try await session.request(
                "newDataConsumer",
                NewDataConsumerRequest(
                    peerId: owner,
                    dataProducerId: producer.id,
                    id: consumer.id,
                    sctpStreamParameters: parameters,
                    label: consumer.label,
                    protocol: consumer.protocol,
                    appData: producer.appData
                )
            )
            guard self.peer(of: session) === peer else { return false }
            guard peer.dataConsumers[consumer.id] != nil else {
                // It closed meanwhile.
                session.notify("dataConsumerClosed", DataConsumerRequest(dataConsumerId: consumer.id))
                return false
            }
            peer.dataConsumers[consumer.id]?.isAccepted = true
            try await consumer.resume()
            return true
        } catch {
            let why: Logger.Metadata = ["dataProducer": "\(producer.id)", "reason": "\(error)"]
            session.logger.notice("data consumer not taken", metadata: why)
            if let consumerId, let entry = self.peer(of: session)?.dataConsumers.removeValue(forKey: consumerId) {
                await entry.consumer.close()
            }
            return false
        }
    }

    // MARK: - Watching; every task ends with what it watches

    private func watch(_ producer: DataProducer, _ session: SignalingSession) {
        let events = producer.events()
        Task { [weak self] in
            for await event in events {
                if case .transportClose = event { await self?.forget(producer, session) }
            }
        }
    }

    private func watch(_ consumer: DataConsumer, _ session: SignalingSession) {
        let events = consumer.events()
        Task { [weak self] in
            for await event in events { await self?.handle(event, consumer, session) }
        }
    }

    /// The client closed a channel and said nothing of it here.
    func closeData(on transportId: String, streamId: UInt16, _ peer: Peer) async {
        for (id, entry) in peer.dataProducers
        where entry.transportId == transportId && entry.producer.sctpStreamParameters?.streamId == streamId {
            peer.dataProducers[id] = nil
            peer.noteClosedData(id)
            await entry.producer.close()
        }
        for (id, entry) in peer.dataConsumers
        where entry.transportId == transportId && entry.consumer.sctpStreamParameters?.streamId == streamId {
            peer.dataConsumers[id] = nil
            peer.wanted.remove(entry.consumer.dataProducerId)
            await entry.consumer.close()
        }
    }

    private func forget(_ producer: DataProducer, _ session: SignalingSession) {
        peer(of: session)?.dataProducers[producer.id] = nil
    }

    private func handle(_ event: DataConsumer.Event, _ consumer: DataConsumer, _ session: SignalingSession) {
        guard let peer = peer(of: session) else { return }
        switch event {
        case .dataProducerClose, .transportClose:
            peer.wanted.remove(consumer.dataProducerId)
            guard let entry = peer.dataConsumers.removeValue(forKey: consumer.id) else { return }
            if case .dataProducerClose = event, entry.isAccepted {
                session.notify("dataConsumerClosed", DataConsumerRequest(dataConsumerId: consumer.id))
            }
        case .sctpSendBufferFull:
            session.logger.debug("messages dropped", metadata: ["dataConsumer": "\(consumer.id)"])
        default: break
        }
    }

    // MARK: - The chat

    /// Lets the room's history hear a chat channel.
    private func record(_ producer: DataProducer, _ session: SignalingSession) async {
        guard let recorder = await recorder() else { return }
        do {
            try await recorder.listen(to: producer, of: session.peerId) { [weak self] in
                await self?.displayName(of: session)
            }
        } catch {
            guard !producer.closed else { return }
            let why: Logger.Metadata = ["dataProducer": "\(producer.id)", "reason": "\(error)"]
            session.logger.notice("the chat's history misses a channel", metadata: why)
        }
    }

    private func displayName(of session: SignalingSession) -> String? { peer(of: session)?.info.displayName }

    private func recorder() async -> ChatRecorder? {
        if let recorder { return recorder }
        guard let router = try? await host().router else { return nil }
        // Somebody else may have made it while the router was asked for.
        if let recorder { return recorder }
        let made = ChatRecorder(router: router, history: chat)
        recorder = made
        return made
    }

    func getChatHistory(_ id: Int, _ peer: Peer) throws(SignalingError) {
        guard peer.isJoined else { throw SignalingError(400, "Peer not yet joined") }
        guard peer.historyReads.take(now: .now) else { throw SignalingError(400, "getChatHistory comes too often") }
        peer.session.grant(id, ChatHistoryAnswer(chatHistory: chat.messages))
    }
}
