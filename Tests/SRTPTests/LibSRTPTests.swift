// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCrypto
import SwiftletSRTP
import SwiftletWire
import Testing

@Suite("Agreement with libsrtp2, byte for byte", .serialized)
struct LibSRTPTests {
    /// A packet of any shape: sources, an extension, a payload in two pieces, padding.
    private struct Packet {
        var header: [UInt8]
        var prefix: [UInt8]
        var body: [UInt8]
        var padding: Int

        var plain: [UInt8] {
            let end = padding > 0 ? [UInt8](repeating: 0, count: padding - 1) + [UInt8(padding)] : []
            return header + prefix + body + end
        }

        init(ssrc: UInt32, sequence: UInt16, using random: inout SeededRandom) {
            func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) } }
            padding = Bool.random(using: &random) ? Int.random(in: 1...255, using: &random) : 0
            header = SRTPTests.header(ssrc: ssrc, sequence: sequence, padded: padding > 0)
            let sources = Int.random(in: 0...15, using: &random)
            header[0] |= UInt8(sources)
            header += bytes(4 * sources)
            if Bool.random(using: &random) {
                let words = Int.random(in: 0...6, using: &random)
                header[0] |= 0x10
                header += [0xBE, 0xDE, 0, UInt8(words)] + bytes(4 * words)
            }
            prefix = Bool.random(using: &random) ? bytes(Int.random(in: 1...20, using: &random)) : []
            body = bytes(Int.random(in: 0...1300, using: &random))
        }
    }

    @Test("What we seal is what libsrtp seals, and libsrtp opens it", arguments: SRTPProfile.allCases)
    func sealing(profile: SRTPProfile) throws {
        let keys = SRTPKeyingMaterial.seeded(profile)
        let sender = try SRTPSender(keys)
        let theirs = try #require(LibSRTP(profile, key: keys.localKey, salt: keys.localSalt, sends: true))
        let reader = try #require(LibSRTP(profile, key: keys.localKey, salt: keys.localSalt, sends: false))
        var random = SeededRandom(seed: 5)
        for count in 0..<600 {
            // Some 130,000 packets per stream, so that two rollovers pass.
            let index = UInt64(1000 + count * 220)
            let packet = Packet(
                ssrc: 7 + UInt32(count % 3),
                sequence: UInt16(truncatingIfNeeded: index),
                using: &random
            )
            let sealed = sender.sealed(
                packet.header,
                prefix: packet.prefix,
                body: packet.body,
                padding: packet.padding,
                index: index
            )
            #expect(sealed == theirs.protect(packet.plain))
            #expect(reader.unprotect(sealed) == packet.plain)
        }
    }

    @Test("We open what libsrtp seals", arguments: SRTPProfile.allCases)
    func opening(profile: SRTPProfile) throws {
        let keys = SRTPKeyingMaterial.seeded(profile)
        let receiver = try SRTPReceiver(keys)
        let theirs = try #require(LibSRTP(profile, key: keys.remoteKey, salt: keys.remoteSalt, sends: true))
        var random = SeededRandom(seed: 6)
        for count in 0..<600 {
            let index = UInt64(1000 + count * 220)
            let ssrc = 7 + UInt32(count % 3)
            let packet = Packet(ssrc: ssrc, sequence: UInt16(truncatingIfNeeded: index), using: &random)
            let sealed = try #require(theirs.protect(packet.plain))
            let (plain, opened) = try receiver.opened(sealed)
            #expect(plain == packet.plain)
            #expect(opened == SRTPOpened(length: packet.plain.count, ssrc: ssrc, index: index))
        }
    }

    @Test(
        "RTCP sealed by either opens at the other, and equal indices give equal bytes",
        arguments: SRTPProfile.allCases
    )
    func rtcp(profile: SRTPProfile) throws {
        let keys = SRTPKeyingMaterial.seeded(profile)
        let sender = try SRTPSender(keys)
        let receiver = try SRTPReceiver(keys.reversed)
        let theirs = try #require(LibSRTP(profile, key: keys.localKey, salt: keys.localSalt, sends: true))
        let reader = try #require(LibSRTP(profile, key: keys.localKey, salt: keys.localSalt, sends: false))
        var random = SeededRandom(seed: 7)
        let first: [UInt8] = [0x80, 201, 0, 1, 0, 0, 0, 9]
        // Ours begins at index 0, as RFC 3711 §3.4 says; libsrtp's at 1.
        #expect(reader.unprotectRTCP(sender.sealedRTCP(first)) == first)
        for count in 0..<300 {
            let words = UInt8.random(in: 1...200, using: &random)
            let packet =
                [0x80, 201, 0, words, 0, 0, 0, 9]
                + (4..<Int(words) * 4).map { _ in UInt8.random(in: 0...255, using: &random) }
            let sealed = sender.sealedRTCP(packet)
            #expect(sealed == theirs.protectRTCP(packet))
            #expect(reader.unprotectRTCP(sealed) == packet)
            let (plain, opened) = try receiver.openedRTCP(sealed)
            #expect(plain == packet)
            #expect(opened == SRTPOpened(length: packet.count, ssrc: 9, index: UInt64(count + 1)))
        }
    }
}
