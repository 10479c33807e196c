// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SwiftletControl
import SwiftletORTC
import SwiftletWire
import SwiftProtobuf

extension PBRequest {
    init(_ request: ControlRequest, id: UInt64) {
        self.id = id
        body =
            switch request {
            case .start(let start): .start(PBStart(start))
            case .dumpWorker: .dumpWorker(PBEmpty())
            case .getResourceUsage: .getResourceUsage(PBEmpty())
            case .updateSettings(let settings): .updateSettings(PBUpdateSettings(settings))
            case .createWebRtcServer(let server): .createWebRtcServer(PBCreateWebRtcServer(server))
            case .closeWebRtcServer(let id): .closeWebRtcServer(id)
            case .dumpWebRtcServer(let id): .dumpWebRtcServer(id)
            case .createRouter(let id): .createRouter(id)
            case .closeRouter(let id): .closeRouter(id)
            case .dumpRouter(let id): .dumpRouter(id)
            case .createWebRtcTransport(let transport): .createWebRtcTransport(PBCreateWebRtcTransport(transport))
            case .connectWebRtcTransport(let id, let parameters):
                .connectWebRtcTransport(.with { ($0.id, $0.dtlsParameters) = (id, PBDtlsParameters(parameters)) })
            case .restartIce(let id): .restartIce(id)
            case .setMaxIncomingBitrate(let id, let bitrate):
                .setMaxIncomingBitrate(.with { ($0.transportID, $0.bitrate) = (id, bitrate) })
            case .closeTransport(let id): .closeTransport(id)
            case .getTransportStats(let id): .getTransportStats(id)
            case .dumpTransport(let id): .dumpTransport(id)
            case .createDirectTransport(let transport): .createDirectTransport(PBCreateDirectTransport(transport))
            case .getDirectTransportStats(let id): .getDirectTransportStats(id)
            case .dumpDirectTransport(let id): .dumpDirectTransport(id)
            case .sendRtp(let id, let packet): .sendRtp(PBPacket(packet, of: id))
            case .sendRtcp(let id, let packet): .sendRtcp(PBPacket(packet, of: id))
            case .produceData(let producer): .produceData(PBProduceData(producer))
            case .pauseDataProducer(let id): .pauseDataProducer(id)
            case .resumeDataProducer(let id): .resumeDataProducer(id)
            case .closeDataProducer(let id): .closeDataProducer(id)
            case .getDataProducerStats(let id): .getDataProducerStats(id)
            case .dumpDataProducer(let id): .dumpDataProducer(id)
            case .sendFromDataProducer(let message): .sendFromDataProducer(PBSendFromDataProducer(message))
            case .consumeData(let consumer): .consumeData(PBConsumeData(consumer))
            case .pauseDataConsumer(let id): .pauseDataConsumer(id)
            case .resumeDataConsumer(let id): .resumeDataConsumer(id)
            case .closeDataConsumer(let id): .closeDataConsumer(id)
            case .getDataConsumerStats(let id): .getDataConsumerStats(id)
            case .dumpDataConsumer(let id): .dumpDataConsumer(id)
            case .getBufferedAmount(let id): .getBufferedAmount(id)
            case .setBufferedAmountLowThreshold(let id, let threshold):
                .setBufferedAmountLowThreshold(.with { ($0.dataConsumerID, $0.threshold) = (id, threshold) })
            case .setSubchannels(let id, let subchannels): .setSubchannels(PBSetSubchannels(subchannels, of: id))
            case .addSubchannel(let id, let subchannel):
                .addSubchannel(.with { ($0.dataConsumerID, $0.subchannel) = (id, UInt32(subchannel)) })
            case .removeSubchannel(let id, let subchannel):
                .removeSubchannel(.with { ($0.dataConsumerID, $0.subchannel) = (id, UInt32(subchannel)) })
            case .sendFromDataConsumer(let id, let ppid, let payload):
                .sendFromDataConsumer(PBDataMessage(ppid: ppid, payload: payload, of: id))
            case .produce(let producer): .produce(PBProduce(producer))
            case .pauseProducer(let id): .pauseProducer(id)
            case .resumeProducer(let id): .resumeProducer(id)
            case .closeProducer(let id): .closeProducer(id)
            case .getProducerStats(let id): .getProducerStats(id)
            case .dumpProducer(let id): .dumpProducer(id)
            case .traceProducer(let id, let types): .traceProducer(PBTraceTypes(types, of: id))
            case .consume(let consumer): .consume(PBConsume(consumer))
            case .consumeBatch(let consumers):
                .consumeBatch(.with { $0.consumers = consumers.map(PBConsume.init) })
            case .pauseConsumer(let id): .pauseConsumer(id)
            case .resumeConsumer(let id): .resumeConsumer(id)
            case .closeConsumer(let id): .closeConsumer(id)
            case .requestKeyFrame(let id): .requestKeyFrame(id)
            case .getConsumerStats(let id): .getConsumerStats(id)
            case .dumpConsumer(let id): .dumpConsumer(id)
            case .setPreferredLayers(let id, let layers):
                .setPreferredLayers(
                    .with {
                        $0.consumerID = id
                        if let layers { $0.layers = PBConsumerLayers(layers) }
                    }
                )
            case .setPriority(let id, let priority):
                .setPriority(.with { ($0.consumerID, $0.priority) = (id, UInt32(priority)) })
            case .traceConsumer(let id, let types): .traceConsumer(PBTraceTypes(types, of: id))
            case .createAudioLevelObserver(let observer):
                .createAudioLevelObserver(PBCreateAudioLevelObserver(observer))
            case .createActiveSpeakerObserver(let observer):
                .createActiveSpeakerObserver(PBCreateActiveSpeakerObserver(observer))
            case .closeRtpObserver(let id): .closeRtpObserver(id)
            case .pauseRtpObserver(let id): .pauseRtpObserver(id)
            case .resumeRtpObserver(let id): .resumeRtpObserver(id)
            case .addProducerToRtpObserver(let id, let producerId):
                .addProducerToRtpObserver(.with { ($0.observerID, $0.producerID) = (id, producerId) })
            case .removeProducerFromRtpObserver(let id, let producerId):
                .removeProducerFromRtpObserver(.with { ($0.observerID, $0.producerID) = (id, producerId) })
            case .dumpRtpObserver(let id): .dumpRtpObserver(id)
            }
    }

