// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCrypto
import Testing

@Suite("Digests, FIPS 180-4")
struct DigestTests {
    @Test(
        "The hash of abc is the standard's",
        arguments: [
            (Digest.sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (.sha224, "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"),
            (.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                .sha384,
                "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"
            ),
            (
                .sha512,
                """
                ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
                2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f
                """
            ),
        ] as [(Digest, String)]
    )
    func abc(digest: Digest, expected: String) {
        let hash = digest.hash(Array("abc".utf8).span)
        #expect(hash == hex(expected))
        #expect(hash.count == digest.length)
    }

    @Test("Nothing at all has a hash")
    func empty() {
        let hash = Digest.sha1.hash([UInt8]().span)
        #expect(hash == hex("da39a3ee5e6b4b0d3255bfef95601890afd80709"))
    }

    @Test("Digests go by the names of SDP")
    func names() {
        #expect(Digest(rawValue: "sha-256") == .sha256)
        #expect(Digest.allCases.map(\.rawValue) == ["sha-1", "sha-224", "sha-256", "sha-384", "sha-512"])
    }
}
