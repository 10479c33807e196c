// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletClient
import SwiftletWire
import Testing

@Suite("Delays are counted to an eighth of a doubling")
struct HistogramTests {
    @Test("Percentiles agree with a sorted list", arguments: 1...20 as ClosedRange<UInt64>)
    func percentiles(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var histogram = DelayHistogram()
        let values = (0..<1000).map { _ in
            Int64(1) << Int64.random(in: 0...34, using: &random) + Int64.random(in: 0...1_000_000, using: &random)
        }.sorted()
        for value in values { histogram.record(.nanoseconds(value)) }
        for share in [0.01, 0.5, 0.9, 0.99, 1] {
            let truth = values[Int((share * 1000).rounded(.up)) - 1]
            let told = try #require(histogram.percentile(share)).wholeNanoseconds
            #expect(told >= truth && Double(told) <= Double(truth) * 1.13 + 1024, "\(share): \(told) for \(truth)")
        }
        #expect(histogram.longest == .nanoseconds(values[999]) && histogram.count == 1000)
    }

    @Test("Two histograms together are what one would have been")
    func merging() {
        var (a, b, both) = (DelayHistogram(), DelayHistogram(), DelayHistogram())
        for value in 1...100 {
            let delay = Duration.microseconds(value * value)
            if value % 3 == 0 { a.record(delay) } else { b.record(delay) }
            both.record(delay)
        }
        a.merge(b)
        #expect(a.percentile(0.5) == both.percentile(0.5) && a.percentile(0.99) == both.percentile(0.99))
        #expect(a.count == both.count && a.longest == both.longest)
    }

    @Test("Nothing has no percentile, and what came before it was sent counts as at once")
    func edges() throws {
        var histogram = DelayHistogram()
        #expect(histogram.percentile(0.5) == nil && histogram.mean == nil)
        histogram.record(.milliseconds(-5))
        #expect(try #require(histogram.percentile(1)) <= .microseconds(2))
        histogram.record(.seconds(1_000_000))
        #expect(histogram.percentile(1) == .seconds(1_000_000))
    }
}