    func decoded() throws(WorkerProtocolError) -> ControlRequest {
        switch body {
        case .start(let message): .start(try message.decoded())
        case .dumpWorker: .dumpWorker
        case .getResourceUsage: .getResourceUsage
        case .updateSettings(let message): .updateSettings(try message.decoded())
        case .createWebRtcServer(let message): .createWebRtcServer(try message.decoded())
        case .closeWebRtcServer(let id): .closeWebRtcServer(id: id)
        case .dumpWebRtcServer(let id): .dumpWebRtcServer(id: id)
        case .createRouter(let id): .createRouter(id: id)
        case .closeRouter(let id): .closeRouter(id: id)
        case .dumpRouter(let id): .dumpRouter(id: id)
        case .createWebRtcTransport(let message): .createWebRtcTransport(try message.decoded())
        case .connectWebRtcTransport(let message):
            .connectWebRtcTransport(id: message.id, dtlsParameters: try message.dtlsParameters.decoded())
        case .restartIce(let id): .restartIce(transportId: id)
        case .setMaxIncomingBitrate(let message):
            .setMaxIncomingBitrate(transportId: message.transportID, bitrate: message.bitrate)
        case .closeTransport(let id): .closeTransport(id: id)
        case .getTransportStats(let id): .getTransportStats(id: id)
        case .dumpTransport(let id): .dumpTransport(id: id)
        case .createDirectTransport(let message): .createDirectTransport(message.decoded())
        case .getDirectTransportStats(let id): .getDirectTransportStats(id: id)
        case .dumpDirectTransport(let id): .dumpDirectTransport(id: id)
        case .sendRtp(let message): .sendRtp(producerId: message.id, packet: [UInt8](message.packet))
        case .sendRtcp(let message): .sendRtcp(transportId: message.id, packet: [UInt8](message.packet))
        case .produceData(let message): .produceData(try message.decoded())
        case .pauseDataProducer(let id): .pauseDataProducer(id: id)
        case .resumeDataProducer(let id): .resumeDataProducer(id: id)
        case .closeDataProducer(let id): .closeDataProducer(id: id)
        case .getDataProducerStats(let id): .getDataProducerStats(id: id)
        case .dumpDataProducer(let id): .dumpDataProducer(id: id)
        case .sendFromDataProducer(let message): .sendFromDataProducer(try message.decoded())
        case .consumeData(let message): .consumeData(try message.decoded())
        case .pauseDataConsumer(let id): .pauseDataConsumer(id: id)
        case .resumeDataConsumer(let id): .resumeDataConsumer(id: id)
        case .closeDataConsumer(let id): .closeDataConsumer(id: id)
        case .getDataConsumerStats(let id): .getDataConsumerStats(id: id)
        case .dumpDataConsumer(let id): .dumpDataConsumer(id: id)
        case .getBufferedAmount(let id): .getBufferedAmount(dataConsumerId: id)
        case .setBufferedAmountLowThreshold(let message):
            .setBufferedAmountLowThreshold(dataConsumerId: message.dataConsumerID, threshold: message.threshold)
        case .setSubchannels(let message):
            .setSubchannels(dataConsumerId: message.dataConsumerID, subchannels: try message.decodedSubchannels())
        case .addSubchannel(let message):
            .addSubchannel(dataConsumerId: message.dataConsumerID, subchannel: try narrow(message.subchannel))
        case .removeSubchannel(let message):
            .removeSubchannel(dataConsumerId: message.dataConsumerID, subchannel: try narrow(message.subchannel))
        case .sendFromDataConsumer(let message):
            .sendFromDataConsumer(
                dataConsumerId: message.dataConsumerID,
                ppid: message.ppid,
                payload: [UInt8](message.payload)
            )
        case .produce(let message): .produce(try message.decoded())
        case .pauseProducer(let id): .pauseProducer(id: id)
        case .resumeProducer(let id): .resumeProducer(id: id)
        case .closeProducer(let id): .closeProducer(id: id)
        case .getProducerStats(let id): .getProducerStats(id: id)
        case .dumpProducer(let id): .dumpProducer(id: id)
        case .traceProducer(let message): .traceProducer(id: message.id, types: try message.decodedTypes())
        case .consume(let message): .consume(try message.decoded())
        case .consumeBatch(let message):
            .consumeBatch(
                try decodeAll(message.consumers) { consumer throws(WorkerProtocolError) in try consumer.decoded() }
            )
        case .pauseConsumer(let id): .pauseConsumer(id: id)
        case .resumeConsumer(let id): .resumeConsumer(id: id)
        case .closeConsumer(let id): .closeConsumer(id: id)
        case .requestKeyFrame(let id): .requestKeyFrame(consumerId: id)
        case .getConsumerStats(let id): .getConsumerStats(id: id)
        case .dumpConsumer(let id): .dumpConsumer(id: id)
        case .setPreferredLayers(let message):
            .setPreferredLayers(
                consumerId: message.consumerID,
                layers: message.hasLayers ? try message.layers.decoded() : nil
            )
        case .setPriority(let message):
            .setPriority(consumerId: message.consumerID, priority: try narrow(message.priority))
        case .traceConsumer(let message): .traceConsumer(id: message.id, types: try message.decodedTypes())
        case .createAudioLevelObserver(let message): .createAudioLevelObserver(try message.decoded())
        case .createActiveSpeakerObserver(let message): .createActiveSpeakerObserver(try message.decoded())
        case .closeRtpObserver(let id): .closeRtpObserver(id: id)
        case .pauseRtpObserver(let id): .pauseRtpObserver(id: id)
        case .resumeRtpObserver(let id): .resumeRtpObserver(id: id)
        case .addProducerToRtpObserver(let message):
            .addProducerToRtpObserver(observerId: message.observerID, producerId: message.producerID)
        case .removeProducerFromRtpObserver(let message):
            .removeProducerFromRtpObserver(observerId: message.observerID, producerId: message.producerID)
        case .dumpRtpObserver(let id): .dumpRtpObserver(id: id)
        case nil: throw .malformed
        }
    }
}

