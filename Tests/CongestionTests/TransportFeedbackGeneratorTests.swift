// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCongestion
import SwiftletRTP
import SwiftletWire
import Testing

@Suite("Transport feedback generator, draft-holmer-rmcat-transport-wide-cc-extensions-01")
struct TransportFeedbackGeneratorTests {
    private func at(_ milliseconds: Int64) -> Instant { FeedbackReader.at(milliseconds: milliseconds) }

    @Test("Nothing is due before a packet arrives, then a report 100 ms later, then nothing again")
    func cadence() {
        var reader = FeedbackReader()
        reader.drain(at: at(1000))
        #expect(reader.generator.nextDeadline == nil && reader.reports.isEmpty)
        reader.record(1, at: at(1000))
        #expect(reader.generator.nextDeadline == at(1100))
        reader.drain(at: at(1099))
        #expect(reader.reports.isEmpty)
        reader.drain(at: at(1103))
        #expect(reader.reports.count == 1 && reader.reports[0].mediaSSRC == 77)
        #expect(reader.statuses == [.init(sequence: 1, arrival: 4000)])
        #expect(reader.generator.nextDeadline == nil)
        reader.drain(at: at(2000))
        #expect(reader.reports.count == 1)
    }

    @Test("While packets keep coming, reports keep to a grid of 100 ms, for audio alone as well, MS #1400")
    func grid() {
        var reader = FeedbackReader()
        var due: [Instant] = []
        for step in 0..<100 {
            let now = at(Int64(step) * 20)
            if let deadline = reader.generator.nextDeadline, deadline <= now {
                due.append(deadline)
                reader.drain(at: now)
            }
            reader.record(UInt16(step), at: now)
        }
        #expect(due == (1...19).map { at(Int64($0) * 100) })
        #expect(reader.arrivals.count == 95)
    }

    @Test("Arrivals are told to 250 µs without errors adding up")
    func resolution() {
        var reader = FeedbackReader()
        for index in 0..<100 {
            reader.record(UInt16(index), at: Instant(nanoseconds: 5_000_000_000 + Int64(index) * 333_333))
        }
        reader.drain(at: at(6000))
        let arrivals = reader.arrivals
        let wrong = (0..<100).count { index in
            arrivals[UInt16(index)] != (5_000_000_000 + Int64(index) * 333_333) / 250_000
        }
        #expect(wrong == 0)
    }

    @Test("A packet that arrives twice counts by its first arrival")
    func duplicates() {
        var reader = FeedbackReader()
        reader.record(10, at: at(10))
        reader.record(11, at: at(20))
        reader.record(10, at: at(30))
        reader.drain(at: at(200))
        #expect(reader.statuses == [.init(sequence: 10, arrival: 40), .init(sequence: 11, arrival: 80)])
        reader.record(11, at: at(210))
        #expect(reader.generator.nextDeadline == nil)
    }

    @Test("A late packet makes the reports start again there, and its neighbours stay received, MS #1088")
    func lateArrival() {
        var reader = FeedbackReader()
        for sequence in [1, 2, 4, 5] as [UInt16] { reader.record(sequence, at: at(Int64(sequence))) }
        reader.drain(at: at(150))
        #expect(reader.statuses.first { $0.sequence == 3 }?.arrival == nil)
        reader.record(3, at: at(160))
        reader.record(6, at: at(161))
        reader.drain(at: at(300))
        let second = reader.reports[1].statuses
        #expect(second.map(\.sequence) == [3, 4, 5, 6])
        #expect(second.map(\.arrival) == [640, 16, 20, 644])
    }

    @Test("A packet later than the window of 500 ms changes nothing")
    func tooLate() {
        var reader = FeedbackReader()
        for sequence in [1, 2, 4, 5] as [UInt16] { reader.record(sequence, at: at(Int64(sequence))) }
        reader.drain(at: at(150))
        reader.record(6, at: at(1000))
        reader.record(3, at: at(1001))
        reader.drain(at: at(1200))
        #expect(reader.reports.count == 2 && reader.reports[1].statuses.map(\.sequence) == [6])
    }

    @Test("A packet reordered around a pause is still told")
    func reorderedAroundPause() {
        var reader = FeedbackReader()
        reader.record(1, at: at(0))
        reader.drain(at: at(100))
        reader.record(3, at: at(5000))
        reader.record(2, at: at(5001))
        reader.drain(at: at(5200))
        #expect(reader.reports[1].statuses.map(\.sequence) == [2, 3])
        #expect(reader.reports[1].statuses.allSatisfy { $0.arrival != nil })
    }

