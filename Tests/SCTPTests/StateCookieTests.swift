// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCrypto
import SwiftletSCTP
import SwiftletWire
import Testing

@Suite("State cookies, RFC 9260 §5.1.3")
struct StateCookieTests {
    private let key = HMACSHA1(key: ([1, 2, 3] as [UInt8]).span)
    private let now = Instant(nanoseconds: 5_000_000_000)

    private var cookie: StateCookie {
        let peer = InitChunk(
            initiateTag: 0x0102_0304,
            advertisedWindow: 131_072,
            outgoingStreams: 1024,
            incomingStreams: 65_535,
            initialTSN: 0xFFFF_FFFE,
            capabilities: [.interleaving, .zeroChecksum]
        )
        return StateCookie(
            created: now,
            localTag: 0x0506_0708,
            localInitialTSN: 9,
            peer: peer,
            localTieTag: 0xA0A1_A2A3,
            peerTieTag: 0xB0B1_B2B3
        )
    }

    private func open(_ bytes: [UInt8], key: HMACSHA1? = nil, after age: Duration = .zero) -> StateCookie.Opening {
        StateCookie.open(bytes.span, key: key ?? self.key, now: now + age, lifetime: .seconds(60))
    }

    @Test("A cookie opens to what was put in")
    func roundTrip() {
        let bytes = cookie.sealed(with: key)
        #expect(bytes.count == StateCookie.length)
        #expect(open(bytes) == .valid(cookie))
    }

    @Test("It is good for its lifetime, and says by how much it is over")
    func lifetime() {
        let bytes = cookie.sealed(with: key)
        #expect(open(bytes, after: .seconds(60)) == .valid(cookie))
        #expect(open(bytes, after: .milliseconds(60_250)) == .stale(cookie, by: .milliseconds(250)))
    }

    @Test("Any change is found, and so is another's key")
    func forged() {
        let bytes = cookie.sealed(with: key)
        for bit in 0..<bytes.count * 8 {
            var changed = bytes
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(open(changed) == .forged)
        }
        #expect(open(bytes, key: HMACSHA1(key: ([1, 2] as [UInt8]).span)) == .forged)
    }

    @Test("One of another length is not ours")
    func lengths() {
        let bytes = cookie.sealed(with: key)
        for count in 0..<bytes.count { #expect(open(Array(bytes.prefix(count))) == .forged) }
        #expect(open(bytes + [0]) == .forged)
    }
}
