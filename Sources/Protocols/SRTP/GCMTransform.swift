// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCrypto
import SwiftletWire

/// Protects packets by AES-GCM, RFC 7714.
struct GCMTransform: ~Copyable {
    static let tagLength = AESGCM.tagLength

    private let cipher: AESGCM
    private let saltHigh: UInt64
    private let saltLow: UInt32

    init(_ keys: SessionKeys, _ direction: AESGCM.Direction) throws(SRTPError) {
        guard keys.salt.count == 12, let cipher = AESGCM(key: keys.cipherKey.span, direction: direction) else {
            throw .invalidKeys
        }
        self.cipher = cipher
        (saltHigh, saltLow) = (keys.salt.span.uint64(at: 0), keys.salt.span.uint32(at: 8))
    }

    /// The nonce: 16 zeros ‖ SSRC ‖ index of 48 bits, RFC 7714 §8.1, RTCP's with 31 bits, §9.1; combined with the salt.
    @inline(__always)
    private borrowing func nonce(_ ssrc: UInt32, _ index: UInt64) -> AESGCM.Nonce {
        AESGCM.Nonce(
            saltHigh ^ (UInt64(ssrc) << 16 | index >> 32 & 0xFFFF),
            saltLow ^ UInt32(truncatingIfNeeded: index)
        )
    }

    /// Seals the payload's pieces behind the header at `start`, and puts the tag behind them.
    @inline(__always)
    borrowing func seal(
        into target: inout MutableSpan<UInt8>,
        at start: Int,
        headerLength: Int,
        prefix: Span<UInt8>,
        body: Span<UInt8>,
        padding: Int,
        ssrc: UInt32,
        index: UInt64
    ) -> Bool {
        let header = start..<start &+ headerLength
        if prefix.isEmpty, padding == 0 {
            return cipher.seal(nonce(ssrc, index), header: header, from: body, into: &target, at: header.upperBound)
        }
        // To put the pieces together and seal them in place is faster than to seal them one by one.
        var end = header.upperBound
        target.store(prefix, at: end)
        end &+= prefix.count
        target.store(body, at: end)
        end &+= body.count
        if padding > 0 {
            target.storePadding(padding, at: end)
            end &+= padding
        }
        return cipher.seal(nonce(ssrc, index), header: header, body: header.upperBound..<end, in: &target)
    }

    /// Opens the RTP packet in `range` in place under `index`, or else under `alternative`.
    ///
    /// - Returns: The index that fits. If none does, the payload's bytes are lost.
    borrowing func open(
        _ target: inout MutableSpan<UInt8>,
        _ range: Range<Int>,
        headerLength: Int,
        ssrc: UInt32,
        index: UInt64?,
        alternative: UInt64?
    ) -> UInt64? {
        let header = range.lowerBound..<range.lowerBound &+ headerLength
        let payload = header.upperBound..<range.upperBound &- Self.tagLength
        if let index {
            if cipher.open(nonce(ssrc, index), header: header, body: payload, in: &target) { return index }
            guard alternative != nil else { return nil }
            // Combining with the same keystream again brings the ciphertext back.
            _ = cipher.open(nonce(ssrc, index), header: header, body: payload, in: &target)
        }
        guard let alternative, cipher.open(nonce(ssrc, alternative), header: header, body: payload, in: &target) else {
            return nil
        }
        return alternative
    }

    /// Seals the RTCP packet in `range` in place, with the tag and the index behind it, RFC 7714 §9.2.
    borrowing func sealRTCP(
        _ target: inout MutableSpan<UInt8>,
        _ range: Range<Int>,
        ssrc: UInt32,
        index: UInt32
    ) -> Bool {
        let body = range.lowerBound &+ 8..<range.upperBound
        target.store(index | 1 << 31, at: body.upperBound &+ Self.tagLength)
        let header = Self.rtcpHeader(target.span, range, trailer: body.upperBound &+ Self.tagLength)
        return cipher.seal(nonce(ssrc, UInt64(index)), header: header.span, body: body, in: &target)
    }

    /// Opens the RTCP packet in `range` in place, whose trailer says `index`; if that fails, its bytes are lost.
    borrowing func openRTCP(
        _ target: inout MutableSpan<UInt8>,
        _ range: Range<Int>,
        ssrc: UInt32,
        index: UInt32
    ) -> Bool {
        let trailer = range.upperBound &- 4
        let header = Self.rtcpHeader(target.span, range, trailer: trailer)
        let body = range.lowerBound &+ 8..<trailer &- Self.tagLength
        return cipher.open(nonce(ssrc, UInt64(index)), header: header.span, body: body, in: &target)
    }

    /// What an RTCP packet authenticates and does not encrypt: its first eight bytes and its trailer, RFC 7714 §9.2.
    private static func rtcpHeader(_ bytes: Span<UInt8>, _ range: Range<Int>, trailer: Int) -> InlineArray<12, UInt8> {
        InlineArray { index in bytes[index < 8 ? range.lowerBound &+ index : trailer &+ index &- 8] }
    }
}
