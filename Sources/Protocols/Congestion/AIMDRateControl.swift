// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// Raises a rate while the path keeps up and cuts it below what arrives when it does not.
///
/// All rates in bits per second.
struct AIMDRateControl: Sendable {
    /// The least that is ever asked for.
    static let minimum = 30_000.0
    /// What remains of the arriving rate after over-use.
    static let decreaseFactor = 0.85
    /// Round trips are not measured here; what the additive increase reckons with.
    static let roundTrip = Duration.milliseconds(200)
    /// The time between two updates without over-use.
    static let interval = Duration.milliseconds(25)

    private enum State: Equatable, Sendable {
        case hold, increase
    }

    private var rate: Double?
    private var state = State.increase
    private var capacity = LinkCapacity()
    private var lastUpdate: Instant?
    private var lastDecrease: Instant?

    init() {}

    /// Whether an update would do anything now.
    func isDue(at now: Instant, usage: BandwidthUsage) -> Bool {
        guard let lastUpdate else { return true }
        return usage == .overusing || now - lastUpdate >= Self.interval
    }

    /// Takes in the verdict on the path.
    ///
    /// - Parameters:
    ///   - usage: What the delay says.
    ///   - incoming: The rate that arrives, or `nil` while it is not known.
    ///   - now: The current time.
    /// - Returns: The rate to ask for, or `nil` while nothing can be said.
    mutating func update(usage: BandwidthUsage, incoming: Double?, now: Instant) -> Double? {
        defer { lastUpdate = max(now, lastUpdate ?? now) }
        guard let current = rate else {
            // The first estimate is what arrives.
            rate = incoming.map { max(Self.minimum, $0) }
            return rate
        }
        switch usage {
        case .overusing: decrease(from: current, incoming: incoming, now: now)
        case .underusing: state = .hold
        case .normal:
            if state == .hold {
                state = .increase
            } else {
                increase(from: current, incoming: incoming, now: now)
            }
        }
        return rate
    }

    private mutating func decrease(from current: Double, incoming: Double?, now: Instant) {
        state = .hold
        if let lastDecrease, now - lastDecrease < Self.roundTrip {
            guard let incoming, incoming < current / 2 else { return }
        }
        lastDecrease = now
        guard let incoming else {
            rate = max(Self.minimum, current / 2)
            return
        }
        var next = Self.decreaseFactor * incoming
        if next > current, let estimate = capacity.estimate { next = Self.decreaseFactor * estimate }
        if capacity.isFarAbove(incoming) { capacity = LinkCapacity() }
        capacity.add(incoming)
        rate = max(Self.minimum, min(current, next))
    }

    private mutating func increase(from current: Double, incoming: Double?, now: Instant) {
        guard let incoming, let lastUpdate else { return }
        if capacity.isFarBelow(incoming) { capacity = LinkCapacity() }
        // An application that sends little says nothing of what the path would carry.
        let limit = 1.5 * incoming + 10_000
        guard current < limit else { return }
        let elapsed = min(max(0, (now - lastUpdate).inSeconds), 1)
        let next =
            capacity.estimate == nil
            ? current + max(1000 * elapsed, current * (pow108(elapsed) - 1))
            : current + additivePerSecond(at: current) * elapsed
        rate = max(Self.minimum, min(limit, next))
    }

    /// 1.08 to the power of `exponent`, 0 to 1: its series to the third power is exact to 2 in a million.
    private func pow108(_ exponent: Double) -> Double {
        let x = exponent * 0.076_961_041
        return 1 + x + x * x / 2 + x * x * x / 6
    }

    /// One packet more for each response time, with frames at 30 a second.
    private func additivePerSecond(at rate: Double) -> Double {
        let frame = rate / 30
        let packets = Double(Int(frame / (1200 * 8)) + 1)
        let response = (Self.roundTrip + .milliseconds(100)).inSeconds
        return max(4000, frame / packets / (2 * response))
    }
}

/// What the path carried when it was over-used: mean and deviation of the rates that arrived then.
struct LinkCapacity: Sendable {
    private static let weight = 0.05

    private(set) var estimate: Double?
    /// Variance, divided by the mean, in kbit/s.
    private var deviation = 0.4

    init() {}

    /// Whether `rate` exceeds the estimate by more than three deviations.
    func isFarBelow(_ rate: Double) -> Bool { estimate.map { rate > $0 && isFar(rate, from: $0) } ?? false }

    /// Whether the estimate exceeds `rate` by more than three deviations.
    func isFarAbove(_ rate: Double) -> Bool { estimate.map { rate < $0 && isFar(rate, from: $0) } ?? false }

    mutating func add(_ rate: Double) {
        let mean = estimate.map { (1 - Self.weight) * $0 + Self.weight * rate } ?? rate
        let error = (mean - rate) / 1000
        deviation = (1 - Self.weight) * deviation + Self.weight * error * error / max(1, mean / 1000)
        deviation = min(2.5, max(0.4, deviation))
        estimate = mean
    }

    /// Compares squares: a root would be the one call into the C library's mathematics.
    private func isFar(_ rate: Double, from mean: Double) -> Bool {
        let distance = (rate - mean) / 1000
        return distance * distance > 9 * deviation * mean / 1000
    }
}
