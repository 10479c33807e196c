// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletSCTP
import SwiftletWire
import Testing

@Suite("When what arrived is acknowledged, RFC 9260 §6.2")
struct AcknowledgementTests {
    private let start = Instant(nanoseconds: 1_000_000_000)

    /// A receiver past its first packet.
    private func settled() throws -> FedReceiver {
        let fed = FedReceiver()
        fed.feed(0)
        fed.receiver.endPacket(now: start)
        _ = try fed.sack()
        return fed
    }

    @Test("The first packet is acknowledged at once")
    func first() throws {
        let fed = FedReceiver()
        fed.feed(0)
        #expect(!fed.receiver.sackIsDue)
        fed.receiver.endPacket(now: start)
        #expect(fed.receiver.sackIsDue)
        let sack = try fed.sack()
        #expect(sack.cumulative == 1000 && sack.gaps.isEmpty && sack.duplicates.isEmpty)
        #expect(!fed.receiver.sackIsDue && fed.receiver.nextDeadline == nil)
    }

    @Test("Later ones every second packet")
    func everySecond() throws {
        let fed = try settled()
        for identifier in 1..<20 as Range<UInt32> {
            fed.feed(identifier)
            fed.receiver.endPacket(now: start)
            #expect(fed.receiver.sackIsDue == (identifier % 2 == 0))
            if fed.receiver.sackIsDue { _ = try fed.sack() }
        }
    }

    @Test("A packet counts once, however many chunks it has; one without data counts nothing")
    func perPacket() throws {
        let fed = try settled()
        for identifier in 1...5 as ClosedRange<UInt32> { fed.feed(identifier) }
        fed.receiver.endPacket(now: start)
        for _ in 0..<5 { fed.receiver.endPacket(now: start) }
        #expect(!fed.receiver.sackIsDue && fed.receiver.hasUnacknowledgedData)
    }

    @Test("A single one after 200 ms")
    func delayed() throws {
        let fed = try settled()
        fed.feed(1)
        fed.receiver.endPacket(now: start)
        #expect(fed.receiver.nextDeadline == start + .milliseconds(200))
        fed.receiver.handleTimeout(now: start + .milliseconds(199))
        #expect(!fed.receiver.sackIsDue)
        fed.receiver.handleTimeout(now: start + .milliseconds(200))
        #expect(fed.receiver.sackIsDue && fed.receiver.nextDeadline == nil)
        #expect(try fed.sack().cumulative == 1001)
    }

    @Test("At once when the peer asks for it")
    func immediate() throws {
        let fed = try settled()
        fed.feed(1, [.beginning, .end, .immediate])
        fed.receiver.endPacket(now: start)
        #expect(fed.receiver.sackIsDue)
    }

    @Test("At once while there is a gap, with what lies behind it")
    func gap() throws {
        let fed = try settled()
        fed.feed(tsn: 1003, 3)
        fed.receiver.endPacket(now: start)
        #expect(fed.receiver.sackIsDue)
        let sack = try fed.sack()
        #expect(sack.cumulative == 1000 && sack.gaps == [GapBlock(start: 3, end: 3)])
        fed.feed(tsn: 1004, 4)
        fed.receiver.endPacket(now: start)
        #expect(try fed.sack().gaps == [GapBlock(start: 3, end: 4)])
    }

    @Test("At once when something comes again, which is told once")
    func duplicate() throws {
        let fed = try settled()
        #expect(fed.feed(tsn: 1000, 0) == .duplicate)
        fed.receiver.endPacket(now: start)
        #expect(fed.receiver.sackIsDue)
        #expect(try fed.sack().duplicates == [1000])
        #expect(try fed.sack().duplicates == [])
    }

    @Test("At once when the peer gives something up, also when that is old news")
    func forward() throws {
        let fed = try settled()
        for tsn in [1004, 1004, 1002] as [UInt32] {
            fed.forward(to: tsn)
            fed.receiver.endPacket(now: start)
            #expect(fed.receiver.sackIsDue)
            #expect(try fed.sack().cumulative == 1004)
        }
    }

    @Test("A SACK that does not fit stays due")
    func noRoom() {
        let fed = FedReceiver()
        fed.feed(0)
        fed.receiver.endPacket(now: start)
        #expect(chunks(limit: 24) { fed.receiver.writeSack(with: &$0, into: &$1) }.isEmpty)
        #expect(fed.receiver.sackIsDue)
    }
}
