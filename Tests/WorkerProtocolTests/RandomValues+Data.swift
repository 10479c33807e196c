// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletORTC
import SwiftletWorkerProtocol

/// What is said of data channels and direct transports.
extension RandomValues {
    mutating func bytes() -> [UInt8] { (0..<int(0...300)).map { _ in uint() } }

    mutating func sctpParameters() -> SctpParameters {
        SctpParameters(port: uint(), OS: uint(), MIS: uint(), maxMessageSize: int(0...1 << 24))
    }

    mutating func sctpOptions() -> SctpOptions {
        SctpOptions(
            maxSendMessageSize: uint(),
            maxReceiveMessageSize: uint(),
            sendBufferSize: uint(),
            perStreamSendQueueLimit: uint(),
            maxReceiverWindowBufferSize: uint()
        )
    }

    mutating func streamParameters() -> SctpStreamParameters {
        SctpStreamParameters(
            streamId: uint(),
            ordered: maybe { $0.bool() },
            maxPacketLifeTime: maybe { $0.uint() },
            maxRetransmits: maybe { $0.uint() }
        )
    }

    mutating func dataRequest(_ id: String) -> ControlRequest {
        switch int(0...11) {
        case 0:
            return .createDirectTransport(
                .init(id: id, routerId: text(), maxSendMessageSize: uint(), maxReceiveMessageSize: uint())
            )
        case 1: return .sendRtp(producerId: id, packet: bytes())
        case 2: return .sendRtcp(transportId: id, packet: bytes())
        case 3:
            return .produceData(
                .init(
                    id: id,
                    transportId: text(),
                    sctpStreamParameters: maybe { $0.streamParameters() },
                    label: text(),
                    protocol: text(),
                    paused: bool()
                )
            )
        case 4:
            return .sendFromDataProducer(
                .init(
                    dataProducerId: id,
                    ppid: uint(),
                    payload: bytes(),
                    subchannels: maybe { $0.list { $0.uint() } },
                    requiredSubchannel: maybe { $0.uint() },
                    ignoredSubchannel: maybe { $0.uint() }
                )
            )
        case 5: return .consumeData(consumeData(id))
        case 6: return .setBufferedAmountLowThreshold(dataConsumerId: id, threshold: uint())
        case 7: return .setSubchannels(dataConsumerId: id, subchannels: list { $0.uint() })
        case 8: return .addSubchannel(dataConsumerId: id, subchannel: uint())
        case 9: return .removeSubchannel(dataConsumerId: id, subchannel: uint())
        case 10: return .sendFromDataConsumer(dataConsumerId: id, ppid: uint(), payload: bytes())
        default:
            let plain: [ControlRequest] = [
                .getDirectTransportStats(id: id), .dumpDirectTransport(id: id), .pauseDataProducer(id: id),
                .resumeDataProducer(id: id), .closeDataProducer(id: id), .getDataProducerStats(id: id),
                .dumpDataProducer(id: id), .pauseDataConsumer(id: id), .resumeDataConsumer(id: id),
                .closeDataConsumer(id: id), .getDataConsumerStats(id: id), .dumpDataConsumer(id: id),
                .getBufferedAmount(dataConsumerId: id),
            ]
            return plain[int(0...plain.count - 1)]
        }
    }

    private mutating func consumeData(_ id: String) -> ControlRequest.ConsumeData {
        ControlRequest.ConsumeData(
            id: id,
            transportId: text(),
            dataProducerId: text(),
            streamId: maybe { $0.uint() },
            ordered: bool(),
            maxPacketLifeTime: maybe { $0.uint() },
            maxRetransmits: maybe { $0.uint() },
            label: text(),
            protocol: text(),
            paused: bool(),
            subchannels: list { $0.uint() },
            isNegotiated: bool(),
            bufferedAmountLowThreshold: uint()
        )
    }

    mutating func dataReply() -> ControlReply {
        switch int(0...8) {
        case 0:
            .directTransportStats(
                DirectTransportStat(
                    transportId: text(),
                    timestamp: uint(),
                    bytesReceived: uint(),
                    recvBitrate: uint(),
                    bytesSent: uint(),
                    sendBitrate: uint()
                )
            )
        case 1: .directTransportDump(directTransportDump())
        case 2:
            .dataProducerStats(
                DataProducerStat(
                    timestamp: uint(),
                    label: text(),
                    protocol: text(),
                    messagesReceived: uint(),
                    bytesReceived: uint()
                )
            )
        case 3:
            .dataProducerDump(
                DataProducerDump(
                    id: text(),
                    type: pick(DataChannelType.self),
                    sctpStreamParameters: maybe { $0.streamParameters() },
                    label: text(),
                    protocol: text(),
                    paused: bool()
                )
            )
        case 4:
            .dataConsumed(
                .init(
                    sctpStreamParameters: maybe { $0.streamParameters() },
                    paused: bool(),
                    dataProducerPaused: bool()
                )
            )
        case 5:
            .dataConsumerStats(
                DataConsumerStat(
                    timestamp: uint(),
                    label: text(),
                    protocol: text(),
                    messagesSent: uint(),
                    bytesSent: uint(),
                    messagesDropped: uint(),
                    bufferedAmount: uint()
                )
            )
        case 6: .dataConsumerDump(dataConsumerDump())
        case 7: .bufferedAmount(int(0...1 << 40))
        default: .subchannels(list { $0.uint() })
        }
    }

    private mutating func directTransportDump() -> DirectTransportDump {
        DirectTransportDump(
            id: text(),
            routerId: text(),
            producerIds: list { $0.text() },
            consumerIds: list { $0.text() },
            dataProducerIds: list { $0.text() },
            dataConsumerIds: list { $0.text() },
            counters: map { $0.uint() }
        )
    }

    private mutating func dataConsumerDump() -> DataConsumerDump {
        DataConsumerDump(
            id: text(),
            dataProducerId: text(),
            type: pick(DataChannelType.self),
            sctpStreamParameters: maybe { $0.streamParameters() },
            label: text(),
            protocol: text(),
            paused: bool(),
            dataProducerPaused: bool(),
            subchannels: list { $0.uint() },
            bufferedAmountLowThreshold: uint()
        )
    }

    mutating func dataNotification(_ id: String) -> ControlNotification {
        switch int(0...10) {
        case 0:
            .sctpStateChanged(
                transportId: id,
                state: pick(SctpState.self),
                streams: maybe { NumSctpStreams(OS: $0.uint(), MIS: $0.uint()) }
            )
        case 1:
            .dataChannelOpened(
                transportId: id,
                channel: InBandDataChannel(sctpStreamParameters: streamParameters(), label: text(), protocol: text())
            )
        case 2: .dataChannelClosed(transportId: id, streamId: uint())
        case 3: .dataConsumerProducerPaused(dataConsumerId: id)
        case 4: .dataConsumerProducerResumed(dataConsumerId: id)
        case 5: .dataConsumerProducerClosed(dataConsumerId: id)
        case 6: .dataConsumerSendBufferFull(dataConsumerId: id)
        case 7: .dataConsumerBufferedAmountLow(dataConsumerId: id, amount: int(0...1 << 30))
        case 8: .dataConsumerMessage(dataConsumerId: id, ppid: uint(), payload: bytes())
        case 9: .consumerRtp(consumerId: id, packet: bytes())
        default: .transportRtcp(transportId: id, packet: bytes())
        }
    }
}
