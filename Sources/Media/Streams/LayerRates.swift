// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletWire

/// What each layer of one receive stream brings, and which spatial layers are alive.
///
/// A layer takes memory with its first packet; from then on counting allocates nothing.
@safe
package struct LayerRates: ~Copyable {
    private static let noCounter: UInt8 = 255

    private let window: Duration
    private let silence: Int64
    /// Where the counter of a layer stands.
    private var places = InlineArray<32, UInt8>(repeating: Self.noCounter)
    private var counters: UnsafeMutablePointer<RateCounter>?
    private var count = 0
    private var capacity = 0
    /// When each spatial layer was heard last, and when it was heard first after its last silence.
    private var heard = InlineArray<4, Int64>(repeating: .min)
    private var woken = InlineArray<4, Int64>(repeating: .min)

    /// - Parameters:
    ///   - window: What rates are averaged over: 2.5 s, or 6 s where pictures may pause, such as a shared screen.
    ///   - silence: After how long without a packet a spatial layer counts as inactive: 1.5 s, or 5 s where pictures may
    ///     pause.
    package init(window: Duration = .milliseconds(2500), silence: Duration = .milliseconds(1500)) {
        (self.window, self.silence) = (window, silence.wholeNanoseconds)
    }

    deinit {
        unsafe counters?.deinitialize(count: count)
        unsafe counters?.deallocate()
    }

    /// Counts a packet of `bytes` bytes; layers beyond ``LayerCosts/spatialLimit`` and ``LayerCosts/temporalLimit`` count
    /// nowhere.
    ///
    /// - Returns: Whether it woke a spatial layer that was inactive.
    @discardableResult
    package mutating func add(spatial: UInt8, temporal: UInt8, bytes: Int, now: Instant) -> Bool {
        let (spatial, temporal) = (Int(spatial), Int(temporal))
        guard spatial < LayerCosts.spatialLimit, temporal < LayerCosts.temporalLimit else { return false }
        let layer = spatial &* LayerCosts.temporalLimit &+ temporal
        if places[layer] == Self.noCounter { makeCounter(for: layer) }
        if let counters = unsafe counters { unsafe counters[Int(places[layer])].add(bytes, now: now) }
        let isAwake = isActive(spatial, now.nanoseconds)
        heard[spatial] = max(heard[spatial], now.nanoseconds)
        if !isAwake { woken[spatial] = now.nanoseconds }
        return !isAwake
    }

    private mutating func makeCounter(for layer: Int) {
        if count == capacity {
            // Most streams have one layer or three; 32 at most.
            let larger = capacity == 0 ? 1 : capacity < 4 ? 4 : capacity * 2
            let new = UnsafeMutablePointer<RateCounter>.allocate(capacity: larger)
            if let old = unsafe counters {
                unsafe new.moveInitialize(from: old, count: count)
                unsafe old.deallocate()
            }
            unsafe counters = new
            capacity = larger
        }
        if let counters = unsafe counters { unsafe (counters + count).initialize(to: RateCounter(window: window)) }
        places[layer] = UInt8(count)
        count += 1
    }

    /// Takes a spatial layer to be inactive from now on, as its sender says.
    package mutating func silence(spatial: Int) {
        if (0..<LayerCosts.spatialLimit).contains(spatial) { heard[spatial] = .min }
    }

    // MARK: Rates

    /// Bits per second of one layer by itself.
    package mutating func bitrate(spatial: Int, temporal: Int, now: Instant) -> UInt64 {
        guard (0..<LayerCosts.spatialLimit).contains(spatial), (0..<LayerCosts.temporalLimit).contains(temporal) else {
            return 0
        }
        let place = places[spatial * LayerCosts.temporalLimit + temporal]
        guard place != Self.noCounter, let counters = unsafe counters else { return 0 }
        return unsafe counters[Int(place)].rate(now: now)
    }

    /// Bits per second of a spatial layer by itself, with the temporal layers up to `temporal`: what k-SVC, S modes and a
    /// stream of a simulcast cost.
    package mutating func alone(spatial: Int, temporal: Int, now: Instant) -> UInt64 {
        var sum: UInt64 = 0
        for one in 0..<max(0, min(temporal + 1, LayerCosts.temporalLimit)) {
            sum += bitrate(spatial: spatial, temporal: one, now: now)
        }
        return sum
    }

    /// Bits per second of all layers up to `spatial` and `temporal`: what full SVC costs.
    package mutating func cumulative(spatial: Int, temporal: Int, now: Instant) -> UInt64 {
        var sum: UInt64 = 0
        for one in 0..<max(0, min(spatial + 1, LayerCosts.spatialLimit)) {
            sum += alone(spatial: one, temporal: temporal, now: now)
        }
        return sum
    }

    /// What each choice of layers costs.
    ///
    /// - Parameters:
    ///   - isCumulative: Whether a spatial layer needs those below it, as in full SVC.
    ///   - now: The time.
    /// - Returns: The costs; a layer without a packet in the window is inactive, as are all of a silent spatial layer.
    package mutating func costs(isCumulative: Bool, now: Instant) -> LayerCosts {
        var costs = LayerCosts()
        for spatial in 0..<LayerCosts.spatialLimit where isActive(spatial, now.nanoseconds) {
            for temporal in 0..<LayerCosts.temporalLimit
            where bitrate(spatial: spatial, temporal: temporal, now: now) > 0 {
                costs[spatial, temporal] =
                    isCumulative
                    ? cumulative(spatial: spatial, temporal: temporal, now: now)
                    : alone(spatial: spatial, temporal: temporal, now: now)
            }
        }
        return costs
    }

    // MARK: Activity

    private func isActive(_ spatial: Int, _ now: Int64) -> Bool {
        heard[spatial] != .min && now &- heard[spatial] < silence
    }

    /// Since when a spatial layer has been active, or `nil` while it is not.
    package func activeSince(spatial: Int, now: Instant) -> Instant? {
        guard (0..<LayerCosts.spatialLimit).contains(spatial), isActive(spatial, now.nanoseconds) else { return nil }
        return Instant(nanoseconds: woken[spatial])
    }

    /// The spatial layers that are active, a bit each.
    package func active(now: Instant) -> UInt8 { settled(for: .zero, now: now) }

    /// The spatial layers that have been active for at least `time`, a bit each.
    package func settled(for time: Duration = .seconds(2), now: Instant) -> UInt8 {
        var mask: UInt8 = 0
        for spatial in 0..<LayerCosts.spatialLimit {
            if let since = activeSince(spatial: spatial, now: now), now - since >= time { mask |= 1 << UInt8(spatial) }
        }
        return mask
    }

    /// When the next spatial layer falls silent unless it is heard, or settles; `nil` while all are inactive.
    package func nextChange(settling time: Duration = .seconds(2), after now: Instant) -> Instant? {
        var next: Instant?
        for spatial in 0..<LayerCosts.spatialLimit {
            guard let since = activeSince(spatial: spatial, now: now) else { continue }
            next = earliest(next, Instant(nanoseconds: heard[spatial] &+ silence))
            if since + time > now { next = earliest(next, since + time) }
        }
        return next
    }
}
