// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// Why a packet was not opened, or a context not made; never a reason to change state.
package enum SRTPError: Error, Equatable, Sendable {
    /// Shorter than its header, trailer and tag.
    case truncated
    /// Not version 2, RFC 3550 §5.1.
    case unsupported
    /// Opened before, or too far behind the newest packet to know.
    case replayed
    /// The tag does not fit: forged, damaged, or sealed under other keys.
    case authenticationFailed
    /// An RTCP packet without its E bit: every profile of RFC 5764 §4.1.2 and RFC 7714 §14.2 encrypts RTCP.
    case unencrypted
    /// Keys or salts not of the profile's lengths.
    case invalidKeys
}

/// What an opened packet turned out to be.
package struct SRTPOpened: Equatable, Sendable {
    /// Bytes of the plain packet, from where the protected one began.
    package let length: Int
    /// The sender's synchronisation source.
    package let ssrc: UInt32
    /// Of RTP the rollover counter and sequence number, 48 bits; of RTCP the index of 31 bits.
    package let index: UInt64

    package init(length: Int, ssrc: UInt32, index: UInt64) {
        (self.length, self.ssrc, self.index) = (length, ssrc, index)
    }
}
