// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

public import SwiftletWire

/// The fields of an RTP header about to be written.
///
/// - Note: RFC 3550 §5.1. Contributing sources are never written.
@usableFromInline
package struct RTPHeader: Equatable, Sendable {
    @usableFromInline package var payloadType: UInt8
    @usableFromInline package var marker: Bool
    /// Whether the packet will end with padding.
    @usableFromInline package var hasPadding: Bool
    @usableFromInline package var sequenceNumber: UInt16
    @usableFromInline package var timestamp: UInt32
    @usableFromInline package var ssrc: UInt32

    @inlinable @inline(__always)
    package init(
        payloadType: UInt8,
        marker: Bool,
        hasPadding: Bool = false,
        sequenceNumber: UInt16,
        timestamp: UInt32,
        ssrc: UInt32
    ) {
        (self.payloadType, self.marker, self.hasPadding) = (payloadType, marker, hasPadding)
        (self.sequenceNumber, self.timestamp, self.ssrc) = (sequenceNumber, timestamp, ssrc)
    }
}

/// What was written, and where the values stand that are set when the packet leaves.
@usableFromInline
package struct RTPHeaderLayout: Equatable, Sendable {
    /// Bytes written, extension block included.
    @usableFromInline package let headerLength: Int
    /// Where the 3 bytes of abs-send-time stand, counted from the packet's start, or 0 when it is not there.
    @usableFromInline package let absoluteSendTimeOffset: Int
    /// Where the 2 bytes of the transport-wide sequence number stand, likewise.
    @usableFromInline package let transportSequenceOffset: Int

    /// Sets the padding flag of the packet at `start`.
    @inlinable @inline(__always)
    package static func setPadding(in bytes: inout MutableSpan<UInt8>, at start: Int) {
        bytes[start] |= 0x20
    }

    /// Sets abs-send-time, if the packet at `start` carries it.
    @inlinable @inline(__always)
    package func setAbsoluteSendTime(_ time: UInt32, in bytes: inout MutableSpan<UInt8>, at start: Int) {
        if absoluteSendTimeOffset != 0 { bytes.store24(time, at: start &+ absoluteSendTimeOffset) }
    }

    /// Sets the transport-wide sequence number, if the packet at `start` carries it.
    @inlinable @inline(__always)
    package func setTransportSequenceNumber(
        _ sequence: UInt16,
        in bytes: inout MutableSpan<UInt8>,
        at start: Int
    ) {
        if transportSequenceOffset != 0 { bytes.store(sequence, at: start &+ transportSequenceOffset) }
    }

    @inlinable @inline(__always)
    init(headerLength: Int, absoluteSendTimeOffset: Int, transportSequenceOffset: Int) {
        self.headerLength = headerLength
        self.absoluteSendTimeOffset = absoluteSendTimeOffset
        self.transportSequenceOffset = transportSequenceOffset
    }
}

/// Writes RTP headers in place.
package enum RTPHeaderWriter {
    /// Writes `header` and the block `extensions` at `start` of `bytes`.
    ///
    /// - Parameters:
    ///   - header: The fixed header's fields.
    ///   - extensions: What the extension block holds; an empty one is left out.
    ///   - source: The bytes that copied values are taken from.
    ///   - bytes: Where to write.
    ///   - start: Where in `bytes` the packet begins.
    /// - Returns: The layout, or `nil` when the header does not fit or a copied value lies outside its source.
    package static func write(
        _ header: RTPHeader,
        extensions: borrowing RTPExtensionBlock,
        copyingFrom source: Span<UInt8>,
        into bytes: inout MutableSpan<UInt8>,
        at start: Int
    ) -> RTPHeaderLayout? {
        let blockLength = extensions.encodedLength
        guard start >= 0, bytes.count - start >= RTPFixedHeader.length + blockLength else { return nil }
        bytes[start] = 0x80 | (header.hasPadding ? 0x20 : 0) | (blockLength > 0 ? 0x10 : 0)
        bytes[start + 1] = (header.marker ? 0x80 : 0) | header.payloadType & 0x7F
        bytes.store(header.sequenceNumber, at: start + 2)
        bytes.store(header.timestamp, at: start + 4)
        bytes.store(header.ssrc, at: start + 8)
        guard blockLength > 0 else {
            return RTPHeaderLayout(headerLength: 12, absoluteSendTimeOffset: 0, transportSequenceOffset: 0)
        }
        return writeBlock(extensions, length: blockLength, copyingFrom: source, into: &bytes, at: start)
    }

    /// Writes `header` and a block without copied values.
    package static func write(
        _ header: RTPHeader,
        extensions: borrowing RTPExtensionBlock = RTPExtensionBlock(),
        into bytes: inout MutableSpan<UInt8>,
        at start: Int
    ) -> RTPHeaderLayout? {
        write(header, extensions: extensions, copyingFrom: Span(), into: &bytes, at: start)
    }

    private static func writeBlock(
        _ block: borrowing RTPExtensionBlock,
        length: Int,
        copyingFrom source: Span<UInt8>,
        into bytes: inout MutableSpan<UInt8>,
        at start: Int
    ) -> RTPHeaderLayout? {
        let twoByte = block.needsTwoByteForm
        let end = start + RTPFixedHeader.length + length
        var offset = start + RTPFixedHeader.length
        bytes.store(twoByte ? HeaderExtensions.twoByteProfile : HeaderExtensions.oneByteProfile, at: offset)
        bytes.store(UInt16(truncatingIfNeeded: length / 4 - 1), at: offset + 2)
        offset += 4
        var (sendTime, sequence) = (0, 0)
        for index in 0..<block.count {
            let entry = block.entries[index]
            if twoByte {
                bytes[offset] = entry.id
                bytes[offset + 1] = entry.length
                offset += 2
            } else {
                bytes[offset] = entry.id << 4 | (entry.length &- 1)
                offset += 1
            }
            let count = Int(entry.length)
            switch entry.role {
            case .absoluteSendTime: sendTime = offset - start
            case .transportSequenceNumber: sequence = offset - start
            case .value, .copied: break
            }
            if entry.role == .copied {
                let from = Int(truncatingIfNeeded: entry.high)
                guard from <= source.count, count <= source.count - from else { return nil }
                bytes.store(source.extracting(from..<from + count), at: offset)
            } else {
                for byte in 0..<count {
                    let word = byte < 8 ? entry.high : entry.low
                    bytes[offset + byte] = UInt8(truncatingIfNeeded: word >> UInt64(56 - (byte & 7) * 8))
                }
            }
            offset += count
        }
        while offset < end {
            bytes[offset] = 0
            offset += 1
        }
        return RTPHeaderLayout(
            headerLength: end - start,
            absoluteSendTimeOffset: sendTime,
            transportSequenceOffset: sequence
        )
    }
}
