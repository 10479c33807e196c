// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCrypto
import SwiftletWire
import Testing

@Suite("HMAC-SHA1, RFC 2104")
struct HMACSHA1Tests {
    @Test(
        "The tags are those of RFC 2202 §3, with keys up to, of and over a block",
        arguments: [
            ([UInt8](repeating: 0x0B, count: 20), Array("Hi There".utf8), "b617318655057264e28bc0b6fb378c8ef146be00"),
            (
                Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
                "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"
            ),
            (
                [UInt8](repeating: 0xAA, count: 20), [UInt8](repeating: 0xDD, count: 50),
                "125d7342b9ac11cd91a39af48aa17b4f63f175d3"
            ),
            (
                [UInt8](repeating: 0xAA, count: 80),
                Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
                "aa4ae5e15272d00e95705637ce8a3b55ed402112"
            ),
        ] as [([UInt8], [UInt8], String)]
    )
    func vectors(key: [UInt8], message: [UInt8], tag: String) {
        let computed = HMACSHA1.tag(of: message.span, key: key.span)
        #expect(computed == hex(tag))
    }

    @Test("A message in pieces has the tag of the whole, and its key serves again")
    func pieces() {
        let mac = HMACSHA1(key: Array("key".utf8).span)
        let message = (0..<300).map { UInt8(truncatingIfNeeded: $0) }
        let whole = HMACSHA1.tag(of: message.span, key: Array("key".utf8).span)
        for cut in [0, 1, 63, 64, 65, 299, 300] {
            var pieces = mac.begin()
            pieces.update(message.span.extracting(first: cut))
            pieces.update(message.span.extracting(droppingFirst: cut))
            #expect(pieces.finish() == whole)
        }
    }

    @Test("A number is taken in big-endian")
    func number() {
        var (a, b) = (HMACSHA1(key: [1].span).begin(), HMACSHA1(key: [1].span).begin())
        a.update(0x0102_0304)
        b.update([1, 2, 3, 4].span)
        #expect(a.finish() == b.finish())
    }

    @Test("A shortened tag matches by its first bytes, and none by its last or by nothing")
    func shortened() {
        let message = HMACSHA1(key: [1].span).begin()
        func matches(_ tag: some Sequence<UInt8>) -> Bool { message.matches(Array(tag).span) }
        let tag = message.finish()
        for count in 1...20 {
            #expect(matches(tag.prefix(count)))
            var wrong = Array(tag.prefix(count))
            wrong[count - 1] ^= 1
            #expect(!matches(wrong))
        }
        #expect(!matches([]))
        #expect(!matches(tag + [0]))
    }

    @Test("A tag is written where it is wanted and nowhere else")
    func written() {
        let message = HMACSHA1(key: [1].span).begin()
        var target = [UInt8](repeating: 0xEE, count: 16)
        var span = target.mutableSpan
        message.finish(into: &span, at: 3, count: 10)
        #expect(target == [0xEE, 0xEE, 0xEE] + message.finish().prefix(10) + [0xEE, 0xEE, 0xEE])
    }
}
