// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletDTLS
import SwiftletORTC
import SwiftletPeerLink
import SwiftletRTP
import SwiftletSCTP
import SwiftletStreams
import SwiftletWire

/// Requests about messages, and about direct transports.
extension Engine {
    // MARK: Direct transports

    func createTransport(_ request: ControlRequest.CreateDirectTransport, now: Instant) throws(ControlError) {
        try checkFree(request.id)
        let router = try router(request.routerId)
        try Self.checkMessageSize(request.maxSendMessageSize, "maxSendMessageSize")
        try Self.checkMessageSize(request.maxReceiveMessageSize, "maxReceiveMessageSize")
        guard let slot = board.takeSlot() else {
            throw ControlError(.limitReached, "at most \(limits.transports) transports")
        }
        let transport = DirectTransport(request, slot: slot, board: board, router: router)
        board.add(transport: transport)
        router.transports.append(transport)
        transport.readinessChanged(now: now)
        transport.reschedule()
    }

    /// Refuses limits of messages that make no sense.
    static func checkMessageSize(_ size: UInt32, _ name: String) throws(ControlError) {
        guard (1...EngineLimits.longestMessage).contains(Int(size)) else {
            throw ControlError(.invalidArgument, "\(name) is from 1 to \(EngineLimits.longestMessage), not \(size)")
        }
    }

    func directTransport(_ id: String) throws(ControlError) -> DirectTransport {
        guard let direct = try transport(id) as? DirectTransport else {
            throw ControlError(.unsupported, "transport \"\(id)\" is no direct transport")
        }
        return direct
    }

    func sendRtp(_ packet: [UInt8], to producerId: String, now: Instant) throws(ControlError) {
        guard let direct = try producer(producerId).transport as? DirectTransport else {
            throw ControlError(.unsupported, "only producers on a direct transport are sent to")
        }
        try direct.receive(rtp: packet.span, now: now)
    }

    // MARK: Data producers

    func produceData(_ request: ControlRequest.ProduceData, now: Instant) throws(ControlError) {
        try checkFree(request.id)
        let transport = try transport(request.transportId)
        try checkRoom(board.dataProducers.count, limits.dataProducers, "data producers")
        try checkRoom(
            transport.dataProducers.count,
            limits.dataProducersPerTransport,
            "data producers on a transport"
        )
        try checkTexts(request.label, request.protocol)
        if let linked = transport as? WebRtcTransport {
            guard let channels = linked.channels else { throw Self.noSCTP }
            guard let parameters = request.sctpStreamParameters else {
                throw ControlError(.invalidArgument, "missing sctpStreamParameters")
            }
            let checked = try Self.checked(parameters)
            guard channels.producers[checked.streamId] == nil else {
                throw ControlError(.alreadyExists, "streamId \(checked.streamId) has a data producer")
            }
            let producer = DataProducer(request, checked, transport: transport)
            board.add(dataProducer: producer)
            linked.add(producer, on: checked.streamId, now: now)
        } else {
            guard request.sctpStreamParameters == nil else {
                throw ControlError(.invalidArgument, "sctpStreamParameters given for a direct transport")
            }
            let producer = DataProducer(request, nil, transport: transport)
            board.add(dataProducer: producer)
            transport.dataProducers.append(producer)
        }
    }

    private static var noSCTP: ControlError {
        ControlError(.unsupported, "SCTP is not enabled on the transport")
    }

    private static func checked(_ parameters: SctpStreamParameters) throws(ControlError) -> SctpStreamParameters {
        do throws(ORTCError) {
            return try ORTC.validated(parameters)
        } catch {
            throw ControlError(.invalidArgument, error.message)
        }
    }

    private func checkTexts(_ label: String, _ protocol: String) throws(ControlError) {
        guard max(label.utf8.count, `protocol`.utf8.count) <= limits.labelBytes else {
            throw ControlError(.invalidArgument, "label and protocol have at most \(limits.labelBytes) bytes")
        }
    }

    func dataProducer(_ id: String) throws(ControlError) -> DataProducer {
        guard let producer = board.dataProducers[id] else {
            throw ControlError(.notFound, "no DataProducer with id \"\(id)\"")
        }
        return producer
    }

    func send(_ request: ControlRequest.SendFromDataProducer, now: Instant) throws(ControlError) {
        let producer = try dataProducer(request.dataProducerId)
        guard let direct = producer.transport as? DirectTransport else {
            throw ControlError(.unsupported, "only data producers on a direct transport send for the host")
        }
        let message = try Self.message(request.ppid, request.payload)
        guard message.payload.count <= direct.maxReceiveMessageSize else {
            throw ControlError(.invalidArgument, "the message is longer than maxReceiveMessageSize")
        }
        direct.traffic.received.add(message.payload.count, now: now)
        let filter = SubchannelFilter(
            any: request.subchannels.flatMap { $0.isEmpty ? nil : $0 },
            required: request.requiredSubchannel,
            ignored: request.ignoredSubchannel
        )
        producer.receive(message, filter, now: now)
    }

