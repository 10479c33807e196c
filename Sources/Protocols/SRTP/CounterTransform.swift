// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCrypto
import SwiftletWire

/// Protects packets by AES in counter mode and HMAC-SHA1, RFC 3711 §4.
struct CounterTransform: ~Copyable {
    private let cipher: AESCounterMode
    private let mac: HMACSHA1
    private let tagLength: Int
    private let saltHigh: UInt64
    private let saltLow: UInt64

    init(_ keys: SessionKeys, tagLength: Int) throws(SRTPError) {
        guard keys.salt.count == 14, let cipher = AESCounterMode(key: keys.cipherKey.span) else { throw .invalidKeys }
        self.cipher = cipher
        self.tagLength = tagLength
        mac = HMACSHA1(key: keys.authenticationKey.span)
        saltHigh = keys.salt.span.uint64(at: 0)
        saltLow = UInt64(keys.salt.span.uint32(at: 8)) << 32 | UInt64(keys.salt.span.uint16(at: 12)) << 16
    }

    /// Sets the counter block: salt · 2¹⁶ ⊕ SSRC · 2⁶⁴ ⊕ index · 2¹⁶, RFC 3711 §4.1.1.
    @inline(__always)
    private borrowing func begin(_ ssrc: UInt32, _ index: UInt64) -> Bool {
        cipher.begin(saltHigh ^ UInt64(ssrc), saltLow ^ index << 16)
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
        guard begin(ssrc, index) else { return false }
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
        var message = mac.begin()
        message.update(target.span.extracting(start..<end))
        message.update(UInt32(truncatingIfNeeded: index >> 16))
        message.finish(into: &target, at: end, count: tagLength)
        return true
    }

    /// Opens the RTP packet in `range` in place under `index`, or else under `alternative`.
    ///
    /// - Returns: The index that fits; if none does, the bytes stay as they are.
    borrowing func open(
        _ target: inout MutableSpan<UInt8>,
        _ range: Range<Int>,
        headerLength: Int,
        ssrc: UInt32,
        index: UInt64?,
        alternative: UInt64?
    ) -> UInt64? {
        let end = range.upperBound &- tagLength
        var message = mac.begin()
        message.update(target.span.extracting(range.lowerBound..<end))
        guard let fitting = message.index(fitting: target.span.extracting(end..<range.upperBound), index, alternative)
        else { return nil }
        guard begin(ssrc, fitting), cipher.apply(in: &target, range.lowerBound &+ headerLength..<end) else {
            return nil
        }
        return fitting
    }

    /// Seals the RTCP packet in `range` in place, with the index and the tag behind it, RFC 3711 §3.4.
    borrowing func sealRTCP(
        _ target: inout MutableSpan<UInt8>,
        _ range: Range<Int>,
        ssrc: UInt32,
        index: UInt32
    ) -> Bool {
        target.store(index | 1 << 31, at: range.upperBound)
        guard begin(ssrc, UInt64(index)), cipher.apply(in: &target, range.lowerBound &+ 8..<range.upperBound) else {
            return false
        }
        var message = mac.begin()
        message.update(target.span.extracting(range.lowerBound..<range.upperBound &+ 4))
        message.finish(into: &target, at: range.upperBound &+ 4, count: tagLength)
        return true
    }

    /// Opens the RTCP packet in `range` in place, whose trailer says `index`; if that fails, its bytes stay.
    borrowing func openRTCP(
        _ target: inout MutableSpan<UInt8>,
        _ range: Range<Int>,
        ssrc: UInt32,
        index: UInt32
    ) -> Bool {
        let tag = range.upperBound &- tagLength
        var message = mac.begin()
        message.update(target.span.extracting(range.lowerBound..<tag))
        return message.matches(target.span.extracting(tag..<range.upperBound)) && begin(ssrc, UInt64(index))
            && cipher.apply(in: &target, range.lowerBound &+ 8..<tag &- 4)
    }
}

extension HMACSHA1.Message {
    /// Which of two indices makes `tag` fit the message when its rollover counter ends it, RFC 3711 §4.2.
    fileprivate func index(fitting tag: Span<UInt8>, _ first: UInt64?, _ second: UInt64?) -> UInt64? {
        if let first, matches(tag, endingWith: first) { return first }
        if let second, matches(tag, endingWith: second) { return second }
        return nil
    }

    private func matches(_ tag: Span<UInt8>, endingWith index: UInt64) -> Bool {
        var message = self
        message.update(UInt32(truncatingIfNeeded: index >> 16))
        return message.matches(tag)
    }
}