extension PBStart {
    init(_ value: ControlRequest.Start) {
        logLevel = value.logLevel.rawValue
        logTags = value.logTags.map(\.rawValue)
        if let file = value.dtlsCertificateFile { dtlsCertificateFile = file }
        if let file = value.dtlsPrivateKeyFile { dtlsPrivateKeyFile = file }
        flushWindow = value.flushWindow.wholeNanoseconds
    }

    func decoded() throws(WorkerProtocolError) -> ControlRequest.Start {
        ControlRequest.Start(
            logLevel: try parse(logLevel),
            logTags: try decodeAll(logTags) { tag throws(WorkerProtocolError) in try parse(tag) },
            dtlsCertificateFile: hasDtlsCertificateFile ? dtlsCertificateFile : nil,
            dtlsPrivateKeyFile: hasDtlsPrivateKeyFile ? dtlsPrivateKeyFile : nil,
            flushWindow: .nanoseconds(flushWindow)
        )
    }
}

extension PBUpdateSettings {
    init(_ value: ControlRequest.UpdateSettings) {
        if let level = value.logLevel { logLevel = level.rawValue }
        if let tags = value.logTags { logTags.tags = tags.map(\.rawValue) }
    }

    func decoded() throws(WorkerProtocolError) -> ControlRequest.UpdateSettings {
        ControlRequest.UpdateSettings(
            logLevel: hasLogLevel ? try parse(logLevel) as WorkerLogLevel : nil,
            logTags: hasLogTags
                ? try decodeAll(logTags.tags) { tag throws(WorkerProtocolError) in try parse(tag) } : nil
        )
    }
}

