// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletORTC
import SwiftletSignaling

/// What the server offers and tells, and what is received.
extension ClientCore {
    func handle(_ incoming: SignalingLink.Incoming) async {
        guard !isEnded else { return }
        switch incoming {
        case .request(let id, "newConsumer", let data):
            guard let offer: NewConsumerRequest = try? data.decode() else {
                return signaling.refuse(id, 400, "an offer that cannot be read")
            }
            await take(offer, id)
        case .request(let id, "newDataConsumer", let data):
            guard let offer: NewDataConsumerRequest = try? data.decode() else {
                return signaling.refuse(id, 400, "an offer that cannot be read")
            }
            await take(offer, id)
        case .request(let id, let method, _): signaling.refuse(id, 500, "unknown method \(method)")
        case .notification(let method, let data): await handle(method, data)
        }
    }

    private func take(_ offer: NewConsumerRequest, _ request: Int) async {
        guard options.kinds.contains(offer.kind), options.accepts?(offer.peerId, offer.kind) ?? true else {
            return signaling.refuse(request, 403, "not wanted")
        }
        let plan: SubscriptionPlan
        do throws(SwiftletClientError) {
            plan = try Negotiation.subscription(
                offer.kind,
                offer.type,
                offer.rtpParameters,
                appData: offer.appData,
                isChecked: options.checksMedia,
                isRepaired: options.requestsRepairs
            )
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
        case "dataConsumerClosed":
            guard let notice: DataConsumerRequest = try? data.decode() else { return }
            await endDataSubscription(notice.dataConsumerId, isRefused: false)
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
}
