// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletPeerLink
import SwiftletRTP
import SwiftletSRTP
import SwiftletStreams
import SwiftletWire

/// What one call of a flush may still write, and has written.
struct SendBudget {
    var packets: Int
    var bytes: Int
    /// abs-send-time of this flush, 24 bits of 6.18 seconds.
    let absoluteSendTime: UInt32
}

/// From intents to sealed packets: the run is chosen, then transport-wide numbers and times are given, then it is sealed
/// from the store straight into the batch, in the order in which it leaves.
extension WebRtcTransport {
    /// Writes what waits, up to one burst, as far as batch and budget allow.
    ///
    /// - Returns: Whether more waits.
    func flush(into batch: inout TransmitBatch, budget: inout SendBudget, now: Instant) -> Bool {
        guard let intents, let sender = link.sender, let destination, isReady else {
            self.intents?.removeAll()
            return false
        }
        var burst = board.limits.bytesPerBurst
        let segments = isStream || !usesRuns ? 1 : TransmitBatch.maximumSegments
        while !intents.isEmpty {
            guard batch.hasRoomForMessage, batch.free >= Self.roomForOne, budget.packets > 0, budget.bytes > 0,
                burst > 0
            else { return true }
            let limit = min(TransmitBatch.maximumMessageBytes, batch.free, max(burst, Self.roomForOne))
            intents.chooseRun(segments: min(segments, budget.packets), bytes: limit)
            let written = write(intents, sender, to: destination, into: &batch, budget: &budget, now: now)
            burst -= written
        }
        return false
    }

    /// Bytes that hold any one packet, its framing on a TCP connection included.
    private static let roomForOne = 2048

    /// Seals the chosen run as one message.
    private func write(
        _ intents: IntentQueue,
        _ sender: SRTPSender,
        to destination: Tuple,
        into batch: inout TransmitBatch,
        budget: inout SendBudget,
        now: Instant
    ) -> Int {
        let start = batch.used
        let framing = isStream ? 2 : 0
        let segment = intents.segmentSize
        guard intents.runCount > 0 else { return 0 }
        var bytes = batch.mutableBytes
        var run = Run(offset: start + framing, absoluteSendTime: budget.absoluteSendTime)
        while run.position < intents.runCount {
            let intent = intents.chosen(run.position)
            guard let consumer = consumers[Int(intent.consumer)],
                let store = consumer.producer.streams[Int(intent.stream)]?.receive.store
            else {
                board.counters.intentsExpired &+= 1
                run.position &+= 1
                continue
            }
            seal(&run, of: intents, sender, consumer, store, into: &bytes, now: now)
        }
        guard run.packets > 0 else { return 0 }
        let length = run.offset - start
        if framing > 0 { bytes.store(UInt16(truncatingIfNeeded: length - framing), at: start) }
        batch.append(
            TransmitBatch.Message(
                offset: start,
                length: length,
                segmentSize: run.packets > 1 ? segment : 0,
                socket: destination.socket,
                destination: destination.remote
            )
        )
        budget.packets -= run.packets
        budget.bytes -= length
        board.counters.messages &+= 1
        return length
    }

    /// How far a run has been sealed.
    private struct Run {
        /// The place of the next packet in the chosen ones, and where it goes.
        var position = 0
        var offset: Int
        var packets = 0
        let absoluteSendTime: UInt32

        init(offset: Int, absoluteSendTime: UInt32) {
            (self.offset, self.absoluteSendTime) = (offset, absoluteSendTime)
        }
    }

    /// What to count of packets that were sealed.
    private struct Sum {
        var packets = 0
        var bytes = 0
        var payload = 0

        @inline(__always)
        mutating func add(_ length: Int, payload size: Int = 0) {
            packets &+= 1
            bytes &+= length
            payload &+= size
        }
    }

    /// Seals the packets of a run as long as they are one consumer's and come from one store.
    private func seal(
        _ run: inout Run,
        of intents: IntentQueue,
        _ sender: SRTPSender,
        _ consumer: Consumer,
        _ store: PacketStore,
        into bytes: inout MutableSpan<UInt8>,
        now: Instant
    ) {
        let (count, segment) = (intents.runCount, intents.segmentSize)
        let first = intents.chosen(run.position)
        var (media, retransmitted, repeated) = (Sum(), Sum(), Sum())
        var padded = 0
        while run.position < count {
            let intent = intents.chosen(run.position)
            guard intent.consumer == first.consumer, intent.stream == first.stream else { break }
            let padding = run.position &+ 1 < count ? segment &- Int(intent.length) : 0
            run.position &+= 1
            guard let stored = store.packet(intent.packet) else {
                board.counters.intentsExpired &+= 1
                continue
            }
            let length = seal(
                intent,
                stored,
                padding: padding,
                sender,
                consumer,
                store,
                into: &bytes,
                at: run.offset,
                absoluteSendTime: run.absoluteSendTime
            )
            guard length > 0 else { continue }
            run.offset &+= length
            run.packets &+= 1
            padded &+= padding
            if intent.flags.contains(.rtx) {
                retransmitted.add(length)
            } else if intent.flags.contains(.repeated) {
                repeated.add(length)
            } else {
                media.add(length, payload: intent.flags.contains(.filler) ? 0 : Int(stored.payloadLength))
            }
        }
        self.count(media, retransmitted, repeated, padding: padded, of: consumer, now: now)
    }

