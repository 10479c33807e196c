// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SCTPLink
import SwiftletSCTP
import SwiftletWire
import Testing

@Suite("Zero in place of the checksum, RFC 9653")
struct ZeroChecksumTests {
    private func pair(_ a: Bool, _ b: Bool) -> SCTPPair {
        var (first, second) = (SCTPConfiguration(), SCTPConfiguration())
        (first.offersZeroChecksum, second.offersZeroChecksum) = (a, b)
        return SCTPPair(first, second, PathConditions(delay: .milliseconds(10)))
    }

    private let message = SCTPMessage(stream: 0, payloadProtocol: .binary, payload: [1, 2, 3])

    @Test(
        "Each side leaves it out only if the other said that it takes that",
        arguments: [true, false],
        [true, false]
    )
    func directional(a: Bool, b: Bool) throws {
        let pair = pair(a, b)
        var seen: [[Bool]] = [[], []]
        pair.filter = { side, packet in
            let isZero = packet[8..<12].allSatisfy { $0 == 0 }
            if [1, 2, 10].contains(packet[12]) {
                #expect(!isZero, "INIT, INIT ACK and COOKIE ECHO always have one")
            } else {
                seen[side.rawValue].append(isZero)
            }
            return true
        }
        #expect(pair.connect())
        _ = try pair.a.send(message, now: pair.now)
        _ = try pair.b.send(message, now: pair.now)
        pair.run(for: .seconds(1))
        #expect(pair.messages(.a) == [message] && pair.messages(.b) == [message])
        #expect(pair.a.negotiated?.zeroChecksum == b && pair.b.negotiated?.zeroChecksum == a)
        #expect(!seen[0].isEmpty && seen[0].allSatisfy { $0 == b })
        #expect(!seen[1].isEmpty && seen[1].allSatisfy { $0 == a })
        #expect(pair.a.counters.checksumErrors == 0 && pair.b.counters.checksumErrors == 0)
    }

    @Test("Who did not say so drops packets without, and all drop those with a wrong one")
    func wrongOnes() throws {
        for offers in [true, false] {
            let pair = pair(true, offers)
            #expect(pair.connect())
            var packets: [[UInt8]] = []
            pair.filter = { side, packet in
                if side == .a { packets.append(packet) }
                return false
            }
            _ = try pair.a.send(message, now: pair.now)
            pair.settle()
            var packet = Packets.sealed(try #require(packets.last))
            packet[9] ^= 1
            pair.deliver(packet, to: .b)
            #expect(pair.messages(.b).isEmpty && pair.b.counters.checksumErrors == 1)
            for index in 8..<12 { packet[index] = 0 }
            pair.deliver(packet, to: .b)
            pair.settle()
            #expect(pair.messages(.b).count == (offers ? 1 : 0))
            #expect(pair.b.counters.checksumErrors == (offers ? 1 : 2))
            pair.deliver(Packets.sealed(packet), to: .b)
            pair.settle()
            #expect(pair.messages(.b).count == 1)
        }
    }

    @Test("INIT and COOKIE ECHO without one are dropped")
    func handshake() throws {
        let pair = pair(true, true)
        pair.filter = { side, packet in
            guard side == .a, [1, 10].contains(packet[12]) else { return true }
            var bare = packet
            for index in 8..<12 { bare[index] = 0 }
            pair.deliver(bare, to: .b)
            return packet[12] == 1
        }
        pair.a.connect(now: pair.now)
        pair.run(for: .milliseconds(100))
        #expect(pair.b.state == .new)
        #expect(pair.b.counters.checksumErrors == 2)
    }
}
