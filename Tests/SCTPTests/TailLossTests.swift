// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SCTPLink
import SwiftletSCTP
import SwiftletWire
import Testing

@Suite("The ends of bursts and windows, RFC 9260 §6.3 and RFC 8985")
struct TailLossTests {
    private let message = SCTPMessage(stream: 1, payloadProtocol: .binary, payload: [UInt8](repeating: 5, count: 4000))

    /// A pair that knows its round trip of 100 ms.
    private func pair() throws -> SCTPPair {
        let pair = SCTPPair(.init(), nil, PathConditions(delay: .milliseconds(50)))
        #expect(pair.connect())
        for _ in 0..<5 {
            _ = try pair.a.send(message, now: pair.now)
            pair.run(for: .seconds(1))
        }
        pair.outputs = [[], []]
        return pair
    }

    /// How long a message takes whose packets of these numbers are lost.
    private func time(losing lost: Set<Int>, of pair: SCTPPair) throws -> Duration {
        var count = 0
        pair.filter = { side, packet in
            guard side == .a, Packets.types(of: packet).contains(.interleavedData) else { return true }
            defer { count += 1 }
            return !lost.contains(count)
        }
        let start = pair.now
        _ = try pair.a.send(message, now: pair.now)
        #expect(pair.run(for: .seconds(20)) { pair.messages(.b).count == 1 })
        return pair.now - start
    }

    @Test("The last packets lost, a probe finds out before the timer does")
    func lastLost() throws {
        for lost in [[3], [2, 3], [0, 1, 2, 3]] as [Set<Int>] {
            let pair = try pair()
            let time = try time(losing: lost, of: pair)
            #expect(time < .milliseconds(600), "\(lost): \(time)")
            // One packet alone may wait for its acknowledgement as long as for the timer.
            if lost.count > 1 { #expect(pair.a.counters.timeouts == 0 && pair.a.counters.tailProbes > 0) }
        }
    }

    @Test("All retransmissions lost too, two timeouts are enough")
    func probesLost() throws {
        let pair = try pair()
        let time = try time(losing: [0, 1, 2, 3, 4], of: pair)
        #expect(time < .milliseconds(1200), "\(time)")
        let other = try self.pair()
        let longer = try self.time(losing: Set(0..<6), of: other)
        #expect(longer < .milliseconds(2400), "\(longer)")
    }

    @Test("A lost update of a closed window is made up for by probing it")
    func closedWindow() throws {
        var (sender, receiver) = (SCTPConfiguration(), SCTPConfiguration())
        sender.initialTSN = 1000
        receiver.receiveWindow = 100_000
        let pair = SCTPPair(sender, receiver, PathConditions(delay: .milliseconds(10)))
        #expect(pair.connect())
        // The peer says that it has no room, and no more than that.
        var isClosed = true
        var tag: UInt32 = 0
        pair.filter = { side, packet in
            if side == .b { tag = Packets.tag(of: packet) }
            return !(side == .b && isClosed)
        }
        _ = try pair.a.send(message, now: pair.now)
        pair.run(for: .milliseconds(15))
        pair.deliver(Packets.packet(tag: tag, Packets.sack(1003, window: 0)), to: .a)
        let before = pair.a.counters.dataChunksSent
        for _ in 0..<20 { _ = try pair.a.send(message, now: pair.now) }
        pair.run(for: .seconds(10))
        let probes = pair.a.counters.dataChunksSent - before
        #expect(probes >= 3 && probes <= 14, "\(probes) probes")
        isClosed = false
        #expect(pair.run(for: .seconds(60)) { pair.messages(.b).count == 21 })
    }

    @Test("A retransmission that is lost again is found by later arrivals")
    func lostTwice() throws {
        let pair = try pair()
        var losses = 0
        var target: UInt32?
        pair.filter = { side, packet in
            guard side == .a, Packets.types(of: packet).first == .interleavedData else { return true }
            let tsn = packet.span.uint32(at: 16)
            if target == nil { target = tsn }
            guard tsn == target, losses < 2 else { return true }
            losses += 1
            return false
        }
        for _ in 0..<100 { _ = try pair.a.send(message, now: pair.now) }
        #expect(pair.run(for: .seconds(20)) { pair.messages(.b).count == 100 })
        #expect(losses == 2)
        #expect(pair.a.counters.timeouts == 0)
    }
}
