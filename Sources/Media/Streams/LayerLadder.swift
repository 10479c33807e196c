// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// The choices of one demand, from the least to the most, and what each takes of a budget.
struct LayerLadder {
    /// One choice.
    struct Rung: Equatable {
        var layers: Layers
        /// What it takes of the budget: more than any rung below it, though a still picture may well cost less in a
        /// higher layer, and 10 % less than it costs where it is part of what is in use.
        var weight: UInt64
    }

    /// At most how many steps it climbs in a round.
    let priority: Int
    /// What applies without a budget; `nil` while nothing is active.
    let top: Layers?
    private let demand: LayerAllocation.Demand
    /// The spatial layers that have rungs, a bit each.
    private let reach: UInt8

    init(_ wish: LayerAllocation.Demand) {
        var demand = wish
        if !demand.isAdaptive { demand.preferred = Layers(spatial: 0, temporal: 0) }
        self.demand = demand
        priority = max(1, Int(demand.priority))
        guard demand.isAdaptive else {
            reach = demand.costs.active & 1
            top = reach == 0 ? nil : Layers(spatial: 0, temporal: 0)
            return
        }
        let active = demand.costs.active
        let lowest = active & (0 &- active)
        let current = demand.current.map { UInt8(1) << $0.spatial } ?? 0
        let usable = active & (demand.settled | current) | lowest
        let wanted = usable & ((2 << demand.preferred.spatial) &- 1)
        reach = wanted != 0 ? wanted : usable & (0 &- usable)
        top = reach == 0 ? nil : Self.top(demand, spatial: UInt8(7 - reach.leadingZeroBitCount))
    }

    private static func top(_ demand: LayerAllocation.Demand, spatial: UInt8) -> Layers {
        let preferred = demand.preferred
        let all = min(demand.topTemporal, UInt8(LayerCosts.temporalLimit - 1))
        if spatial < preferred.spatial { return Layers(spatial: spatial, temporal: all) }
        return Layers(spatial: spatial, temporal: spatial == preferred.spatial ? min(preferred.temporal, all) : 0)
    }

    /// The next choice, or the first above `nil`; inactive temporal layers have no rung, but a spatial layer has one at
    /// least.
    func rung(above rung: Rung?) -> Rung? {
        guard let layers = choice(above: rung?.layers) else { return nil }
        let cost = cost(of: layers)
        let isInUse = demand.current.map { layers <= $0 } ?? false
        return Rung(layers: layers, weight: max(isInUse ? cost - cost / 10 : cost, (rung?.weight ?? 0) + 1))
    }

    private func choice(above layers: Layers?) -> Layers? {
        if let layers, let temporal = activeTemporal(layers.spatial, from: layers.temporal + 1) {
            return Layers(spatial: layers.spatial, temporal: temporal)
        }
        let above = layers.map { reach & ~((2 << $0.spatial) &- 1) } ?? reach
        guard above != 0 else { return nil }
        let spatial = UInt8(above.trailingZeroBitCount)
        let temporal = activeTemporal(spatial, from: 0) ?? Self.top(demand, spatial: spatial).temporal
        return Layers(spatial: spatial, temporal: temporal)
    }

    /// The lowest active temporal layer from `first` on, up to what is wanted of the spatial layer.
    private func activeTemporal(_ spatial: UInt8, from first: UInt8) -> UInt8? {
        let last = Self.top(demand, spatial: spatial).temporal
        guard first <= last else { return nil }
        return (first...last).first { demand.costs[Int(spatial), Int($0)] != nil }
    }

    /// What a choice costs: as much as its highest active temporal layer, and never nothing.
    func cost(of layers: Layers) -> UInt64 {
        for temporal in stride(from: Int(layers.temporal), through: 0, by: -1) {
            if let cost = demand.costs[Int(layers.spatial), temporal] { return cost }
        }
        return 1
    }
}
