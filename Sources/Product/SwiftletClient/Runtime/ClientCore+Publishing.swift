// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletORTC
import SwiftletSignaling

/// What the client publishes.
extension ClientCore {
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
        published.insert(answer.id)
        let (plan, id) = (offer.plan, answer.id)
        await session.perform { loop, number in
            _ = loop.with(number) { session, now in session.publish(id, plan, now: now) }
        }
        if let demand = demands.removeValue(forKey: id) { await follow(demand) }
        return Publication(id: id, kind: media.kind, core: self)
    }

    func unpublish(_ id: String) async throws(SwiftletClientError) {
        guard published.remove(id) != nil, !isEnded else { return }
        await session.perform { loop, number in _ = loop.with(number) { session, _ in session.unpublish(id) } }
        try await signaling.ask("closeProducer", ProducerRequest(producerId: id))
    }

    func setPaused(_ id: String, _ isPaused: Bool) async throws(SwiftletClientError) {
        try checkOpen()
        guard published.contains(id) else { throw SwiftletClientError(.closed, "the publication was closed") }
        try await signaling.ask(isPaused ? "pauseProducer" : "resumeProducer", ProducerRequest(producerId: id))
        await session.perform { loop, number in
            _ = loop.with(number) { session, now in session.setPaused(id, isPaused, now: now) }
        }
    }

    func follow(_ demand: ProducerDemandNotice) async {
        guard published.contains(demand.producerId) else {
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
}
