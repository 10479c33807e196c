// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletORTC
import SwiftProtobuf

extension PBConsumerLayers {
    init(_ value: ConsumerLayers) {
        spatialLayer = Int64(value.spatialLayer)
        if let layer = value.temporalLayer { temporalLayer = Int64(layer) }
    }

    func decoded() throws(WorkerProtocolError) -> ConsumerLayers {
        ConsumerLayers(
            spatialLayer: try narrow(spatialLayer),
            temporalLayer: hasTemporalLayer ? try narrow(temporalLayer) as Int : nil
        )
    }
}

extension PBProducerDemand {
    init(_ value: ProducerDemand, producerId: String) {
        (producerID, encodings) = (producerId, value.encodings)
        (spatialLayer, temporalLayer) = (Int64(value.spatialLayer), Int64(value.temporalLayer))
    }

    func decoded() throws(WorkerProtocolError) -> ProducerDemand {
        ProducerDemand(
            encodings: encodings,
            spatialLayer: try narrow(spatialLayer),
            temporalLayer: try narrow(temporalLayer)
        )
    }
}

extension PBProducerVideoOrientation {
    init(_ value: ProducerVideoOrientation, producerId: String) {
        producerID = producerId
        (camera, flip, rotation) = (value.camera, value.flip, Int64(value.rotation))
    }

    func decoded() throws(WorkerProtocolError) -> ProducerVideoOrientation {
        ProducerVideoOrientation(camera: camera, flip: flip, rotation: try narrow(rotation))
    }
}

extension PBTraceTypes {
    init(_ types: Set<TraceEventType>, of id: String) {
        (self.id, self.types) = (id, types.map(\.rawValue).sorted())
    }

    func decodedTypes() throws(WorkerProtocolError) -> Set<TraceEventType> {
        Set(try decodeAll(types) { type throws(WorkerProtocolError) in try parse(type) as TraceEventType })
    }
}

extension PBTrace {
    init(_ value: TraceEvent, of id: String) {
        (self.id, type, timestamp) = (id, value.type.rawValue, Int64(value.timestamp))
        (direction, info) = (value.direction.rawValue, PBTraceInfo(value.info))
    }

    func decoded() throws(WorkerProtocolError) -> TraceEvent {
        TraceEvent(
            type: try parse(type),
            timestamp: try narrow(timestamp),
            direction: try parse(direction),
            info: try info.decoded()
        )
    }
}

extension PBTraceInfo {
    init(_ value: TraceInfo) {
        ssrc = value.ssrc
        if let type = value.payloadType { payloadType = UInt32(type) }
        if let number = value.sequenceNumber { sequenceNumber = UInt32(number) }
        if let timestamp = value.rtpTimestamp { rtpTimestamp = timestamp }
        if let marker = value.marker { self.marker = marker }
        if let size = value.size { self.size = Int64(size) }
        if let size = value.payloadSize { payloadSize = Int64(size) }
        if let layer = value.spatialLayer { spatialLayer = Int64(layer) }
        if let layer = value.temporalLayer { temporalLayer = Int64(layer) }
        if let isKeyFrame = value.isKeyFrame { self.isKeyFrame = isKeyFrame }
        if let isRtx = value.isRtx { self.isRtx = isRtx }
        if let count = value.packets { packets = Int64(count) }
        if let time = value.ntp { ntp = time }
        if let count = value.packetCount { packetCount = count }
        if let count = value.octetCount { octetCount = count }
    }

    func decoded() throws(WorkerProtocolError) -> TraceInfo {
        var value = TraceInfo(ssrc: ssrc)
        if hasPayloadType { value.payloadType = try narrow(payloadType) }
        if hasSequenceNumber { value.sequenceNumber = try narrow(sequenceNumber) }
        if hasRtpTimestamp { value.rtpTimestamp = rtpTimestamp }
        if hasMarker { value.marker = marker }
        if hasSize { value.size = try narrow(size) }
        if hasPayloadSize { value.payloadSize = try narrow(payloadSize) }
        if hasSpatialLayer { value.spatialLayer = try narrow(spatialLayer) }
        if hasTemporalLayer { value.temporalLayer = try narrow(temporalLayer) }
        if hasIsKeyFrame { value.isKeyFrame = isKeyFrame }
        if hasIsRtx { value.isRtx = isRtx }
        if hasPackets { value.packets = try narrow(packets) }
        if hasNtp { value.ntp = ntp }
        if hasPacketCount { value.packetCount = packetCount }
        if hasOctetCount { value.octetCount = octetCount }
        return value
    }
}

extension PBAudioLevels {
    init(_ volumes: [AudioLevel], observerId: String) {
        observerID = observerId
        self.volumes = volumes.map { level in
            .with { ($0.producerID, $0.volume) = (level.producerId, Int64(level.volume)) }
        }
    }

    func decoded() throws(WorkerProtocolError) -> [AudioLevel] {
        try decodeAll(volumes) { level throws(WorkerProtocolError) in
            AudioLevel(producerId: level.producerID, volume: try narrow(level.volume))
        }
    }
}

extension PBCreateAudioLevelObserver {
    init(_ value: ControlRequest.CreateAudioLevelObserver) {
        (id, routerID) = (value.id, value.routerId)
        (maxEntries, threshold) = (UInt32(value.maxEntries), Int32(value.threshold))
        interval = UInt32(value.interval)
    }

    func decoded() throws(WorkerProtocolError) -> ControlRequest.CreateAudioLevelObserver {
        ControlRequest.CreateAudioLevelObserver(
            id: id,
            routerId: routerID,
            maxEntries: try narrow(maxEntries),
            threshold: try narrow(threshold),
            interval: try narrow(interval)
        )
    }
}

extension PBCreateActiveSpeakerObserver {
    init(_ value: ControlRequest.CreateActiveSpeakerObserver) {
        (id, routerID, interval) = (value.id, value.routerId, UInt32(value.interval))
    }

    func decoded() throws(WorkerProtocolError) -> ControlRequest.CreateActiveSpeakerObserver {
        ControlRequest.CreateActiveSpeakerObserver(id: id, routerId: routerID, interval: try narrow(interval))
    }
}
