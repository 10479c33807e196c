// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCrypto
import SwiftletDTLS
import SwiftletWire
import Testing

@Suite("DTLS records after the handshake without OpenSSL, RFC 5288 and RFC 6347 §4.1")
struct EstablishedRecordsTests {
    /// Who lets OpenSSL's connection go.
    enum Owner: CaseIterable {
        case client, server, both, none

        func includes(_ side: Side) -> Bool { self == .both || self == (side == .client ? .client : .server) }
    }

    private static func link(_ suite: String, _ owner: Owner) throws -> VirtualLink {
        func context(_ side: Side) throws -> DTLSContext {
            try DTLSContext(
                certificate: .generate(unixSeconds: 1_800_000_000),
                suites: [suite],
                ownsRecords: owner.includes(side)
            )
        }
        return try VirtualLink(client: context(.client), server: context(.server))
    }

    @Test(
        "Agree with OpenSSL's under every suite, whoever of the two lets its connection go",
        arguments: [
            "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305",
            "ECDHE-ECDSA-AES128-SHA",
        ],
        Owner.allCases
    )
    func agreement(suite: String, owner: Owner) throws {
        let link = try Self.link(suite, owner)
        link.handshake()
        #expect(link[.client].cipherName == suite)
        var expected: [[UInt8]] = []
        for length in [1, 15, 16, 17, 1000] {
            expected.append((0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ length) })
            for side in Side.allCases { #expect(link.send(expected[expected.count - 1], from: side)) }
            link.run(for: .milliseconds(20))
        }
        for side in Side.allCases { #expect(link.record(of: side).messages == expected) }
        link.close(owner == .server ? .server : .client)
        link.run(for: .milliseconds(20))
        for side in Side.allCases {
            #expect(link[side].state == .closed)
            #expect(link.record(of: side).sent.last?.datagram[0] == 21)
        }
    }

    @Test("Whoever spoke last in the handshake says it again as often as the peer asks", arguments: Owner.allCases)
    func repeatedFarewell(owner: Owner) throws {
        let link = try Self.link("ECDHE-ECDSA-AES128-GCM-SHA256", owner)
        var lost = 0
        link.tamper = { side, datagram in
            guard side == .server, datagram[0] == 20, lost < 3 else { return [datagram] }
            lost += 1
            return []
        }
        link.handshake()
        #expect(lost == 3)
        #expect(link.isConnected)
        for side in Side.allCases { #expect(link.send([5], from: side)) }
        link.run(for: .milliseconds(20))
        for side in Side.allCases { #expect(link.record(of: side).messages == [[5]]) }
    }

    @Test("A record with any bit changed is dropped, and the true one is still welcome")
    func tampering() throws {
        let link = try Self.link("ECDHE-ECDSA-AES128-GCM-SHA256", .both)
        link.handshake()
        link.tamper = { _, _ in [] }
        #expect(link.send([1, 2, 3], from: .client))
        let record = try #require(link.record(of: .client).sent.last).datagram
        for index in record.indices {
            for bit in 0..<8 {
                var changed = record
                changed[index] ^= 1 << UInt8(bit)
                link.deliver(changed, to: .server)
            }
        }
        for count in 0..<record.count { link.deliver(Array(record.prefix(count)), to: .server) }
        #expect(link.record(of: .server).messages.isEmpty)
        link.deliver(record, to: .server)
        #expect(link.record(of: .server).messages == [[1, 2, 3]])
        #expect(link.isConnected)
    }

    @Test("Each of the newest 64 records is opened once, in any order, and none before them")
    func window() throws {
        let link = try Self.link("ECDHE-ECDSA-AES128-GCM-SHA256", .both)
        link.handshake()
        link.tamper = { _, _ in [] }
        for number in 0..<200 { #expect(link.send([UInt8(number)], from: .server)) }
        let records = link.record(of: .server).sent.suffix(200).map(\.datagram)
        var random = SeededRandom(seed: 3)
        var (newest, opened, expected): (Int, Set<Int>, [[UInt8]]) = (-1, [], [])
        for _ in 0..<3000 {
            let start = max(0, min(newest - 80, 150))
            let number = Int.random(in: start...min(199, newest + 3), using: &random)
            link.deliver(records[number], to: .client)
            if number > newest - 64, opened.insert(number).inserted { expected.append([UInt8(number)]) }
            newest = max(newest, number)
        }
        #expect(newest == 199)
        #expect(link.record(of: .client).messages == expected)
    }

    @Test("No nonce is used twice under a key, OpenSSL's included", arguments: Side.allCases)
    func nonces(side: Side) throws {
        let link = try Self.link("ECDHE-ECDSA-AES128-GCM-SHA256", .both)
        link.handshake()
        for number in 0..<50 { #expect(link.send([UInt8(number)], from: side)) }
        link.close(side)
        let records = link.record(of: side).sent.flatMap { recordsOf($0.datagram) }.filter { $0[4] == 1 }
        #expect(records.count == 52, "a Finished, the messages and a farewell")
        #expect(Set(records.map { Array($0[13..<21]) }).count == records.count)
        #expect(Set(records.map { Array($0[3..<11]) }).count == records.count)
    }
}
