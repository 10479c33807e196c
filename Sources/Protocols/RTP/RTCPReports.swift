// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletWire

/// One report block of a sender or receiver report.
///
/// - Note: RFC 3550 §6.4.1.
package struct RTCPReportBlock: Equatable, Sendable {
    /// Bytes of a block, RFC 3550 §6.4.1.
    package static let length = 24
    /// The most blocks one report counts, RFC 3550 §6.4.1: five bits.
    package static let maximumPerReport = 31

    /// The stream reported on.
    package var ssrc: UInt32
    /// Share of packets lost since the last report, in 1/256.
    package var fractionLost: UInt8
    /// Packets lost since the beginning, duplicates counted against it, so perhaps negative; 24 bits on the wire.
    package var cumulativeLost: Int32
    /// Rollovers in the upper half, highest sequence number in the lower.
    package var extendedHighestSequence: UInt32
    /// Mean deviation of transit times, in units of the clock rate.
    package var jitter: UInt32
    /// Compact NTP time of the last sender report, or 0 before the first.
    package var lastSenderReport: UInt32
    /// Time since that report arrived, in 1/65536 s.
    package var delaySinceLastSenderReport: UInt32

    package init(
        ssrc: UInt32,
        fractionLost: UInt8 = 0,
        cumulativeLost: Int32 = 0,
        extendedHighestSequence: UInt32 = 0,
        jitter: UInt32 = 0,
        lastSenderReport: UInt32 = 0,
        delaySinceLastSenderReport: UInt32 = 0
    ) {
        (self.ssrc, self.fractionLost, self.cumulativeLost) = (ssrc, fractionLost, cumulativeLost)
        (self.extendedHighestSequence, self.jitter) = (extendedHighestSequence, jitter)
        self.lastSenderReport = lastSenderReport
        self.delaySinceLastSenderReport = delaySinceLastSenderReport
    }

    /// Reads the block at `offset`, which the caller has checked to lie inside.
    init(_ bytes: Span<UInt8>, at offset: Int) {
        self.init(
            ssrc: bytes.uint32(at: offset),
            fractionLost: bytes[offset + 4],
            cumulativeLost: Int32(bitPattern: bytes.uint24(at: offset + 5) << 8) >> 8,
            extendedHighestSequence: bytes.uint32(at: offset + 8),
            jitter: bytes.uint32(at: offset + 12),
            lastSenderReport: bytes.uint32(at: offset + 16),
            delaySinceLastSenderReport: bytes.uint32(at: offset + 20)
        )
    }

    /// The round trip that this block tells about a stream of ours, in 1/65536 s.
    ///
    /// - Parameter now: Compact NTP time of its arrival, RFC 3550 §6.4.1.
    /// - Returns: `nil` without a sender report, and for negative or absurd results (over 30 s): a peer may send any.
    package func roundTrip(at now: UInt32) -> UInt32? {
        guard lastSenderReport != 0 else { return nil }
        let elapsed = now &- lastSenderReport &- delaySinceLastSenderReport
        return elapsed <= 30 << 16 ? elapsed : nil
    }
}

/// The report blocks of one report, read in place.
package struct RTCPReportBlocks: ~Escapable {
    private let bytes: Span<UInt8>
    package let count: Int

    /// - Parameters:
    ///   - bytes: At least `count` whole blocks.
    ///   - count: How many there are.
    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>, count: Int) {
        self.bytes = bytes
        self.count = min(count, bytes.count / RTCPReportBlock.length)
    }

    /// The block at `index`, which must be below ``count``.
    package subscript(index: Int) -> RTCPReportBlock {
        precondition(index >= 0 && index < count, "report block index out of range")
        return RTCPReportBlock(bytes, at: index * RTCPReportBlock.length)
    }
}

/// What a sender says of its own stream.
///
/// - Note: RFC 3550 §6.4.1.
package struct RTCPSenderInfo: Equatable, Sendable {
    package var ntp: NTPTime
    /// Media time at that moment.
    package var rtpTimestamp: UInt32
    package var packetCount: UInt32
    /// Payload bytes, headers and padding not counted.
    package var octetCount: UInt32

    package init(ntp: NTPTime, rtpTimestamp: UInt32, packetCount: UInt32, octetCount: UInt32) {
        (self.ntp, self.rtpTimestamp) = (ntp, rtpTimestamp)
        (self.packetCount, self.octetCount) = (packetCount, octetCount)
    }
}

/// A sender report.
package struct RTCPSenderReportView: ~Escapable {
    package let ssrc: UInt32
    package let info: RTCPSenderInfo
    package let blocks: RTCPReportBlocks

    @_lifetime(copy body)
    init?(_ body: Span<UInt8>, count: Int) {
        guard body.count >= 24 + count * RTCPReportBlock.length else { return nil }
        ssrc = body.uint32(at: 0)
        info = RTCPSenderInfo(
            ntp: NTPTime(rawValue: body.uint64(at: 4)),
            rtpTimestamp: body.uint32(at: 12),
            packetCount: body.uint32(at: 16),
            octetCount: body.uint32(at: 20)
        )
        blocks = RTCPReportBlocks(body.extracting(droppingFirst: 24), count: count)
    }
}

/// A receiver report.
///
/// - Note: RFC 3550 §6.4.2.
package struct RTCPReceiverReportView: ~Escapable {
    package let ssrc: UInt32
    package let blocks: RTCPReportBlocks

    @_lifetime(copy body)
    init?(_ body: Span<UInt8>, count: Int) {
        guard body.count >= 4 + count * RTCPReportBlock.length else { return nil }
        ssrc = body.uint32(at: 0)
        blocks = RTCPReportBlocks(body.extracting(droppingFirst: 4), count: count)
    }
}
