// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletDTLS
import SwiftletWire
import Testing

@Suite("Fragmented and joined DTLS records, RFC 6347 §4.2.3")
struct FragmentTests {
    @Test("A ClientHello cut in two completes, in either order and doubled", arguments: 0..<4, [1, 60, 113])
    func fragmentedHello(order: Int, cut: Int) throws {
        let link = try VirtualLink()
        link.tamper = { side, datagram in
            guard side == .client, datagram[0] == 22 else { return [datagram] }
            guard datagram[13] == 1 else { return [renumber(datagram)] }
            let parts = refragment(datagram, into: [0..<cut, cut..<datagram.count - 25])
            return switch order {
            case 0: parts
            case 1: parts.reversed()
            case 2: parts + parts
            default: parts.reversed() + parts
            }
        }
        link.handshake()
        #expect(link.isConnected)
        #expect(link.record(of: .client).completedAt == link.start + .milliseconds(20))
    }

    @Test("A retransmitted ClientHello may be cut elsewhere, and its parts may overlap")
    func otherBoundaries() throws {
        let link = try VirtualLink()
        var hellos = 0
        link.tamper = { side, datagram in
            guard side == .client, datagram[0] == 22 else { return [datagram] }
            guard datagram[13] == 1 else { return [renumber(datagram)] }
            hellos += 1
            let end = datagram.count - 25
            if hellos == 1 { return Array(refragment(datagram, into: [0..<70, 70..<end]).prefix(1)) }
            return refragment(datagram, into: [40..<90, 60..<end], firstRecordNumber: 10)
        }
        link.handshake()
        #expect(link.isConnected)
        #expect(hellos == 2)
    }

    @Test("A DTLS 1.3 hello with a post-quantum key share, in two datagrams swapped and doubled, is answered with 1.2")
    func postQuantumHello() throws {
        let link = try VirtualLink()
        link[.server].start(now: link.start)
        let parts = refragment(Self.browserHello(), into: [0..<1100, 1100..<Self.browserHello().count - 25])
        #expect(parts.allSatisfy { $0.count < 1200 })
        for part in [parts[1], parts[1], parts[0], parts[0]] { link.deliver(part, to: .server) }
        let flight = link.record(of: .server).sent
        let first = try #require(flight.first).datagram
        #expect(first[0] == 22 && first[13] == 2, "a ServerHello")
        #expect(first[25] == 0xFE && first[26] == 0xFD, "of version 1.2")
        #expect(flight.count == 1 || flight.allSatisfy { $0.datagram.count <= 1200 })
    }

    @Test("The server takes GCM-128 from a list in the order of Chromium's hello")
    func answersUseSRTP() throws {
        let link = try VirtualLink()
        link[.server].start(now: link.start)
        link.deliver(Self.browserHello(), to: .server)
        let flight = try #require(link.record(of: .server).sent.first).datagram
        // use_srtp of the ServerHello: type 14, 5 bytes, one profile of 2 bytes, no MKI, RFC 5764 §4.1.1.
        let answer: [UInt8] = [0, 14, 0, 5, 0, 2, 0, 7, 0]
        #expect(flight.indices.contains { flight[$0...].starts(with: answer) })
    }

