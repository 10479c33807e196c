// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCrypto
import Testing

@Suite("SRTP profiles and their keys, RFC 5764 §4")
struct SRTPKeyingMaterialTests {
    @Test("The exporter's bytes are client key, server key, client salt, server salt", arguments: SRTPProfile.allCases)
    func cutting(profile: SRTPProfile) throws {
        let (key, salt) = (profile.keyLength, profile.saltLength)
        let parts = [(1, key), (2, key), (3, salt), (4, salt)].map { [UInt8](repeating: UInt8($0.0), count: $0.1) }
        let exported = parts.flatMap(\.self)
        func material(_ bytes: [UInt8], isClient: Bool) -> SRTPKeyingMaterial? {
            SRTPKeyingMaterial(profile: profile, exported: bytes.span, isClient: isClient)
        }
        let client = try #require(material(exported, isClient: true))
        #expect(
            client
                == SRTPKeyingMaterial(
                    profile: profile,
                    localKey: parts[0],
                    localSalt: parts[2],
                    remoteKey: parts[1],
                    remoteSalt: parts[3]
                )
        )
        #expect(material(exported, isClient: false) == client.reversed)
        #expect(material(exported + [0], isClient: true) == nil)
        #expect(material([], isClient: true) == nil)
    }

    @Test("The profiles have their registered numbers and are preferred by speed")
    func numbers() {
        #expect(SRTPProfile.preferenceOrder.map(\.rawValue) == [7, 8, 1, 2])
        #expect(SRTPProfile.preferenceOrder.map(SRTPKeyingMaterial.exportedLength) == [56, 88, 60, 60])
    }
}
