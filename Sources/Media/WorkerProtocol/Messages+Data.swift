// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SwiftletControl
import SwiftletORTC
import SwiftProtobuf

// MARK: Parameters

extension PBSctpOptions {
    init(_ value: SctpOptions) {
        (maxSendMessageSize, maxReceiveMessageSize) = (value.maxSendMessageSize, value.maxReceiveMessageSize)
        (sendBufferSize, perStreamSendQueueLimit) = (value.sendBufferSize, value.perStreamSendQueueLimit)
        maxReceiverWindowBufferSize = value.maxReceiverWindowBufferSize
    }

    func decoded() -> SctpOptions {
        SctpOptions(
            maxSendMessageSize: maxSendMessageSize,
            maxReceiveMessageSize: maxReceiveMessageSize,
            sendBufferSize: sendBufferSize,
            perStreamSendQueueLimit: perStreamSendQueueLimit,
            maxReceiverWindowBufferSize: maxReceiverWindowBufferSize
        )
    }
}

extension PBSctpParameters {
    init(_ value: SctpParameters) {
        (port, os, mis) = (UInt32(value.port), UInt32(value.OS), UInt32(value.MIS))
        maxMessageSize = Int64(value.maxMessageSize)
    }

    func decoded() throws(WorkerProtocolError) -> SctpParameters {
        SctpParameters(
            port: try narrow(port),
            OS: try narrow(os),
            MIS: try narrow(mis),
            maxMessageSize: try narrow(maxMessageSize)
        )
    }
}

extension PBNumSctpStreams {
    init(_ value: NumSctpStreams) { (os, mis) = (UInt32(value.OS), UInt32(value.MIS)) }

    func decoded() throws(WorkerProtocolError) -> NumSctpStreams {
        NumSctpStreams(OS: try narrow(os), MIS: try narrow(mis))
    }
}

extension PBSctpStreamParameters {
    init(_ value: SctpStreamParameters) {
        streamID = UInt32(value.streamId)
        if let ordered = value.ordered { self.ordered = ordered }
        if let time = value.maxPacketLifeTime { maxPacketLifeTime = time }
        if let count = value.maxRetransmits { maxRetransmits = UInt32(count) }
    }

    func decoded() throws(WorkerProtocolError) -> SctpStreamParameters {
        SctpStreamParameters(
            streamId: try narrow(streamID),
            ordered: hasOrdered ? ordered : nil,
            maxPacketLifeTime: hasMaxPacketLifeTime ? maxPacketLifeTime : nil,
            maxRetransmits: hasMaxRetransmits ? try narrow(maxRetransmits) as UInt16 : nil
        )
    }
}

extension PBSubchannels {
    init(_ values: [UInt16]) { subchannels = values.map { UInt32($0) } }

    func decoded() throws(WorkerProtocolError) -> [UInt16] { try narrowAll(subchannels) }
}

/// Reads a list of subchannels.
private func narrowAll(_ numbers: [UInt32]) throws(WorkerProtocolError) -> [UInt16] {
    try decodeAll(numbers) { number throws(WorkerProtocolError) in try narrow(number) }
}

extension PBPacket {
    init(_ packet: [UInt8], of id: String) { (self.id, self.packet) = (id, Data(packet)) }
}

extension PBDataMessage {
    init(ppid: UInt32, payload: [UInt8], of dataConsumerId: String) {
        (dataConsumerID, self.ppid, self.payload) = (dataConsumerId, ppid, Data(payload))
    }
}

// MARK: Requests

extension PBCreateDirectTransport {
    init(_ value: ControlRequest.CreateDirectTransport) {
        (id, routerID) = (value.id, value.routerId)
        (maxSendMessageSize, maxReceiveMessageSize) = (value.maxSendMessageSize, value.maxReceiveMessageSize)
    }

    func decoded() -> ControlRequest.CreateDirectTransport {
        ControlRequest.CreateDirectTransport(
            id: id,
            routerId: routerID,
            maxSendMessageSize: maxSendMessageSize,
            maxReceiveMessageSize: maxReceiveMessageSize
        )
    }
}

extension PBProduceData {
    init(_ value: ControlRequest.ProduceData) {
        (id, transportID) = (value.id, value.transportId)
        if let parameters = value.sctpStreamParameters { sctpStreamParameters = PBSctpStreamParameters(parameters) }
        (label, `protocol`, paused) = (value.label, value.protocol, value.paused)
    }

    func decoded() throws(WorkerProtocolError) -> ControlRequest.ProduceData {
        ControlRequest.ProduceData(
            id: id,
            transportId: transportID,
            sctpStreamParameters: hasSctpStreamParameters ? try sctpStreamParameters.decoded() : nil,
            label: label,
            protocol: `protocol`,
            paused: paused
        )
    }
}

extension PBConsumeData {
    init(_ value: ControlRequest.ConsumeData) {
        (id, transportID, dataProducerID) = (value.id, value.transportId, value.dataProducerId)
        if let stream = value.streamId { streamID = UInt32(stream) }
        ordered = value.ordered
        if let time = value.maxPacketLifeTime { maxPacketLifeTime = time }
        if let count = value.maxRetransmits { maxRetransmits = UInt32(count) }
        (label, `protocol`, paused) = (value.label, value.protocol, value.paused)
        subchannels = value.subchannels.map { UInt32($0) }
        (isNegotiated, bufferedAmountLowThreshold) = (value.isNegotiated, value.bufferedAmountLowThreshold)
    }

