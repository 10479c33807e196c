// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SCTPLink
import SwiftletSCTP
import SwiftletWire
import Testing

@Suite("A peer that breaks the rules")
struct HostilePeerTests {
    /// A connected pair, with the tag that packets to b carry; a's first TSN is 1000, b's 5000.
    private func connected(
        _ change: (inout SCTPConfiguration) -> Void = { _ in }
    ) throws -> (pair: SCTPPair, tag: UInt32) {
        var (a, b) = (SCTPConfiguration(), SCTPConfiguration())
        (a.initialTSN, b.initialTSN) = (1000, 5000)
        (a.offersInterleaving, b.offersInterleaving) = (false, false)
        change(&a)
        change(&b)
        let pair = SCTPPair(a, b, PathConditions(delay: .milliseconds(10)))
        #expect(pair.connect())
        var tag: UInt32 = 0
        pair.filter = { side, packet in
            if side == .a { tag = Packets.tag(of: packet) }
            return true
        }
        _ = try pair.a.send(message, now: pair.now)
        pair.run(for: .seconds(1))
        pair.filter = nil
        #expect(tag != 0)
        return (pair, tag)
    }

    private let message = SCTPMessage(stream: 0, payloadProtocol: .binary, payload: [UInt8](repeating: 1, count: 100))

    @Test("SACKs of what was never sent and with gaps that cannot be are dropped", arguments: [true, false])
    func sacks(hasData: Bool) throws {
        let (pair, tag) = try connected()
        if hasData {
            pair.filter = { _, _ in false }
            for _ in 0..<20 { _ = try pair.b.send(message, now: pair.now) }
            pair.settle()
        }
        let next: UInt32 = hasData ? 5020 : 5000
        let before = pair.b.bufferedAmount
        let chunks = [
            Packets.sack(next), Packets.sack(next &+ 0x7FFF_0000), Packets.sack(4999, gaps: [(2, 65_535)]),
            Packets.sack(4999, gaps: [(5, 2)]), Packets.sack(4999, gaps: [(6, 8), (3, 4)]),
            Packets.sack(4999, gaps: [(0, 3)]),
            Packets.chunk(.sack, Packets.bytes(4999) + Packets.bytes(1000) + [0xFF, 0xFF, 0, 0]), Packets.chunk(.sack),
        ]
        for (index, chunk) in chunks.enumerated() {
            pair.deliver(Packets.packet(tag: tag, chunk), to: .b)
            #expect(pair.b.counters.protocolErrors == UInt64(index + 1))
        }
        pair.deliver(Packets.packet(tag: tag, Packets.sack(4000)), to: .b)
        #expect(pair.b.bufferedAmount == before && pair.b.state == .connected)
        pair.filter = nil
        pair.run(for: .seconds(20))
        #expect(pair.messages(.a).count == (hasData ? 20 : 0))
    }

    @Test("A peer that takes back what it had reported gets it again")
    func renege() throws {
        let (pair, tag) = try connected()
        pair.filter = { _, _ in false }
        for _ in 0..<3 { _ = try pair.b.send(message, now: pair.now) }
        pair.settle()
        pair.deliver(Packets.packet(tag: tag, Packets.sack(4999, gaps: [(2, 3)])), to: .b)
        pair.deliver(Packets.packet(tag: tag, Packets.sack(4999)), to: .b)
        pair.filter = nil
        pair.run(for: .seconds(5))
        #expect(pair.messages(.a).count == 3)
    }

    @Test("Packets that do not parse or are of nobody are dropped and counted")
    func strays() throws {
        let (pair, tag) = try connected()
        let packets: [[UInt8]] = [
            [], [1, 2, 3], Array(Packets.packet(tag: tag, Packets.chunk(.cookieAck)).prefix(12)),
            Packets.packet(tag: tag, [3, 0, 0, 2]), Packets.packet(tag: tag, [3, 0, 0, 3]),
            Packets.packet(tag: tag, [3, 0, 1, 0]),
        ]
        for packet in packets { pair.deliver(packet, to: .b) }
        #expect(pair.b.counters.protocolErrors == UInt64(packets.count))
        pair.deliver(Packets.packet(tag: tag &+ 1, Packets.chunk(.heartbeat)), to: .b)
        #expect(pair.b.counters.strayPackets == 1)
        let sent = pair.b.counters.packetsSent
        pair.run(for: .seconds(1))
        #expect(pair.b.counters.packetsSent == sent)
    }

    @Test("Unknown chunks are answered and skipped as their upper bits say, a few a second")
    func unknownChunks() throws {
        let (pair, tag) = try connected()
        var errors = 0
        pair.filter = { side, packet in
            if side == .b { errors += Packets.types(of: packet).count { $0 == .error } }
            return true
        }
        let heartbeat = Packets.chunk(.heartbeat, [0, 1, 0, 8, 1, 2, 3, 4])
        for (type, isAnswered, isSkipped) in [
            (0x3F, false, false), (0x7F, true, false), (0xBF, false, true), (0xFE, true, true),
        ] {
            errors = 0
            let before = pair.b.counters.packetsSent
            let unknown = Packets.chunk(ChunkType(rawValue: UInt8(type)), [1, 2, 3, 4])
            pair.deliver(Packets.packet(tag: tag, unknown, heartbeat), to: .b)
            pair.run(for: .seconds(5))
            #expect(errors == (isAnswered ? 1 : 0))
            #expect((pair.b.counters.packetsSent > before) == (isAnswered || isSkipped))
        }
        errors = 0
        for _ in 0..<1000 {
            pair.deliver(Packets.packet(tag: tag, Packets.chunk(ChunkType(rawValue: 0x7F))), to: .b)
            pair.run(for: .milliseconds(1))
        }
        #expect(errors > 0 && errors <= 5)
        #expect(pair.b.state == .connected)
    }

