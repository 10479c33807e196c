// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletRTP
import SwiftletStreams
import SwiftletWire

/// Which events of a producer or consumer are told, as bits that every packet can look at.
struct TraceFilter: OptionSet {
    let rawValue: UInt8

    init(rawValue: UInt8) { self.rawValue = rawValue }

    static let rtp = TraceFilter(rawValue: 1)
    static let keyframe = TraceFilter(rawValue: 2)
    static let nack = TraceFilter(rawValue: 4)
    static let pli = TraceFilter(rawValue: 8)
    static let fir = TraceFilter(rawValue: 16)
    static let sr = TraceFilter(rawValue: 32)

    init(_ types: Set<TraceEventType>) {
        self = []
        for type in types { formUnion(TraceFilter(type)) }
    }

    init(_ type: TraceEventType) {
        self =
            switch type {
            case .rtp: .rtp
            case .keyframe: .keyframe
            case .nack: .nack
            case .pli: .pli
            case .fir: .fir
            case .sr: .sr
            }
    }
}

extension Producer {
    /// Tells of a received packet.
    func traceReceived(
        _ header: borrowing PacketHeader,
        _ packet: borrowing RTPPacketView,
        isRTX: Bool,
        on stream: ProducerStream,
        now: Instant
    ) {
        let type: TraceEventType = header.isKeyFrame && trace.contains(.keyframe) ? .keyframe : .rtp
        guard trace.contains(TraceFilter(type)) else { return }
        var info = TraceInfo(header, ssrc: stream.ssrc, isRTX: isRTX)
        info.sequenceNumber = UInt16(truncatingIfNeeded: header.sequence)
        info.rtpTimestamp = header.timestamp
        info.payloadType = header.payloadType
        info.marker = header.marker
        (info.size, info.payloadSize) = (packet.bytes.count, packet.payload.count)
        tell(type, .incoming, info, now: now)
    }

    /// Tells of feedback or a report, if that is asked for.
    func trace(
        _ type: TraceEventType,
        _ direction: TraceEvent.Direction,
        ssrc: UInt32,
        now: Instant,
        _ fill: (inout TraceInfo) -> Void = { _ in }
    ) {
        guard trace.contains(TraceFilter(type)) else { return }
        var info = TraceInfo(ssrc: ssrc)
        fill(&info)
        tell(type, direction, info, now: now)
    }

    private func tell(_ type: TraceEventType, _ direction: TraceEvent.Direction, _ info: TraceInfo, now: Instant) {
        let event = TraceEvent(type: type, timestamp: now.milliseconds, direction: direction, info: info)
        transport.board.notify(.producerTrace(producerId: id, event: event))
    }
}

extension Consumer {
    /// Tells of a packet that waits to be sent.
    func traceSent(_ intent: SendIntent, _ header: borrowing PacketHeader, payload: Int, now: Instant) {
        let type: TraceEventType = header.isKeyFrame && trace.contains(.keyframe) ? .keyframe : .rtp
        guard trace.contains(TraceFilter(type)) else { return }
        var info = TraceInfo(header, ssrc: ssrc, isRTX: false)
        info.sequenceNumber = UInt16(truncatingIfNeeded: intent.index)
        info.rtpTimestamp = intent.timestamp
        info.payloadType = intent.payloadType
        info.marker = intent.flags.contains(.marker)
        (info.size, info.payloadSize) = (Int(intent.length), payload)
        tell(type, .outgoing, info, now: now)
    }

    /// Tells of a packet that is going to be sent again.
    func traceResend(_ intent: SendIntent, _ stored: StoredPacket, now: Instant) {
        var info = TraceInfo(stored.header, ssrc: intent.flags.contains(.rtx) ? rtxSSRC : ssrc, isRTX: true)
        info.sequenceNumber = UInt16(truncatingIfNeeded: intent.index)
        info.rtpTimestamp = intent.timestamp
        info.payloadType = intent.payloadType
        info.marker = intent.flags.contains(.marker)
        (info.size, info.payloadSize) = (Int(intent.length), Int(stored.payloadLength))
        tell(.rtp, .outgoing, info, now: now)
    }

    /// Tells of feedback, if that is asked for.
    func trace(_ type: TraceEventType, now: Instant, _ fill: (inout TraceInfo) -> Void = { _ in }) {
        guard trace.contains(TraceFilter(type)) else { return }
        var info = TraceInfo(ssrc: ssrc)
        fill(&info)
        tell(type, .incoming, info, now: now)
    }

    private func tell(_ type: TraceEventType, _ direction: TraceEvent.Direction, _ info: TraceInfo, now: Instant) {
        let event = TraceEvent(type: type, timestamp: now.milliseconds, direction: direction, info: info)
        transport.board.notify(.consumerTrace(consumerId: id, event: event))
    }
}

extension TraceInfo {
    fileprivate init(_ header: borrowing PacketHeader, ssrc: UInt32, isRTX: Bool) {
        self.init(ssrc: ssrc)
        (isKeyFrame, isRtx) = (header.isKeyFrame, isRTX)
        if header.frame.flags.contains(.hasLayers) {
            (spatialLayer, temporalLayer) = (Int(header.frame.spatial), Int(header.frame.temporal))
        }
    }
}

extension ProducerVideoOrientation {
    /// From the byte of the header extension, 3GPP TS 26.114 §7.4.5: camera, flip, two bits of rotation.
    init(wire: UInt8) {
        self.init(camera: wire & 8 != 0, flip: wire & 4 != 0, rotation: Int(wire & 3) * 90)
    }
}
