// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletRTP
import SwiftletStreams
import SwiftletWire

/// From stored packets to send intents: which packets go, under which numbers and times, and what is patched.
extension Consumer {
    /// Packets behind a late key frame that are forwarded with it, at most.
    private static let catchUpLimit: Int64 = 512
    /// How long a consumer waits for a key frame of a stream that never showed one: its payload may be encrypted.
    private static let patience = Duration.seconds(3)
    /// How far a key frame may lie behind what was forwarded last: what nobody notices between picture and sound.
    private static let longestLag = Duration.milliseconds(40)
    /// How many key frames in a row are passed over for that.
    private static let outdatedLimit = 2

    /// Makes a send intent of a packet, if it is for this consumer.
    @inline(__always)
    func forward(
        _ packet: PacketID,
        _ header: borrowing PacketHeader,
        payload: Int,
        from stream: ProducerStream,
        isResynchronized: Bool,
        now: Instant
    ) {
        guard isActive else { return }
        let identity = ObjectIdentifier(stream)
        if currentID != identity, nextID != identity { return }
        guard let way = payloadTypes.way(of: header.payloadType) else { return }
        if isResynchronized, currentID == identity {
            needsSync = true
            waitingSince = waitingSince ?? now
            send.forgetSent()
        }
        if needsSync || currentID != identity {
            guard let start = start(header, of: stream, now: now), !isOutdated(header, of: stream, now: now) else {
                return
            }
            begin(at: start, header, of: stream, now: now)
            // What overtook the key frame that was waited for is in the store already.
            let sequence = header.sequence
            if start < sequence || sequence < stream.newestSequence {
                return catchUp(from: start, of: stream, now: now)
            }
        }
        pass(packet, header, payload: payload, way, from: stream, now: now)
    }

    /// Passes a packet of the stream in use on, or leaves it out.
    @inline(__always)
    private func pass(
        _ packet: PacketID,
        _ header: borrowing PacketHeader,
        payload: Int,
        _ way: ConsumerPayloadTypes.Way,
        from stream: ProducerStream,
        now: Instant
    ) {
        var marker = header.marker
        if hasLayers {
            let decision = selector.select(
                header.frame,
                targets: stream.decodeTargets(of: header.frame),
                isKeyFrame: header.isKeyFrame,
                marker: header.marker
            )
            switch decision {
            case .drop: return leaveOut(packet, header, way, now: now)
            case .forward(let selected): marker = selected
            }
            tellLayers()
        }
        let isSilence = header.isSilence
        if payload == 0 || (isSilence && ignoresSilence) { return leaveOut(packet, header, way, now: now) }
        guard let patch = patch(header, way, of: stream, marker: marker) else {
            return leaveOut(packet, header, way, now: now)
        }
        guard
            let place = send.place(header.sequence, timestamp: header.timestamp, patch: patch, now: now)
        else { return }
        if place.isNewest { (lastSent, lastWasMarked) = (now, marker) }
        let intent = SendIntent(
            packet: packet,
            index: UInt64(bitPattern: place.output),
            timestamp: place.timestamp,
            patch: patch.value,
            consumer: slot,
            length: UInt16(truncatingIfNeeded: length(header, payload: payload, patch)),
            stream: UInt8(truncatingIfNeeded: stream.encoding),
            payloadType: way.sent,
            flags: SendIntent.Flags(patch.flags)
        )
        if !transport.enqueue(intent, on: queue) { droppedCount &+= 1 }
        if !trace.isEmpty { traceSent(intent, header, payload: payload, now: now) }
    }

    /// Bytes of a packet when it is sealed, its retransmission's number excluded.
    @inline(__always)
    func length(_ header: borrowing PacketHeader, payload: Int, _ patch: PacketPatch) -> Int {
        var length = 12 &+ payload &+ transport.sealOverhead
        let isPlain = !patch.flags.contains(.rewritten) && !patch.flags.contains(.unwrapped)
        if isPlain {
            return length &+ extensions.length(for: header.extensions.present, descriptor: 0)
        }
        if patch.flags.contains(.unwrapped) { length &-= Int(header.primaryOffset) }
        if patch.flags.contains(.rewritten) { length &+= header.growth }
        let descriptor = extensions.passesDescriptor ? Int(header.rewrittenDescriptorLength) : 0
        return length &+ extensions.length(for: header.extensions.present, descriptor: descriptor)
    }

    /// What is patched in a packet; `nil` for one of a picture that is not to be sent any more.
    @inline(__always)
    private func patch(
        _ header: borrowing PacketHeader,
        _ way: ConsumerPayloadTypes.Way,
        of stream: ProducerStream,
        marker: Bool
    ) -> PacketPatch? {
        var patch = PacketPatch(flags: marker ? .marker : [])
        if hasLayers {
            switch pictures.map(header.frame) {
            case .unchanged: break
            case .rewritten(let picture, let tl0) where header.frame.isNumbered(picture, tl0): break
            case .rewritten(let picture, let tl0):
                patch.value = UInt32(picture) | UInt32(tl0) << 16
                patch.flags.insert(.rewritten)
            case .stale: return nil
            }
        }
        if header.rewrittenDescriptorLength > 0, extensions.passesDescriptor {
            patch.value = reachableTargets(header.frame, stream.decodeTargets(of: header.frame)) & 0xFF_FFFF
            patch.flags.insert(.rewritten)
        } else if header.primaryOffset > 0 {
            if way.isUnwrapped { patch.flags.insert(.unwrapped) }
            if way.isRewritten { patch.flags.insert(.rewritten) }
        }
        return patch
    }

