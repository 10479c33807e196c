// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletRTP
import SwiftletStreams
import SwiftletWire
import Testing

@Suite("Receive stream")
struct ReceiveStreamTests {
    @Test("A duplicate goes no further and does not hide loss")
    func duplicates() {
        let receiver = Receiver()
        #expect(receiver.media(1, at: at(0)) != nil)
        #expect(receiver.receive(1, at: at(1)) == .discarded(.duplicate))
        #expect(receiver.media(3, at: at(2)) != nil)
        #expect(receiver.media(2, at: at(3)) != nil)
        #expect(receiver.receive(2, at: at(4)) == .discarded(.duplicate))
        #expect(receiver.stream.discardedCount == 2)
        #expect(receiver.stream.packetsLost == 0)
        #expect(receiver.stream.media.packets == 3)
    }

    @Test("Whatever the network doubles and reorders, each number is accepted once", arguments: [1, 2] as [UInt64])
    func uniqueness(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let receiver = Receiver()
        var accepted: Set<Int64> = []
        var sent: Set<Int64> = []
        for step in 0..<150_000 as Range<Int64> {
            let number = 60_000 + step - Int64.random(in: 0...1000, using: &random)
            guard step == 0 || number >= 60_000 else { continue }
            let wire = UInt16(truncatingIfNeeded: step == 0 ? 60_000 : number)
            sent.insert(step == 0 ? 60_000 : number)
            if let extended = receiver.media(wire, at: at(Double(step))) {
                #expect(UInt16(truncatingIfNeeded: extended) == wire)
                let isNew = accepted.insert(extended).inserted
                #expect(isNew)
            }
        }
        #expect(accepted.count == sent.count)
    }

    @Test("A confirmed jump says so to consumers, forgets old losses and accepts the new numbers")
    func resynchronization() {
        let receiver = Receiver()
        receiver.media(10, at: at(0))
        receiver.media(12, at: at(0))
        #expect(receiver.receive(40_000, at: at(1)) == .discarded(.implausible))
        guard case .accepted(let acceptance) = receiver.receive(40_001, at: at(2)) else {
            Issue.record("the packet was refused")
            return
        }
        #expect(acceptance.isResynchronized)
        #expect(receiver.stream.nextDeadline == nil)
        #expect(receiver.stream.packetsLost == 1)
        // The same low numbers again are no duplicates.
        #expect(receiver.receive(10, at: at(3)) == .discarded(.implausible))
        #expect(receiver.media(11, at: at(4)) != nil)
        #expect(receiver.media(12, at: at(4)) != nil)
    }

    @Test("Random sequence numbers at full speed stay bounded and never trap")
    func hostileNumbers() {
        var random = SeededRandom(seed: 9)
        let receiver = Receiver()
        var asked: [UInt16] = []
        for step in 0..<200_000 {
            let now = at(Double(step) / 100)
            receiver.media(UInt16.random(in: .min ... .max, using: &random) & 0x3FFF, at: now)
            if let deadline = receiver.stream.nextDeadline, deadline <= now {
                asked.removeAll(keepingCapacity: true)
                receiver.stream.advance(to: now, nacks: &asked)
                #expect(asked.count <= NackGenerator.batchLimit)
            }
        }
        #expect(receiver.stream.media.packets > 1000)
    }

    @Test("Silence of 1500 ms, or 5 s with DTX, is score 0; the next packet brings 10 back", arguments: [false, true])
    func inactivity(usesDTX: Bool) {
        let receiver = Receiver(usesNack: false, usesDTX: usesDTX, watchesInactivity: true)
        let timeout = usesDTX ? 5000.0 : 1500
        receiver.media(1, at: at(0))
        #expect(receiver.stream.takeScoreChange() == 10)
        receiver.media(2, at: at(100))
        #expect(receiver.stream.nextDeadline == at(100 + timeout))
        _ = receiver.nacks(at: at(99 + timeout))
        #expect(receiver.stream.isActive)
        _ = receiver.nacks(at: at(100 + timeout))
        #expect(!receiver.stream.isActive)
        #expect(receiver.stream.takeScoreChange() == 0)
        #expect(receiver.stream.takeScoreChange() == nil)
        #expect(receiver.stream.nextDeadline == nil)
        receiver.media(3, at: at(200 + timeout))
        #expect(receiver.stream.takeScoreChange() == 10)
        #expect(receiver.stream.activeSince == at(200 + timeout))
    }

