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

    /// Every vector with every library that can be had here.
    private static let cases = AESGCM.Library.allCases.filter(\.isAvailable).flatMap { library in
        vectors.map { Case(library: library, keyLength: $0.0, sealed: hex($0.1), tag: hex($0.2)) }
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var library: AESGCM.Library
        var keyLength: Int
        var sealed: [UInt8]
        var tag: [UInt8]
        var testDescription: String { "\(library), \(keyLength * 8) bits" }
    }

    private static let nonce = (UInt64(0xCAFE_BABE_FACE_DBAD), UInt32(0xDECA_F888))

    @Test("Sealing gives the vectors, from elsewhere and in place", arguments: cases)
    func sealing(_ vector: Case) throws {
        let key = Self.key.span.extracting(first: vector.keyLength)
        guard let cipher = AESGCM(key: key, direction: .sealing, library: vector.library) else { throw NoCipher() }
        let nonce = AESGCM.Nonce(Self.nonce.0, Self.nonce.1)
        let expected = Self.header + vector.sealed + vector.tag
        var packet = Self.header + [UInt8](repeating: 0, count: 76)
        var target = packet.mutableSpan
        #expect(cipher.seal(nonce, header: 0..<20, from: Self.plain.span, into: &target, at: 20))
        #expect(packet == expected)

        packet = Self.header + Self.plain + [UInt8](repeating: 0, count: 16)
        target = packet.mutableSpan
        #expect(cipher.seal(nonce, header: 0..<20, body: 20..<80, in: &target))
        #expect(packet == expected)

        packet = Self.header + Self.plain + [UInt8](repeating: 0, count: 16)
        target = packet.mutableSpan
        #expect(cipher.seal(nonce, header: Self.header.span, body: 20..<80, in: &target))
        #expect(packet == expected)
    }

    @Test("Opening gives the plain bytes back, and only with the right tag", arguments: cases)
    func opening(_ vector: Case) throws {
        let key = Self.key.span.extracting(first: vector.keyLength)
        guard let cipher = AESGCM(key: key, direction: .opening, library: vector.library) else { throw NoCipher() }
        let nonce = AESGCM.Nonce(Self.nonce.0, Self.nonce.1)
        for bit in 0...128 {
            var tag = vector.tag
            if bit < 128 { tag[bit / 8] ^= 1 << (bit % 8) }
            var packet = Self.header + vector.sealed + tag
            let sealed = packet
            var target = packet.mutableSpan
            let isAuthentic = cipher.open(nonce, header: 0..<20, body: 20..<80, in: &target)
            #expect(isAuthentic == (bit == 128))
            #expect(packet == Self.header + Self.plain + tag)
            // A second time brings the sealed bytes back, whatever the tag says then.
            target = packet.mutableSpan
            _ = cipher.open(nonce, header: Self.header.span, body: 20..<80, in: &target)
            #expect(packet == sealed)
        }
    }

    @Test("A changed header is not authentic", arguments: cases)
    func changedHeader(_ vector: Case) throws {
        let key = Self.key.span.extracting(first: vector.keyLength)
        guard let cipher = AESGCM(key: key, direction: .opening, library: vector.library) else { throw NoCipher() }
        for index in 0..<20 {
            var packet = Self.header + vector.sealed + vector.tag
            packet[index] ^= 1
            var target = packet.mutableSpan
            let nonce = AESGCM.Nonce(Self.nonce.0, Self.nonce.1)
            #expect(!cipher.open(nonce, header: 0..<20, body: 20..<80, in: &target))
        }
    }

    @Test("Both libraries seal alike, whatever the lengths", .enabled(if: AESGCM.Library.multiBuffer.isAvailable))
    func alike() throws {
        var random = SeededRandom(seed: 7)
        for length in Array(0...300) + [1_199, 1_200, 1_460, 4_096] {
            let key = (0..<(length % 2 == 0 ? 16 : 32)).map { _ in UInt8.random(in: 0...255, using: &random) }
            let plain = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
            let headerLength = 12 + length % 64
            let header = (0..<headerLength).map { _ in UInt8.random(in: 0...255, using: &random) }
            let nonce = AESGCM.Nonce(random.next(), UInt32(length))
            var packets: [[UInt8]] = []
            for library in AESGCM.Library.allCases {
                guard let cipher = AESGCM(key: key.span, direction: .sealing, library: library) else {
                    throw NoCipher()
                }
                var packet = header + plain + [UInt8](repeating: 0, count: 16)
                var target = packet.mutableSpan
                #expect(
                    cipher.seal(
                        nonce,
                        header: 0..<headerLength,
                        body: headerLength..<headerLength + length,
                        in: &target
                    )
                )
                packets.append(packet)
            }
            let isEqual = packets[0] == packets[1]
            #expect(isEqual, "\(length) bytes")
        }
    }

    @Test("Keys of other lengths make no cipher", arguments: [0, 15, 24, 33])
    func keyLengths(count: Int) {
        for library in AESGCM.Library.allCases {
            let key = [UInt8](repeating: 0, count: count)
            let isMade = AESGCM(key: key.span, direction: .sealing, library: library) != nil
            #expect(!isMade)
        }
    }
}