    func decoded() throws(WorkerProtocolError) -> ControlRequest.ConsumeData {
        ControlRequest.ConsumeData(
            id: id,
            transportId: transportID,
            dataProducerId: dataProducerID,
            streamId: hasStreamID ? try narrow(streamID) as UInt16 : nil,
            ordered: ordered,
            maxPacketLifeTime: hasMaxPacketLifeTime ? maxPacketLifeTime : nil,
            maxRetransmits: hasMaxRetransmits ? try narrow(maxRetransmits) as UInt16 : nil,
            label: label,
            protocol: `protocol`,
            paused: paused,
            subchannels: try narrowAll(subchannels),
            isNegotiated: isNegotiated,
            bufferedAmountLowThreshold: bufferedAmountLowThreshold
        )
    }
}

extension PBSendFromDataProducer {
    init(_ value: ControlRequest.SendFromDataProducer) {
        (dataProducerID, ppid, payload) = (value.dataProducerId, value.ppid, Data(value.payload))
        if let subchannels = value.subchannels { self.subchannels = PBSubchannels(subchannels) }
        if let subchannel = value.requiredSubchannel { requiredSubchannel = UInt32(subchannel) }
        if let subchannel = value.ignoredSubchannel { ignoredSubchannel = UInt32(subchannel) }
    }

    func decoded() throws(WorkerProtocolError) -> ControlRequest.SendFromDataProducer {
        ControlRequest.SendFromDataProducer(
            dataProducerId: dataProducerID,
            ppid: ppid,
            payload: [UInt8](payload),
            subchannels: hasSubchannels ? try subchannels.decoded() : nil,
            requiredSubchannel: hasRequiredSubchannel ? try narrow(requiredSubchannel) as UInt16 : nil,
            ignoredSubchannel: hasIgnoredSubchannel ? try narrow(ignoredSubchannel) as UInt16 : nil
        )
    }
}

extension PBSetSubchannels {
    init(_ subchannels: [UInt16], of dataConsumerId: String) {
        (dataConsumerID, self.subchannels) = (dataConsumerId, subchannels.map { UInt32($0) })
    }

    func decodedSubchannels() throws(WorkerProtocolError) -> [UInt16] { try narrowAll(subchannels) }
}

// MARK: Replies

extension PBDataConsumed {
    init(_ value: ControlReply.DataConsumed) {
        if let parameters = value.sctpStreamParameters { sctpStreamParameters = PBSctpStreamParameters(parameters) }
        (paused, dataProducerPaused) = (value.paused, value.dataProducerPaused)
    }

    func decoded() throws(WorkerProtocolError) -> ControlReply.DataConsumed {
        ControlReply.DataConsumed(
            sctpStreamParameters: hasSctpStreamParameters ? try sctpStreamParameters.decoded() : nil,
            paused: paused,
            dataProducerPaused: dataProducerPaused
        )
    }
}

extension PBDirectTransportStat {
    init(_ value: DirectTransportStat) {
        (transportID, timestamp) = (value.transportId, Int64(value.timestamp))
        (bytesReceived, recvBitrate) = (Int64(value.bytesReceived), Int64(value.recvBitrate))
        (bytesSent, sendBitrate) = (Int64(value.bytesSent), Int64(value.sendBitrate))
    }

    func decoded() throws(WorkerProtocolError) -> DirectTransportStat {
        DirectTransportStat(
            transportId: transportID,
            timestamp: try narrow(timestamp),
            bytesReceived: try narrow(bytesReceived),
            recvBitrate: try narrow(recvBitrate),
            bytesSent: try narrow(bytesSent),
            sendBitrate: try narrow(sendBitrate)
        )
    }
}

extension PBDataProducerStat {
    init(_ value: DataProducerStat) {
        (timestamp, label, `protocol`) = (Int64(value.timestamp), value.label, value.protocol)
        (messagesReceived, bytesReceived) = (Int64(value.messagesReceived), Int64(value.bytesReceived))
    }

    func decoded() throws(WorkerProtocolError) -> DataProducerStat {
        DataProducerStat(
            timestamp: try narrow(timestamp),
            label: label,
            protocol: `protocol`,
            messagesReceived: try narrow(messagesReceived),
            bytesReceived: try narrow(bytesReceived)
        )
    }
}

extension PBDataConsumerStat {
    init(_ value: DataConsumerStat) {
        (timestamp, label, `protocol`) = (Int64(value.timestamp), value.label, value.protocol)
        (messagesSent, bytesSent) = (Int64(value.messagesSent), Int64(value.bytesSent))
        (messagesDropped, bufferedAmount) = (Int64(value.messagesDropped), Int64(value.bufferedAmount))
    }

    func decoded() throws(WorkerProtocolError) -> DataConsumerStat {
        DataConsumerStat(
            timestamp: try narrow(timestamp),
            label: label,
            protocol: `protocol`,
            messagesSent: try narrow(messagesSent),
            bytesSent: try narrow(bytesSent),
            messagesDropped: try narrow(messagesDropped),
            bufferedAmount: try narrow(bufferedAmount)
        )
    }
}

// MARK: Notifications

extension PBDataChannelOpened {
    init(_ value: InBandDataChannel, transportId: String) {
        (transportID, sctpStreamParameters) = (transportId, PBSctpStreamParameters(value.sctpStreamParameters))
        (label, `protocol`) = (value.label, value.protocol)
    }

    func decoded() throws(WorkerProtocolError) -> InBandDataChannel {
        InBandDataChannel(
            sctpStreamParameters: try sctpStreamParameters.decoded(),
            label: label,
            protocol: `protocol`
        )
    }
}
