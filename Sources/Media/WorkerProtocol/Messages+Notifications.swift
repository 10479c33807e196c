// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SwiftletControl
import SwiftletORTC
import SwiftProtobuf

extension PBNotification {
    init(_ notification: ControlNotification) {
        body =
            switch notification {
            case .workerRunning(let pid): .workerRunning(pid)
            case .log(let level, let tag, let text):
                .log(
                    .with {
                        ($0.level, $0.text) = (level.rawValue, text)
                        if let tag { $0.tag = tag.rawValue }
                    }
                )
            case .iceStateChanged(let id, let state):
                .iceStateChanged(.with { ($0.transportID, $0.state) = (id, state.rawValue) })
            case .iceSelectedTupleChanged(let id, let tuple):
                .iceSelectedTupleChanged(
                    .with {
                        $0.transportID = id
                        if let tuple { $0.tuple = PBTransportTuple(tuple) }
                    }
                )
            case .dtlsStateChanged(let id, let state, let certificate):
                .dtlsStateChanged(
                    .with {
                        ($0.transportID, $0.state) = (id, state.rawValue)
                        if let certificate { $0.remoteCertificate = certificate }
                    }
                )
            case .listenServerClosed(let id): .listenServerClosed(id)
            case .producerScore(let id, let scores):
                .producerScore(.with { ($0.producerID, $0.scores) = (id, scores.map(PBProducerScore.init)) })
            case .consumerScore(let id, let score): .consumerScore(PBConsumerScore(score, consumerId: id))
            case .consumerProducerPaused(let id): .consumerProducerPaused(id)
            case .consumerProducerResumed(let id): .consumerProducerResumed(id)
            case .consumerProducerClosed(let id): .consumerProducerClosed(id)
            case .consumerLayersChanged(let id, let layers):
                .consumerLayersChanged(
                    .with {
                        $0.consumerID = id
                        if let layers { $0.layers = PBConsumerLayers(layers) }
                    }
                )
            case .producerDemand(let id, let demand): .producerDemand(PBProducerDemand(demand, producerId: id))
            case .producerVideoOrientationChanged(let id, let orientation):
                .producerVideoOrientationChanged(PBProducerVideoOrientation(orientation, producerId: id))
            case .producerTrace(let id, let event): .producerTrace(PBTrace(event, of: id))
            case .consumerTrace(let id, let event): .consumerTrace(PBTrace(event, of: id))
            case .audioLevels(let id, let volumes): .audioLevels(PBAudioLevels(volumes, observerId: id))
            case .audioSilence(let id): .audioSilence(id)
            case .dominantSpeaker(let id, let producerId):
                .dominantSpeaker(.with { ($0.observerID, $0.producerID) = (id, producerId) })
            case .sctpStateChanged(let id, let state, let streams):
                .sctpStateChanged(
                    .with {
                        ($0.transportID, $0.state) = (id, state.rawValue)
                        if let streams { $0.streams = PBNumSctpStreams(streams) }
                    }
                )
            case .dataChannelOpened(let id, let channel):
                .dataChannelOpened(PBDataChannelOpened(channel, transportId: id))
            case .dataChannelClosed(let id, let stream):
                .dataChannelClosed(.with { ($0.transportID, $0.streamID) = (id, UInt32(stream)) })
            case .dataConsumerProducerPaused(let id): .dataConsumerProducerPaused(id)
            case .dataConsumerProducerResumed(let id): .dataConsumerProducerResumed(id)
            case .dataConsumerProducerClosed(let id): .dataConsumerProducerClosed(id)
            case .dataConsumerSendBufferFull(let id): .dataConsumerSendBufferFull(id)
            case .dataConsumerBufferedAmountLow(let id, let amount):
                .dataConsumerBufferedAmountLow(.with { ($0.dataConsumerID, $0.amount) = (id, Int64(amount)) })
            case .dataConsumerMessage(let id, let ppid, let payload):
                .dataConsumerMessage(PBDataMessage(ppid: ppid, payload: payload, of: id))
            case .consumerRtp(let id, let packet): .consumerRtp(PBPacket(packet, of: id))
            case .transportRtcp(let id, let packet): .transportRtcp(PBPacket(packet, of: id))
            case .notificationsDropped(let count): .notificationsDropped(count)
            }
    }

