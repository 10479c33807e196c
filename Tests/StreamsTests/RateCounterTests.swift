// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletStreams
import SwiftletWire
import Testing

@Suite("Rates")
struct RateCounterTests {
    @Test("A steady stream shows its rate, and silence brings it to zero within the window")
    func steady() {
        var counter = RateCounter()
        for step in 0..<2000 { counter.add(125, now: at(Double(step))) }
        #expect((970_000...1_000_000).contains(counter.rate(now: at(1999))))
        #expect((450_000...520_000).contains(counter.rate(now: at(2500))))
        #expect(counter.rate(now: at(3000)) == 0)
        #expect(counter.rate(now: at(1_000_000)) == 0)
    }

    @Test("A million random steps agree with a list of buckets", arguments: [1, 2] as [UInt64])
    func oracle(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var counter = RateCounter(window: .milliseconds(2500))
        var events: [(bucket: Int64, bytes: Int)] = []
        var now: Int64 = start.nanoseconds
        var mismatches = 0
        for _ in 0..<500_000 {
            now +=
                Int64.random(in: 0..<200, using: &random) == 0
                ? 3_000_000_000 : Int64.random(in: 0...30_000_000, using: &random)
            let bytes = Int.random(in: 0...1500, using: &random)
            counter.add(bytes, now: Instant(nanoseconds: now))
            let bucket = now / 100_000_000
            events.append((bucket, bytes))
            if let recent = events.firstIndex(where: { $0.bucket > bucket - 25 }) { events.removeFirst(recent) }
            let expected = UInt64(events.reduce(0) { $0 + $1.bytes }) * 8_000_000_000 / 2_500_000_000
            if counter.rate(now: Instant(nanoseconds: now)) != expected { mismatches += 1 }
        }
        #expect(mismatches == 0)
    }

    @Test("Times that run backwards count as now, and clocks before zero do no harm")
    func backwards() {
        var counter = RateCounter()
        counter.add(1000, now: at(5000))
        counter.add(1000, now: at(4500))
        counter.add(1000, now: at(0))
        #expect(counter.rate(now: at(5000)) == 24_000)
        #expect(counter.rate(now: at(6000)) == 0)
        var early = RateCounter()
        early.add(1000, now: Instant(nanoseconds: -1))
        early.add(1000, now: Instant(nanoseconds: 1))
        #expect(early.rate(now: Instant(nanoseconds: 2)) == 16_000)
    }

    @Test("Absurd amounts saturate")
    func saturation() {
        var counter = RateCounter()
        for step in 0..<100 { counter.add(.max, now: at(Double(step) * 10)) }
        let most = UInt64(UInt32.max) * 25 * 8
        #expect((most / 100 * 80...most).contains(counter.rate(now: at(990))))
    }

    @Test("Totals only grow")
    func totals() {
        var traffic = TrafficCounter()
        for step in 0..<10 { traffic.add(100, now: at(Double(step) * 1000)) }
        #expect(traffic.packets == 10)
        #expect(traffic.bytes == 1000)
        #expect(traffic.bitrate(now: at(9000)) == 800)
    }
}
