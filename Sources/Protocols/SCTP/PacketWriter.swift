// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// Fills one packet with chunks, up to a size; what does not fit is refused, and nothing is written for it.
///
/// Holds no bytes itself: each call is handed the same buffer, which holds `limit` bytes at least.
package struct PacketWriter: Sendable {
    /// Bytes written so far, padding included.
    package private(set) var length = SCTPPacketView.headerLength
    private let limit: Int

    /// - Parameter limit: The packet's largest size; what is beyond a multiple of four is not used.
    package init(limit: Int) { self.limit = limit & ~3 }

    /// Whether no chunk has been written.
    package var isEmpty: Bool { length == SCTPPacketView.headerLength }

    /// Bytes for further chunks, headers and padding included.
    package var room: Int { max(0, limit - length) }

    /// Writes header and checksum.
    ///
    /// - Parameters:
    ///   - packet: Where chunks have been written.
    ///   - sourcePort: Ours.
    ///   - destinationPort: The peer's.
    ///   - verificationTag: The peer's.
    ///   - computesChecksum: `false` leaves zero there, where the peer takes that, RFC 9653.
    /// - Returns: The packet's length.
    package func finish(
        into packet: inout MutableSpan<UInt8>,
        sourcePort: UInt16,
        destinationPort: UInt16,
        verificationTag: UInt32,
        computesChecksum: Bool = true
    ) -> Int {
        packet.store(sourcePort, at: 0)
        packet.store(destinationPort, at: 2)
        packet.store(verificationTag, at: 4)
        packet.store(0 as UInt32, at: 8)
        if computesChecksum {
            let checksum = CRC32C.checksum(of: packet.span.extracting(0..<length))
            packet.store(checksum.byteSwapped, at: 8)
        }
        return length
    }

    /// Writes a chunk's header and padding.
    ///
    /// - Returns: Where its value goes, or `nil` when it does not fit.
    private mutating func begin(
        _ type: ChunkType,
        flags: UInt8 = 0,
        valueLength: Int,
        into packet: inout MutableSpan<UInt8>
    ) -> Int? {
        let whole = 4 + valueLength
        let padded = (whole + 3) & ~3
        guard whole <= 0xFFFF, padded <= room else { return nil }
        let start = length
        packet[start] = type.rawValue
        packet[start + 1] = flags
        packet.store(UInt16(whole), at: start + 2)
        for index in start + whole..<start + padded { packet[index] = 0 }
        length += padded
        return start + 4
    }

    /// Writes a chunk whose value is known as bytes.
    package mutating func append(
        _ type: ChunkType,
        flags: UInt8 = 0,
        value: Span<UInt8>,
        into packet: inout MutableSpan<UInt8>
    ) -> Bool {
        guard let offset = begin(type, flags: flags, valueLength: value.count, into: &packet) else { return false }
        packet.store(value, at: offset)
        return true
    }

    /// Writes a chunk without a value: COOKIE ACK, SHUTDOWN ACK, SHUTDOWN COMPLETE.
    package mutating func append(_ type: ChunkType, flags: UInt8 = 0, into packet: inout MutableSpan<UInt8>) -> Bool {
        begin(type, flags: flags, valueLength: 0, into: &packet) != nil
    }

    /// The bytes of a DATA or I-DATA chunk with so much payload, as ``room`` counts them.
    package static func dataLength(payload count: Int, isInterleaved: Bool) -> Int {
        (count + (isInterleaved ? DataChunkHeader.interleavedLength : DataChunkHeader.length) + 3) & ~3
    }

    /// Writes a DATA or I-DATA chunk.
    package mutating func append(
        _ header: DataChunkHeader,
        isInterleaved: Bool,
        payload: Span<UInt8>,
        into packet: inout MutableSpan<UInt8>
    ) -> Bool {
        let fixed = (isInterleaved ? DataChunkHeader.interleavedLength : DataChunkHeader.length) - 4
        guard
            let offset = begin(
                isInterleaved ? .interleavedData : .data,
                flags: header.flags.rawValue,
                valueLength: fixed + payload.count,
                into: &packet
            )
        else { return false }
        packet.store(header.tsn, at: offset)
        packet.store(header.stream, at: offset + 4)
        if isInterleaved {
            packet.store(0 as UInt16, at: offset + 6)
            packet.store(header.messageIdentifier, at: offset + 8)
            let isFirst = header.flags.contains(.beginning)
            packet.store(isFirst ? header.payloadProtocol : header.fragmentNumber, at: offset + 12)
        } else {
            packet.store(UInt16(truncatingIfNeeded: header.messageIdentifier), at: offset + 6)
            packet.store(header.payloadProtocol, at: offset + 8)
        }
        packet.store(payload, at: offset + fixed)
        return true
    }

    /// Writes a SACK; gap blocks and then duplicates that do not fit are left out.
    package mutating func appendSack(
        cumulativeTSN: UInt32,
        advertisedWindow: UInt32,
        gapBlocks: Span<GapBlock>,
        duplicates: Span<UInt32>,
        into packet: inout MutableSpan<UInt8>
    ) -> Bool {
        let space = (room - SackView.fixedLength) / 4
        guard space >= 0 else { return false }
        let blocks = min(gapBlocks.count, space)
        let doubles = min(duplicates.count, space - blocks)
        guard let offset = begin(.sack, valueLength: 12 + 4 * (blocks + doubles), into: &packet) else { return false }
        packet.store(cumulativeTSN, at: offset)
        packet.store(advertisedWindow, at: offset + 4)
        packet.store(UInt16(truncatingIfNeeded: blocks), at: offset + 8)
        packet.store(UInt16(truncatingIfNeeded: doubles), at: offset + 10)
        for index in 0..<blocks {
            packet.store(gapBlocks[index].start, at: offset + 12 + 4 * index)
            packet.store(gapBlocks[index].end, at: offset + 14 + 4 * index)
        }
        for index in 0..<doubles { packet.store(duplicates[index], at: offset + 12 + 4 * (blocks + index)) }
        return true
    }

    /// The streams that a FORWARD-TSN may list in a packet of so many bytes.
    package static func maximumSkippedStreams(limit: Int, isInterleaved: Bool) -> Int {
        max(0, (limit & ~3) - SCTPPacketView.headerLength - ForwardTSNView.fixedLength) / (isInterleaved ? 8 : 4)
    }

    /// Writes a FORWARD-TSN or I-FORWARD-TSN; the former must not list unordered messages.
    package mutating func appendForwardTSN(
        cumulativeTSN: UInt32,
        streams: Span<SkippedStream>,
        isInterleaved: Bool,
        into packet: inout MutableSpan<UInt8>
    ) -> Bool {
        let size = isInterleaved ? 8 : 4
        let type: ChunkType = isInterleaved ? .interleavedForwardTSN : .forwardTSN
        guard let offset = begin(type, valueLength: 4 + size * streams.count, into: &packet) else { return false }
        packet.store(cumulativeTSN, at: offset)
        for index in streams.indices {
            let (entry, skipped) = (offset + 4 + size * index, streams[index])
            packet.store(skipped.stream, at: entry)
            if isInterleaved {
                packet.store(skipped.isUnordered ? 1 : 0 as UInt16, at: entry + 2)
                packet.store(skipped.messageIdentifier, at: entry + 4)
            } else {
                packet.store(UInt16(truncatingIfNeeded: skipped.messageIdentifier), at: entry + 2)
            }
        }
        return true
    }
}
