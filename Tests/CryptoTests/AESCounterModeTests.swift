// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCrypto
import SwiftletWire
import Testing

@Suite("AES in counter mode, RFC 3711 §4.1.1")
struct AESCounterModeTests {
    private static let key = hex("2B7E151628AED2A6ABF7158809CF4F3C")

    @Test("The keystream is that of RFC 3711 B.2, at its start and after 65,280 blocks")
    func keystream() throws {
        guard let cipher = AESCounterMode(key: Self.key.span) else { throw NoCipher() }
        let zeros = [UInt8](repeating: 0, count: 0xFF02 * 16)
        var stream = zeros
        var target = stream.mutableSpan
        let isDone =
            cipher.begin(0xF0F1_F2F3_F4F5_F6F7, 0xF8F9_FAFB_FCFD_0000)
            && cipher.apply(to: zeros.span, into: &target, at: 0)
        #expect(isDone)
        #expect(
            stream.prefix(48)
                == hex(
                    "e03ead0935c95e80e166b16dd92b4eb4d23513162b02d0f72a43a2fe4a5f97ab41e95b3bb0a2e8dd477901e4fca894c0"
                )[...]
        )
        #expect(
            stream.suffix(48)
                == hex(
                    "ec8cdf7398607cb0f2d21675ea9ea1e4362b7c3c6773516318a077d7fc5073ae6a2cc3787889374fbeb4c81b17ba6c44"
                )[...]
        )
    }

    @Test("AES-256 gives the keystream of RFC 6188 §7.1")
    func longKey() throws {
        let key = hex("57f82fe3613fd170a85ec93c40b1f0922ec4cb0dc025b58272147cc438944a98")
        guard let cipher = AESCounterMode(key: key.span) else { throw NoCipher() }
        var stream = [UInt8](repeating: 0, count: 32)
        var target = stream.mutableSpan
        let isDone =
            cipher.begin(0xF0F1_F2F3_F4F5_F6F7, 0xF8F9_FAFB_FCFD_0000) && cipher.apply(in: &target, 0..<32)
        #expect(isDone)
        #expect(stream == hex("92bdd28a93c3f52511c677d08b5515a49da71b2378a854f67050756ded165bac"))
    }

    @Test("Pieces, in place or not, make the same stream as the whole")
    func pieces() throws {
        guard let cipher = AESCounterMode(key: Self.key.span) else { throw NoCipher() }
        let plain = (0..<200).map { UInt8($0) }
        var whole = plain
        var target = whole.mutableSpan
        var isDone = cipher.begin(1, 2) && cipher.apply(in: &target, 0..<200)
        #expect(isDone)
        for cut in [0, 1, 2, 15, 16, 17, 199, 200] {
            var pieces = plain
            var target = pieces.mutableSpan
            isDone =
                cipher.begin(1, 2) && cipher.apply(to: plain.span.extracting(first: cut), into: &target, at: 0)
                && cipher.apply(in: &target, cut..<200)
            #expect(isDone)
            #expect(pieces == whole)
        }
    }

    @Test("Keys of other lengths make no cipher", arguments: [0, 15, 17, 24, 33])
    func keyLengths(count: Int) {
        let isMade = AESCounterMode(key: [UInt8](repeating: 0, count: count).span) != nil
        #expect(!isMade)
    }
}