    private static func message(_ ppid: UInt32, _ payload: [UInt8]) throws(ControlError) -> DataMessage {
        guard let message = DataMessage(ppid: ppid, payload: payload) else {
            throw ControlError(.invalidArgument, "ppid \(ppid) is none of a data channel's: 51, 53, 56 or 57")
        }
        return message
    }

    // MARK: Data consumers

    func consumeData(_ request: ControlRequest.ConsumeData, now: Instant) throws(ControlError) -> ControlReply {
        try checkFree(request.id)
        let transport = try transport(request.transportId)
        let producer = try dataProducer(request.dataProducerId)
        try checkRoom(board.dataConsumers.count, limits.dataConsumers, "data consumers")
        try checkRoom(
            transport.dataConsumers.count,
            limits.dataConsumersPerTransport,
            "data consumers on a transport"
        )
        try checkTexts(request.label, request.protocol)
        try checkRoom(request.subchannels.count, limits.subchannels + 1, "subchannels")
        guard producer.transport.router === transport.router else {
            throw ControlError(.invalidArgument, "the data producer is in another router")
        }
        let consumer: DataConsumer
        if let linked = transport as? WebRtcTransport {
            consumer = try consume(request, of: producer, on: linked, now: now)
        } else {
            consumer = DataConsumer(request, nil, transport: transport, producer: producer)
            board.add(dataConsumer: consumer)
            transport.dataConsumers.append(consumer)
        }
        producer.consumers.append(consumer)
        return .dataConsumed(
            ControlReply.DataConsumed(
                sctpStreamParameters: consumer.parameters,
                paused: consumer.isPaused,
                dataProducerPaused: producer.isPaused
            )
        )
    }

    private func consume(
        _ request: ControlRequest.ConsumeData,
        of producer: DataProducer,
        on transport: WebRtcTransport,
        now: Instant
    ) throws(ControlError) -> DataConsumer {
        guard let channels = transport.channels else { throw Self.noSCTP }
        var parameters = try Self.checked(
            SctpStreamParameters(
                streamId: request.streamId ?? 0,
                ordered: request.ordered,
                maxPacketLifeTime: request.maxPacketLifeTime,
                maxRetransmits: request.maxRetransmits
            )
        )
        var parity: UInt16?
        if !request.isNegotiated {
            guard let role = transport.link.localRole else {
                throw ControlError(.invalidState, "a channel is opened in band only once the transport is connected")
            }
            parity = role == .client ? 0 : 1
        }
        parameters.streamId = try channels.takeStream(request.streamId, parity: parity)
        let consumer = DataConsumer(request, parameters, transport: transport, producer: producer)
        board.add(dataConsumer: consumer)
        transport.add(consumer, on: parameters.streamId, now: now)
        return consumer
    }

    func dataConsumer(_ id: String) throws(ControlError) -> DataConsumer {
        guard let consumer = board.dataConsumers[id] else {
            throw ControlError(.notFound, "no DataConsumer with id \"\(id)\"")
        }
        return consumer
    }

    func setThreshold(_ threshold: UInt32, of consumer: DataConsumer) {
        consumer.bufferedAmountLowThreshold = threshold
        consumer.transport.setBufferedAmountLowThreshold(threshold, of: consumer)
    }

    /// Changes what a data consumer has subscribed to.
    func subscribe(
        _ consumer: DataConsumer,
        _ change: (inout Set<UInt16>) -> Void
    ) throws(ControlError) -> ControlReply {
        var subchannels = consumer.subchannels
        change(&subchannels)
        try checkRoom(subchannels.count, limits.subchannels + 1, "subchannels")
        consumer.subchannels = subchannels
        return .subchannels(subchannels.sorted())
    }

    func send(
        _ payload: [UInt8],
        _ ppid: UInt32,
        to consumer: DataConsumer,
        now: Instant
    ) throws(ControlError) -> ControlReply {
        guard consumer.type == .sctp else {
            throw ControlError(.unsupported, "a data consumer on a direct transport has no peer but the host")
        }
        guard !consumer.isPaused else { throw ControlError(.invalidState, "the data consumer is paused") }
        return .bufferedAmount(try consumer.send(try Self.message(ppid, payload), now: now))
    }
}

extension InBandDataChannel {
    init(_ opening: DataChannelOpen, on stream: UInt16) {
        var parameters = SctpStreamParameters(streamId: stream, ordered: !opening.isUnordered)
        switch opening.reliability {
        case .reliable: break
        case .retransmissions(let count): parameters.maxRetransmits = UInt16(clamping: count)
        case .lifetime(let time): parameters.maxPacketLifeTime = UInt32(clamping: time.wholeNanoseconds / 1_000_000)
        }
        self.init(sctpStreamParameters: parameters, label: opening.label, protocol: opening.protocol)
    }
}

extension DataChannelOpen {
    /// How a data consumer's channel is opened.
    init(_ consumer: DataConsumer) {
        self.init(
            label: consumer.label,
            protocol: consumer.protocol,
            isUnordered: consumer.parameters?.ordered == false,
            reliability: consumer.reliability
        )
    }
}
