// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCrypto
import SwiftletSRTP
import SwiftletWire
import Testing

@Suite("Whole packets of RFC 7714 and of libsrtp's driver")
struct VectorTests {
    private static let rtp = hex(
        """
        8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e697320646976\
        69736120696e207061727465732074726573
        """
    )
    private static let rtcp = hex(
        """
        81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61\
        deadbeefdeadbeefdeadbeefdeadbeefdeadbeef
        """
    )
    /// Of RFC 7714 §16.1.1, §16.2.1, §17.1 and §17.2: profile, SRTP packet, SRTCP packet.
    private static let aead: [(SRTPProfile, String, String)] = [
        (
            .gcm128,
            """
            8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd5\
            0d294e6f42a5f47a51c7d19b36de3adf8833899d7f27beb16a9152cf765ee4390cce
            """,
            """
            81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32d\
            c676a5f1730d6fda4ce09b4686303ded0bb9275bc84aa45896cf4d2fc5abf872\
            45d9eade800005d4
            """
        ),
        (
            .gcm256,
            """
            8040f17b8041f8d35501a0b232b1de78a822fe12ef9f78fa332e33aab1801238\
            9a58e2f3b50b2a0276ffae0f1ba63799b87b7aa3db36dfffd6b0f9bb7878d7a76c13
            """,
            """
            81c8000d4d617273d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50\
            a2eaa5c1110555be8415f658c61de0476f1b6fad1d1eb30c4446839f57ff6f6c\
            b26ac3be800005d4
            """
        ),
    ]

    private static func keys(_ profile: SRTPProfile) -> SessionKeys {
        SessionKeys(
            cipherKey: (0..<profile.keyLength).map { UInt8($0) },
            salt: Array("Quid pro quo".utf8)
        )
    }

    @Test("RFC 7714 §16: RTP is sealed and opened as printed", arguments: aead)
    func aeadRTP(profile: SRTPProfile, srtp: String, srtcp: String) throws {
        let keys = Self.keys(profile)
        let sender = try SRTPSender(profile: profile, rtp: keys, rtcp: keys)
        let receiver = try SRTPReceiver(profile: profile, rtp: keys, rtcp: keys)
        let body = Array(Self.rtp.dropFirst(12))
        let sealed = sender.sealed(
            Array(Self.rtp.prefix(12)),
            prefix: Array(body.prefix(5)),
            body: Array(body.dropFirst(5))
        )
        #expect(sealed == hex(srtp))
        let (plain, opened) = try receiver.opened(sealed)
        #expect(plain == Self.rtp)
        #expect(opened == SRTPOpened(length: 50, ssrc: 0x5501_A0B2, index: 0xF17B))
    }

    @Test("RFC 7714 §17: RTCP is sealed and opened as printed", arguments: aead)
    func aeadRTCP(profile: SRTPProfile, srtp: String, srtcp: String) throws {
        let keys = Self.keys(profile)
        let sender = try SRTPSender(profile: profile, rtp: keys, rtcp: keys)
        let receiver = try SRTPReceiver(profile: profile, rtp: keys, rtcp: keys)
        for _ in 0..<0x5D4 { _ = sender.sealedRTCP(Self.rtcp) }
        #expect(sender.sealedRTCP(Self.rtcp) == hex(srtcp))
        let (plain, opened) = try receiver.openedRTCP(hex(srtcp))
        #expect(plain == Self.rtcp)
        #expect(opened == SRTPOpened(length: 52, ssrc: 0x4D61_7273, index: 0x5D4))
    }

    @Test(
        "RFC 7714 §17.3, §17.4: RTCP that is authentic but not encrypted is refused",
        arguments: [
            (SRTPProfile.gcm128, "841dd9683dd78ec92ae58790125f62b3000005d4"),
            (.gcm256, "91db4afbfeee5a978fab4393ed2615fe000005d4"),
        ] as [(SRTPProfile, String)]
    )
    func unencrypted(profile: SRTPProfile, trailer: String) throws {
        let keys = Self.keys(profile)
        let receiver = try SRTPReceiver(profile: profile, rtp: keys, rtcp: keys)
        #expect(throws: SRTPError.unencrypted) { try receiver.openedRTCP(Self.rtcp + hex(trailer)) }
    }

    @Test(
        "libsrtp's reference packet comes out the same",
        arguments: [
            (SRTPProfile.cm80, "4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb"),
            (.cm32, "4e55dc4ce79978d88ca4d215949d2402b78d6acc"),
        ] as [(SRTPProfile, String)]
    )
    func counter(profile: SRTPProfile, protected: String) throws {
        let (key, salt) = (hex("E1F97A0D3E018BE0D64FA32C06DE4139"), hex("0EC675AD498AFEEBB6960B3AABE6"))
        let keys = SRTPKeyingMaterial(
            profile: profile,
            localKey: key,
            localSalt: salt,
            remoteKey: key,
            remoteSalt: salt
        )
        let header = hex("800f1234decafbadcafebabe")
        let body = [UInt8](repeating: 0xAB, count: 16)
        let sealed = try SRTPSender(keys).sealed(header, body: body)
        #expect(sealed == header + hex(protected))
        #expect(try SRTPReceiver(keys).opened(sealed).plain == header + body)
    }
}