    @Test("Several records in one datagram are all read")
    func joinedRecords() throws {
        let link = try VirtualLink()
        link.handshake()
        for message in [[1], [2, 2], [3, 3, 3]] as [[UInt8]] { #expect(link.send(message, from: .client)) }
        let datagrams = link.record(of: .client).sent.suffix(3).map(\.datagram)
        link.deliver(datagrams.flatMap { $0 }, to: .server)
        #expect(link.record(of: .server).messages == [[1], [2, 2], [3, 3, 3]])
    }

    @Test(
        "A whole flight cut into a datagram for each record, or joined into one, completes",
        arguments: [true, false]
    )
    func flights(isJoined: Bool) throws {
        let link = try VirtualLink()
        var held: [Side: [UInt8]] = [:]
        link.tamper = { side, datagram in
            guard isJoined else { return recordsOf(datagram) }
            // Joins each datagram to all before it: what is old must do no harm.
            held[side, default: []] += datagram
            return [held[side, default: []]]
        }
        link.handshake()
        #expect(link.isConnected)
        #expect(link.record(of: .client).completedAt == link.start + .milliseconds(20))
    }

    @Test("The records of a flight may arrive in any order", arguments: 1...20 as ClosedRange<UInt64>)
    func shuffledRecords(seed: UInt64) throws {
        let link = try VirtualLink()
        var random = SeededRandom(seed: seed)
        link.tamper = { _, datagram in recordsOf(datagram).shuffled(using: &random) }
        link.handshake()
        #expect(link.isConnected)
        #expect(link.record(of: .client).completedAt == link.start + .milliseconds(20))
    }

    @Test("A repeated flight leaves in one datagram where it fits, as the first time")
    func joinedRepetition() throws {
        let link = try VirtualLink()
        link.tamper = { side, datagram in side == .client && datagram[0] == 22 && datagram[13] == 11 ? [] : [datagram] }
        link.handshake(within: .seconds(2))
        for side in Side.allCases {
            let sent = link.record(of: side).sent
            #expect(sent.count > 3)
            #expect(Set(sent.map(\.at)).count == sent.count, "never two at once")
        }
    }

    @Test("A truncated record is dropped and spoils nothing after it")
    func truncated() throws {
        let link = try VirtualLink()
        link.handshake()
        for message in [[1], [2], [3]] as [[UInt8]] { #expect(link.send(message, from: .client)) }
        let sent = link.record(of: .client).sent.suffix(3).map(\.datagram)
        link.deliver(Array(sent[0].dropLast()), to: .server)
        link.deliver(sent[1] + sent[0].dropLast(), to: .server)
        link.deliver(Array(sent[0].prefix(12)), to: .server)
        link.deliver(sent[2], to: .server)
        #expect(link.record(of: .server).messages == [[2], [3]])
    }

    /// A hello as browsers send since DTLS 1.3, some 1,400 bytes, in one record.
    private static func browserHello() -> [UInt8] {
        var hello = ByteWriter()
        hello.write(0xFEFD as UInt16)
        hello.write([UInt8](repeating: 0xA5, count: 32))
        hello.write([0, 0] as [UInt8])  // no session, no cookie
        let suites: [UInt16] = [0x1301, 0x1303, 0xC02B, 0xC02F, 0xCCA9, 0xC009, 0xC013]
        hello.write(UInt16(suites.count * 2))
        for suite in suites { hello.write(suite) }
        hello.write([1, 0] as [UInt8])
        var extensions = ByteWriter()
        func add(_ type: UInt16, _ body: [UInt8]) {
            extensions.write(type)
            extensions.write(UInt16(body.count))
            extensions.write(body)
        }
        add(0x0017, [])  // extended_master_secret
        add(0xFF01, [0])  // renegotiation_info
        add(0x000A, [0, 8, 0x11, 0xEC, 0, 29, 0, 23, 0, 24])  // X25519MLKEM768, X25519, P-256, P-384
        add(0x000B, [1, 0])
        add(0x000D, [0, 8, 4, 3, 8, 4, 4, 1, 5, 3])
        add(0x000E, [0, 6, 0, 1, 0, 8, 0, 7, 0])  // use_srtp in Chromium's order
        add(0x002B, [4, 0xFE, 0xFC, 0xFE, 0xFD])  // supported_versions: 1.3, 1.2
        let shares: [UInt8] = [0x11, 0xEC, 4, 0xC0] + [UInt8](repeating: 7, count: 1216) + [0, 29, 0, 32]
        add(0x0033, [4, 0xE8] + shares + [UInt8](repeating: 9, count: 32))
        hello.write(UInt16(extensions.count))
        hello.write(extensions.bytes)
        var record = ByteWriter()
        record.write([22, 0xFE, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0] as [UInt8])
        record.write(UInt16(hello.count + 12))
        record.write(1 as UInt8)
        record.write24(UInt32(hello.count))
        record.write([0, 0, 0, 0, 0] as [UInt8])
        record.write24(UInt32(hello.count))
        record.write(hello.bytes)
        return record.bytes
    }
}
