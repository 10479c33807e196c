// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCrypto
import SwiftletWire
import Testing

@Suite("AES-GCM, RFC 5116 §5.1")
struct AESGCMTests {
    /// The packet of test cases 4 and 16 of McGrew and Viega, "The Galois/Counter Mode of Operation", Appendix B.
    private static let plain = hex(
        """
        d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72\
        1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39
        """
    )
    private static let header = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    private static let key = hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308")
    private static let vectors: [(Int, String, String)] = [
        (
            16,
            """
            42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e\
            21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091
            """, "5bc94fbc3221a5db94fae95ae7121a47"
        ),
        (
            32,
            """
            522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa\
            8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662
            """, "76fc6ece0f4e1768cddf8853bb2d551b"
        ),
    ]

    @Test("Sealing gives the vectors, whole and in pieces", arguments: vectors)
    func sealing(keyLength: Int, sealed: String, tag: String) throws {
        guard let cipher = AESGCM(key: Self.key.span.extracting(first: keyLength), direction: .sealing) else {
            throw NoCipher()
        }
        for cut in [0, 2, 16, 31, 60] {
            var packet = [UInt8](repeating: 0, count: 76)
            var target = packet.mutableSpan
            var isDone =
                cipher.begin(0xCAFE_BABE_FACE_DBAD, 0xDECA_F888)
                && cipher.authenticate(Self.header.span.extracting(first: 12))
                && cipher.authenticate(Self.header.span.extracting(droppingFirst: 12))
                && cipher.apply(to: Self.plain.span.extracting(first: cut), into: &target, at: 0)
            target.store(Self.plain.span.extracting(droppingFirst: cut), at: cut)
            isDone = isDone && cipher.apply(in: &target, cut..<60) && cipher.finish(into: &target, at: 60)
            #expect(isDone)
            #expect(packet == hex(sealed) + hex(tag))
        }
    }

    @Test("Opening gives the plain bytes back, and only with the right tag", arguments: vectors)
    func opening(keyLength: Int, sealed: String, tag: String) throws {
        guard let cipher = AESGCM(key: Self.key.span.extracting(first: keyLength), direction: .opening) else {
            throw NoCipher()
        }
        for bit in 0...128 {
            var packet = hex(sealed)
            var target = packet.mutableSpan
            var tag = hex(tag)
            if bit < 128 { tag[bit / 8] ^= 1 << (bit % 8) }
            let isDone =
                cipher.begin(0xCAFE_BABE_FACE_DBAD, 0xDECA_F888) && cipher.authenticate(Self.header.span)
                && cipher.apply(in: &target, 0..<60)
            #expect(isDone)
            let isAuthentic = cipher.verify(tag.span)
            #expect(isAuthentic == (bit == 128))
            #expect(packet == Self.plain)
        }
    }

    @Test("A shortened tag is no tag", arguments: [0, 8, 15])
    func shortened(count: Int) throws {
        guard let cipher = AESGCM(key: Self.key.span, direction: .opening) else { throw NoCipher() }
        let isAuthentic = cipher.begin(0, 0) && cipher.verify([UInt8](repeating: 0, count: count).span)
        #expect(!isAuthentic)
    }

    @Test("Keys of other lengths make no cipher", arguments: [0, 15, 24, 33])
    func keyLengths(count: Int) {
        let isMade = AESGCM(key: [UInt8](repeating: 0, count: count).span, direction: .sealing) != nil
        #expect(!isMade)
    }
}
