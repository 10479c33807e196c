// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletORTC
import SwiftletRTP
import SwiftletSCTP
import SwiftletStreams
import SwiftletWire

/// A transport whose peer is the host itself: packets and messages pass in requests and notifications.
final class DirectTransport: Transport {
    /// The longest message that the host is handed.
    let maxSendMessageSize: Int
    /// The longest message that the host may send.
    let maxReceiveMessageSize: Int
    private var packet = [UInt8](repeating: 0, count: 2048)

    init(_ request: ControlRequest.CreateDirectTransport, slot: Int32, board: Switchboard, router: Router) {
        maxSendMessageSize = Int(request.maxSendMessageSize)
        maxReceiveMessageSize = Int(request.maxReceiveMessageSize)
        super.init(id: request.id, slot: slot, board: board, router: router)
        isReady = true
    }

    // MARK: From the host

    /// Takes an RTP packet.
    func receive(rtp bytes: Span<UInt8>, now: Instant) throws(ControlError) {
        guard bytes.count <= board.limits.packetSize, let packet = try? RTPPacketView(parsing: bytes) else {
            throw ControlError(.invalidArgument, "packet is no RTP packet of at most \(board.limits.packetSize) bytes")
        }
        traffic.received.add(bytes.count, now: now)
        receive(packet, arrival: now, now: now)
    }

    /// Takes an RTCP compound.
    func receive(rtcp bytes: Span<UInt8>, now: Instant) throws(ControlError) {
        guard bytes.count <= board.limits.packetSize else {
            throw ControlError(.invalidArgument, "packet is longer than \(board.limits.packetSize) bytes")
        }
        traffic.received.add(bytes.count, now: now)
        receive(compound: bytes, arrival: now, now: now)
    }

    // MARK: To the host

    override func flush(into batch: inout TransmitBatch, budget: inout SendBudget, now: Instant) -> Bool {
        guard let intents else { return false }
        while !intents.isEmpty {
            guard budget.packets > 0 else { return true }
            intents.chooseRun(segments: 1, bytes: packet.count)
            for position in 0..<intents.runCount {
                budget.packets -= 1
                tell(intents.chosen(position), absoluteSendTime: budget.absoluteSendTime, now: now)
            }
        }
        return false
    }

    private func tell(_ intent: SendIntent, absoluteSendTime: UInt32, now: Instant) {
        guard let consumer = consumers[Int(intent.consumer)],
            let store = consumer.producer.streams[Int(intent.stream)]?.receive.store,
            let stored = store.packet(intent.packet)
        else {
            board.counters.intentsExpired &+= 1
            return
        }
        let isFiller = intent.flags.contains(.filler)
        var bytes = packet.mutableSpan
        let head = writeHeader(
            of: intent,
            stored,
            isPadded: isFiller,
            consumer,
            store,
            into: &bytes,
            at: 0,
            absoluteSendTime: absoluteSendTime
        )
        let payload = store.payload(of: stored)
        var prefix = PayloadPrefix()
        if intent.flags.contains(.rtx) { prefix.append(intent.originalSequence) }
        let body = payload.extracting(prefix.rewrite(payload, stored.header, intent, consumer))
        guard head + prefix.count + body.count < bytes.count else { return }
        bytes.store(prefix.bytes.span.extracting(first: prefix.count), at: head)
        bytes.store(body, at: head + prefix.count)
        var length = head + prefix.count + body.count
        if isFiller {
            bytes[length] = 1
            length += 1
        }
        var sums = (media: Sum(), retransmitted: Sum(), repeated: Sum())
        if intent.flags.contains(.rtx) {
            sums.retransmitted.add(length)
        } else if intent.flags.contains(.repeated) {
            sums.repeated.add(length)
        } else {
            sums.media.add(length, payload: isFiller ? 0 : Int(stored.payloadLength))
        }
        count(sums.media, sums.retransmitted, sums.repeated, padding: 0, of: consumer, now: now)
        board.notify(.consumerRtp(consumerId: consumer.id, packet: Array(packet[..<length])))
    }

    override func sendRTCP(now: Instant, _ write: (inout MutableSpan<UInt8>, Range<Int>) -> Int) {
        // Not the one for packets, which a report may be asked for in the middle of.
        var compound = [UInt8](repeating: 0, count: RTCPTiming.maximumCompound)
        var bytes = compound.mutableSpan
        let length = write(&bytes, 0..<RTCPTiming.maximumCompound)
        guard length > 0 else { return }
        traffic.sent.add(length, now: now)
        board.notify(.transportRtcp(transportId: id, packet: Array(compound[..<length])))
    }

    override func send(
        _ message: DataMessage,
        to consumer: DataConsumer,
        now: Instant
    ) throws(ControlError) -> Int {
        guard message.payload.count <= maxSendMessageSize else {
            throw ControlError(.invalidArgument, "the message is longer than maxSendMessageSize")
        }
        traffic.sent.add(message.payload.count, now: now)
        board.notify(
            .dataConsumerMessage(
                dataConsumerId: consumer.id,
                ppid: message.payloadProtocol.rawValue,
                payload: message.payload
            )
        )
        return 0
    }

    // MARK: Reports

    func statistics(now: Instant) -> DirectTransportStat {
        DirectTransportStat(
            transportId: id,
            timestamp: now.milliseconds,
            bytesReceived: Int(clamping: traffic.received.bytes),
            recvBitrate: Int(clamping: traffic.received.bitrate(now: now)),
            bytesSent: Int(clamping: traffic.sent.bytes),
            sendBitrate: Int(clamping: traffic.sent.bitrate(now: now))
        )
    }

    var dump: DirectTransportDump {
        DirectTransportDump(
            id: id,
            routerId: router.id,
            producerIds: producers.map(\.id),
            consumerIds: allConsumers.map(\.id),
            dataProducerIds: dataProducers.map(\.id),
            dataConsumerIds: dataConsumers.map(\.id),
            counters: [
                "unknownStreams": streamRouter.unknownCount, "intentsWaiting": UInt64(intents?.count ?? 0),
            ]
        )
    }
}
