// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCrypto
import SwiftletDTLS
import SwiftletICE
import SwiftletORTC
import SwiftletSignaling
import SwiftletWebSockets
import SwiftletWire

/// What a client is made of: signalling here, media in a session on one of the media threads.
actor ClientCore {
    /// Something published, under the producer's id.
    private struct Published {
        var mid: String
        var publication: Publication
    }

    nonisolated let room: String
    nonisolated let peer: String
    nonisolated let board = ClientBoard()
    private nonisolated let options: ClientOptions
    private nonisolated let signaling: SignalingLink
    private nonisolated let session: SessionHandle
    private var roomCapabilities = RtpCapabilities()
    private var transports: [TransportSide: String] = [:]
    private var opening: [TransportSide: Task<Result<Void, SwiftletClientError>, Never>] = [:]
    /// Sides that have to be connected by some time.
    private var patience: [TransportSide: Task<Void, Never>] = [:]
    private var published: [String: Published] = [:]
    private var demands: [String: ProducerDemandNotice] = [:]
    private var lastMid = 0
    private var joinTime = Duration.zero
    private var isEnded = false
    /// What the session tells; finished at the end, so that its reader ends too.
    private var outputs: AsyncStream<MediaSession.Output>.Continuation?
    /// What was counted, once the session is gone.
    private var finalStatistics: ClientStatistics?
    private var random = SeededRandom(seed: UInt64.random(in: 0...UInt64.max))

    private init(
        room: String,
        peer: String,
        options: ClientOptions,
        signaling: SignalingLink,
        session: SessionHandle
    ) {
        (self.room, self.peer, self.options) = (room, peer, options)
        (self.signaling, self.session) = (signaling, session)
    }

    // MARK: Joining

    static func connect(
        to url: String,
        room: String,
        peer: String,
        displayName: String,
        options: ClientOptions
    ) async throws(SwiftletClientError) -> ClientCore {
        let began = ContinuousClock.now
        let place = try options.threads.place()
        let signaling = try await SignalingLink.open(url, room: room, peer: peer, options)
        let core = ClientCore(
            room: room,
            peer: peer,
            options: options,
            signaling: signaling,
            session: SessionHandle(id: place.id, mailbox: place.mailbox)
        )
        await core.start()
        do throws(SwiftletClientError) {
            try await core.join(displayName, began: began)
        } catch {
            await core.end(error)
            throw error
        }
        return core
    }

    private func start() async {
        let (outputs, continuation) = AsyncStream<MediaSession.Output>.makeStream()
        self.outputs = continuation
        let network = options.network
        await session.perform { loop, id in
            loop.add(id) { continuation.yield($0) }
            _ = loop.with(id) { session, _ in session.profile = network }
        }
        Task { [weak self, signaling] in
            await signaling.run { [weak self] incoming in await self?.handle(incoming) }
            await self?.signalingEnded()
        }
        Task { [weak self] in
            for await output in outputs {
                guard let self else { return }
                await self.handle(output)
            }
        }
    }

    private func join(_ displayName: String, began: ContinuousClock.Instant) async throws(SwiftletClientError) {
        roomCapabilities = try await signaling.ask("getRouterRtpCapabilities", Nothing())
        let own = options.receives ? Negotiation.capabilities(of: roomCapabilities) : nil
        if options.receives { try await openTransport(.receiving) }
        let answer: JoinAnswer = try await signaling.ask(
            "join",
            JoinRequest(
                displayName: displayName,
                device: ["flag": "swiftlet", "name": "SwiftletClient", "version": "1"],
                rtpCapabilities: own
            )
        )
        for other in answer.peers { board.tell(.peerJoined(other.id)) }
        joinTime = ContinuousClock.now - began
    }

    // MARK: Transports

    /// Makes the transport of a side, once.
    private func openTransport(_ side: TransportSide) async throws(SwiftletClientError) {
        let task =
            opening[side]
            ?? Task {
                do throws(SwiftletClientError) {
                    try await makeTransport(side)
                    return .success(())
                } catch {
                    return .failure(error)
                }
            }
        opening[side] = task
        try await task.value.get()
    }

    private func makeTransport(_ side: TransportSide) async throws(SwiftletClientError) {
        let answer: CreateWebRtcTransportAnswer = try await signaling.ask(
            "createWebRtcTransport",
            CreateWebRtcTransportRequest(forceTcp: false, producing: side == .sending, consuming: side == .receiving)
        )
        let offered = answer.dtlsParameters.fingerprints.compactMap {
            Fingerprint(algorithm: $0.algorithm, value: $0.value)
        }
        guard let fingerprint = RemoteFingerprint(offered), let certificate = try? MediaThreads.certificate.get() else {
            throw SwiftletClientError(.rejected, "the server's transport has no fingerprint that we know")
        }
        let candidates = answer.iceCandidates.compactMap { candidate -> ICEControllingAgent.RemoteCandidate? in
            guard candidate.protocol == .udp, let address = SocketAddress(candidate.address, port: candidate.port)
            else {
                return nil
            }
            return .init(address: address, priority: candidate.priority)
        }
        guard !candidates.isEmpty else { throw SwiftletClientError(.rejected, "the server has no address over UDP") }
        let plan = TransportPlan(
            remote: ICECredentials(
                usernameFragment: answer.iceParameters.usernameFragment,
                password: answer.iceParameters.password
            ),
            candidates: candidates,
            fingerprint: fingerprint
        )
        transports[side] = answer.id
        if let error = await session.perform({ loop, id in loop.open(side, of: id, plan) }) { throw error }
        wait(for: side, "media did not connect")
        let own = certificate.fingerprints.map { DtlsFingerprint(algorithm: $0.algorithm.rawValue, value: $0.value) }
        try await signaling.ask(
            "connectWebRtcTransport",
            ConnectWebRtcTransportRequest(
                transportId: answer.id,
                dtlsParameters: DtlsParameters(role: .client, fingerprints: own)
            )
        )
    }

    /// Ends the client unless a side is connected in time.
    private func wait(for side: TransportSide, _ reason: String) {
        guard patience[side] == nil, !isEnded else { return }
        let limit = options.mediaTimeout
        patience[side] = Task { [weak self] in
            guard (try? await Task.sleep(for: limit)) != nil else { return }
            await self?.end(SwiftletClientError(.mediaLost, "\(reason) within \(limit)"))
        }
    }

    func restartIce(_ side: TransportSide) async throws(SwiftletClientError) {
        try checkOpen()
        guard let transport = transports[side] else { return }
        let answer: IceParameters = try await signaling.ask("restartIce", TransportRequest(transportId: transport))
        let remote = ICECredentials(usernameFragment: answer.usernameFragment, password: answer.password)
        await session.perform { loop, id in
            _ = loop.with(id) { session, now in session.restartICE(side, remote: remote, now: now) }
        }
    }

    private func handle(_ output: MediaSession.Output) async {
        guard !isEnded else { return }
        switch output {
        case .connected(let side):
            patience.removeValue(forKey: side)?.cancel()
            board.tell(side == .sending ? .sendingConnected : .receivingConnected)
        case .disconnected(let side):
            guard patience[side] == nil else { return }
            wait(for: side, "media broke and did not come back")
            try? await restartIce(side)
        case .recovered(let side): patience.removeValue(forKey: side)?.cancel()
        case .lost(_, let reason): await end(SwiftletClientError(.mediaLost, reason))
        }
    }

    // MARK: Publishing

    func publish(_ media: OutgoingMedia) async throws(SwiftletClientError) -> Publication {
        try checkOpen()
        let made = try SourceFactory.sources(for: media, using: &random)
        lastMid += 1
        let mid = "\(lastMid - 1)"
        let offer = try Negotiation.offer(
            media,
            sources: made.sources,
            codec: made.codec,
            mid: mid,
            room: roomCapabilities,
            cname: peer,
            using: &random
        )
        try await openTransport(.sending)
        guard let transport = transports[.sending] else { throw SwiftletClientError(.closed, "the client has left") }
        let answer: ProduceAnswer = try await signaling.ask(
            "produce",
            ProduceRequest(
                transportId: transport,
                kind: media.kind,
                rtpParameters: offer.parameters,
                appData: offer.appData
            )
        )
        try checkOpen()
        let publication = Publication(id: answer.id, kind: media.kind, core: self)
        published[answer.id] = Published(mid: mid, publication: publication)
        let (plan, id) = (offer.plan, answer.id)
        await session.perform { loop, number in
            _ = loop.with(number) { session, now in session.publish(id, plan, now: now) }
        }
        if let demand = demands.removeValue(forKey: id) { await follow(demand) }
        return publication
    }

    func unpublish(_ id: String) async throws(SwiftletClientError) {
        guard published.removeValue(forKey: id) != nil, !isEnded else { return }
        await session.perform { loop, number in _ = loop.with(number) { session, _ in session.unpublish(id) } }
        try await signaling.ask("closeProducer", ProducerRequest(producerId: id))
    }

    func setPaused(_ id: String, _ isPaused: Bool) async throws(SwiftletClientError) {
        try checkOpen()
        guard published[id] != nil else { throw SwiftletClientError(.closed, "the publication was closed") }
        try await signaling.ask(isPaused ? "pauseProducer" : "resumeProducer", ProducerRequest(producerId: id))
        await session.perform { loop, number in
            _ = loop.with(number) { session, now in session.setPaused(id, isPaused, now: now) }
        }
    }

    private func follow(_ demand: ProducerDemandNotice) async {
        guard published[demand.producerId] != nil else {
            // Told before the answer to `produce` was taken in.
            if demands.count < 64 { demands[demand.producerId] = demand }
            return
        }
        await session.perform { loop, number in
            _ = loop.with(number) { session, now in
                session.setDemand(
                    demand.producerId,
                    encodings: demand.encodings,
                    spatialLayer: demand.spatialLayer,
                    now: now
                )
            }
        }
    }

    // MARK: Receiving

    private func handle(_ incoming: SignalingLink.Incoming) async {
        guard !isEnded else { return }
        switch incoming {
        case .request(let id, "newConsumer", let data):
            guard let offer: NewConsumerRequest = try? data.decode() else {
                return signaling.refuse(id, 400, "an offer that cannot be read")
            }
            await take(offer, id)
        case .request(let id, let method, _): signaling.refuse(id, 500, "unknown method \(method)")
        case .notification(let method, let data): await handle(method, data)
        }
    }

    private func take(_ offer: NewConsumerRequest, _ request: Int) async {
        guard options.kinds.contains(offer.kind) else { return signaling.refuse(request, 403, "not wanted") }
        let plan: SubscriptionPlan
        do throws(SwiftletClientError) {
            plan = try Negotiation.subscription(offer.kind, offer.type, offer.rtpParameters, appData: offer.appData)
        } catch {
            return signaling.refuse(request, 400, error.message)
        }
        let (id, isPaused) = (offer.id, offer.producerPaused)
        let isTaken = await session.perform { loop, number in
            loop.with(number) { session, now in
                defer { session.notePaused(id, isPaused) }
                return session.subscribe(id, plan, now: now)
            } ?? false
        }
        guard isTaken else { return signaling.refuse(request, 400, "too much is received already") }
        board.tell(
            .subscribed(
                Subscription(
                    id: offer.id,
                    producerId: offer.producerId,
                    peer: offer.peerId,
                    kind: offer.kind,
                    codec: offer.rtpParameters.codecs.first?.mimeType ?? "",
                    type: offer.type,
                    core: self
                )
            )
        )
        signaling.grant(request)
    }

    private func handle(_ method: String, _ data: FrameData) async {
        switch method {
        case "newPeer":
            if let peer: PeerInfo = try? data.decode() { board.tell(.peerJoined(peer.id)) }
        case "peerClosed":
            if let notice: PeerNotice = try? data.decode() { board.tell(.peerLeft(notice.peerId)) }
        case "consumerClosed":
            guard let notice: ConsumerNotice = try? data.decode() else { return }
            let id = notice.consumerId
            await session.perform { loop, number in _ = loop.with(number) { session, _ in session.unsubscribe(id) } }
            if let gone = board.subscriptions.first(where: { $0.id == id }) { board.tell(.unsubscribed(gone)) }
        case "consumerPaused", "consumerResumed":
            guard let notice: ConsumerNotice = try? data.decode() else { return }
            await note(notice.consumerId, isPaused: method == "consumerPaused")
        case "producerDemand":
            if let demand: ProducerDemandNotice = try? data.decode() { await follow(demand) }
        default: break
        }
    }

    private func note(_ id: String, isPaused: Bool) async {
        await session.perform { loop, number in
            _ = loop.with(number) { session, _ in session.notePaused(id, isPaused) }
        }
    }

    func setReceiving(_ id: String, _ receives: Bool) async throws(SwiftletClientError) {
        try checkOpen()
        try await signaling.ask(receives ? "resumeConsumer" : "pauseConsumer", ConsumerRequest(consumerId: id))
        await note(id, isPaused: !receives)
    }

    func setPreferredLayers(_ id: String, spatial: Int, temporal: Int?) async throws(SwiftletClientError) {
        try checkOpen()
        _ = try await signaling.ask(
            "setConsumerPreferredLayers",
            SetConsumerPreferredLayersRequest(consumerId: id, spatialLayer: spatial, temporalLayer: temporal),
            as: PreferredLayersAnswer.self
        )
    }

    // MARK: The whole

    func statistics() async -> ClientStatistics {
        if let finalStatistics { return finalStatistics }
        var statistics = await session.perform { loop, id in
            loop.with(id) { session, now in session.statistics(now: now) } ?? ClientStatistics()
        }
        statistics.joinTime = joinTime
        return statistics
    }

    func setNetwork(_ profile: NetworkProfile) async {
        await session.perform { loop, id in _ = loop.with(id) { session, _ in session.profile = profile } }
    }

    private func checkOpen() throws(SwiftletClientError) {
        if isEnded { throw SwiftletClientError(.closed, "the client has left") }
    }

    private func signalingEnded() async {
        let closure = signaling.closure
        let text = "the server closed the connection: \(closure?.code ?? 1006) \(closure?.reason ?? "")"
        switch closure?.code {
        case SignalingCloseCode.ended: await end(SwiftletClientError(.ended, text))
        case SignalingCloseCode.routerClosed: await end(SwiftletClientError(.roomLost, text))
        case SignalingCloseCode.mediaLost: await end(SwiftletClientError(.mediaLost, text))
        default: await end(SwiftletClientError(.connectionLost, text))
        }
    }

    /// Ends everything, once.
    func end(_ error: SwiftletClientError?) async {
        guard !isEnded else { return }
        isEnded = true
        for task in patience.values { task.cancel() }
        let final = await session.perform { loop, id in
            defer { loop.remove(id) }
            return loop.with(id) { session, now in session.statistics(now: now) } ?? ClientStatistics()
        }
        finalStatistics = final
        finalStatistics?.joinTime = joinTime
        outputs?.finish()
        signaling.close()
        board.tell(.ended(error))
    }
}
