// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCrypto
import SwiftletSRTP
import Testing

@Suite("Key derivation, RFC 3711 §4.3")
struct SessionKeysTests {
    @Test("RTP and RTCP keys are those of RFC 3711 B.3")
    func vectors() throws {
        let masterKey = hex("E1F97A0D3E018BE0D64FA32C06DE4139")
        let masterSalt = hex("0EC675AD498AFEEBB6960B3AABE6")
        let rtp = try SessionKeys(profile: .cm80, masterKey: masterKey, masterSalt: masterSalt, purpose: .rtp)
        #expect(rtp.cipherKey == hex("c61e7a93744f39ee10734afe3ff7a087"))
        #expect(rtp.salt == hex("30cbbc08863d8c85d49db34a9ae1"))
        #expect(rtp.authenticationKey == hex("cebe321f6ff7716b6fd4ab49af256a156d38baa4"))
        let rtcp = try SessionKeys(profile: .cm80, masterKey: masterKey, masterSalt: masterSalt, purpose: .rtcp)
        #expect(rtcp.cipherKey == hex("4c1aa45a81f73d61c800bbb00fbb1eaa"))
        #expect(rtcp.salt == hex("9581c7ad87b3e530bf3e4454a8b3"))
        #expect(rtcp.authenticationKey == hex("8d54534feb49ae8e7993a6bd0b844fc323a93dfd"))
    }

    @Test("Keys of 256 bits are those of RFC 6188 §7.2")
    func longVectors() {
        let key = hex("f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6")
        let salt = hex("3b04803de51ee7c96423ab5b78d2")
        #expect(
            SessionKeys.derive(0, 32, key, salt)
                == hex("5ba1064e30ec51613cad926c5a28ef731ec7fb397f70a960653caf06554cd8c4")
        )
        #expect(SessionKeys.derive(1, 20, key, salt) == hex("fd9c32d39ed5fbb5a9dc96b30818454d1313dc05"))
        #expect(SessionKeys.derive(2, 14, key, salt) == hex("fa31791685ca444a9e07c6c64e93"))
    }

    @Test("Keys and salts of other lengths are refused", arguments: SRTPProfile.allCases)
    func lengths(profile: SRTPProfile) {
        let (key, salt) = (profile.keyLength, profile.saltLength)
        for (keyLength, saltLength) in [
            (0, salt), (key - 1, salt), (key + 1, salt), (key, 0), (key, salt + 2), (key, 99),
        ] {
            let bytes = [UInt8](repeating: 1, count: keyLength)
            let salt = [UInt8](repeating: 1, count: saltLength)
            let keys = SRTPKeyingMaterial(
                profile: profile,
                localKey: bytes,
                localSalt: salt,
                remoteKey: bytes,
                remoteSalt: salt
            )
            #expect(throws: SRTPError.invalidKeys) { try SRTPSender(keys) }
            #expect(throws: SRTPError.invalidKeys) { try SRTPReceiver(keys) }
        }
    }
}
