// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletCrypto
import SwiftletWire

/// Seals what one transport sends: SRTP and SRTCP under the session's local keys, RFC 3711 and RFC 7714.
///
/// One cipher context each for RTP and RTCP lives as long as the keys, since session keys do not depend on the SSRC; a
/// packet allocates nothing. Rollover and sequence numbers are the caller's, who must never seal two different packets
/// of one SSRC under one index: with GCM that gives away the authentication key. Debug builds assert it.
package final class SRTPSender {
    /// Bytes of the trailer's index word, RFC 3711 §3.4.
    static let rtcpIndexLength = 4
    /// RTCP packets that one key may seal, RFC 3711 §9.2.
    static let maximumRTCPPackets: UInt32 = 1 << 31

    package let profile: SRTPProfile
    /// Bytes that sealing adds to an RTP packet.
    package let overhead: Int
    /// Bytes that sealing adds to an RTCP packet.
    package let rtcpOverhead: Int

    private let rtp: SRTPTransform
    private let rtcp: SRTPTransform
    private var nextRTCPIndex: UInt32 = 0
    #if DEBUG
    private var sealed = StreamTable()
    #endif

    /// - Throws: ``SRTPError/invalidKeys`` when the local key or salt is not of the profile's length.
    package convenience init(_ keys: SRTPKeyingMaterial) throws(SRTPError) {
        let (profile, key, salt) = (keys.profile, keys.localKey, keys.localSalt)
        try self.init(
            profile: profile,
            rtp: try SessionKeys(profile: profile, masterKey: key, masterSalt: salt, purpose: .rtp),
            rtcp: try SessionKeys(profile: profile, masterKey: key, masterSalt: salt, purpose: .rtcp)
        )
    }

    /// Takes session keys that are derived already.
    package init(profile: SRTPProfile, rtp: SessionKeys, rtcp: SessionKeys) throws(SRTPError) {
        self.profile = profile
        overhead = profile.rtpTagLength
        rtcpOverhead = profile.rtcpTagLength + Self.rtcpIndexLength
        self.rtp = try SRTPTransform(rtp, profile: profile, purpose: .rtp, direction: .sealing)
        self.rtcp = try SRTPTransform(rtcp, profile: profile, purpose: .rtcp, direction: .sealing)
    }

    /// Seals one RTP packet, from where its payload lies straight to where it leaves.
    ///
    /// - Parameters:
    ///   - target: Where the packet is built; its header stands at `start` already, padding bit included.
    ///   - start: Where the packet begins in `target`.
    ///   - headerLength: Bytes of the header with its extensions, at least 12.
    ///   - prefix: What goes before the body, such as RTX's original sequence number or a patched descriptor.
    ///   - body: The payload's bytes; not within `target`.
    ///   - padding: Bytes of RTP padding to put behind the body, 0 to 255.
    ///   - ssrc: The header's SSRC.
    ///   - index: Rollover counter and the header's sequence number, 48 bits.
    /// - Returns: The sealed packet's length, or 0 when it does not fit or OpenSSL fails: then send nothing.
    package func seal(
        into target: inout MutableSpan<UInt8>,
        at start: Int,
        headerLength: Int,
        prefix: Span<UInt8>,
        body: Span<UInt8>,
        padding: Int,
        ssrc: UInt32,
        index: UInt64
    ) -> Int {
        guard start >= 0, headerLength >= 12, (0...255).contains(padding), index >> 48 == 0 else {
            assertionFailure("a header, padding or index out of range")
            return 0
        }
        let length = headerLength + prefix.count + body.count + padding + overhead
        guard length <= target.count - start else {
            assertionFailure("no room for the sealed packet")
            return 0
        }
        #if DEBUG
        assertNotSealed(ssrc, index)
        #endif
        let isSealed =
            switch rtp {
            case .gcm(let transform):
                transform.seal(
                    into: &target,
                    at: start,
                    headerLength: headerLength,
                    prefix: prefix,
                    body: body,
                    padding: padding,
                    ssrc: ssrc,
                    index: index
                )
            case .counter(let transform):
                transform.seal(
                    into: &target,
                    at: start,
                    headerLength: headerLength,
                    prefix: prefix,
                    body: body,
                    padding: padding,
                    ssrc: ssrc,
                    index: index
                )
            }
        return isSealed ? length : 0
    }

    /// Seals one compound RTCP packet in place, under the session's next index; always encrypted.
    ///
    /// - Parameters:
    ///   - target: Where the packet stands, with room for ``rtcpOverhead`` bytes behind it.
    ///   - start: Where the packet begins in `target`.
    ///   - length: Bytes of the plain packet, at least 8.
    /// - Returns: The sealed packet's length, or 0 when it does not fit, the key has sealed its 2³¹ packets, or
    ///   OpenSSL fails: then send nothing.
    package func sealRTCP(into target: inout MutableSpan<UInt8>, at start: Int, length: Int) -> Int {
        guard start >= 0, length >= 8, length + rtcpOverhead <= target.count - start else {
            assertionFailure("no room for the sealed packet, or none to seal")
            return 0
        }
        guard nextRTCPIndex < Self.maximumRTCPPackets else { return 0 }
        let index = nextRTCPIndex
        nextRTCPIndex += 1
        let ssrc = target.span.uint32(at: start + 4)
        let isSealed =
            switch rtcp {
            case .gcm(let transform):
                transform.sealRTCP(&target, start..<start + length, ssrc: ssrc, index: index)
            case .counter(let transform):
                transform.sealRTCP(&target, start..<start + length, ssrc: ssrc, index: index)
            }
        return isSealed ? length + rtcpOverhead : 0
    }

    #if DEBUG
    private func assertNotSealed(_ ssrc: UInt32, _ index: UInt64) {
        guard profile.isAEAD else { return }
        let slot = sealed.slot(of: ssrc)
        let verdict = slot.map { sealed.verdict(at: $0, on: index) } ?? .fresh
        assert(verdict != .replayed, "an index sealed twice")
        guard verdict == .fresh else { return }
        sealed.record(index, of: ssrc, at: slot)
    }
    #endif
}