    func decoded() throws(WorkerProtocolError) -> ControlNotification {
        switch body {
        case .workerRunning(let pid): .workerRunning(pid: pid)
        case .log(let message):
            .log(
                level: try parse(message.level),
                tag: message.hasTag ? try parse(message.tag) as WorkerLogTag : nil,
                text: message.text
            )
        case .iceStateChanged(let message):
            .iceStateChanged(transportId: message.transportID, state: try parse(message.state))
        case .iceSelectedTupleChanged(let message):
            .iceSelectedTupleChanged(
                transportId: message.transportID,
                tuple: message.hasTuple ? try message.tuple.decoded() : nil
            )
        case .dtlsStateChanged(let message):
            .dtlsStateChanged(
                transportId: message.transportID,
                state: try parse(message.state),
                remoteCertificate: message.hasRemoteCertificate ? message.remoteCertificate : nil
            )
        case .listenServerClosed(let id): .listenServerClosed(transportId: id)
        case .producerScore(let message):
            .producerScore(
                producerId: message.producerID,
                scores: try decodeAll(message.scores) { score throws(WorkerProtocolError) in try score.decoded() }
            )
        case .consumerScore(let message):
            .consumerScore(consumerId: message.consumerID, score: try message.decoded())
        case .consumerProducerPaused(let id): .consumerProducerPaused(consumerId: id)
        case .consumerProducerResumed(let id): .consumerProducerResumed(consumerId: id)
        case .consumerProducerClosed(let id): .consumerProducerClosed(consumerId: id)
        case .consumerLayersChanged(let message):
            .consumerLayersChanged(
                consumerId: message.consumerID,
                layers: message.hasLayers ? try message.layers.decoded() : nil
            )
        case .producerDemand(let message):
            .producerDemand(producerId: message.producerID, demand: try message.decoded())
        case .producerVideoOrientationChanged(let message):
            .producerVideoOrientationChanged(producerId: message.producerID, orientation: try message.decoded())
        case .producerTrace(let message): .producerTrace(producerId: message.id, event: try message.decoded())
        case .consumerTrace(let message): .consumerTrace(consumerId: message.id, event: try message.decoded())
        case .audioLevels(let message):
            .audioLevels(observerId: message.observerID, volumes: try message.decoded())
        case .audioSilence(let id): .audioSilence(observerId: id)
        case .dominantSpeaker(let message):
            .dominantSpeaker(observerId: message.observerID, producerId: message.producerID)
        case .sctpStateChanged(let message):
            .sctpStateChanged(
                transportId: message.transportID,
                state: try parse(message.state),
                streams: message.hasStreams ? try message.streams.decoded() : nil
            )
        case .dataChannelOpened(let message):
            .dataChannelOpened(transportId: message.transportID, channel: try message.decoded())
        case .dataChannelClosed(let message):
            .dataChannelClosed(transportId: message.transportID, streamId: try narrow(message.streamID))
        case .dataConsumerProducerPaused(let id): .dataConsumerProducerPaused(dataConsumerId: id)
        case .dataConsumerProducerResumed(let id): .dataConsumerProducerResumed(dataConsumerId: id)
        case .dataConsumerProducerClosed(let id): .dataConsumerProducerClosed(dataConsumerId: id)
        case .dataConsumerSendBufferFull(let id): .dataConsumerSendBufferFull(dataConsumerId: id)
        case .dataConsumerBufferedAmountLow(let message):
            .dataConsumerBufferedAmountLow(
                dataConsumerId: message.dataConsumerID,
                amount: try narrow(message.amount)
            )
        case .dataConsumerMessage(let message):
            .dataConsumerMessage(
                dataConsumerId: message.dataConsumerID,
                ppid: message.ppid,
                payload: [UInt8](message.payload)
            )
        case .consumerRtp(let message): .consumerRtp(consumerId: message.id, packet: [UInt8](message.packet))
        case .transportRtcp(let message): .transportRtcp(transportId: message.id, packet: [UInt8](message.packet))
        case .notificationsDropped(let count): .notificationsDropped(count: count)
        case nil: throw .malformed
        }
    }
}
