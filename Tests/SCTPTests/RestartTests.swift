// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SCTPLink
import SwiftletSCTP
import SwiftletWire
import Testing

@Suite("A peer that begins anew, RFC 9260 §5.2")
struct RestartTests {
    private func text(_ text: String, stream: UInt16 = 0) -> SCTPMessage {
        SCTPMessage(stream: stream, payloadProtocol: .string, payload: Array(text.utf8))
    }

    /// Puts a new association in b's place.
    private func replace(_ pair: SCTPPair, seed: UInt64) {
        pair[.b] = SCTPAssociation(.init(), random: SeededRandom(seed: seed))
        pair.b.connect(now: pair.now)
    }

    @Test("A peer that lost everything connects again, and streams begin anew")
    func restart() throws {
        let pair = SCTPPair(.init(), nil, PathConditions(delay: .milliseconds(10)))
        #expect(pair.connect())
        for index in 0..<5 {
            _ = try pair.a.send(text("a\(index)"), now: pair.now)
            _ = try pair.b.send(text("b\(index)"), now: pair.now)
        }
        pair.run(for: .seconds(1))
        replace(pair, seed: 77)
        #expect(pair.run(for: .seconds(5)) { pair.b.state == .connected })
        #expect(pair.a.state == .connected && pair.a.counters.restarts == 1)
        pair.outputs = [[], []]
        _ = try pair.a.send(text("again"), now: pair.now)
        _ = try pair.b.send(text("and back"), now: pair.now)
        pair.run(for: .seconds(1))
        #expect(pair.messages(.a) == [text("and back")])
        #expect(pair.messages(.b) == [text("again")])
    }

    @Test("Restarts are let through once a second")
    func restartsAreLimited() {
        let pair = SCTPPair()
        #expect(pair.connect())
        pair.run(for: .seconds(2))
        let start = pair.now
        for seed in 1...50 as ClosedRange<UInt64> {
            replace(pair, seed: seed)
            pair.run(for: .milliseconds(100))
        }
        let seconds = UInt64((pair.now - start).inSeconds)
        #expect(pair.a.counters.restarts > 1 && pair.a.counters.restarts <= seconds + 1)
    }

    @Test("What waits unsent reaches the new peer")
    func queuedMessages() throws {
        let pair = SCTPPair()
        #expect(pair.connect())
        pair.filter = { side, _ in side == .b }
        let payload = [UInt8](repeating: 9, count: 200_000)
        let message = SCTPMessage(stream: 3, payloadProtocol: .binary, payload: payload)
        for _ in 0..<3 { _ = try pair.a.send(message, now: pair.now) }
        pair.run(for: .milliseconds(10))
        pair.filter = nil
        replace(pair, seed: 5)
        pair.run(for: .seconds(5))
        #expect(pair.messages(.b) == [message, message, message])
    }

    @Test("A COOKIE ECHO that comes again changes nothing, an old one neither")
    func oldCookies() throws {
        let pair = SCTPPair()
        var echoes: [[UInt8]] = []
        pair.filter = { side, packet in
            if side == .a, packet[12] == 10 { echoes.append(packet) }
            return true
        }
        pair.a.connect(now: pair.now)
        pair.run(for: .seconds(1))
        let echo = try #require(echoes.first)
        _ = try pair.a.send(text("one"), now: pair.now)
        pair.run(for: .seconds(1))
        for _ in 0..<3 {
            pair.deliver(echo, to: .b)
            pair.run(for: .seconds(1))
        }
        pair.sleep(.seconds(600))
        pair.deliver(echo, to: .b)
        _ = try pair.a.send(text("two"), now: pair.now)
        pair.run(for: .seconds(2))
        #expect(pair.b.counters.restarts == 0)
        #expect(pair.messages(.b) == [text("one"), text("two")])
    }

    @Test("A forged or shortened cookie is dropped")
    func forgedCookies() throws {
        let pair = SCTPPair()
        pair.a.connect(now: pair.now)
        var echo: [UInt8]?
        pair.filter = { side, packet in
            guard side == .a, packet[12] == 10 else { return true }
            echo = packet
            return false
        }
        pair.run(for: .seconds(5))
        let whole = try #require(echo)
        for index in [16, 30, whole.count - 1] {
            var packet = whole
            packet[index] ^= 1
            pair.deliver(Packets.sealed(packet), to: .b)
        }
        var short = Array(whole[0..<40])
        (short[14], short[15]) = (0, 28)
        pair.deliver(Packets.sealed(short), to: .b)
        #expect(pair.b.state == .new && pair.b.counters.protocolErrors > 0)
    }
}
