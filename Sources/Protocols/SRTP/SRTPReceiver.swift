// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletCrypto
import SwiftletWire

/// Opens what one transport receives: SRTP and SRTCP under the session's remote keys, RFC 3711 and RFC 7714.
///
/// One cipher context each for RTP and RTCP lives as long as the keys; a packet allocates nothing, unless it is the
/// first of its SSRC. Packets are looked up in the replay window first, authenticated next, decrypted in place, and
/// only then taken note of: one that throws has changed nothing but, under GCM, its own bytes.
package final class SRTPReceiver {
    package let profile: SRTPProfile

    private let rtp: SRTPTransform
    private let rtcp: SRTPTransform
    private var streams = StreamTable()
    private var rtcpStreams = StreamTable()
    private let tagLength: Int
    private let rtcpTrailerLength: Int

    /// - Throws: ``SRTPError/invalidKeys`` when the remote key or salt is not of the profile's length.
    package convenience init(_ keys: SRTPKeyingMaterial) throws(SRTPError) {
        let (profile, key, salt) = (keys.profile, keys.remoteKey, keys.remoteSalt)
        try self.init(
            profile: profile,
            rtp: try SessionKeys(profile: profile, masterKey: key, masterSalt: salt, purpose: .rtp),
            rtcp: try SessionKeys(profile: profile, masterKey: key, masterSalt: salt, purpose: .rtcp)
        )
    }

    /// Takes session keys that are derived already.
    package init(profile: SRTPProfile, rtp: SessionKeys, rtcp: SessionKeys) throws(SRTPError) {
        self.profile = profile
        tagLength = profile.rtpTagLength
        rtcpTrailerLength = profile.rtcpTagLength + SRTPSender.rtcpIndexLength
        self.rtp = try SRTPTransform(rtp, profile: profile, purpose: .rtp, direction: .opening)
        self.rtcp = try SRTPTransform(rtcp, profile: profile, purpose: .rtcp, direction: .opening)
    }

    /// How many SSRCs have sent RTP that was authentic; at most 512 are remembered.
    package var streamCount: Int { streams.count }

    /// Opens the RTP packet in `range`, in place.
    ///
    /// - Returns: The plain packet's length (tag gone, padding still there), its SSRC and its extended index.
    package func open(_ bytes: inout MutableSpan<UInt8>, _ range: Range<Int>) throws(SRTPError) -> SRTPOpened {
        guard range.lowerBound >= 0, range.upperBound <= bytes.count else { throw .truncated }
        let headerLength = try Self.headerLength(bytes.span.extracting(range), tagLength: tagLength)
        let sequence = bytes.span.uint16(at: range.lowerBound + 2)
        let ssrc = bytes.span.uint32(at: range.lowerBound + 8)
        let slot = streams.slot(of: ssrc)
        let (index, alternative) = try candidates(sequence, slot)
        let fitting =
            switch rtp {
            case .gcm(let transform):
                transform.open(
                    &bytes,
                    range,
                    headerLength: headerLength,
                    ssrc: ssrc,
                    index: index,
                    alternative: alternative
                )
            case .counter(let transform):
                transform.open(
                    &bytes,
                    range,
                    headerLength: headerLength,
                    ssrc: ssrc,
                    index: index,
                    alternative: alternative
                )
            }
        guard let fitting else { throw index == nil ? .replayed : .authenticationFailed }
        streams.record(fitting, of: ssrc, at: slot)
        return SRTPOpened(length: range.count - tagLength, ssrc: ssrc, index: fitting)
    }

    /// Opens the compound RTCP packet in `range`, in place.
    ///
    /// - Returns: The plain packet's length, its first packet's SSRC and its SRTCP index.
    package func openRTCP(_ bytes: inout MutableSpan<UInt8>, _ range: Range<Int>) throws(SRTPError) -> SRTPOpened {
        guard range.lowerBound >= 0, range.upperBound <= bytes.count, range.count >= 8 + rtcpTrailerLength else {
            throw .truncated
        }
        guard bytes.span[range.lowerBound] >> 6 == 2 else { throw .unsupported }
        let ssrc = bytes.span.uint32(at: range.lowerBound + 4)
        // The index ends an AEAD's packet and goes before the other profiles' tag, RFC 7714 §9.2, RFC 3711 §3.4.
        let word = bytes.span.uint32(
            at: range.upperBound - (profile.isAEAD ? SRTPSender.rtcpIndexLength : rtcpTrailerLength)
        )
        guard word >> 31 == 1 else { throw .unencrypted }
        let index = word & 0x7FFF_FFFF
        let slot = rtcpStreams.slot(of: ssrc)
        if let slot, rtcpStreams.verdict(at: slot, on: UInt64(index)) != .fresh { throw .replayed }
        let isAuthentic =
            switch rtcp {
            case .gcm(let transform): transform.openRTCP(&bytes, range, ssrc: ssrc, index: index)
            case .counter(let transform): transform.openRTCP(&bytes, range, ssrc: ssrc, index: index)
            }
        guard isAuthentic else { throw .authenticationFailed }
        rtcpStreams.record(UInt64(index), of: ssrc, at: slot)
        return SRTPOpened(length: range.count - rtcpTrailerLength, ssrc: ssrc, index: UInt64(index))
    }

    /// Which indices the packet may have: the likeliest (none if it is too old), and one rollover later.
    ///
    /// The likeliest is within 2¹⁵ of the newest, RFC 3711 §3.3.1, Appendix A, and never below rollover 0. A stream
    /// begins at rollover 0. The later one is right when the wrap fell among packets never received: the stream's
    /// first ones, or more than 2¹⁵ in a row. Only the tag can tell, so trying it is safe; it lies ahead of all that
    /// was opened. An already opened index is refused before any cipher runs.
    @inline(__always)
    private func candidates(_ sequence: UInt16, _ slot: Int?) throws(SRTPError) -> (UInt64?, UInt64?) {
        var index: UInt64?
        var likeliest = UInt64(sequence)
        if let slot {
            let newest = Int64(streams.newest(at: slot))
            let nearest = newest &+ Int64(Int16(truncatingIfNeeded: Int64(sequence) &- newest))
            if nearest >= 0 { likeliest = UInt64(nearest) }
            switch streams.verdict(at: slot, on: likeliest) {
            case .fresh: index = likeliest
            case .replayed: throw .replayed
            case .tooOld: break
            }
        } else {
            index = likeliest
        }
        if likeliest >> 48 != 0 { index = nil }
        let later = likeliest &+ 1 << 16
        return (index, later >> 48 == 0 ? later : nil)
    }

    /// Bytes of an RTP header with its sources and extension, RFC 3550 §5.1, §5.3.1; the tag's bytes come after it.
    @inline(__always)
    private static func headerLength(_ packet: Span<UInt8>, tagLength: Int) throws(SRTPError) -> Int {
        guard packet.count >= 12 + tagLength else { throw .truncated }
        let flags = packet[0]
        guard flags >> 6 == 2 else { throw .unsupported }
        var length = 12 + Int(flags & 0x0F) * 4
        if flags & 0x10 != 0 {
            guard packet.count >= length + 4 + tagLength else { throw .truncated }
            length += 4 + Int(packet.uint16(at: length + 2)) * 4
        }
        guard packet.count >= length + tagLength else { throw .truncated }
        return length
    }
}
