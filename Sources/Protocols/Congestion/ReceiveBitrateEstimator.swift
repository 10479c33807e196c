// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletWire

/// Estimates the bandwidth of the path towards us from abs-send-time and arrival times.
///
/// Growing delay between groups of packets means a queue that fills: the rate falls below what arrives. A delay that
/// does not grow lets it rise. One for each transport whose sender cannot measure for itself.
package struct ReceiveBitrateEstimator: Sendable {
    /// After this silence the measurement starts afresh.
    package static let silence = Duration.seconds(2)

    /// The estimate in bits per second, or `nil` until enough has arrived to say one.
    package private(set) var bitrate: UInt64?
    /// When ``advance(to:)`` is to be called, should nothing more arrive.
    package var nextDeadline: Instant? { lastArrival.map { $0 + Self.silence } }

    private var groups = InterArrival()
    private var trend = TrendlineEstimator()
    private var control = AIMDRateControl()
    private var incoming = RateMeter()
    private var lastArrival: Instant?
    private var unwrapper = SendTimeUnwrapper()

    package init() {}

    /// Takes note of a packet.
    ///
    /// - Parameters:
    ///   - sendTime: The 24 bits of abs-send-time, or `nil` when the packet carries none: then only its bytes count.
    ///   - arrival: When it reached the socket.
    ///   - size: Its bytes.
    package mutating func record(sendTime: UInt32?, arrival: Instant, size: Int) {
        if let lastArrival, arrival - lastArrival >= Self.silence { restart() }
        lastArrival = max(arrival, lastArrival ?? arrival)
        incoming.add(bytes: size, at: arrival)
        guard let sendTime else { return }
        if let deltas = groups.add(sent: unwrapper.unwrap(sendTime), arrival: arrival.nanoseconds) {
            trend.update(deltas)
        }
        let usage = trend.usage
        if control.isDue(at: arrival, usage: usage) {
            if let rate = control.update(usage: usage, incoming: incoming.bitrate(at: arrival), now: arrival) {
                bitrate = UInt64(max(0, rate))
            }
        }
    }

    /// Lets silence take effect.
    ///
    /// - Returns: Whether the measurement was started afresh just now.
    package mutating func advance(to now: Instant) -> Bool {
        guard let deadline = nextDeadline, now >= deadline else { return false }
        restart()
        lastArrival = nil
        return true
    }

    /// Forgets delays and rates, keeps the estimate.
    private mutating func restart() {
        groups = InterArrival()
        trend = TrendlineEstimator()
        incoming = RateMeter()
        unwrapper = SendTimeUnwrapper()
    }
}

/// Turns wrapping 24-bit send times of 6.18 seconds into nanoseconds that do not wrap.
struct SendTimeUnwrapper: Sendable {
    private var latest: Int64?

    init() {}

    /// The send time in nanoseconds since the first one's lap of 64 s began.
    mutating func unwrap(_ time: UInt32) -> Int64 {
        let bits = Int64(time & 0xFF_FFFF)
        var extended = bits
        if let latest {
            // The nearest of all times with these 24 bits; 8 bits of sign extension make it one.
            extended = latest &+ Int64(Int32(truncatingIfNeeded: (bits &- latest) << 8) >> 8)
        }
        latest = extended
        // A unit is 2⁻¹⁸ s; seconds and fraction apart, so that it does not overflow.
        return (extended >> 18) &* 1_000_000_000 &+ ((extended & 0x3_FFFF) * 1_000_000_000) >> 18
    }
}

/// Bits per second over the last second.
struct RateMeter: Sendable {
    private static let bucketNanoseconds: Int64 = 20_000_000
    private static let bucketCount: Int64 = 50

    private var buckets = InlineArray<50, Int>(repeating: 0)
    private var total = 0
    private var newest: Int64?
    private var oldest: Int64 = 0

    init() {}

    mutating func add(bytes: Int, at time: Instant) {
        let bucket = time.nanoseconds / Self.bucketNanoseconds
        advance(to: bucket)
        // A packet that arrives out of order counts in the newest bucket.
        buckets[Self.index(of: newest ?? bucket)] += bytes
        total += bytes
    }

    /// The rate, or `nil` before half a second has been seen.
    mutating func bitrate(at time: Instant) -> Double? {
        let bucket = time.nanoseconds / Self.bucketNanoseconds
        guard newest != nil else { return nil }
        advance(to: bucket)
        let span = min(Self.bucketCount, (newest ?? bucket) - oldest + 1)
        guard span >= Self.bucketCount / 2 else { return nil }
        return Double(total) * 8 * 1e9 / Double(span * Self.bucketNanoseconds)
    }

    /// Floored, since the clock's origin means nothing.
    private static func index(of bucket: Int64) -> Int {
        let remainder = Int(bucket % bucketCount)
        return remainder < 0 ? remainder + Int(bucketCount) : remainder
    }

    private mutating func advance(to bucket: Int64) {
        guard var last = newest else {
            (newest, oldest) = (bucket, bucket)
            return
        }
        guard bucket > last else { return }
        if bucket - last >= Self.bucketCount {
            buckets = InlineArray<50, Int>(repeating: 0)
            total = 0
        } else {
            while last < bucket {
                last += 1
                let index = Self.index(of: last)
                total -= buckets[index]
                buckets[index] = 0
            }
        }
        newest = bucket
    }
}
