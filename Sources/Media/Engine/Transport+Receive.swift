// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCongestion
import SwiftletORTC
import SwiftletRTP
import SwiftletStreams
import SwiftletWire

/// Received RTP: registered, routed, stored once, fanned out.
extension Transport {
    /// Takes a packet that is plain by now.
    func receive(_ packet: borrowing RTPPacketView, arrival: Instant, now: Instant) {
        let found = incoming.read(packet)
        let ssrc = packet.ssrc
        let size = packet.bytes.count
        // Before any lookup: retransmissions, padding and unknown streams are part of the path's load too.
        if let sequence = found.transportSequence {
            feedback.record(sequence: sequence, arrival: arrival, mediaSSRC: ssrc)
            board.schedule(slot, noLaterThan: feedback.nextDeadline)
        }
        if remb != nil {
            remb?.record(sendTime: found.absoluteSendTime, arrival: arrival, size: size, ssrc: ssrc)
            board.schedule(slot, noLaterThan: remb?.nextDeadline)
        }
        guard let (producer, stream, role) = destination(of: packet, found, now: now) else {
            board.counters.unknownStreams &+= 1
            return
        }
        switch role {
        case .media:
            traffic.rtpReceived.add(size, now: now)
            receiveMedia(packet, found, on: stream, of: producer, arrival: arrival, now: now)
        case .retransmission:
            traffic.rtxReceived.add(size, now: now)
            receiveRetransmission(packet, found, on: stream, of: producer, arrival: arrival, now: now)
        }
        board.schedule(slot, noLaterThan: stream.nextDeadline)
    }

    /// Whose packet it is; its SSRC is learnt when its MID, RID or payload type tell.
    @inline(__always)
    private func destination(
        of packet: borrowing RTPPacketView,
        _ found: borrowing IncomingExtensions.Found,
        now: Instant
    ) -> (Producer, ProducerStream, StreamRouter.Role)? {
        if let route = streamRouter.lookup(packet.ssrc, now: now) {
            guard let producer = producer(handle: route.producer) else { return nil }
            if let stream = producer.streams[route.encoding] { return (producer, stream, route.role) }
            return begin(route, packet.ssrc, now: now)
        }
        let bytes = packet.bytes
        let identifiers = StreamRouter.Identifiers(
            mid: bytes.extracting(found.mid),
            rid: bytes.extracting(found.rid),
            repairedRID: bytes.extracting(found.repairedRID)
        )
        let outcome = streamRouter.route(
            ssrc: packet.ssrc,
            payloadType: packet.payloadType,
            identifiers: identifiers,
            now: now
        )
        guard case .learned(let route, _) = outcome else { return nil }
        return begin(route, packet.ssrc, now: now)
    }

    /// The first packet of an SSRC: begins its stream, or joins its retransmissions to theirs.
    private func begin(
        _ route: StreamRouter.Route,
        _ ssrc: UInt32,
        now: Instant
    ) -> (Producer, ProducerStream, StreamRouter.Role)? {
        guard let producer = producer(handle: route.producer) else { return nil }
        switch route.role {
        case .retransmission:
            guard let stream = producer.streams[route.encoding] else { return nil }
            stream.receive.rtxSSRC = ssrc
            return (producer, stream, .retransmission)
        case .media:
            guard let stream = producer.beginStream(encoding: route.encoding, ssrc: ssrc, now: now) else { return nil }
            stream.receive.rtxSSRC = producer.parameters.encodings[route.encoding].rtx?.ssrc
            reschedule()
            return (producer, stream, .media)
        }
    }

    @inline(__always)
    private func receiveMedia(
        _ packet: borrowing RTPPacketView,
        _ found: borrowing IncomingExtensions.Found,
        on stream: ProducerStream,
        of producer: Producer,
        arrival: Instant,
        now: Instant
    ) {
        let kind = producer.codecs.kind(of: packet.payloadType)
        guard kind.isKnown, !kind.isRTX else {
            board.counters.unknownStreams &+= 1
            return
        }
        let payload = packet.payload
        let isKeyFrame = isKeyFrame(payload, packet.bytes, found, kind.video)
        let reception = stream.receive.receive(
            ReceiveStream.Packet(
                sequence: packet.sequenceNumber,
                timestamp: packet.timestamp,
                size: packet.bytes.count,
                isKeyFrame: isKeyFrame,
                arrival: arrival
            )
        )
        guard case .accepted(let acceptance) = reception else { return }
        if isKeyFrame, acceptance.isNewest || producer.isKeyFrameAwaited(on: stream) {
            stream.keyFrameReceived(now: now)
        }
        if acceptance.needsKeyFrame || acceptance.isResynchronized { producer.forceKeyFrame(of: stream, now: now) }
        var header = PacketHeader(
            sequence: acceptance.sequence,
            timestamp: packet.timestamp,
            payloadType: packet.payloadType,
            marker: packet.marker,
            isKeyFrame: isKeyFrame,
            arrival: arrival,
            extensions: onward(found.values)
        )
        let descriptor = packet.bytes.extracting(found.dependencyDescriptor)
        describe(&header, payload, descriptor, kind, on: stream)
        if !producer.trace.isEmpty { producer.traceReceived(header, packet, isRTX: false, on: stream, now: now) }
        if found.values.present.contains(.videoOrientation) { producer.turn(to: found.values.videoOrientation) }
        if !producer.taps.isEmpty, found.values.present.contains(.audioLevel) {
            producer.hear(
                found.values.audioLevel,
                timestamp: packet.timestamp,
                clockRate: stream.codec.parameters.clockRate,
                now: arrival
            )
        }
        deliver(
            header,
            payload,
            descriptor,
            size: packet.bytes.count,
            of: stream,
            producer,
            isResynchronized: acceptance.isResynchronized,
            now: now
        )
    }

