// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// Which layers each video consumer of one transport gets, out of what all want and what the path carries.
///
/// One pure function: nothing is kept from call to call but what the caller hands in as ``Demand/current``. Consumers
/// with a higher priority choose first; in the first round each takes one step up its ladder of layers, in every later
/// round as many as its priority, until nobody's next step fits. What is in use already counts 10 % less than it costs,
/// so that a budget that wavers does not switch layers to and fro.
package struct LayerAllocation: Equatable, Sendable {
    /// What one consumer wants and what its producer has.
    package struct Demand: Sendable {
        /// The most the viewer wants.
        package var preferred: Layers
        /// What the consumer was given last.
        package var current: Layers?
        /// Rank among the consumers of the transport, from 1; 0 counts as 1.
        package var priority: UInt8
        /// Whether there are layers to choose from; without, it is all or nothing, with (0, 0) for all.
        package var isAdaptive: Bool
        /// What each choice costs.
        ///
        /// A spatial layer counts as active with any of its temporal layers.
        package var costs: LayerCosts
        /// The spatial layers that have been active for 2 s, a bit each: of the others only the lowest active one is
        /// taken, where nothing settled lies below it, and the one given last.
        package var settled: UInt8
        /// The highest temporal layer that the producer announced: what "all" means below the preferred spatial layer.
        package var topTemporal: UInt8

        package init(
            preferred: Layers,
            current: Layers? = nil,
            priority: UInt8 = 1,
            isAdaptive: Bool = true,
            costs: LayerCosts,
            settled: UInt8 = .max,
            topTemporal: UInt8 = 7
        ) {
            (self.preferred, self.current, self.priority) = (preferred, current, priority)
            (self.isAdaptive, self.costs, self.settled) = (isAdaptive, costs, settled)
            self.topTemporal = topTemporal
        }
    }

    /// For each demand what it gets; `nil` where nothing fits or nothing is active.
    package private(set) var layers: [Layers?]
    /// What all that costs, in bits per second.
    package private(set) var bitrate: UInt64 = 0
    /// What all that takes of the budget once it is in use.
    package private(set) var used: UInt64 = 0
    /// The least that another step of anybody would take besides ``used``; `nil` if all have what they prefer, as far as
    /// it is active.
    package private(set) var nextStep: UInt64?
    /// What the first step of every adaptive demand takes of the budget, together: as little as they can do with.
    package private(set) var base: UInt64 = 0

    /// Chooses layers.
    ///
    /// - Parameters:
    ///   - demands: The video consumers that are to get something.
    ///   - budget: Bits per second for all of them together, or `nil` without a limit: then each gets the highest usable
    ///     spatial layer up to the preferred one, else the lowest above it, whether or not its temporal layers are active.
    package init(_ demands: [Demand], budget: UInt64?) {
        let ladders = demands.map { LayerLadder($0) }
        if let budget {
            layers = Self.distribute(budget, among: ladders)
        } else {
            layers = ladders.map { $0.top }
        }
        for (demand, choice) in zip(demands, layers) { add(choice, of: demand) }
    }

    private static func distribute(_ budget: UInt64, among ladders: [LayerLadder]) -> [Layers?] {
        var free = budget
        var rungs = [LayerLadder.Rung?](repeating: nil, count: ladders.count)
        var climbers = ladders.indices.sorted {
            (ladders[$1].priority, $0) < (ladders[$0].priority, $1)
        }
        var isFirstRound = true
        while !climbers.isEmpty {
            // Whose step did not fit is done: the budget only shrinks.
            climbers.removeAll { index in
                for _ in 0..<(isFirstRound ? 1 : ladders[index].priority) {
                    guard let next = ladders[index].rung(above: rungs[index]) else { return true }
                    let step = next.weight - (rungs[index]?.weight ?? 0)
                    guard step <= free else { return true }
                    free -= step
                    rungs[index] = next
                }
                return false
            }
            isFirstRound = false
        }
        return rungs.map { $0?.layers }
    }

    /// Adds a choice to the sums, as it counts when it is in use.
    private mutating func add(_ choice: Layers?, of demand: Demand) {
        var demand = demand
        demand.current = choice
        let ladder = LayerLadder(demand)
        if demand.isAdaptive, let first = ladder.rung(above: nil) { base += first.weight }
        var rung: LayerLadder.Rung?
        var next = ladder.rung(above: nil)
        if let choice {
            bitrate += ladder.cost(of: choice)
            while let one = next, one.layers <= choice {
                rung = one
                next = ladder.rung(above: one)
            }
        }
        used += rung?.weight ?? 0
        guard let next else { return }
        let step = next.weight - (rung?.weight ?? 0)
        nextStep = min(nextStep ?? step, step)
    }
}