    @Test(
        "A first number above 32768, with reordering around it, is told right, ST #717",
        arguments: [40_000, 65_535, 0]
    )
    func highStart(first: UInt16) {
        var reader = FeedbackReader()
        reader.record(first, at: at(5))
        reader.record(first &- 1, at: at(6))
        reader.record(first &+ 1, at: at(7))
        reader.drain(at: at(200))
        #expect(reader.statuses.map(\.sequence) == [first &- 1, first, first &+ 1])
        #expect(reader.statuses.map(\.arrival) == [24, 20, 28])
    }

    @Test("A delta beyond 0x7FFF ticks closes one packet and starts the next, MS #1049", arguments: [-9000, 9000])
    func wideDelta(milliseconds: Int64) {
        var reader = FeedbackReader()
        reader.record(1, at: at(20_000))
        reader.record(3, at: at(20_000 + milliseconds))
        reader.drain(at: at(40_000))
        #expect(reader.reports.count == 2)
        #expect(reader.reports[0].statuses == [.init(sequence: 1, arrival: 80_000)])
        let expected = RTCPTransportFeedbackView.Status(sequence: 3, arrival: 80_000 + milliseconds * 4)
        #expect(reader.reports[1].statuses == [.init(sequence: 2, arrival: nil), expected])
    }

    @Test(
        "A gap of up to 8191 packets is told as lost, a wider jump starts over",
        arguments: [8191, 8192, 8193, 20_000, 32_000]
    )
    func gaps(jump: Int) {
        var reader = FeedbackReader()
        reader.record(100, at: at(1))
        reader.record(101, at: at(2))
        reader.drain(at: at(101))
        reader.record(UInt16(101 + jump), at: at(110))
        reader.drain(at: at(300))
        let last = reader.reports[1].statuses
        #expect(last.last == .init(sequence: UInt16(101 + jump), arrival: 440))
        #expect(last.count == (jump <= 8192 ? jump : 1))
        #expect(last.dropLast().allSatisfy { $0.arrival == nil })
        #expect(reader.reports.count == 2)
    }

    @Test("A jump back, which looks like late packets, is followed after sixteen of them")
    func jumpBack() {
        var reader = FeedbackReader()
        for index in 0..<10 { reader.record(50_000 + UInt16(index), at: at(Int64(index))) }
        reader.drain(at: at(200))
        for index in 0..<40 { reader.record(20_000 + UInt16(index), at: at(300 + Int64(index))) }
        reader.drain(at: at(500))
        #expect(reader.reports[1].statuses.map(\.sequence) == (15..<40).map { 20_000 + UInt16($0) })
    }

    @Test("The count grows only for packets that were sent")
    func countsSentPackets() {
        var reader = FeedbackReader()
        for index in 0..<4 {
            reader.record(UInt16(index), at: at(Int64(index) * 200))
            reader.drain(at: at(Int64(index) * 200 + 150), confirming: index != 1)
        }
        #expect(reader.reports.map(\.count) == [0, 1, 1, 2])
    }

    @Test("The count, the sequence number and the reference time wrap in the middle of a stream, MS #1145")
    func wraps() {
        // 2²³ and 2²⁴ times 64 ms: where the reference time turns negative, and where it starts again.
        for era in [1 << 23, 1 << 24] as [Int64] {
            var reader = FeedbackReader()
            let start = era * 64 - 20_000
            for step in 0..<4000 {
                let now = at(start + Int64(step) * 10)
                if let deadline = reader.generator.nextDeadline, deadline <= now { reader.drain(at: now) }
                reader.record(UInt16(truncatingIfNeeded: 63_000 + step), at: now)
            }
            reader.drain(at: at(start + 50_000))
            #expect(reader.reports.count > 256 && reader.arrivals.count == 4000)
            let counts = reader.reports.indices.count { reader.reports[$0].count != UInt8(truncatingIfNeeded: $0) }
            #expect(counts == 0)
            let lap: Int64 = 256 << 24
            let arrivals = reader.arrivals
            let late = (0..<4000).reduce(into: Int64(0)) { sum, step in
                let told = arrivals[UInt16(truncatingIfNeeded: 63_000 + step)] ?? Int64.max / 2
                let expected = (start + Int64(step) * 10) * 4
                sum += ((told - expected) % lap + lap) % lap
            }
            // The tick that ends in 32 zeros is told one late.
            #expect(late <= 1)
        }
    }

