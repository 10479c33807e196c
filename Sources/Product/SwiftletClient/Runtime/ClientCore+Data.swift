// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletORTC
import SwiftletSignaling
import SwiftletWire

/// Data channels: agreed on by signalling, carried by the session.
extension ClientCore {
    // MARK: Sending

    func publishData(
        _ label: String,
        _ subprotocol: String,
        _ ordered: Bool?,
        _ retransmits: Int?,
        _ lifetime: Duration?
    ) async throws(SwiftletClientError) -> DataPublication {
        try checkOpen()
        try await openTransport(.sending)
        guard let transport = transports[.sending] else { throw SwiftletClientError(.closed, "the client has left") }
        let isOrdered = ordered ?? (retransmits == nil && lifetime == nil)
        let most = retransmits.map { UInt16(clamping: $0) }
        let milliseconds = lifetime.map { UInt32(clamping: $0.wholeNanoseconds / 1_000_000) }
        let delivery = DataDelivery(
            isUnordered: !isOrdered,
            maximumRetransmits: most,
            maximumLifetime: milliseconds.map { .milliseconds(Int64($0)) }
        )
        let opened = await session.perform { loop, id in
            loop.with(id) { session, now in session.openChannel(delivery, now: now) }
        }
        guard let opened else { throw SwiftletClientError(.closed, "the client has left") }
        guard let stream = opened else {
            throw SwiftletClientError(.unsupported, "the server's transport has no data channel left for us")
        }
        let answer: ProduceAnswer
        do throws(SwiftletClientError) {
            answer = try await signaling.ask(
                "produceData",
                ProduceDataRequest(
                    transportId: transport,
                    sctpStreamParameters: SctpStreamParameters(
                        streamId: stream,
                        ordered: ordered,
                        maxPacketLifeTime: milliseconds,
                        maxRetransmits: most
                    ),
                    label: label,
                    protocol: subprotocol
                )
            )
            try checkOpen()
        } catch {
            await closeChannel(stream)
            throw error
        }
        let id = answer.id
        dataPublished.insert(id)
        await session.perform { loop, number in
            _ = loop.with(number) { session, _ in session.nameChannel(stream, id) }
        }
        return DataPublication(id: id, label: label, protocol: subprotocol, stream: stream, core: self)
    }

    func unpublishData(_ id: String, _ stream: UInt16) async throws(SwiftletClientError) {
        guard dataPublished.remove(id) != nil, !isEnded else { return }
        // The stream's own end comes behind what was sent; asking for it would overtake that.
        guard await !closeChannel(stream) else { return }
        try await signaling.ask("closeDataProducer", DataProducerRequest(dataProducerId: id))
    }

    /// Ends a channel of the session.
    ///
    /// - Returns: Whether the server will hear of it that way.
    @discardableResult
    private func closeChannel(_ stream: UInt16) async -> Bool {
        await session.perform { loop, number in
            loop.with(number) { session, now in session.closeChannel(stream, now: now) } ?? false
        }
    }

    private nonisolated static let gone = SwiftletClientError(.closed, "the client has left")

    nonisolated func send(_ bytes: [UInt8], isText: Bool, on stream: UInt16) async throws(SwiftletClientError) {
        let error = await session.perform { loop, id -> SwiftletClientError? in
            let sent = loop.with(id) { session, now in session.sendData(bytes, isText: isText, on: stream, now: now) }
            return sent ?? Self.gone
        }
        if let error { throw error }
    }

    nonisolated func bufferedAmount(of stream: UInt16) async -> Int {
        await session.perform { loop, id in loop.with(id) { session, _ in session.bufferedAmount(of: stream) } ?? 0 }
    }

    nonisolated func drain(_ stream: UInt16, to bytes: Int) async throws(SwiftletClientError) {
        let error = await withCheckedContinuation { (continuation: CheckedContinuation<SwiftletClientError?, Never>) in
            session.post { loop, id in
                let isThere: Void? = loop.with(id) { session, _ in
                    session.drainChannel(stream, to: bytes) { continuation.resume(returning: $0) }
                }
                if isThere == nil { continuation.resume(returning: Self.gone) }
            }
        }
        if let error { throw error }
    }

    // MARK: Receiving

    func take(_ offer: NewDataConsumerRequest, _ request: Int) async {
        guard options.receivesData else { return signaling.refuse(request, 403, "not wanted") }
        let parameters = offer.sctpStreamParameters
        let subscription = DataSubscription(
            id: offer.id,
            dataProducerId: offer.dataProducerId,
            peer: offer.peerId,
            label: offer.label,
            protocol: offer.protocol,
            isOrdered: parameters.ordered ?? !parameters.isPartiallyReliable,
            keepsMessages: options.keepsMessages,
            core: self
        )
        let (id, stream) = (offer.id, parameters.streamId)
        let isTaken = await session.perform { loop, number in
            loop.with(number) { session, now in session.subscribeData(id, stream: stream, now: now) } ?? false
        }
        guard isTaken, !isEnded else { return signaling.refuse(request, 400, "the transport takes no data channels") }
        board.tell(.dataSubscribed(subscription))
        signaling.grant(request)
    }

    func unsubscribeData(_ id: String) async { await endDataSubscription(id, isRefused: true) }

    func endDataSubscription(_ id: String, isRefused: Bool) async {
        guard let gone = board.dataSubscriptions.first(where: { $0.id == id }) else { return }
        board.tell(.dataUnsubscribed(gone))
        await session.perform { loop, number in
            _ = loop.with(number) { session, now in session.unsubscribeData(id, isRefused: isRefused, now: now) }
        }
    }
}
