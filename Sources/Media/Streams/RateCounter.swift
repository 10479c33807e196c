// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletWire

/// Bits per second over a sliding window, in 25 buckets that live inside the value.
package struct RateCounter: Sendable {
    /// How many buckets the window is cut into.
    package static let bucketCount = 25

    private var buckets = InlineArray<25, UInt32>(repeating: 0)
    private let bucketLength: Int64
    /// The newest bucket: when it began and where it stands; `nil` before the first.
    private var newest: (start: Int64, index: Int)?
    private var total: UInt64 = 0

    /// - Parameter window: What to average over: 1 s by default, 2.5 s for layers, 6 s for those with DTX.
    package init(window: Duration = .seconds(1)) {
        bucketLength = max(1, window.wholeNanoseconds / Int64(Self.bucketCount))
    }

    /// Counts `bytes` that passed at `now`; a moment before the newest bucket counts into it.
    package mutating func add(_ bytes: Int, now: Instant) {
        let index = slide(to: now.nanoseconds)
        let old = buckets[index]
        let (sum, overflow) = old.addingReportingOverflow(UInt32(clamping: bytes))
        buckets[index] = overflow ? .max : sum
        total &+= UInt64(buckets[index] &- old)
    }

    /// The rate in bits per second over the window that ends at `now`.
    package mutating func rate(now: Instant) -> UInt64 {
        _ = slide(to: now.nanoseconds)
        // 25 buckets of 32 bits: the product stays below 2⁶⁰.
        return total * 8_000_000 / max(1, UInt64(bucketLength) * UInt64(Self.bucketCount) / 1000)
    }

    /// Moves the window so that its newest bucket holds `now`, and returns where that bucket stands.
    ///
    /// Most calls stay within the newest bucket and cost a comparison.
    private mutating func slide(to now: Int64) -> Int {
        guard let (start, index) = newest, now &- start < bucketLength &* Int64(Self.bucketCount) else {
            if total > 0 { buckets = InlineArray(repeating: 0) }
            total = 0
            newest = (now &- now % bucketLength, 0)
            return 0
        }
        guard now &- start >= bucketLength else { return index }
        var (begin, place) = (start, index)
        while now &- begin >= bucketLength {
            begin &+= bucketLength
            place = place == Self.bucketCount - 1 ? 0 : place + 1
            total &-= UInt64(buckets[place])
            buckets[place] = 0
        }
        newest = (begin, place)
        return place
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