    private func receiveRetransmission(
        _ packet: borrowing RTPPacketView,
        _ found: borrowing IncomingExtensions.Found,
        on stream: ProducerStream,
        of producer: Producer,
        arrival: Instant,
        now: Instant
    ) {
        let repairs = producer.codecs.kind(of: packet.payloadType).repairs
        let kind = producer.codecs.kind(of: repairs)
        guard repairs < 128, kind.isKnown, !kind.isRTX else {
            board.counters.unknownStreams &+= 1
            return
        }
        let payload = packet.payload
        let original = payload.extracting(droppingFirst: min(RTXPayload.headerLength, payload.count))
        let isKeyFrame = isKeyFrame(original, packet.bytes, found, kind.video)
        let reception = stream.receive.receiveRetransmission(
            ReceiveStream.Packet(
                sequence: packet.sequenceNumber,
                timestamp: packet.timestamp,
                size: packet.bytes.count,
                isKeyFrame: isKeyFrame,
                arrival: arrival
            ),
            payload: payload
        )
        guard case .accepted(let acceptance) = reception else { return }
        // One that nobody waits for is of an older frame than a request that may be under way.
        if isKeyFrame, producer.isKeyFrameAwaited(on: stream) { stream.keyFrameReceived(now: now) }
        var header = PacketHeader(
            sequence: acceptance.sequence,
            timestamp: packet.timestamp,
            payloadType: repairs,
            marker: packet.marker,
            isKeyFrame: isKeyFrame,
            isRepaired: true,
            arrival: arrival,
            extensions: onward(found.values)
        )
        let descriptor = packet.bytes.extracting(found.dependencyDescriptor)
        describe(&header, original, descriptor, kind, on: stream)
        if !producer.trace.isEmpty { producer.traceReceived(header, packet, isRTX: true, on: stream, now: now) }
        deliver(
            header,
            original,
            descriptor,
            size: packet.bytes.count,
            of: stream,
            producer,
            isResynchronized: false,
            now: now
        )
    }

    /// Extension values as they travel on: a time of capture says how far its clock is from ours, who report from now on.
    ///
    /// The capture clock is the sender's plus the offset it gave, and so ours less our distance to the sender plus that.
    @inline(__always)
    private func onward(_ values: PacketExtensions) -> PacketExtensions {
        guard values.present.contains(.absoluteCaptureTime), let distance = senderClock.offset else { return values }
        var values = values
        let offset = values.present.contains(.captureClockOffset) ? values.captureClockOffset : 0
        values.captureClockOffset = offset &- UInt64(bitPattern: distance)
        values.present.insert(.captureClockOffset)
        return values
    }

    /// Reads what the payload says: layers of pictures, the primary block of RED, silence of Opus.
    @inline(__always)
    private func describe(
        _ header: inout PacketHeader,
        _ payload: Span<UInt8>,
        _ descriptor: Span<UInt8>,
        _ kind: PayloadKind,
        on stream: ProducerStream
    ) {
        if kind.video != nil {
            header.frame = stream.reader.read(
                payload: payload,
                dependencyDescriptor: descriptor,
                codec: kind.video,
                timestamp: header.timestamp
            )
            if header.isKeyFrame, kind.video?.bringsParameterSets(payload) == true { header.frame.flags.insert(.start) }
            guard header.frame.form == .dependency, !descriptor.isEmpty else { return }
            let length = DependencyDescriptor.rewrittenLength(
                descriptor,
                maskOffset: Int(header.frame.maskOffset),
                targetCount: Int(header.frame.targetCount)
            )
            header.rewrittenDescriptorLength = UInt8(exactly: length) ?? 0
        } else if kind.isRED {
            guard let red = REDPayload(payload) else { return }
            header.primaryOffset = UInt16(truncatingIfNeeded: red.primary.offset)
            header.isSilence = OpusPayload.isDTX(payload.extracting(red.primary.range))
        } else if kind.isOpus {
            header.isSilence = OpusPayload.isDTX(payload)
        }
    }

    @inline(__always)
    private func isKeyFrame(
        _ payload: Span<UInt8>,
        _ bytes: Span<UInt8>,
        _ found: borrowing IncomingExtensions.Found,
        _ video: VideoCodec?
    ) -> Bool {
        guard let video else { return false }
        if found.dependencyDescriptor.isEmpty { return video.isKeyFrame(payload) }
        return video.isKeyFrame(payload, dependencyDescriptor: bytes.extracting(found.dependencyDescriptor))
    }

    /// Stores a packet, once, and hands it to the consumers.
    @inline(__always)
    private func deliver(
        _ header: PacketHeader,
        _ payload: Span<UInt8>,
        _ descriptor: Span<UInt8>,
        size: Int,
        of stream: ProducerStream,
        _ producer: Producer,
        isResynchronized: Bool,
        now: Instant
    ) {
        board.counters.packetsReceived &+= 1
        if producer.isVideo {
            if stream.countLayer(header.frame, size: size, now: now) { producer.layersChanged(now: now) }
        }
        guard !producer.isPaused, payload.count <= board.limits.packetSize else { return }
        let kept = header.rewrittenDescriptorLength > 0 ? descriptor : Span()
        guard let packet = stream.receive.store.append(header, payload: payload, extensions: kept) else {
            board.counters.unstored &+= 1
            return
        }
        stream.noteStored(header)
        producer.forward(
            packet,
            header,
            payload: payload.count,
            from: stream,
            isResynchronized: isResynchronized,
            first: board.turn,
            now: now
        )
    }
}
