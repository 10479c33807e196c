// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

public import SwiftletWire

/// Bits per second over a sliding window, in 25 buckets that live inside the value.
@usableFromInline
package struct RateCounter: Sendable {
    /// How many buckets the window is cut into.
    package static let bucketCount = 25

    @usableFromInline var buckets = InlineArray<25, UInt32>(repeating: 0)
    @usableFromInline let bucketLength: Int64
    /// When the newest bucket ends, and where it stands; `.min` before the first.
    @usableFromInline var end = Int64.min
    @usableFromInline var index = 0
    @usableFromInline var total: UInt64 = 0

    /// - Parameter window: What to average over: 1 s by default, 2.5 s for layers, 6 s for those with DTX.
    package init(window: Duration = .seconds(1)) {
        bucketLength = max(1, window.wholeNanoseconds / Int64(Self.bucketCount))
    }

    /// Counts `bytes` that passed at `now`; a moment before the newest bucket counts into it.
    @inlinable @inline(__always)
    package mutating func add(_ bytes: Int, now: Instant) {
        if now.nanoseconds >= end { slide(to: now.nanoseconds) }
        let old = buckets[index]
        let (sum, overflow) = old.addingReportingOverflow(UInt32(clamping: bytes))
        buckets[index] = overflow ? .max : sum
        total &+= UInt64(buckets[index] &- old)
    }

    /// The rate in bits per second over the window that ends at `now`.
    package mutating func rate(now: Instant) -> UInt64 {
        slide(to: now.nanoseconds)
        // 25 buckets of 32 bits: the product stays below 2⁶⁰.
        return total * 8_000_000 / max(1, UInt64(bucketLength) * UInt64(Self.bucketCount) / 1000)
    }

    /// Moves the window so that its newest bucket holds `now`.
    @usableFromInline
    mutating func slide(to now: Int64) {
        guard end != .min, now &- end < bucketLength &* Int64(Self.bucketCount - 1) else {
            if total > 0 { buckets = InlineArray(repeating: 0) }
            total = 0
            (end, index) = (now &- now % bucketLength &+ bucketLength, 0)
            return
        }
        while now >= end {
            end &+= bucketLength
            index = index == Self.bucketCount - 1 ? 0 : index + 1
            total &-= UInt64(buckets[index])
            buckets[index] = 0
        }
    }
}

/// Packets and bytes that passed, and their rate.
@usableFromInline
package struct TrafficCounter: Sendable {
    /// Packets since the start.
    @usableFromInline package internal(set) var packets: UInt64 = 0
    /// Bytes since the start.
    @usableFromInline package internal(set) var bytes: UInt64 = 0
    @usableFromInline var window: RateCounter

    package init(window: Duration = .seconds(1)) { self.window = RateCounter(window: window) }

    /// Counts one packet of `size` bytes.
    @inlinable @inline(__always)
    package mutating func add(_ size: Int, now: Instant) { add(size, packets: 1, now: now) }

    /// Counts packets of `size` bytes together.
    @inlinable @inline(__always)
    package mutating func add(_ size: Int, packets count: Int, now: Instant) {
        packets &+= UInt64(truncatingIfNeeded: count)
        bytes &+= UInt64(clamping: size)
        window.add(size, now: now)
    }

    /// Bits per second of late.
    package mutating func bitrate(now: Instant) -> UInt64 { window.rate(now: now) }
}
