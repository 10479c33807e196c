// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// How one group of packets fared against the one before.
struct GroupDeltas: Equatable, Sendable {
    /// Nanoseconds between the groups' last packets as sent.
    var sent: Int64
    /// Nanoseconds between their arrivals.
    var arrival: Int64
    /// When the later group was complete, in nanoseconds.
    var completed: Int64
}

/// Puts packets that were sent together into groups and compares completed groups.
struct InterArrival: Sendable {
    /// Packets sent within this time of a group's first are its own.
    private static let groupLength: Int64 = 5_000_000
    /// Packets that catch up join a group at most this long after its first arrival.
    private static let burstLength: Int64 = 100_000_000
    /// How many groups in a row may seem to arrive before the one before them.
    private static let reorderLimit = 3
    /// How many packets in a row may seem sent before their group; more means that the sender's clock jumped.
    private static let staleLimit = 50
    /// An arrival gap this much longer than the sending gap means that a clock jumped.
    private static let clockJump: UInt64 = 3_000_000_000

    private struct Group: Sendable {
        var firstSent: Int64
        var lastSent: Int64
        var firstArrival: Int64
        var completed: Int64
    }

    private var current: Group?
    private var previous: Group?
    private var reordered = 0
    private var stale = 0

    init() {}

    /// Takes in a packet.
    ///
    /// - Returns: The deltas of the two latest completed groups, when this packet starts a new one.
    mutating func add(sent: Int64, arrival: Int64) -> GroupDeltas? {
        guard var group = current else {
            current = Group(firstSent: sent, lastSent: sent, firstArrival: arrival, completed: arrival)
            return nil
        }
        guard sent >= group.firstSent else {
            stale += 1
            guard stale >= Self.staleLimit else { return nil }
            self = InterArrival()
            return add(sent: sent, arrival: arrival)
        }
        stale = 0
        guard startsGroup(sent: sent, arrival: arrival, after: group) else {
            group.lastSent = max(group.lastSent, sent)
            group.completed = max(group.completed, arrival)
            current = group
            return nil
        }
        var deltas: GroupDeltas?
        if let previous {
            let delta = GroupDeltas(
                sent: group.lastSent &- previous.lastSent,
                arrival: group.completed &- previous.completed,
                completed: group.completed
            )
            if (delta.arrival &- delta.sent).magnitude >= Self.clockJump {
                self = InterArrival()
                return add(sent: sent, arrival: arrival)
            }
            if delta.arrival < 0 {
                reordered += 1
                if reordered >= Self.reorderLimit {
                    self = InterArrival()
                    return add(sent: sent, arrival: arrival)
                }
                return nil
            }
            reordered = 0
            deltas = delta
        }
        previous = group
        current = Group(firstSent: sent, lastSent: sent, firstArrival: arrival, completed: arrival)
        return deltas
    }

    private func startsGroup(sent: Int64, arrival: Int64, after group: Group) -> Bool {
        let sentDelta = sent &- group.lastSent
        let arrivalDelta = arrival &- group.completed
        if sentDelta == 0 { return false }
        // Packets that a queue let go together tell nothing new.
        if arrivalDelta &- sentDelta < 0, arrivalDelta <= Self.groupLength,
            arrival &- group.firstArrival < Self.burstLength
        {
            return false
        }
        return sent &- group.firstSent > Self.groupLength
    }
}

/// What the delay says of the path.
enum BandwidthUsage: Equatable, Sendable {
    case normal, overusing, underusing
}

/// Fits a line to smoothed queueing delay and compares its slope with a threshold that adapts.
struct TrendlineEstimator: Sendable {
    /// Points that the line is fitted to.
    private static let windowSize = 20
    private static let smoothing = 0.9
    private static let thresholdGain = 4.0
    /// Over-use must last this many milliseconds.
    private static let overuseTime = 10.0

    /// The verdict on the latest group.
    private(set) var usage = BandwidthUsage.normal

    private var times = InlineArray<20, Double>(repeating: 0)
    private var delays = InlineArray<20, Double>(repeating: 0)
    private var count = 0
    private var nextIndex = 0
    private var firstCompleted: Int64?
    private var accumulated = 0.0
    private var smoothed = 0.0
    private var deltaCount = 0
    private var previousTrend = 0.0
    private var threshold = 12.5
    private var lastThresholdUpdate: Double?
    private var overusing: Double?
    private var overuseCount = 0

    init() {}

    /// Takes in the deltas of a completed group.
    mutating func update(_ deltas: GroupDeltas) {
        let first = firstCompleted ?? deltas.completed
        firstCompleted = first
        deltaCount = min(deltaCount + 1, 1000)
        accumulated += Double(deltas.arrival &- deltas.sent) / 1e6
        smoothed = Self.smoothing * smoothed + (1 - Self.smoothing) * accumulated
        let now = Double(deltas.completed &- first) / 1e6
        times[nextIndex] = now
        delays[nextIndex] = smoothed
        nextIndex = (nextIndex + 1) % Self.windowSize
        count = min(count + 1, Self.windowSize)
        detect(trend: slope() ?? previousTrend, sentDelta: Double(deltas.sent) / 1e6, now: now)
    }

    /// The least-squares slope over a full window.
    private func slope() -> Double? {
        guard count == Self.windowSize else { return nil }
        var (sumX, sumY) = (0.0, 0.0)
        for index in 0..<count {
            sumX += times[index]
            sumY += delays[index]
        }
        let (meanX, meanY) = (sumX / Double(count), sumY / Double(count))
        var (numerator, denominator) = (0.0, 0.0)
        for index in 0..<count {
            let x = times[index] - meanX
            numerator += x * (delays[index] - meanY)
            denominator += x * x
        }
        return denominator > 0 ? numerator / denominator : nil
    }

    private mutating func detect(trend: Double, sentDelta: Double, now: Double) {
        guard deltaCount >= 2 else { return }
        let modified = Double(min(deltaCount, 60)) * trend * Self.thresholdGain
        if modified > threshold {
            let lasted = overusing.map { $0 + sentDelta } ?? sentDelta / 2
            overusing = lasted
            overuseCount += 1
            if lasted > Self.overuseTime, overuseCount > 1, trend >= previousTrend {
                (overusing, overuseCount) = (0, 0)
                usage = .overusing
            }
        } else {
            (overusing, overuseCount) = (nil, 0)
            usage = modified < -threshold ? .underusing : .normal
        }
        previousTrend = trend
        adapt(to: abs(modified), now: now)
    }

    /// Moves the threshold towards the trend, slowly up and slower down, so that competing flows do not starve us.
    private mutating func adapt(to trend: Double, now: Double) {
        defer { lastThresholdUpdate = now }
        // A spike of delay, a route change for instance, is no reason to adapt.
        guard trend <= threshold + 15 else { return }
        let gain = trend < threshold ? 0.039 : 0.0087
        let elapsed = min(now - (lastThresholdUpdate ?? now), 100)
        threshold = min(600, max(6, threshold + gain * (trend - threshold) * elapsed))
    }
}
