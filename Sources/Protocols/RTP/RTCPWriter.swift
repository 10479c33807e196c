// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletWire

/// Writes RTCP packets in place, one at a time, so that a compound is built piece by piece.
///
/// Every method writes at the start of `room`, never beyond its end, and returns how many bytes it wrote, or `nil`
/// when they do not fit (nothing that counts is written then). `room` lies inside `bytes`; what runs out of it counts
/// as no room. A compound within an MTU is a `room` of that size whose start moves on.
package enum RTCPWriter {
    /// Writes a sender report.
    ///
    /// - Note: RFC 3550 §6.4.1. More than 31 blocks do not fit.
    package static func senderReport(
        ssrc: UInt32,
        info: RTCPSenderInfo,
        blocks: Span<RTCPReportBlock> = Span(),
        into bytes: inout MutableSpan<UInt8>,
        in room: Range<Int>
    ) -> Int? {
        let length = 28 + blocks.count * RTCPReportBlock.length
        guard blocks.count <= RTCPReportBlock.maximumPerReport,
            begin(RTCPType.senderReport, blocks.count, length: length, &bytes, room)
        else { return nil }
        let start = room.lowerBound
        bytes.store(ssrc, at: start + 4)
        bytes.store(info.ntp.rawValue, at: start + 8)
        bytes.store(info.rtpTimestamp, at: start + 16)
        bytes.store(info.packetCount, at: start + 20)
        bytes.store(info.octetCount, at: start + 24)
        store(blocks, into: &bytes, at: start + 28)
        return length
    }

    /// Writes a receiver report; one without blocks says only that we are there.
    ///
    /// - Note: RFC 3550 §6.4.2. More than 31 blocks do not fit.
    package static func receiverReport(
        ssrc: UInt32,
        blocks: Span<RTCPReportBlock>,
        into bytes: inout MutableSpan<UInt8>,
        in room: Range<Int>
    ) -> Int? {
        let length = 8 + blocks.count * RTCPReportBlock.length
        guard blocks.count <= RTCPReportBlock.maximumPerReport,
            begin(RTCPType.receiverReport, blocks.count, length: length, &bytes, room)
        else { return nil }
        bytes.store(ssrc, at: room.lowerBound + 4)
        store(blocks, into: &bytes, at: room.lowerBound + 8)
        return length
    }

    /// Writes a source description with one CNAME, of which the first 255 bytes count.
    ///
    /// - Note: RFC 3550 §6.5.1.
    package static func sourceDescription(
        ssrc: UInt32,
        cname: Span<UInt8>,
        into bytes: inout MutableSpan<UInt8>,
        in room: Range<Int>
    ) -> Int? {
        let text = cname.extracting(first: RTCPSourceDescriptionView.maximumTextLength)
        // Item header, text, and at least one zero that ends the list.
        let length = (8 + 2 + text.count + 1 + 3) & ~3
        guard begin(RTCPType.sourceDescription, 1, length: length, &bytes, room) else { return nil }
        let start = room.lowerBound
        bytes.store(ssrc, at: start + 4)
        bytes[start + 8] = RTCPSourceDescriptionView.cnameItem
        bytes[start + 9] = UInt8(text.count)
        bytes.store(text, at: start + 10)
        for index in start + 10 + text.count..<start + length { bytes[index] = 0 }
        return length
    }

    /// Says that one source leaves.
    ///
    /// - Note: RFC 3550 §6.6.
    package static func goodbye(
        ssrc: UInt32,
        into bytes: inout MutableSpan<UInt8>,
        in room: Range<Int>
    ) -> Int? {
        guard begin(RTCPType.goodbye, 1, length: 8, &bytes, room) else { return nil }
        bytes.store(ssrc, at: room.lowerBound + 4)
        return 8
    }

    /// Asks for a key frame.
    ///
    /// - Note: RFC 4585 §6.3.1. Some peers refuse a sender of 0: as sender we name the media's own source.
    package static func pictureLossIndication(
        senderSSRC: UInt32,
        mediaSSRC: UInt32,
        into bytes: inout MutableSpan<UInt8>,
        in room: Range<Int>
    ) -> Int? {
        guard
            beginFeedback(
                RTCPType.payloadSpecificFeedback,
                RTCPFeedbackFormat.pictureLossIndication,
                length: 12,
                senderSSRC,
                mediaSSRC,
                &bytes,
                room
            )
        else { return nil }
        return 12
    }

    /// Asks for a key frame by a numbered request; a repetition carries the same number, a new request the next.
    ///
    /// - Note: RFC 5104 §4.3.1. The header's media source is 0.
    package static func fullIntraRequest(
        senderSSRC: UInt32,
        mediaSSRC: UInt32,
        sequence: UInt8,
        into bytes: inout MutableSpan<UInt8>,
        in room: Range<Int>
    ) -> Int? {
        guard
            beginFeedback(
                RTCPType.payloadSpecificFeedback,
                RTCPFeedbackFormat.fullIntraRequest,
                length: 20,
                senderSSRC,
                0,
                &bytes,
                room
            )
        else { return nil }
        bytes.store(mediaSSRC, at: room.lowerBound + 12)
        bytes.store(UInt32(sequence) << 24, at: room.lowerBound + 16)
        return 20
    }

    /// Asks for lost packets, as many of `sequences` as fit.
    ///
    /// - Parameters:
    ///   - senderSSRC: The source that asks.
    ///   - mediaSSRC: The stream that they belong to.
    ///   - sequences: The lost packets in ascending order on the circle; others cost room, nothing worse.
    ///   - bytes: Where to write.
    ///   - room: What may be written to.
    /// - Returns: Bytes written and how many of `sequences` they name, or `nil` when there is no room or nothing lost.
    /// - Note: RFC 4585 §6.2.1.
    package static func genericNACK(
        senderSSRC: UInt32,
        mediaSSRC: UInt32,
        sequences: Span<UInt16>,
        into bytes: inout MutableSpan<UInt8>,
        in room: Range<Int>
    ) -> (length: Int, used: Int)? {
        let end = min(room.upperBound, bytes.count)
        guard !sequences.isEmpty, room.lowerBound >= 0, end - room.lowerBound >= 16 else { return nil }
        var offset = room.lowerBound + 12
        var used = 0
        while used < sequences.count, end - offset >= 4 {
            let first = sequences[used]
            var mask: UInt16 = 0
            used += 1
            while used < sequences.count {
                let distance = sequences[used] &- first
                guard 1...16 ~= distance else { break }
                mask |= 1 << (distance - 1)
                used += 1
            }
            bytes.store(first, at: offset)
            bytes.store(mask, at: offset + 2)
            offset += 4
        }
        let length = offset - room.lowerBound
        guard
            beginFeedback(
                RTCPType.transportLayerFeedback,
                RTCPFeedbackFormat.genericNACK,
                length: length,
                senderSSRC,
                mediaSSRC,
                &bytes,
                room
            )
        else { return nil }
        return (length, used)
    }

    /// Tells a sender what bandwidth there is towards us; 0 lifts the limit.
    ///
    /// The rate is rounded down to what 18 bits of mantissa hold.
    ///
    /// - Note: draft-alvestrand-rmcat-remb-03 §2.2. More than 255 streams do not fit.
    package static func receiverEstimate(
        senderSSRC: UInt32,
        bitrate: UInt64,
        ssrcs: Span<UInt32>,
        into bytes: inout MutableSpan<UInt8>,
        in room: Range<Int>
    ) -> Int? {
        let length = 20 + ssrcs.count * 4
        guard ssrcs.count <= 255,
            beginFeedback(
                RTCPType.payloadSpecificFeedback,
                RTCPFeedbackFormat.application,
                length: length,
                senderSSRC,
                0,
                &bytes,
                room
            )
        else { return nil }
        let exponent = max(0, 64 - bitrate.leadingZeroBitCount - 18)
        let mantissa = UInt32(bitrate >> UInt64(exponent))
        let start = room.lowerBound
        bytes.store(RTCPReceiverEstimateView.identifier, at: start + 12)
        bytes.store(UInt32(ssrcs.count) << 24 | UInt32(exponent) << 18 | mantissa, at: start + 16)
        for index in ssrcs.indices { bytes.store(ssrcs[index], at: start + 20 + index * 4) }
        return length
    }

    /// Says our wall time as a receiver, so that the peer can tell us its delay.
    ///
    /// - Note: RFC 3611 §4.4.
    package static func receiverReferenceTime(
        ssrc: UInt32,
        ntp: NTPTime,
        into bytes: inout MutableSpan<UInt8>,
        in room: Range<Int>
    ) -> Int? {
        guard begin(RTCPType.extendedReport, 0, length: 20, &bytes, room) else { return nil }
        let start = room.lowerBound
        bytes.store(ssrc, at: start + 4)
        bytes.store(UInt32(RTCPExtendedReportView.referenceTimeBlock) << 24 | 2, at: start + 8)
        bytes.store(ntp.rawValue, at: start + 12)
        return 20
    }

    /// Answers reference times that receivers told us; an empty list writes nothing.
    ///
    /// - Note: RFC 3611 §4.5.
    package static func delaySinceReference(
        ssrc: UInt32,
        delays: Span<RTCPDelaySinceReference>,
        into bytes: inout MutableSpan<UInt8>,
        in room: Range<Int>
    ) -> Int? {
        let length = 12 + delays.count * 12
        guard !delays.isEmpty, length <= 1 << 16,
            begin(RTCPType.extendedReport, 0, length: length, &bytes, room)
        else { return nil }
        let start = room.lowerBound
        bytes.store(ssrc, at: start + 4)
        bytes.store(
            UInt32(RTCPExtendedReportView.delayBlock) << 24 | UInt32(delays.count * 3),
            at: start + 8
        )
        for index in delays.indices {
            let (delay, offset) = (delays[index], start + 12 + index * 12)
            bytes.store(delay.ssrc, at: offset)
            bytes.store(delay.lastReport, at: offset + 4)
            bytes.store(delay.delay, at: offset + 8)
        }
        return length
    }

    /// Writes the four bytes that every packet starts with, if `length`, a multiple of four, fits `room`.
    static func begin(
        _ type: UInt8,
        _ format: Int,
        length: Int,
        _ bytes: inout MutableSpan<UInt8>,
        _ room: Range<Int>
    ) -> Bool {
        let start = room.lowerBound
        guard start >= 0, length <= min(room.upperBound, bytes.count) - start, length / 4 <= 1 << 16 else {
            return false
        }
        bytes[start] = 0x80 | UInt8(truncatingIfNeeded: format & 0x1F)
        bytes[start + 1] = type
        bytes.store(UInt16(truncatingIfNeeded: length / 4 - 1), at: start + 2)
        return true
    }

    /// Writes the twelve bytes that every feedback packet starts with, RFC 4585 §6.1.
    static func beginFeedback(
        _ type: UInt8,
        _ format: UInt8,
        length: Int,
        _ senderSSRC: UInt32,
        _ mediaSSRC: UInt32,
        _ bytes: inout MutableSpan<UInt8>,
        _ room: Range<Int>
    ) -> Bool {
        guard begin(type, Int(format), length: length, &bytes, room) else { return false }
        bytes.store(senderSSRC, at: room.lowerBound + 4)
        bytes.store(mediaSSRC, at: room.lowerBound + 8)
        return true
    }

    private static func store(
        _ blocks: Span<RTCPReportBlock>,
        into bytes: inout MutableSpan<UInt8>,
        at start: Int
    ) {
        for index in blocks.indices {
            let (block, offset) = (blocks[index], start + index * RTCPReportBlock.length)
            // 24 bits with sign, RFC 3550 §6.4.1: what does not fit saturates.
            let lost = max(-0x80_0000, min(0x7F_FFFF, block.cumulativeLost))
            bytes.store(block.ssrc, at: offset)
            bytes[offset + 4] = block.fractionLost
            bytes.store24(UInt32(bitPattern: lost), at: offset + 5)
            bytes.store(block.extendedHighestSequence, at: offset + 8)
            bytes.store(block.jitter, at: offset + 12)
            bytes.store(block.lastSenderReport, at: offset + 16)
            bytes.store(block.delaySinceLastSenderReport, at: offset + 20)
        }
    }
}