    @Test("A producer of one stream may fall silent without losing its score")
    func unwatchedSilence() {
        let receiver = Receiver(usesNack: false)
        receiver.media(1, at: at(0))
        #expect(receiver.stream.nextDeadline == nil)
        _ = receiver.nacks(at: at(60_000))
        #expect(receiver.stream.score == 10)
    }

    @Test("The report block carries loss, highest number, LSR and DLSR")
    func reportBlock() throws {
        let receiver = Receiver()
        #expect(receiver.stream.report(now: at(0)) == nil)
        #expect(receiver.stream.newestSequence == nil)
        for sequence in [65_535, 0, 3, 1] as [UInt16] { receiver.media(sequence, at: at(0)) }
        #expect(receiver.stream.newestSequence == 0x2_0003)
        let ntp = NTPTime(rawValue: 0xE000_1234_5678_0000)
        let info = RTCPSenderInfo(ntp: ntp, rtpTimestamp: 7, packetCount: 4, octetCount: 4000)
        receiver.stream.receive(senderReport: info, now: at(100))
        let block = try #require(receiver.stream.report(now: at(350)))
        #expect(block.ssrc == 0x1111_1111)
        #expect(block.extendedHighestSequence == 0x1_0003)
        #expect(block.cumulativeLost == 1)
        #expect(block.fractionLost == 256 / 5)
        #expect(block.lastSenderReport == 0x1234_5678)
        #expect(block.delaySinceLastSenderReport == 65_536 / 4)
    }

    @Test("A report says the worst that consumers lost, when that is worse")
    func worstFraction() throws {
        let receiver = Receiver(kind: .audio, clockRate: 48_000)
        receiver.media(1, at: at(0))
        #expect(try #require(receiver.stream.report(now: at(1), worstRemoteFraction: 77)).fractionLost == 77)
        #expect(receiver.stream.fractionLost == 0, "our own statistics stay ours")
    }

    @Test("A sender report without wall time is ignored")
    func zeroNTP() throws {
        let receiver = Receiver()
        receiver.media(1, at: at(0))
        let info = RTCPSenderInfo(ntp: NTPTime(rawValue: 0), rtpTimestamp: 7, packetCount: 4, octetCount: 4000)
        receiver.stream.receive(senderReport: info, now: at(1))
        #expect(receiver.stream.senderReport == nil)
        #expect(try #require(receiver.stream.report(now: at(2))).lastSenderReport == 0)
    }

    @Test("The score falls with loss at each sender report, and without any at each report of ours")
    func score() {
        for reports in [true, false] {
            let receiver = Receiver(usesNack: false)
            var sequence: UInt16 = 0
            for second in 1...30 {
                let now = at(Double(second) * 1000)
                for _ in 0..<100 {
                    sequence &+= 1
                    if sequence % 10 != 0 { receiver.media(sequence, at: now) }
                }
                if reports {
                    let ntp = NTPTime(rawValue: UInt64(second) << 32)
                    let info = RTCPSenderInfo(ntp: ntp, rtpTimestamp: 0, packetCount: 0, octetCount: 0)
                    receiver.stream.receive(senderReport: info, now: now)
                } else {
                    _ = receiver.stream.report(now: now)
                }
            }
            #expect(receiver.stream.score == 6)
        }
    }

    @Test("The round trip follows from the peer's answer to our reference time")
    func roundTrip() {
        let receiver = Receiver()
        let block = RTCPDelaySinceReference(ssrc: 1, lastReport: 0x0001_0000, delay: 0x8000)
        receiver.stream.receive(delaySinceReference: block, ntp: NTPTime(rawValue: 0x0001_C000 << 16))
        #expect(receiver.stream.roundTrip == .milliseconds(250))
    }
}