    /// Writes one packet's header and seals its payload behind it.
    ///
    /// - Returns: Its length, or 0 when OpenSSL fails.
    @inline(__always)
    private func seal(
        _ intent: SendIntent,
        _ stored: StoredPacket,
        padding: Int,
        _ sender: SRTPSender,
        _ consumer: Consumer,
        _ store: PacketStore,
        into bytes: inout MutableSpan<UInt8>,
        at offset: Int,
        absoluteSendTime: UInt32
    ) -> Int {
        let isRTX = intent.flags.contains(.rtx)
        let isPlain = intent.flags.isPlain
        let ssrc = isRTX ? consumer.rtxSSRC : consumer.ssrc
        let fields = intent.flags.contains(.filler) ? [] : stored.header.extensions.present
        var descriptor = 0
        if !isPlain, intent.flags.contains(.rewritten), consumer.extensions.passesDescriptor {
            descriptor = Int(stored.header.rewrittenDescriptorLength)
        }
        let block = consumer.extensions.length(for: fields, descriptor: descriptor)
        let padding = padding &+ (intent.flags.contains(.filler) ? 1 : 0)
        bytes[offset] =
            0x80 | (padding > 0 ? RTPFixedHeader.paddingFlag : 0) | (block > 0 ? RTPFixedHeader.extensionFlag : 0)
        bytes[offset &+ 1] = intent.payloadType | (intent.flags.contains(.marker) ? RTPFixedHeader.markerFlag : 0)
        bytes.store(UInt16(truncatingIfNeeded: intent.index), at: offset &+ 2)
        bytes.store(intent.timestamp, at: offset &+ 4)
        bytes.store(ssrc, at: offset &+ 8)
        if block > 0 {
            let moment = OutgoingExtensions.Moment(
                transportSequence: transportSequence,
                absoluteSendTime: absoluteSendTime
            )
            var values = stored.header.extensions
            values.present = fields
            let place = consumer.extensions.write(
                values,
                moment,
                of: block,
                descriptor: descriptor,
                into: &bytes,
                at: offset &+ 12
            )
            if descriptor > 0 { write(descriptorOf: stored, intent, store, into: &bytes, at: place) }
            if consumer.extensions.hasTransportSequence { transportSequence &+= 1 }
        }
        let payload = store.payload(of: stored)
        guard isPlain else {
            var prefix = PayloadPrefix()
            if isRTX { prefix.append(intent.originalSequence) }
            let body = prefix.rewrite(payload, stored.header, intent, consumer)
            return sender.seal(
                into: &bytes,
                at: offset,
                headerLength: 12 &+ block,
                prefix: prefix.bytes.span.extracting(first: prefix.count),
                body: payload.extracting(body),
                padding: padding,
                ssrc: ssrc,
                index: intent.index
            )
        }
        // RTX begins with the original sequence number, RFC 4588 §4.
        let prefix: InlineArray<2, UInt8> = [
            UInt8(truncatingIfNeeded: intent.originalSequence >> 8), UInt8(truncatingIfNeeded: intent.originalSequence),
        ]
        return sender.seal(
            into: &bytes,
            at: offset,
            headerLength: 12 &+ block,
            prefix: isRTX ? prefix.span : prefix.span.extracting(first: 0),
            body: payload,
            padding: padding,
            ssrc: ssrc,
            index: intent.index
        )
    }

    /// Writes a packet's dependency descriptor with the decode targets that this consumer still gets.
    private func write(
        descriptorOf stored: StoredPacket,
        _ intent: SendIntent,
        _ store: PacketStore,
        into bytes: inout MutableSpan<UInt8>,
        at place: Int
    ) {
        let frame = stored.header.frame
        // The patch has room for 24 targets; no encoder has more than a dozen.
        _ = DependencyDescriptor.rewriteMask(
            store.extensionBlock(of: stored),
            maskOffset: Int(frame.maskOffset),
            targetCount: Int(frame.targetCount),
            mask: intent.patch | frame.activeTargets & 0xFF00_0000,
            into: &bytes,
            at: place
        )
    }

    private func count(
        _ media: Sum,
        _ retransmitted: Sum,
        _ repeated: Sum,
        padding: Int,
        of consumer: Consumer,
        now: Instant
    ) {
        let packets = media.packets &+ retransmitted.packets &+ repeated.packets
        guard packets > 0 else { return }
        traffic.sent.add(media.bytes &+ retransmitted.bytes &+ repeated.bytes, packets: packets, now: now)
        board.counters.paddingBytes &+= UInt64(truncatingIfNeeded: padding)
        if media.packets > 0 {
            traffic.rtpSent.add(media.bytes, packets: media.packets, now: now)
            consumer.send.countSent(size: media.bytes, payload: media.payload, packets: media.packets, now: now)
            board.counters.packetsForwarded &+= UInt64(truncatingIfNeeded: media.packets)
        }
        if retransmitted.packets > 0 {
            traffic.rtxSent.add(retransmitted.bytes, packets: retransmitted.packets, now: now)
        }
        board.counters.packetsResent &+= UInt64(truncatingIfNeeded: retransmitted.packets &+ repeated.packets)
    }
}
