// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletWire

/// Bits per second over a sliding window, in 25 buckets that live inside the value.
package struct RateCounter: Sendable {
    /// How many buckets the window is cut into.
    package static let bucketCount = 25

    private var buckets = InlineArray<25, UInt32>(repeating: 0)
    private let bucketLength: Int64
    private var newest: Int64 = .min
    private var total: UInt64 = 0

    /// - Parameter window: What to average over: 1 s by default, 2.5 s for layers, 6 s for those with DTX.
    package init(window: Duration = .seconds(1)) {
        bucketLength = max(1, window.wholeNanoseconds / Int64(Self.bucketCount))
    }

    /// Counts `bytes` that passed at `now`; a moment before the window counts nothing.
    package mutating func add(_ bytes: Int, now: Instant) {
        let bucket = now.nanoseconds / bucketLength
        slide(to: bucket)
        guard newest &- bucket < Int64(Self.bucketCount) else { return }
        let index = Self.index(bucket)
        let old = buckets[index]
        let (sum, overflow) = old.addingReportingOverflow(UInt32(clamping: bytes))
        buckets[index] = overflow ? .max : sum
        total &+= UInt64(buckets[index] &- old)
    }

    /// The rate in bits per second over the window that ends at `now`.
    package mutating func rate(now: Instant) -> UInt64 {
        slide(to: now.nanoseconds / bucketLength)
        let window = UInt64(bucketLength) * UInt64(Self.bucketCount)
        let (bits, overflow) = total.multipliedReportingOverflow(by: 8_000_000_000)
        return overflow ? total / max(1, window / 8_000_000_000) : bits / window
    }

    private static func index(_ bucket: Int64) -> Int {
        let remainder = Int(truncatingIfNeeded: bucket % Int64(bucketCount))
        return remainder < 0 ? remainder + bucketCount : remainder
    }

    private mutating func slide(to bucket: Int64) {
        guard newest != .min, bucket &- newest < Int64(Self.bucketCount) else {
            if newest != .min { buckets = InlineArray(repeating: 0) }
            (newest, total) = (bucket, 0)
            return
        }
        while newest < bucket {
            newest += 1
            let index = Self.index(newest)
            total &-= UInt64(buckets[index])
            buckets[index] = 0
        }
    }
}

/// Packets and bytes that passed, and their rate.
package struct TrafficCounter: Sendable {
    /// Packets since the start.
    package private(set) var packets: UInt64 = 0
    /// Bytes since the start.
    package private(set) var bytes: UInt64 = 0
    private var window: RateCounter

    package init(window: Duration = .seconds(1)) { self.window = RateCounter(window: window) }

    /// Counts one packet of `size` bytes.
    package mutating func add(_ size: Int, now: Instant) {
        packets &+= 1
        bytes &+= UInt64(clamping: size)
        window.add(size, now: now)
    }

    /// Bits per second of late.
    package mutating func bitrate(now: Instant) -> UInt64 { window.rate(now: now) }
}
