// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

public import SwiftletClient

/// Where a number of measurements lie.
public struct Percentiles: Codable, Hashable, Sendable {
    /// How many measurements.
    public var count = 0
    /// Their mean.
    public var mean: Double?
    /// Half of them are no larger.
    public var p50: Double?
    /// Nine of ten are no larger.
    public var p90: Double?
    /// 99 of 100 are no larger.
    public var p99: Double?
    /// The largest.
    public var max: Double?

    /// Of nothing.
    public init() {}

    /// Of values, exactly: the smallest value that the share does not exceed (nearest rank).
    public init(_ values: [Double]) {
        guard !values.isEmpty else { return }
        let sorted = values.sorted()
        func rank(_ percent: Int) -> Double { sorted[(sorted.count * percent + 99) / 100 - 1] }
        (count, mean) = (sorted.count, sorted.reduce(0, +) / Double(sorted.count))
        (p50, p90, p99, max) = (rank(50), rank(90), rank(99), sorted.last)
    }

    /// Of a histogram, in milliseconds, to its steps.
    public init(_ histogram: DelayHistogram) {
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
