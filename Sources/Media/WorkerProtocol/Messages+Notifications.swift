// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

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
        case .notificationsDropped(let count): .notificationsDropped(count: count)
        case nil: throw .malformed
        }
    }
}
