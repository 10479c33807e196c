// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire
import Testing

@Suite("Addresses as text, RFC 4291 §2.2 and RFC 5952")
struct SocketAddressTests {
    @Test(
        "Any spelling reads as the canonical one",
        arguments: [
            ("192.0.2.1", "192.0.2.1"), ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"),
            ("::", "::"), ("::1", "::1"), ("2001:DB8::1", "2001:db8::1"), ("2001:db8:0:0:0:0:2:1", "2001:db8::2:1"),
            ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"), ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
            ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("1::", "1::"), ("::ffff:192.0.2.1", "192.0.2.1"),
            ("::ffff:c000:201", "192.0.2.1"), ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
        ]
    )
    func spellings(text: String, canonical: String) throws {
        let address = try #require(SocketAddress(text, port: 7))
        #expect(address.host == canonical)
        #expect(address.port == 7)
        #expect(SocketAddress(canonical, port: 7) == address)
    }

    @Test(
        "What is no address is nil",
        arguments: [
            "", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.-4", "1.2.3.+4", "1..2.3", "a.b.c.d", ":", ":::",
            "1:2:3:4:5:6:7",
            "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::8", "::1::", "12345::", "g::", "::+1", "1.2.3.4::", "fe80::1%eth0",
            "::1.2.3", "[::1]", "٣.1.1.1", "::٣", "localhost",
        ]
    )
    func refused(text: String) {
        #expect(SocketAddress(text, port: 1) == nil)
    }

    @Test("Random IPv6 addresses survive the way through text")
    func roundTrip() throws {
        var random = SeededRandom(seed: 5)
        for _ in 0..<2000 {
            let mask = { (random: inout SeededRandom) in
                (0..<4).reduce(UInt64(0)) { value, _ in
                    value << 16 | (Bool.random(using: &random) ? 0 : UInt64.random(in: 1...0xFFFF, using: &random))
                }
            }
            let address = SocketAddress(ipv6: mask(&random), mask(&random), port: 443)
            #expect(SocketAddress(address.host, port: 443) == address)
        }
    }

    @Test("Kinds of address are told apart; a port can be swapped; the description has brackets for IPv6")
    func kinds() throws {
        let make = { (text: String) in try #require(SocketAddress(text, port: 80)) }
        #expect(try make("127.9.9.9").isLoopback && make("::1").isLoopback && !make("128.0.0.1").isLoopback)
        #expect(try make("169.254.1.1").isLinkLocal && make("febf::1").isLinkLocal && !make("fec0::1").isLinkLocal)
        #expect(try make("::").isUnspecified && make("0.0.0.0").isUnspecified && !make("::1").isUnspecified)
        #expect(try make("2001:db8::1").withPort(9).description == "[2001:db8::1]:9")
        #expect(try make("192.0.2.1").withPort(9).description == "192.0.2.1:9")
        #expect(SocketAddress(ipv6: 0, 0xFFFF_C000_0201, port: 1) == SocketAddress(ipv4: 0xC000_0201, port: 1))
    }
}
