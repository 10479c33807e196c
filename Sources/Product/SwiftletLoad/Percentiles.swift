// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletClient

/// Where a number of measurements lie.
package struct Percentiles: Codable, Hashable, Sendable {
    /// How many measurements.
    package var count = 0
    /// Their mean.
    package var mean: Double?
    /// Half of them are no larger.
    package var p50: Double?
    /// Nine of ten are no larger.
    package var p90: Double?
    /// 99 of 100 are no larger.
    package var p99: Double?
    /// The largest.
    package var max: Double?

    /// Of nothing.
    package init() {}

    /// Of values, exactly: the smallest value that the share does not exceed (nearest rank).
    package init(_ values: [Double]) {
        guard !values.isEmpty else { return }
        let sorted = values.sorted()
        func rank(_ percent: Int) -> Double { sorted[(sorted.count * percent + 99) / 100 - 1] }
        (count, mean) = (sorted.count, sorted.reduce(0, +) / Double(sorted.count))
        (p50, p90, p99, max) = (rank(50), rank(90), rank(99), sorted.last)
    }

    /// Of a histogram, in milliseconds, to its steps.
    package init(_ histogram: DelayHistogram) {
        guard histogram.count > 0 else { return }
        (count, mean) = (histogram.count, histogram.mean?.milliseconds)
        p50 = histogram.percentile(0.5)?.milliseconds
        p90 = histogram.percentile(0.9)?.milliseconds
        p99 = histogram.percentile(0.99)?.milliseconds
        max = histogram.longest.milliseconds
    }
}

extension Duration {
    /// In milliseconds.
    package var milliseconds: Double { self / .milliseconds(1) }
    /// In seconds.
    package var seconds: Double { self / .seconds(1) }
}
