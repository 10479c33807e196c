// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// What a datagram of a shared port is, by its first bytes.
///
/// - Note: RFC 7983 §7, RFC 5761 §4.
package enum PacketClass: UInt8, Sendable {
    case stun
    case dtls
    case rtp
    case rtcp
    /// ZRTP, TURN channels, QUIC, and what is too short to be anything.
    case other

    /// The class of the packet in `range` of `bytes`.
    @inlinable @inline(__always)
    package init(of bytes: Span<UInt8>, in range: Range<Int>) {
        guard range.count >= 8 else {
            self = .other
            return
        }
        switch bytes[range.lowerBound] {
        case 128...191:
            self = 192...223 ~= bytes[range.lowerBound &+ 1] ? .rtcp : range.count >= 12 ? .rtp : .other
        case 0...3:
            self = range.count >= 20 ? .stun : .other
        case 20...63:
            self = range.count >= 13 ? .dtls : .other
        default:
            self = .other
        }
    }
}