    @Test("Reports stay within 1200 bytes and tell every packet, however many arrive")
    func manyPackets() {
        var reader = FeedbackReader()
        var random = SeededRandom(seed: 3)
        var time: Int64 = 1_000_000_000
        for index in 0..<8000 {
            time += Int64.random(in: 0...90_000, using: &random)
            if Int.random(in: 0..<200, using: &random) == 0 { time += 70_000_000 }
            reader.record(UInt16(index), at: Instant(nanoseconds: time))
        }
        reader.drain(at: Instant(nanoseconds: time + 1_000_000_000))
        #expect(reader.reports.count > 4 && reader.arrivals.count == 8000)
        #expect(reader.reports.allSatisfy { $0.length <= 1200 })
        #expect(reader.generator.unreportedCount == 0)
    }

    @Test("More packets than the ring holds before a report: the oldest go untold and are counted")
    func overrun() {
        var reader = FeedbackReader()
        for index in 0..<10_000 { reader.record(UInt16(index), at: Instant(nanoseconds: Int64(index) * 1000)) }
        reader.drain(at: at(200))
        #expect(reader.generator.unreportedCount == 10_000 - 8192)
        #expect(reader.arrivals.count == 8192 && reader.statuses.first?.sequence == 10_000 - 8192)
    }

    @Test("Loss is what never arrived, and late packets make up for it")
    func lossShare() {
        var reader = FeedbackReader()
        for step in 0..<500 {
            let now = at(Int64(step) * 10)
            if let deadline = reader.generator.nextDeadline, deadline <= now { reader.drain(at: now) }
            if step % 4 != 0 { reader.record(UInt16(step), at: now) }
        }
        #expect(abs(reader.generator.lossFraction - 0.25) < 0.03)
        #expect(TransportFeedbackGenerator().lossFraction == 0)
    }

    @Test(
        "Under loss, reordering, duplication and jitter the reader learns every arrival",
        arguments: 1...20 as ClosedRange<UInt64>
    )
    func againstOracle(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let start = UInt16.random(in: 0...65_535, using: &random)
        let loss = Double.random(in: 0...0.4, using: &random)
        var events: [(time: Int64, sequence: UInt16)] = []
        for index in 0..<3000 where Double.random(in: 0...1, using: &random) >= loss {
            let sent = Int64(index) * 3_000_000
            let copies = Int.random(in: 0..<20, using: &random) == 0 ? 2 : 1
            for _ in 0..<copies {
                let jitter = Int64.random(in: 0...100_000_000, using: &random)
                events.append((sent + jitter, start &+ UInt16(index)))
            }
        }
        events.sort { $0.time < $1.time }
        var reader = FeedbackReader()
        var oracle: [UInt16: Int64] = [:]
        for event in events {
            let now = Instant(nanoseconds: event.time)
            if let deadline = reader.generator.nextDeadline, deadline <= now { reader.drain(at: now) }
            reader.record(event.sequence, at: now)
            if oracle[event.sequence] == nil { oracle[event.sequence] = event.time / 250_000 }
        }
        reader.drain(at: Instant(nanoseconds: 20_000_000_000))
        #expect(reader.arrivals == oracle)
        #expect(reader.generator.unreportedCount == 0)
    }

    @Test("Hostile numbers and times never trap and never grow a report", arguments: 1...4 as ClosedRange<UInt64>)
    func hostile(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var reader = FeedbackReader()
        var longest = 0
        for step in 0..<25_000 {
            let now = at(Int64(step))
            if let deadline = reader.generator.nextDeadline, deadline <= now {
                reader.drain(at: now)
                longest = max(longest, reader.reports.map(\.length).max() ?? 0)
                reader.reports.removeAll()
            }
            let wild = Int64.random(in: -20_000...20_000, using: &random)
            reader.record(
                UInt16.random(in: 0...65_535, using: &random),
                at: Int.random(in: 0..<10, using: &random) == 0 ? at(Int64(step) + wild) : now
            )
        }
        #expect(longest > 0 && longest <= 1200)
    }
}
