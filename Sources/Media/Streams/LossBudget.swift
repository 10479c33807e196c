// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletWire

/// The budget of one transport for video while nothing estimates its bandwidth: unlimited, until loss says otherwise.
///
/// Loss for 2 s takes one step of layers away, 10 s without gives one back. Feed it the receiver reports of the video
/// consumers with ``add(fractionLost:packets:now:)``; call ``update(used:nextStep:base:now:)`` after each compound packet
/// with reports and when ``nextDeadline`` has passed, and allocate anew when that says so. All rates are those of
/// ``LayerAllocation``, as they count against a budget.
///
/// Reports are combined as a mean by packets over ``window``, not as the worst of all: what is lost on a shared path is
/// lost from all streams alike, and of a small stream (15 packets a second in a lowest layer) a single packet is 7 %.
package struct LossBudget: Sendable {
    /// What counts as loss, and how long it has to last.
    package struct Thresholds: Sendable {
        /// More than this share of packets lost is loss: 10 %, from where loss-based control gives way
        /// (draft-ietf-rmcat-gcc-02 §6); `nil` for never.
        package var lossy: Double?
        /// How long it has to last: two report intervals of video, so that one burst costs nobody a layer.
        package var lossyTime: Duration
        /// At most this share is clean: 2 % (draft-ietf-rmcat-gcc-02 §6); in between the limit stays.
        package var clean: Double
        /// How long the path has to be clean until another step is tried: a failed try costs seconds of loss, so it
        /// must be rare beside what it may gain.
        package var cleanTime: Duration

        package init(
            lossy: Double? = 0.1,
            lossyTime: Duration = .seconds(2),
            clean: Double = 0.02,
            cleanTime: Duration = .seconds(10)
        ) {
            (self.lossy, self.lossyTime, self.clean, self.cleanTime) = (lossy, lossyTime, clean, cleanTime)
        }

        /// Loss never limits anything.
        package static let off = Thresholds(lossy: nil)
    }

    /// What reports are averaged over: a little less than the second in which consumers of video report.
    package static let window = Duration.milliseconds(800)
    /// For how long a report speaks: until the next is due.
    package static let reportInterval = Duration.seconds(1)
    /// How long after a step reports may speak of the time before it: a report interval, with its jitter, and a round
    /// trip.
    package static let settlingTime = Duration.milliseconds(1500)
    /// With longer gaps between reports, loss before and after is not one loss: the longest report interval of video,
    /// four times.
    package static let longestGap = Duration.seconds(6)

    /// What counts as loss.
    package let thresholds: Thresholds
    /// Bits per second for ``LayerAllocation``, `nil` for no limit.
    package private(set) var limit: UInt64?

    private var windowStart: Instant?
    private var lastReport: Instant?
    private var packets: Double = 0
    private var lost: Double = 0
    /// When the last window with loss ended, and when the first of an unbroken row of them began.
    private var lossyUntil: Instant?
    private var lossySince: Instant?
    /// Since when nothing but clean windows came, or none at all: a path that carries nothing has to be tried too.
    private var cleanSince: Instant?
    /// Reports before this are not of the present layers.
    private var settled: Instant?

    package init(thresholds: Thresholds = Thresholds()) { self.thresholds = thresholds }

    /// When to call ``update(used:nextStep:base:now:)`` even if no report arrives: when a step up is due.
    package var nextDeadline: Instant? {
        guard limit != nil, let cleanSince else { return nil }
        let due = cleanSince + thresholds.cleanTime
        return lossyUntil.map { max(due, $0 + Self.longestGap) } ?? due
    }

    /// Whether a report of this share, in 1/256, speaks of loss.
    package func isLossy(_ fractionLost: UInt8) -> Bool {
        thresholds.lossy.map { Double(fractionLost) / 256 > $0 } ?? false
    }

    /// Takes in one report block.
    ///
    /// - Parameters:
    ///   - fractionLost: The share lost since the report before, in 1/256, RFC 3550 §6.4.1.
    ///   - count: How many packets it speaks of: the weight of the report.
    ///   - now: When it arrived.
    package mutating func add(fractionLost: UInt8, packets count: Int, now: Instant) {
        guard thresholds.lossy != nil, count > 0, now >= settled ?? now else { return }
        if let start = windowStart, now >= start + Self.window { closeWindow(start, now: now) }
        if windowStart == nil { windowStart = now }
        lastReport = now
        packets += Double(count)
        lost += Double(count) * Double(fractionLost) / 256
    }

    /// Decides whether the limit moves.
    ///
    /// - Parameters:
    ///   - used: ``LayerAllocation/used`` of the allocation in force.
    ///   - nextStep: ``LayerAllocation/nextStep`` of it.
    ///   - base: ``LayerAllocation/base`` of it: loss takes no lowest layer away.
    ///   - now: The time.
    /// - Returns: Whether ``limit`` has changed, so that layers have to be chosen anew.
    package mutating func update(used: UInt64, nextStep: UInt64?, base: UInt64, now: Instant) -> Bool {
        if let start = windowStart, now >= start + Self.window { closeWindow(start, now: now) }
        if let until = lossyUntil, now - until >= Self.longestGap { (lossySince, lossyUntil) = (nil, nil) }
        if let since = lossySince, let until = lossyUntil, until - since >= thresholds.lossyTime {
            let lower = max(used == 0 ? 0 : used - 1, base)
            guard lower < limit ?? .max, lower < used else { return false }
            return move(to: lower, now: now)
        }
        guard limit != nil, lossySince == nil else { return false }
        guard let nextStep else { return move(to: nil, now: now) }
        guard let cleanSince, now >= cleanSince + thresholds.cleanTime else { return false }
        return move(to: used + nextStep, now: now)
    }

    private mutating func move(to limit: UInt64?, now: Instant) -> Bool {
        self.limit = limit
        (lossySince, lossyUntil, windowStart) = (nil, nil, nil)
        (packets, lost) = (0, 0)
        cleanSince = now
        settled = now + Self.settlingTime
        return true
    }

    /// Judges what was reported since `start`.
    private mutating func closeWindow(_ start: Instant, now: Instant) {
        let share = packets > 0 ? lost / packets : 0
        (windowStart, packets, lost) = (nil, 0, 0)
        if share > thresholds.clean { cleanSince = now }
        guard let lossy = thresholds.lossy, share > lossy else {
            (lossySince, lossyUntil) = (nil, nil)
            return
        }
        if let until = lossyUntil, start - until > Self.longestGap { lossySince = nil }
        lossySince = lossySince ?? start
        lossyUntil = min(now, (lastReport ?? start) + Self.reportInterval)
    }
}
