// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletSCTP
import SwiftletWire
import Testing

@Suite("What a receiver holds, RFC 9260 §6.2")
struct ReceiveWindowTests {
    private static let kilobyte = [UInt8](repeating: 1, count: 1000)

    @Test("The window shrinks by what is held and opens when it is handed out", arguments: [true, false])
    func window(isInterleaved: Bool) {
        let fed = FedReceiver(isInterleaved: isInterleaved, window: 100_000)
        fed.feed(tsn: 1001, 1, [.beginning, .end], Self.kilobyte)
        #expect(fed.receiver.advertisedWindow < 99_000 && fed.receiver.advertisedWindow > 98_000)
        fed.feed(tsn: 1002, 2, .beginning, Self.kilobyte)
        #expect(fed.receiver.advertisedWindow < 98_000 && fed.receiver.advertisedWindow > 97_000)
        fed.feed(tsn: 1003, 2, fragment: 1, .end, Self.kilobyte)
        #expect(fed.receiver.advertisedWindow < 97_000)
        fed.feed(tsn: 1000, 0)
        #expect(fed.messages.count == 3 && fed.receiver.advertisedWindow == 100_000)
    }

    @Test("The last tenth is for what closes gaps; the rest is not acknowledged", arguments: [true, false])
    func watermark(isInterleaved: Bool) throws {
        let fed = FedReceiver(isInterleaved: isInterleaved, window: 100_000)
        var (tsn, outcome) = (1001 as UInt32, SCTPReceiver.Reception.accepted)
        while outcome == .accepted, tsn < 2000 {
            outcome = fed.feed(tsn: tsn, tsn - 1000, [.beginning, .end], Self.kilobyte) ?? .violation
            tsn += 1
        }
        #expect(outcome == .dropped)
        #expect((90_000..<92_000).contains(fed.receiver.heldBytes))
        #expect(try fed.sack().gaps == [GapBlock(start: 2, end: UInt16(tsn - 1001))])
        #expect(fed.feed(tsn: 1000, 0, [.beginning, .end], Self.kilobyte) == .accepted)
        #expect(fed.messages.count == Int(tsn) - 1001)
        #expect(fed.feed(tsn: tsn - 1, tsn - 1001, [.beginning, .end], Self.kilobyte) == .accepted)
    }

    @Test("What can never be handed out ends in exhaustion, not in memory without end", arguments: [true, false])
    func exhausted(isInterleaved: Bool) {
        let fed = FedReceiver(isInterleaved: isInterleaved, window: 100_000)
        var outcome: SCTPReceiver.Reception? = .accepted
        var identifier: UInt32 = 1
        while outcome == .accepted, identifier < 3000 {
            outcome = fed.feed(identifier, [.beginning, .end], [1])
            identifier += 1
        }
        #expect(outcome == .exhausted)
        #expect(fed.feed(identifier) == .dropped)
        #expect(fed.receiver.heldBytes < 151_000 && fed.receiver.advertisedWindow == 0)
    }

    @Test("So do fragments whose message never begins")
    func endless() {
        let fed = FedReceiver(isInterleaved: true, maximumMessageSize: 1_000_000, window: 100_000)
        var outcome: SCTPReceiver.Reception? = .accepted
        var fragment: UInt32 = 1
        while outcome == .accepted, fragment < 3000 {
            outcome = fed.feed(0, fragment: fragment, [], [1])
            fragment += 1
        }
        #expect(outcome == .exhausted)
        #expect(fed.receiver.heldBytes < 151_000)
    }

    @Test("With DATA they are gone as soon as nothing before them is missing")
    func orphans() {
        let fed = FedReceiver(window: 100_000)
        for index in 0..<3000 as Range<UInt32> { #expect(fed.feed(index & 0xFFFF, []) == .accepted) }
        #expect(fed.receiver.heldBytes == 0 && fed.messages.isEmpty)
        for index in 1..<100 as Range<UInt32> { fed.feed(tsn: 4000 + index, 0, []) }
        #expect(fed.receiver.heldBytes > 99)
        for index in 0..<100 as Range<UInt32> { fed.feed(tsn: 4000 + index, stream: 1, index) }
        #expect(fed.receiver.cumulativeTSN == 4099 && fed.receiver.heldBytes == 0)
    }

    @Test("Messages in the making are bounded in number; another waits until one is done")
    func manyMessages() {
        let fed = FedReceiver(isInterleaved: true, incomingStreams: 2000)
        for stream in 0..<1024 as Range<UInt16> { #expect(fed.feed(stream: stream, 0, .beginning) == .accepted) }
        #expect(fed.feed(tsn: 2024, stream: 1024, 0, .beginning) == .dropped)
        #expect(fed.receiver.cumulativeTSN == 2023)
        #expect(fed.feed(tsn: 2025, stream: 0, 0, fragment: 1, .end) == .accepted)
        #expect(fed.feed(tsn: 2024, stream: 1024, 0, .beginning) == .accepted)
        #expect(fed.receiver.cumulativeTSN == 2025)
    }

    @Test("A TSN beyond what can be told of is not taken, and answered at once")
    func farAhead() {
        let fed = FedReceiver()
        fed.feed(0)
        fed.receiver.endPacket(now: Instant(nanoseconds: 0))
        _ = try? fed.sack()
        #expect(fed.feed(tsn: 1001 + 65_535, 1) == .dropped)
        fed.receiver.endPacket(now: Instant(nanoseconds: 0))
        #expect(fed.receiver.sackIsDue && fed.receiver.heldBytes == 0)
    }
}