    @Test("An INIT with other chunks behind it, unknown parameters and addresses is still answered")
    func oddInitiations() {
        let pair = SCTPPair()
        var answers = 0
        pair.filter = { side, packet in
            if side == .b, packet[12] == 2 { answers += 1 }
            return false
        }
        let fixed = Packets.bytes(77) + Packets.bytes(100_000) + [0, 1, 0, 1] + Packets.bytes(1)
        let addresses: [UInt8] = [0, 5, 0, 8, 127, 0, 0, 1, 0, 12, 0, 6, 0, 5, 0, 0]
        let unknown: [UInt8] = [0xC1, 2, 0, 8, 1, 2, 3, 4]
        pair.deliver(Packets.packet(tag: 0, Packets.chunk(.initiation, fixed + addresses + unknown)), to: .b)
        let behind = Packets.chunk(.heartbeat, [0, 1, 0, 4])
        pair.deliver(Packets.packet(tag: 0, Packets.chunk(.initiation, fixed), behind), to: .b)
        pair.settle()
        #expect(answers == 2 && pair.b.state == .new)
        // Its tag zero, no streams, or a window too small.
        for (offset, value) in [(3, 0), (9, 0), (11, 0), (5, 0)] as [(Int, UInt8)] {
            var bad = fixed
            bad[offset] = value
            if offset == 5 { (bad[6], bad[7]) = (0, 9) }
            pair.deliver(Packets.packet(tag: 0, Packets.chunk(.initiation, bad)), to: .b)
        }
        pair.deliver(Packets.packet(tag: 5, Packets.chunk(.initiation, fixed)), to: .b)
        pair.settle()
        #expect(answers == 2 && pair.b.state == .new)
    }

    @Test("A storm of INITs is answered within bounds and changes nothing")
    func initiationStorm() throws {
        let (pair, _) = try connected()
        for number in 1...1000 as ClosedRange<UInt32> {
            let fixed = Packets.bytes(number) + Packets.bytes(100_000) + [0, 1, 0, 1] + Packets.bytes(number)
            pair.deliver(Packets.packet(tag: 0, Packets.chunk(.initiation, fixed)), to: .b)
        }
        let before = pair.b.counters.packetsSent
        pair.run(for: .milliseconds(1))
        #expect(pair.b.counters.packetsSent - before <= 8)
        _ = try pair.a.send(message, now: pair.now)
        _ = try pair.b.send(message, now: pair.now)
        pair.run(for: .seconds(1))
        #expect(pair.messages(.b).count == 2 && pair.messages(.a).count == 1 && pair.b.counters.restarts == 0)
    }

    @Test("Data without bytes ends the association, data beyond the streams is reported", arguments: [true, false])
    func data(isEmpty: Bool) throws {
        let (pair, tag) = try connected { $0.incomingStreams = 10 }
        var errors = 0
        pair.filter = { side, packet in
            if side == .b { errors += Packets.types(of: packet).count { $0 == .error } }
            return side == .b
        }
        let bytes: [UInt8] = isEmpty ? [] : [1, 2, 3, 4]
        let stream: [UInt8] = isEmpty ? [0, 1] : [0, 10]
        let data = Packets.chunk(.data, flags: 3, Packets.bytes(1001) + stream + [0, 0] + Packets.bytes(53) + bytes)
        pair.deliver(Packets.packet(tag: tag, data), to: .b)
        pair.run(for: .seconds(1))
        #expect(pair.b.state == (isEmpty ? .failed : .connected))
        #expect(errors == (isEmpty ? 0 : 1))
    }

    @Test("Random chunks behind a right header trap nothing and hold nothing", arguments: 1...20 as ClosedRange<UInt64>)
    func noise(seed: UInt64) throws {
        var (pair, tag) = try connected { $0.receiveWindow = 200_000 }
        var random = SeededRandom(seed: seed)
        let types: [UInt8] = [0, 0, 0, 3, 3, 4, 5, 8, 9, 11, 64, 130, 130, 132, 192, 194, 1, 2, 10, 7, 99]
        for _ in 0..<2000 {
            var chunks: [UInt8] = []
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let type = types.randomElement(using: &random) ?? 0
                var value = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                    UInt8.random(in: 0...8, using: &random)
                }
                // Numbers near those in use.
                let base: UInt32 = type == 3 ? 4990 : 990
                if value.count >= 4, Bool.random(using: &random) {
                    value.replaceSubrange(0..<4, with: Packets.bytes(base + UInt32.random(in: 0...30, using: &random)))
                }
                let flags = UInt8.random(in: 0...15, using: &random)
                chunks += Packets.chunk(ChunkType(rawValue: type), flags: flags, value)
                while chunks.count % 4 != 0 { chunks.append(0) }
            }
            _ = try? pair.b.send(message, now: pair.now)
            pair.deliver(Packets.packet(tag: tag, chunks), to: .b)
            pair.run(for: .milliseconds(Int.random(in: 0...20, using: &random)))
            #expect(pair.b.heldBytes <= 300_000)
            if pair.b.state == .failed { (pair, tag) = try connected { $0.receiveWindow = 200_000 } }
        }
    }
}
