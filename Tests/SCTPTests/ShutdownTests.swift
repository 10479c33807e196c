// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SCTPLink
import SwiftletSCTP
import SwiftletWire
import Testing

@Suite("The end of an association, RFC 9260 §9")
struct ShutdownTests {
    private func pair(
        _ conditions: PathConditions = PathConditions(delay: .milliseconds(20)),
        seed: UInt64 = 1
    ) -> SCTPPair {
        let pair = SCTPPair(.init(), nil, conditions, seed: seed)
        #expect(pair.connect())
        return pair
    }

    private func isOver(_ pair: SCTPPair, within time: Duration = .seconds(10)) -> Bool {
        pair.run(for: time) { pair.a.state == .closed && pair.b.state == .closed }
    }

    private let message = SCTPMessage(
        stream: 2,
        payloadProtocol: .binary,
        payload: [UInt8](repeating: 3, count: 50_000)
    )

    @Test("What is queued arrives before the end, both ways")
    func drains() throws {
        let pair = pair()
        for _ in 0..<5 {
            _ = try pair.a.send(message, now: pair.now)
            _ = try pair.b.send(message, now: pair.now)
        }
        pair.a.shutdown(now: pair.now)
        #expect(throws: SCTPSendError.closed) { try pair.a.send(message, now: pair.now) }
        #expect(isOver(pair))
        #expect(pair.messages(.b).count == 5 && pair.messages(.a).count == 5)
        #expect(pair.a.nextDeadline == nil && pair.b.nextDeadline == nil)
    }

    @Test("Both may end it at once")
    func bothAtOnce() {
        let pair = pair()
        pair.a.shutdown(now: pair.now)
        pair.b.shutdown(now: pair.now)
        #expect(isOver(pair))
    }

    @Test("Any of the first six packets of the end may be lost, in every combination", arguments: [false, true])
    func everyCombination(bothEnd: Bool) throws {
        for mask in 0..<64 {
            let pair = pair()
            _ = try pair.a.send(message, now: pair.now)
            pair.run(for: .seconds(3))
            var count = 0
            pair.filter = { _, _ in
                defer { count += 1 }
                return count >= 6 || mask >> count & 1 == 0
            }
            pair.a.shutdown(now: pair.now)
            if bothEnd { pair.b.shutdown(now: pair.now) }
            #expect(isOver(pair, within: .seconds(120)), "lost: \(String(mask, radix: 2))")
        }
    }

    @Test("An end before the handshake's is kept in mind, and one before its beginning is at once")
    func early() {
        let early = SCTPPair()
        early.a.shutdown(now: early.now)
        #expect(early.a.state == .closed)
        let pair = SCTPPair(.init(), nil, PathConditions(delay: .milliseconds(50)))
        pair.a.connect(now: pair.now)
        pair.run(for: .milliseconds(120))
        #expect(pair.a.state == .connecting)
        pair.a.shutdown(now: pair.now)
        #expect(isOver(pair))
    }

    @Test("ABORT ends both at once, and only with the right tag")
    func abort() {
        let pair = pair()
        pair.deliver(Packets.packet(tag: 12345, Packets.chunk(.abort)), to: .b)
        pair.deliver(Packets.packet(tag: 12345, Packets.chunk(.abort, flags: 1)), to: .b)
        #expect(pair.b.state == .connected && pair.b.counters.strayPackets == 2)
        pair.a.abort(now: pair.now)
        #expect(pair.a.state == .failed)
        pair.run(for: .seconds(1))
        #expect(pair.b.state == .failed)
        #expect(throws: SCTPSendError.closed) { try pair.b.send(message, now: pair.now) }
    }

    @Test("ABORT with the T bit carries the tag of the peer")
    func reflectedAbort() throws {
        let pair = pair()
        var tag: UInt32?
        pair.filter = { side, packet in
            if side == .b { tag = Packets.tag(of: packet) }
            return true
        }
        _ = try pair.a.send(message, now: pair.now)
        pair.run(for: .seconds(1))
        pair.deliver(Packets.packet(tag: try #require(tag), Packets.chunk(.abort)), to: .b)
        #expect(pair.b.state == .connected)
        pair.deliver(Packets.packet(tag: try #require(tag), Packets.chunk(.abort, flags: 1)), to: .b)
        #expect(pair.b.state == .failed)
    }

    @Test("A peer that is gone is waited for ten times")
    func peerIsGone() {
        let pair = pair()
        pair.filter = { side, _ in side == .b }
        pair.a.shutdown(now: pair.now)
        pair.run(for: .seconds(600))
        #expect(pair.a.state == .failed)
    }
}
