// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

public import SwiftletWire

/// One RTP packet, read in place.
///
/// - Note: Layout per RFC 3550 §5.1; header extensions per RFC 8285.
@usableFromInline
package struct RTPPacketView: ~Escapable {
    /// The whole packet.
    @usableFromInline package let bytes: Span<UInt8>
    /// Bytes up to the payload: fixed header, contributing sources, extension block.
    @usableFromInline package let headerLength: Int
    /// Padding bytes at the end, count byte included.
    @usableFromInline package let paddingLength: Int
    /// Where the extension block's four-byte preamble starts, or 0 without one.
    @usableFromInline let extensionStart: Int

    /// Reads the packet that fills `bytes`.
    ///
    /// - Parameter bytes: A whole decrypted datagram.
    /// - Throws: ``WireError/truncated`` when a length runs past the end, ``WireError/unsupported`` when the
    ///   version is not 2, ``WireError/malformed`` when the padding count is zero or exceeds the payload.
    @inlinable @inline(__always)
    @_lifetime(copy bytes)
    package init(parsing bytes: Span<UInt8>) throws(WireError) {
        guard bytes.count >= 12 else { throw .truncated }
        let flags = bytes[0]
        guard flags >> 6 == 2 else { throw .unsupported }
        var start = 12 &+ Int(flags & 0x0F) &* 4
        var extensionStart = 0
        if flags & 0x10 != 0 {
            guard bytes.count >= start &+ 4 else { throw .truncated }
            extensionStart = start
            start &+= 4 &+ Int(bytes.uint16(at: start &+ 2)) &* 4
        }
        guard bytes.count >= start else { throw .truncated }
        var padding = 0
        if flags & 0x20 != 0 {
            padding = Int(bytes[bytes.count &- 1])
            guard padding > 0, padding <= bytes.count &- start else { throw .malformed }
        }
        self.bytes = bytes
        self.headerLength = start
        self.paddingLength = padding
        self.extensionStart = extensionStart
    }

    /// How many contributing sources are listed.
    @inlinable package var contributingSourceCount: Int { @inline(__always) get { Int(bytes[0] & 0x0F) } }

    @inlinable package var marker: Bool { @inline(__always) get { bytes[1] & 0x80 != 0 } }

    @inlinable package var payloadType: UInt8 { @inline(__always) get { bytes[1] & 0x7F } }

    /// Sequence number, wrapping at 2¹⁶.
    @inlinable package var sequenceNumber: UInt16 { @inline(__always) get { bytes.uint16(at: 2) } }

    /// Media time in units of the codec's clock rate, wrapping at 2³².
    @inlinable package var timestamp: UInt32 { @inline(__always) get { bytes.uint32(at: 4) } }

    /// Synchronisation source.
    @inlinable package var ssrc: UInt32 { @inline(__always) get { bytes.uint32(at: 8) } }

    /// Whether a header extension is there, possibly an empty one.
    @inlinable package var hasExtension: Bool { @inline(__always) get { extensionStart != 0 } }

    /// The extension's profile value, `0xBEDE` or `0x100x` where RFC 8285 rules; 0 without an extension.
    @inlinable package var extensionProfile: UInt16 {
        @inline(__always) get { extensionStart == 0 ? 0 : bytes.uint16(at: extensionStart) }
    }

    /// Where the elements of the extension block lie in the packet, behind its preamble; empty without one.
    @inlinable package var extensionRange: Range<Int> {
        @inline(__always)
        get { extensionStart == 0 ? headerLength..<headerLength : extensionStart &+ 4..<headerLength }
    }

    /// Where the payload lies in the packet, padding excluded.
    @inlinable package var payloadRange: Range<Int> {
        @inline(__always) get { headerLength..<bytes.count &- paddingLength }
    }

    /// The payload with padding removed.
    @inlinable package var payload: Span<UInt8> {
        @inline(__always)
        @_lifetime(copy self)
        get { bytes.extracting(payloadRange) }
    }

    /// The header extensions, read in place; their ranges count from the packet's start.
    @inlinable package var extensions: HeaderExtensions {
        @inline(__always)
        @_lifetime(copy self)
        get { HeaderExtensions(bytes, range: extensionRange, profile: extensionProfile) }
    }

    /// The contributing source at `index`, or `nil` past the last.
    package func contributingSource(at index: Int) -> UInt32? {
        index >= 0 && index < contributingSourceCount ? bytes.uint32(at: 12 + index * 4) : nil
    }
}
