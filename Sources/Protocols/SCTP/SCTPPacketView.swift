// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletWire

/// One SCTP packet, read in place: the common header and whole chunks, RFC 9260 §3.
package struct SCTPPacketView: ~Escapable {
    /// Bytes of the common header, RFC 9260 §3.1.
    package static let headerLength = 12

    /// The whole packet.
    package let bytes: Span<UInt8>

    /// Reads the packet that fills `bytes` and walks all of its chunks once, so that the iteration cannot fail.
    ///
    /// The checksum is not looked at, see ``hasValidChecksum``.
    /// - Throws: ``WireError/truncated`` when the header or a chunk runs past the end or no chunk is there,
    ///   ``WireError/malformed`` when a chunk is shorter than its own header.
    @_lifetime(copy bytes)
    package init(parsing bytes: Span<UInt8>) throws(WireError) {
        guard bytes.count >= Self.headerLength + 4 else { throw .truncated }
        var offset = Self.headerLength
        while offset < bytes.count {
            guard bytes.count - offset >= 4 else { throw .truncated }
            let length = Int(bytes.uint16(at: offset + 2))
            guard length >= 4 else { throw .malformed }
            guard length <= bytes.count - offset else { throw .truncated }
            // The last chunk may come without its padding.
            offset += (length + 3) & ~3
        }
        self.bytes = bytes
    }

    package var sourcePort: UInt16 { bytes.uint16(at: 0) }
    package var destinationPort: UInt16 { bytes.uint16(at: 2) }
    package var verificationTag: UInt32 { bytes.uint32(at: 4) }

    /// Whether the checksum field holds zero, which stands for "not computed" where that was agreed, RFC 9653.
    package var hasZeroChecksum: Bool { bytes.uint32(at: 8) == 0 }

    /// Whether the field holds the packet's CRC-32c, RFC 9260 §6.8.
    package var hasValidChecksum: Bool { Self.checksum(of: bytes) == bytes.uint32(at: 8).byteSwapped }

    /// The CRC-32c of `packet`, which holds a header at least, as if its checksum field were zero.
    package static func checksum(of packet: Span<UInt8>) -> UInt32 {
        let zero: InlineArray<4, UInt8> = [0, 0, 0, 0]
        var value = CRC32C.update(0, with: packet.extracting(0..<8))
        value = CRC32C.update(value, with: zero.span)
        return CRC32C.update(value, with: packet.extracting(headerLength..<packet.count))
    }

    /// What the first chunk is; there always is one.
    package var firstChunkType: ChunkType { ChunkType(rawValue: bytes[Self.headerLength]) }

    /// Whether the first chunk is the only one.
    package var hasSingleChunk: Bool {
        Self.headerLength + (Int(bytes.uint16(at: Self.headerLength + 2)) + 3) & ~3 >= bytes.count
    }

    /// The chunks, to be walked with `while let chunk = chunks.next()`.
    package var chunks: ChunkIterator {
        @_lifetime(copy self)
        get { ChunkIterator(bytes) }
    }
}

/// Walks the chunks of a packet, whose lengths ``SCTPPacketView`` has checked.
package struct ChunkIterator: ~Escapable {
    private let bytes: Span<UInt8>
    private var offset = SCTPPacketView.headerLength

    @_lifetime(copy bytes)
    fileprivate init(_ bytes: Span<UInt8>) { self.bytes = bytes }

    @_lifetime(copy self)
    package mutating func next() -> ChunkView? {
        guard bytes.count &- offset >= 4 else { return nil }
        let length = min(max(4, Int(bytes.uint16(at: offset &+ 2))), bytes.count &- offset)
        let chunk = ChunkView(whole: bytes.extracting(offset..<offset &+ length))
        offset &+= (length &+ 3) & ~3
        return chunk
    }
}

/// One chunk, read in place, RFC 9260 §3.2.
package struct ChunkView: ~Escapable {
    /// The chunk with its header, without padding; four bytes at least.
    package let bytes: Span<UInt8>

    @_lifetime(copy bytes)
    fileprivate init(whole bytes: Span<UInt8>) { self.bytes = bytes }

    /// Reads a chunk that stands alone.
    ///
    /// - Throws: ``WireError/truncated`` when it does not fill `bytes` but for padding.
    @_lifetime(copy bytes)
    package init(parsing bytes: Span<UInt8>) throws(WireError) {
        guard bytes.count >= 4 else { throw .truncated }
        let length = Int(bytes.uint16(at: 2))
        guard length >= 4, length <= bytes.count, bytes.count - length < 4 else { throw .truncated }
        self.bytes = bytes.extracting(0..<length)
    }

    package var type: ChunkType { ChunkType(rawValue: bytes[0]) }
    package var flags: UInt8 { bytes[1] }

    /// Whether the sender had no tag of its own and reflects ours: the T bit of ABORT and SHUTDOWN COMPLETE.
    package var reflectsTag: Bool { flags & 1 != 0 }

    /// What follows the chunk header, without padding.
    package var value: Span<UInt8> {
        @_lifetime(copy self)
        get { bytes.extracting(4..<bytes.count) }
    }

    /// The cumulative TSN of a SHUTDOWN, RFC 9260 §3.3.8.
    package var shutdownCumulativeTSN: UInt32? { bytes.count >= 8 ? bytes.uint32(at: 4) : nil }

    /// What the info parameter of a HEARTBEAT or its acknowledgement holds, RFC 9260 §3.3.5; `nil` without one.
    package var heartbeatInfo: Span<UInt8>? {
        @_lifetime(copy self)
        get {
            guard bytes.count >= 8, bytes.uint16(at: 4) == ParameterType.heartbeatInfo.rawValue else { return nil }
            let length = Int(bytes.uint16(at: 6))
            guard length >= 4, length <= bytes.count - 4 else { return nil }
            return bytes.extracting(8..<4 + length)
        }
    }
}
