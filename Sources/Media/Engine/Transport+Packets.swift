// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletRTP
import SwiftletStreams
import SwiftletWire

/// How packets look to a consumer, whatever they travel by.
extension Transport {
    /// Writes one packet's header.
    ///
    /// - Returns: Its length.
    @inline(__always)
    func writeHeader(
        of intent: SendIntent,
        _ stored: StoredPacket,
        isPadded: Bool,
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
        bytes[offset] =
            0x80 | (isPadded ? RTPFixedHeader.paddingFlag : 0) | (block > 0 ? RTPFixedHeader.extensionFlag : 0)
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
        return 12 &+ block
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

    /// What to count of packets that were sent.
    struct Sum {
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

    func count(
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
