// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletWire

/// How far a sender's NTP clock is from ours, told by the sender reports of all its streams.
///
/// One for each transport that produces: all streams of a sender share one offset, so that rewriting their reports keeps
/// audio and video together whatever the estimate is worth. A report that was delayed shows the clocks further apart than
/// they are, so the least distance of ``memory`` counts; ``offset`` follows it slowly, for a mapping that leaps disturbs
/// the playout of who synchronises by it.
package struct SenderClock: Sendable {
    /// How long a report counts: long enough to meet a moment without queues, short enough to follow a clock that drifts
    /// by 100 ppm to within 3 ms.
    package static let memory = Duration.seconds(30)
    /// What ``offset`` moves by at most, from report to report and in a second: 4 ms, a tenth of what an eye notices
    /// between lips and voice, and ten times what clocks drift.
    package static let slew: Int64 = (4 << 32) / 1000
    /// A report further than this from what is known is of a clock that was set anew, when another one says so too.
    package static let jump: Int64 = 1 << 32
    /// How far apart two reports are at least for the later to confirm the earlier: reports of one compound packet were
    /// delayed together.
    package static let confirmation: UInt64 = (1 << 32) / 10
    /// What to add to the sender's NTP time for ours, in 32.32 fixed point with wrap-around; `nil` before the first
    /// report.
    ///
    /// It holds the least delay of the path besides the clocks' distance.
    package private(set) var offset: Int64?

    /// The least distance of each 5 s, the newest first.
    private var buckets = InlineArray<6, Int64?>(repeating: nil)
    /// When the newest bucket ends.
    private var bucketEnd = Int64.min
    private var lastMove: Instant?
    /// A report that stands alone with its distance.
    private var suspect: (ntp: NTPTime, distance: Int64)?

    private static let bucketLength: Int64 = 5_000_000_000

    package init() {}

    /// A moment of the sender's clock on ours; `nil` before the first report.
    package func ours(_ theirs: NTPTime) -> NTPTime? {
        offset.map { NTPTime(rawValue: theirs.rawValue &+ UInt64(bitPattern: $0)) }
    }

    /// Takes in a sender report.
    ///
    /// - Parameters:
    ///   - ntp: The report's NTP time, RFC 3550 §6.4.1; 0 says that the sender has no wall clock and is ignored.
    ///   - arrival: Our wall time when it arrived.
    ///   - now: The same moment on the monotonic clock.
    package mutating func add(ntp: NTPTime, arrival: NTPTime, now: Instant) {
        guard ntp.rawValue != 0 else { return }
        let distance = Int64(bitPattern: arrival.rawValue &- ntp.rawValue)
        guard let known = offset else { return begin(at: distance, now: now) }
        // Distances may be anything, so only differences of them are compared.
        if (distance &- known).magnitude > UInt64(Self.jump) {
            return doubt(ntp: ntp, distance: distance, now: now)
        }
        suspect = nil
        slide(to: now)
        if buckets[0].map({ distance &- $0 < 0 }) ?? true { buckets[0] = distance }
        follow(known, now: now)
    }

    /// Takes in a report that contradicts what is known.
    private mutating func doubt(ntp: NTPTime, distance: Int64, now: Instant) {
        guard let earlier = suspect else {
            suspect = (ntp, distance)
            return
        }
        let apart = Int64(bitPattern: ntp.rawValue &- earlier.ntp.rawValue).magnitude
        guard apart >= Self.confirmation else { return }
        // A backlog that arrives at once shows its whole length as a difference of the distances.
        let difference = distance &- earlier.distance
        guard difference.magnitude <= min(apart / 2, UInt64(Self.jump)) else {
            suspect = (ntp, distance)
            return
        }
        begin(at: difference < 0 ? distance : earlier.distance, now: now)
    }

    private mutating func begin(at distance: Int64, now: Instant) {
        (offset, lastMove, suspect) = (distance, now, nil)
        buckets = InlineArray(repeating: nil)
        bucketEnd = now.nanoseconds &+ Self.bucketLength
        buckets[0] = distance
    }

    private mutating func slide(to now: Instant) {
        let behind = now.nanoseconds &- bucketEnd
        guard behind >= 0 else { return }
        let steps = behind / Self.bucketLength + 1
        bucketEnd &+= steps &* Self.bucketLength
        for _ in 0..<min(steps, 6) {
            for index in stride(from: 5, to: 0, by: -1) { buckets[index] = buckets[index - 1] }
            buckets[0] = nil
        }
    }

    /// Moves the offset towards the least distance that is known.
    private mutating func follow(_ known: Int64, now: Instant) {
        var least = Int64.max
        for index in 0..<6 {
            if let one = buckets[index] { least = min(least, one &- known) }
        }
        guard least != .max else { return }
        let elapsed = lastMove.map { min(max(now.nanoseconds &- $0.nanoseconds, 0), 1_000_000_000) } ?? 0
        let most = Self.slew * elapsed / 1_000_000_000
        offset = known &+ min(max(least, -most), most)
        lastMove = now
    }
}