    /// The decode targets that the viewer can still follow: those within the layers that it gets.
    private func reachableTargets(_ frame: borrowing FrameDescription, _ targets: DecodeTargets) -> UInt32 {
        guard hasLayers, let current = selector.current else { return frame.activeTargets }
        var mask: UInt32 = 0
        for index in 0..<targets.count {
            let layers = targets.layers(of: index)
            let isWithin =
                layers.temporal <= current.temporal
                && (producer.layers.kind == .streams || layers.spatial <= current.spatial)
            if isWithin { mask |= 1 << UInt32(index) }
        }
        return mask & frame.activeTargets
    }

    /// Leaves a packet out and closes the hole; one that is late leaves as padding under the number it has.
    ///
    /// Decoders that know frames by sequence numbers alone would wait for it.
    private func leaveOut(
        _ packet: PacketID,
        _ header: borrowing PacketHeader,
        _ way: ConsumerPayloadTypes.Way,
        now: Instant
    ) {
        if hasLayers { pictures.drop(header.frame) }
        guard !send.drop(header.sequence), let output = send.number(of: header.sequence) else { return }
        let intent = SendIntent(
            packet: packet,
            index: UInt64(bitPattern: output),
            timestamp: send.timestamp(for: header.timestamp),
            consumer: slot,
            length: UInt16(
                truncatingIfNeeded: 13 &+ transport.sealOverhead &+ extensions.length(for: [], descriptor: 0)
            ),
            stream: UInt8(truncatingIfNeeded: current?.encoding ?? 0),
            payloadType: way.sent,
            flags: .filler
        )
        if !transport.enqueue(intent, on: queue) { droppedCount &+= 1 }
    }

    // MARK: Beginning

    /// The number of the packet to begin with, if this packet allows to begin: the first of a key frame.
    private func start(_ header: borrowing PacketHeader, of stream: ProducerStream, now: Instant) -> Int64? {
        guard let video = stream.codec.video else { return header.sequence }
        if header.isKeyFrame {
            let isFirst = header.frame.flags.contains(.start)
            if isFirst || (video != .h264 && video != .h265) { return header.sequence }
            return stream.frameStart(of: header)
        }
        // Nothing in this stream was ever recognised as a key frame: it is for the receiver to find out.
        guard !stream.showedKeyFrame, let waitingSince, now - waitingSince > Self.patience,
            stream.frameStart(of: header) == header.sequence
        else { return nil }
        return header.sequence
    }

    /// Whether a key frame that another stream could take over with shows what was seen already, and a newer one is
    /// better waited for: pictures and sound would part by as much.
    private func isOutdated(_ header: borrowing PacketHeader, of stream: ProducerStream, now: Instant) -> Bool {
        let timestamp = header.timestamp
        guard !needsSync, let current, current !== stream, current.receive.isActive,
            let newest = send.newestTimestamp,
            let lag = clock.lag(
                of: timestamp,
                of: stream.receive,
                after: current.receive,
                newest: newest,
                rate: send.parameters.clockRate
            ), lag > Self.longestLag
        else { return false }
        // Several packets of one picture may each begin a key frame, H264's parameter sets and slices for instance.
        guard outdated.count == 0 || outdated.timestamp != timestamp else { return true }
        guard outdated.count < Self.outdatedLimit else { return false }
        outdated = (outdated.count + 1, timestamp)
        producer.requestKeyFrame(of: stream, now: now)
        return true
    }

    private func begin(at start: Int64, _ header: borrowing PacketHeader, of stream: ProducerStream, now: Instant) {
        let former = current
        if former !== stream {
            if former != nil { send.resetScore() }
            current = stream
            if next === stream { next = nil }
        }
        (needsSync, waitingSince, outdated.count) = (false, nil, 0)
        // A frame that was cut off shows as incomplete by a gap of one.
        send.synchronize(
            to: start,
            gap: lastWasMarked || !isVideo || send.newestTimestamp == nil ? 0 : 1,
            encoding: UInt8(truncatingIfNeeded: stream.encoding)
        )
        let output = clock.place(
            header.timestamp,
            of: stream.receive,
            after: former?.receive,
            newest: send.newestTimestamp.flatMap { newest in lastSent.map { (newest, $0) } },
            rate: send.parameters.clockRate,
            now: now
        )
        send.synchronize(timestamp: header.timestamp, to: output)
        guard hasLayers else { return }
        selector.restart(awaitsKeyFrame: header.isKeyFrame)
        if let target { selector.setTarget(producer.layers.inStream(target)) }
        pictures.synchronize(to: header.frame)
    }

    /// Forwards what overtook the key frame that was waited for, mediasoup #1547: the store still has it.
    private func catchUp(from first: Int64, of stream: ProducerStream, now: Instant) {
        let last = min(stream.newestSequence, first &+ Self.catchUpLimit)
        var sequence = first
        while sequence <= last {
            if let id = stream.receive.store.find(sequence: sequence), let stored = stream.receive.store.packet(id),
                let way = payloadTypes.way(of: stored.header.payloadType)
            {
                pass(id, stored.header, payload: Int(stored.payloadLength), way, from: stream, now: now)
            }
            sequence &+= 1
        }
    }
}

extension FrameDescription {
    /// Whether these are the numbers that it has on the wire: most streams go on under their own.
    @inline(__always)
    fileprivate func isNumbered(_ number: UInt16, _ tl0: UInt8) -> Bool {
        flags.contains(.longPicture) && UInt16(truncatingIfNeeded: picture & 0x7FFF) == number
            && (!flags.contains(.hasTL0) || self.tl0 == tl0)
    }
}

extension SendIntent.Flags {
    /// The same in an intent.
    @inline(__always)
    init(_ flags: PacketPatch.Flags) {
        self = []
        if flags.contains(.marker) { insert(.marker) }
        if flags.contains(.rewritten) { insert(.rewritten) }
        if flags.contains(.unwrapped) { insert(.unwrapped) }
    }
}
