// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCongestion
import SwiftletWire
import Testing

@Suite("Receive-side estimate from abs-send-time")
struct ReceiveBitrateEstimatorTests {
    /// A sender that follows the estimate, a bottleneck with a queue, and jitter behind it.
    private struct Path {
        var estimator = ReceiveBitrateEstimator()
        var now: Int64
        var queueFree: Int64 = 0
        var sendRate = 300_000.0
        var random: SeededRandom
        var largestQueue: Int64 = 0

        init(seed: UInt64, start: Int64 = 0) {
            now = start
            random = SeededRandom(seed: seed)
        }

        /// Sends at what the estimate allows, at most `demand`, through `capacity` bits per second.
        mutating func run(seconds: Double, capacity: Double, demand: Double, jitter: Int64 = 1_000_000) {
            let end = now + Int64(seconds * 1e9)
            largestQueue = 0
            while now < end {
                sendRate = min(demand, Double(estimator.bitrate ?? 300_000))
                // Frames of 33 ms, in packets of at most 1200 bytes sent together.
                var left = Int(sendRate / 8 * 0.033)
                while left > 0 {
                    let size = min(1200, max(100, left))
                    left -= size
                    queueFree = max(queueFree, now) + Int64(Double(size) * 8e9 / capacity)
                    largestQueue = max(largestQueue, queueFree - now)
                    guard queueFree - now < 500_000_000 else {
                        queueFree -= Int64(Double(size) * 8e9 / capacity)
                        continue
                    }
                    let arrival = queueFree + 20_000_000 + Int64.random(in: 0...jitter, using: &random)
                    let sendTime = UInt32(truncatingIfNeeded: (now / 1000) * (1 << 18) / 1_000_000) & 0xFF_FFFF
                    estimator.record(
                        sendTime: sendTime,
                        arrival: Instant(nanoseconds: arrival),
                        size: size
                    )
                }
                now += 33_000_000
            }
        }
    }

    @Test("It climbs to the capacity of the path and stays near it", arguments: 1...6 as ClosedRange<UInt64>)
    func climbs(seed: UInt64) throws {
        var path = Path(seed: seed)
        path.run(seconds: 60, capacity: 2_000_000, demand: 10_000_000)
        var lowest = UInt64.max
        for _ in 0..<60 {
            path.run(seconds: 1, capacity: 2_000_000, demand: 10_000_000)
            lowest = min(lowest, try #require(path.estimator.bitrate))
        }
        #expect(lowest > 1_000_000)
        #expect(try #require(path.estimator.bitrate) < 3_200_000)
    }

    @Test("It falls below a capacity that drops, within seconds", arguments: 1...6 as ClosedRange<UInt64>)
    func falls(seed: UInt64) throws {
        var path = Path(seed: seed)
        path.run(seconds: 60, capacity: 3_000_000, demand: 10_000_000)
        path.run(seconds: 5, capacity: 700_000, demand: 10_000_000)
        #expect(try #require(path.estimator.bitrate) < 1_000_000)
        path.run(seconds: 20, capacity: 700_000, demand: 10_000_000)
        path.run(seconds: 10, capacity: 700_000, demand: 10_000_000)
        #expect(path.largestQueue < 450_000_000)
    }

    @Test("It comes back from a collapse to the least rate, MS #316", arguments: 1...3 as ClosedRange<UInt64>)
    func recovers(seed: UInt64) throws {
        var path = Path(seed: seed)
        path.run(seconds: 30, capacity: 50_000, demand: 10_000_000)
        #expect(try #require(path.estimator.bitrate) < 150_000)
        path.run(seconds: 90, capacity: 3_000_000, demand: 10_000_000)
        #expect(try #require(path.estimator.bitrate) > 1_000_000)
    }

    @Test("A sender with little to say does not raise it beyond 1.5 times that")
    func applicationLimited() throws {
        var path = Path(seed: 4)
        path.run(seconds: 60, capacity: 10_000_000, demand: 200_000)
        #expect(try #require(path.estimator.bitrate) < 350_000)
    }

    @Test("Send times wrap after 64 s without a dent")
    func sendTimeWraps() throws {
        var path = Path(seed: 5, start: 50_000_000_000)
        path.run(seconds: 10, capacity: 5_000_000, demand: 600_000)
        let before = try #require(path.estimator.bitrate)
        path.run(seconds: 10, capacity: 5_000_000, demand: 600_000)
        #expect(try #require(path.estimator.bitrate) >= before * 9 / 10)
    }

    @Test("Silence makes it start afresh but keeps the estimate")
    func silence() throws {
        var path = Path(seed: 6)
        path.run(seconds: 10, capacity: 5_000_000, demand: 600_000)
        let before = path.estimator.bitrate
        let deadline = try #require(path.estimator.nextDeadline)
        let (early, due, again) = (
            path.estimator.advance(to: deadline - .milliseconds(1)), path.estimator.advance(to: deadline),
            path.estimator.advance(to: deadline + .seconds(9))
        )
        #expect(!early && due && !again)
        #expect(path.estimator.bitrate == before && path.estimator.nextDeadline == nil)
    }

    @Test("Hostile send times and arrivals in any order never trap, ST #700", arguments: 1...4 as ClosedRange<UInt64>)
    func hostile(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var estimator = ReceiveBitrateEstimator()
        for step in 0..<50_000 {
            let jump =
                Int.random(in: 0..<50, using: &random) == 0 ? Int64.random(in: -(1 << 50)...1 << 50, using: &random) : 0
            let jitter = Int64.random(in: -50_000_000...50_000_000, using: &random)
            estimator.record(
                sendTime: Bool.random(using: &random) ? UInt32.random(in: 0...0xFFFF_FFFF, using: &random) : nil,
                arrival: Instant(nanoseconds: Int64(step) * 1_000_000 + jitter + jump),
                size: Int.random(in: 0...1500, using: &random)
            )
        }
        #expect((estimator.bitrate ?? 0) < 1 << 50)
    }
}
