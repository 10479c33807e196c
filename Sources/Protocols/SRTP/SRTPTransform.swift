// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCrypto

/// The cipher of one direction's RTP or RTCP.
enum SRTPTransform: ~Copyable {
    case gcm(GCMTransform)
    case counter(CounterTransform)

    init(
        _ keys: SessionKeys,
        profile: SRTPProfile,
        purpose: SessionKeys.Purpose,
        direction: AESGCM.Direction
    ) throws(SRTPError) {
        switch (profile.isAEAD, purpose) {
        case (true, _): self = .gcm(try GCMTransform(keys, direction))
        case (false, .rtp): self = .counter(try CounterTransform(keys, tagLength: profile.rtpTagLength))
        case (false, .rtcp): self = .counter(try CounterTransform(keys, tagLength: profile.rtcpTagLength))
        }
    }
}

extension MutableSpan<UInt8> {
    /// Writes RTP padding: zeros, the last byte saying how many bytes there are, RFC 3550 §5.1.
    @_lifetime(self: copy self)
    mutating func storePadding(_ count: Int, at offset: Int) {
        for index in offset..<offset &+ count &- 1 { self[index] = 0 }
        self[offset &+ count &- 1] = UInt8(truncatingIfNeeded: count)
    }
}