extension PBCreateWebRtcServer {
    init(_ value: ControlRequest.CreateWebRtcServer) {
        (id, listenInfos) = (value.id, value.listenInfos.map(PBListenInfo.init))
    }

    func decoded() throws(WorkerProtocolError) -> ControlRequest.CreateWebRtcServer {
        ControlRequest.CreateWebRtcServer(
            id: id,
            listenInfos: try decodeAll(listenInfos) { message throws(WorkerProtocolError) in try message.decoded() }
        )
    }
}

extension PBCreateWebRtcTransport {
    init(_ value: ControlRequest.CreateWebRtcTransport) {
        (id, routerID) = (value.id, value.routerId)
        switch value.listen {
        case .server(let id): serverID = id
        case .infos(let infos): self.infos.infos = infos.map(PBListenInfo.init)
        }
        (enableUdp, enableTcp) = (value.enableUdp, value.enableTcp)
        (preferUdp, preferTcp) = (value.preferUdp, value.preferTcp)
        iceConsentTimeout = UInt32(value.iceConsentTimeout)
        initialAvailableOutgoingBitrate = value.initialAvailableOutgoingBitrate
        if let options = value.sctp { sctp = PBSctpOptions(options) }
    }

    func decoded() throws(WorkerProtocolError) -> ControlRequest.CreateWebRtcTransport {
        let place: ControlRequest.CreateWebRtcTransport.Listen =
            switch listen {
            case .serverID(let id): .server(id: id)
            case .infos(let list):
                .infos(try decodeAll(list.infos) { message throws(WorkerProtocolError) in try message.decoded() })
            case nil: throw .malformed
            }
        return ControlRequest.CreateWebRtcTransport(
            id: id,
            routerId: routerID,
            listen: place,
            enableUdp: enableUdp,
            enableTcp: enableTcp,
            preferUdp: preferUdp,
            preferTcp: preferTcp,
            iceConsentTimeout: try narrow(iceConsentTimeout),
            initialAvailableOutgoingBitrate: initialAvailableOutgoingBitrate,
            sctp: hasSctp ? sctp.decoded() : nil
        )
    }
}

extension PBProduce {
    init(_ value: ControlRequest.Produce) {
        (id, transportID, kind) = (value.id, value.transportId, value.kind.rawValue)
        rtpParameters = PBRtpParameters(value.rtpParameters)
        rtpMapping = PBRtpMapping(value.rtpMapping)
        (keyFrameRequestDelay, paused) = (value.keyFrameRequestDelay, value.paused)
    }

    func decoded() throws(WorkerProtocolError) -> ControlRequest.Produce {
        ControlRequest.Produce(
            id: id,
            transportId: transportID,
            kind: try parse(kind),
            rtpParameters: try rtpParameters.decoded(),
            rtpMapping: try rtpMapping.decoded(),
            keyFrameRequestDelay: keyFrameRequestDelay,
            paused: paused
        )
    }
}

extension PBConsume {
    init(_ value: ControlRequest.Consume) {
        (id, transportID, producerID) = (value.id, value.transportId, value.producerId)
        (kind, type) = (value.kind.rawValue, value.type.rawValue)
        rtpParameters = PBRtpParameters(value.rtpParameters)
        codecMapping = value.codecMapping.map(PBRtpCodecMapping.init)
        consumableRtpEncodings = value.consumableRtpEncodings.map(PBRtpEncodingParameters.init)
        (paused, ignoreDtx) = (value.paused, value.ignoreDtx)
        if let layers = value.preferredLayers { preferredLayers = PBConsumerLayers(layers) }
    }

    func decoded() throws(WorkerProtocolError) -> ControlRequest.Consume {
        ControlRequest.Consume(
            id: id,
            transportId: transportID,
            producerId: producerID,
            kind: try parse(kind),
            type: try parse(type),
            rtpParameters: try rtpParameters.decoded(),
            codecMapping: try decodeAll(codecMapping) { message throws(WorkerProtocolError) in try message.decoded() },
            consumableRtpEncodings: try decodeAll(consumableRtpEncodings) { message throws(WorkerProtocolError) in
                try message.decoded()
            },
            paused: paused,
            preferredLayers: hasPreferredLayers ? try preferredLayers.decoded() : nil,
            ignoreDtx: ignoreDtx
        )
    }
}
