// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

public import SwiftletWire

/// Fixed-offset reads of an RTP header, for code that needs one field of a packet before or without a whole parse.
///
/// Every reader but ``headerLength(of:)`` and ``isRTP(_:)`` wants at least ``length`` bytes, checked by the caller.
///
/// - Note: RFC 3550 §5.1.
@usableFromInline
package enum RTPFixedHeader {
    /// Bytes before the contributing sources, RFC 3550 §5.1.
    @inlinable package static var length: Int { 12 }
    /// The flag of the first byte that says the packet ends with padding, RFC 3550 §5.1.
    @inlinable package static var paddingFlag: UInt8 { 0x20 }
    /// The flag of the first byte that says a header extension follows, RFC 3550 §5.1.
    @inlinable package static var extensionFlag: UInt8 { 0x10 }
    /// The flag of the second byte that carries the marker, RFC 3550 §5.1.
    @inlinable package static var markerFlag: UInt8 { 0x80 }

    /// Whether `bytes` is long enough for RTP, has version 2 and does not lie in RTCP's range of types.
    ///
    /// - Note: RFC 5761 §4: the second byte of RTCP is 192 to 223.
    @inlinable @inline(__always)
    package static func isRTP(_ bytes: Span<UInt8>) -> Bool {
        bytes.count >= 12 && bytes[0] >> 6 == 2 && !(192...223 ~= bytes[1])
    }

    @inlinable @inline(__always)
    package static func marker(of bytes: Span<UInt8>) -> Bool { bytes[1] & 0x80 != 0 }

    @inlinable @inline(__always)
    package static func payloadType(of bytes: Span<UInt8>) -> UInt8 { bytes[1] & 0x7F }

    @inlinable @inline(__always)
    package static func sequenceNumber(of bytes: Span<UInt8>) -> UInt16 { bytes.uint16(at: 2) }

    @inlinable @inline(__always)
    package static func timestamp(of bytes: Span<UInt8>) -> UInt32 { bytes.uint32(at: 4) }

    @inlinable @inline(__always)
    package static func ssrc(of bytes: Span<UInt8>) -> UInt32 { bytes.uint32(at: 8) }

    /// Bytes up to the payload, contributing sources and header extension included: what SRTP leaves in the clear.
    ///
    /// - Returns: `nil` when they run past the end or the version is not 2.
    @inlinable @inline(__always)
    package static func headerLength(of bytes: Span<UInt8>) -> Int? {
        guard bytes.count >= 12 else { return nil }
        let flags = bytes[0]
        guard flags >> 6 == 2 else { return nil }
        var length = 12 &+ Int(flags & 0x0F) &* 4
        if flags & 0x10 != 0 {
            guard bytes.count >= length &+ 4 else { return nil }
            length &+= 4 &+ Int(bytes.uint16(at: length &+ 2)) &* 4
        }
        return bytes.count >= length ? length : nil
    }
}
