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

    /// Sets the nonce: 16 zeros ‖ SSRC ‖ index of 48 bits, RFC 7714 §8.1; RTCP's has 31 bits, §9.1.
    @inline(__always)
    private borrowing func begin(_ ssrc: UInt32, _ index: UInt64) -> Bool {
        cipher.begin(
            saltHigh ^ (UInt64(ssrc) << 16 | index >> 32 & 0xFFFF),
            saltLow ^ UInt32(truncatingIfNeeded: index)
        )
    }

    /// Seals the payload's pieces behind the header at `start`, and puts the tag behind them.
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
        guard begin(ssrc, index), cipher.authenticate(target.span.extracting(start..<start &+ headerLength)) else {
            return false
        }
        var end = start &+ headerLength
        if !prefix.isEmpty {
            guard cipher.apply(to: prefix, into: &target, at: end) else { return false }
            end &+= prefix.count
        }
        if !body.isEmpty {
            guard cipher.apply(to: body, into: &target, at: end) else { return false }
            end &+= body.count
        }
        if padding > 0 {
            target.storePadding(padding, at: end)
            guard cipher.apply(in: &target, end..<end &+ padding) else { return false }
            end &+= padding
        }
        return cipher.finish(into: &target, at: end)
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
            if attempt(&target, header, payload, ssrc, index) { return index }
            // Combining with the same keystream again brings the ciphertext back.
            guard alternative != nil, begin(ssrc, index), cipher.apply(in: &target, payload) else { return nil }
        }
        guard let alternative, attempt(&target, header, payload, ssrc, alternative) else { return nil }
        return alternative
    }

    private borrowing func attempt(
        _ target: inout MutableSpan<UInt8>,
        _ header: Range<Int>,
        _ payload: Range<Int>,
        _ ssrc: UInt32,
        _ index: UInt64
    ) -> Bool {
        begin(ssrc, index) && cipher.authenticate(target.span.extracting(header))
            && cipher.apply(in: &target, payload)
            && cipher.verify(target.span.extracting(payload.upperBound..<payload.upperBound &+ Self.tagLength))
    }

    /// Seals the RTCP packet in `range` in place, with the tag and the index behind it, RFC 7714 §9.2.
    borrowing func sealRTCP(
        _ target: inout MutableSpan<UInt8>,
        _ range: Range<Int>,
        ssrc: UInt32,
        index: UInt32
    ) -> Bool {
        let body = range.lowerBound &+ 8..<range.upperBound
        let trailer = body.upperBound &+ Self.tagLength
        target.store(index | 1 << 31, at: trailer)
        return begin(ssrc, UInt64(index))
            && cipher.authenticate(target.span.extracting(range.lowerBound..<body.lowerBound))
            && cipher.authenticate(target.span.extracting(trailer..<trailer &+ 4))
            && (body.isEmpty || cipher.apply(in: &target, body))
            && cipher.finish(into: &target, at: body.upperBound)
    }

    /// Opens the RTCP packet in `range` in place, whose trailer says `index`; if that fails, its bytes are lost.
    borrowing func openRTCP(
        _ target: inout MutableSpan<UInt8>,
        _ range: Range<Int>,
        ssrc: UInt32,
        index: UInt32
    ) -> Bool {
        let trailer = range.upperBound &- 4
        let body = range.lowerBound &+ 8..<trailer &- Self.tagLength
        return begin(ssrc, UInt64(index))
            && cipher.authenticate(target.span.extracting(range.lowerBound..<body.lowerBound))
            && cipher.authenticate(target.span.extracting(trailer..<range.upperBound))
            && cipher.apply(in: &target, body)
            && cipher.verify(target.span.extracting(body.upperBound..<trailer))
    }
}
