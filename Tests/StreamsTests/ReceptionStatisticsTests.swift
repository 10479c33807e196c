// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletStreams
import SwiftletWire
import Testing

@Suite("Reception statistics, RFC 3550 A.1, A.3, A.8")
struct ReceptionStatisticsTests {
    @Test("Numbers extend across wraps, and late ones find their cycle")
    func wraps() {
        var statistics = ReceptionStatistics(clockRate: 90_000)
        #expect(statistics.place(65_534) == .newest(65_536 + 65_534))
        #expect(statistics.place(1) == .newest(65_536 + 65_537))
        #expect(statistics.place(65_535) == .late(65_536 + 65_535))
        #expect(statistics.place(65_000) == .late(65_536 + 65_000))
        #expect(statistics.reportedHighest == 0x1_0001, "the first cycle counts as zero on the wire")
    }

    @Test("A jump ahead below 3000 is loss, from there on it needs a second packet")
    func dropout() {
        var statistics = ReceptionStatistics(clockRate: 90_000)
        _ = statistics.place(0)
        #expect(statistics.place(2999) == .newest(65_536 + 2999))
        #expect(statistics.place(2999 + 3000) == .implausible)
        #expect(statistics.place(3000) == .newest(65_536 + 3000))
        #expect(statistics.place(6000) == .implausible)
        #expect(statistics.place(6001) == .resynchronized(3 << 16 | 6001))
        #expect(statistics.place(6002) == .newest(3 << 16 | 6002))
    }

    @Test("A packet is late up to 1500 back, beyond that it is a jump")
    func misorder() {
        var statistics = ReceptionStatistics(clockRate: 90_000)
        _ = statistics.place(5000)
        #expect(statistics.place(3500) == .late(65_536 + 3500))
        #expect(statistics.place(3499) == .implausible)
    }

    @Test("After any confirmed jump, extended numbers are higher than all before", arguments: [1, 2] as [UInt64])
    func resynchronizationGrows(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var statistics = ReceptionStatistics(clockRate: 90_000)
        var highest: Int64 = 0
        for _ in 0..<100_000 {
            switch statistics.place(UInt16.random(in: .min ... .max, using: &random) & 0x8001) {
            case .newest(let sequence), .resynchronized(let sequence):
                #expect(sequence > highest)
                highest = sequence
            case .late(let sequence): #expect(sequence <= highest)
            case .implausible: break
            }
        }
        #expect(highest > 1 << 20)
    }

    @Test("Loss is counted since the start and by interval")
    func loss() {
        var statistics = ReceptionStatistics(clockRate: 90_000)
        func feed(_ sequences: [UInt16]) {
            for sequence in sequences {
                if case .newest(let placed) = statistics.place(sequence) { statistics.count(placed) }
            }
        }
        feed(Array(1...75) + [100])
        #expect(statistics.expected == 100)
        #expect(statistics.cumulativeLoss == 24)
        #expect(statistics.takeFractionLost() == UInt8(24 * 256 / 100))
        feed(Array(101...200))
        #expect(statistics.takeFractionLost() == 0)
        #expect(statistics.cumulativeLoss == 24)
        #expect(statistics.takeFractionLost() == 0, "an interval without packets lost none")
    }

    @Test("Packets from before the first one make loss negative at most, never a trap")
    func negativeLoss() {
        var statistics = ReceptionStatistics(clockRate: 90_000)
        if case .newest(let placed) = statistics.place(10) { statistics.count(placed) }
        for _ in 0..<3 { statistics.count(65_536 + 10) }
        #expect(statistics.cumulativeLoss == -3)
        #expect(statistics.clampedLoss == -3)
        #expect(statistics.takeFractionLost() == 0)
    }

    @Test("Loss is clamped to 24 signed bits")
    func clampedLoss() {
        var statistics = ReceptionStatistics(clockRate: 90_000)
        var sequence: UInt16 = 0
        for _ in 0..<3000 {
            _ = statistics.place(sequence)
            sequence &+= 2998
        }
        #expect(statistics.cumulativeLoss > 0x7F_FFFF)
        #expect(statistics.clampedLoss == 0x7F_FFFF)
    }

    @Test("A full interval of loss is 255, not a wrap to zero")
    func fractionClamp() {
        var statistics = ReceptionStatistics(clockRate: 90_000)
        if case .newest(let placed) = statistics.place(0) { statistics.count(placed) }
        _ = statistics.takeFractionLost()
        _ = statistics.place(1000)
        #expect(statistics.takeFractionLost() == 255)
    }

    @Test("Jitter is in clock units and stays calm across the 32-bit wrap, mediasoup 1018, 1117")
    func jitter() {
        var statistics = ReceptionStatistics(clockRate: 90_000)
        var timestamp: UInt32 = 0xFFFF_0000
        for frame in 0..<200 {
            // Frames of 33⅓ ms that arrive 2 ms early and late in turn: 4 ms of transit difference.
            let offset = frame % 2 == 0 ? 2.0 : -2
            statistics.updateJitter(timestamp: timestamp, arrival: at(Double(frame) * 100 / 3 + offset))
            timestamp &+= 3000
        }
        #expect(timestamp < 0x1_0000_0000 / 2, "the clock wrapped on the way")
        #expect((355...360).contains(statistics.jitter))
    }

    @Test("Packets of one frame do not count as jitter, nor does a leap of the sender's clock")
    func jitterExceptions() {
        var statistics = ReceptionStatistics(clockRate: 90_000)
        for frame in 0..<50 {
            for packet in 0..<10 {
                statistics.updateJitter(
                    timestamp: UInt32(frame * 3000),
                    arrival: at(Double(frame) * 100 / 3 + Double(packet) * 2)
                )
            }
        }
        let calm = statistics.jitter
        statistics.updateJitter(timestamp: 0x9000_0000, arrival: at(1700))
        #expect(statistics.jitter == calm)
        #expect(calm == 0)
    }
}
