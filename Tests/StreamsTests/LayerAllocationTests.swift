// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletStreams
import SwiftletWire
import Testing

@Suite("Layer allocation")
struct LayerAllocationTests {
    typealias Demand = LayerAllocation.Demand

    /// Costs by rows of temporal layers, 0 for inactive.
    private func costs(_ rows: [[UInt64]]) -> LayerCosts {
        var costs = LayerCosts()
        for (spatial, row) in rows.enumerated() {
            for (temporal, cost) in row.enumerated() where cost > 0 { costs[spatial, temporal] = cost }
        }
        return costs
    }

    private func layers(_ spatial: UInt8, _ temporal: UInt8) -> Layers { Layers(spatial: spatial, temporal: temporal) }

    /// Three sizes by three rates.
    private var simulcast: LayerCosts { costs([[60, 90, 120], [200, 300, 400], [800, 1200, 1600]]) }

    // MARK: Without a budget

    @Test("Without a budget the rules of sizes and rates apply, row by row")
    func unlimited() {
        struct Row {
            let rows: [[UInt64]]
            let preferred: Layers
            var settled: UInt8 = .max
            var current: Layers?
            let expected: Layers?
        }
        let full: [[UInt64]] = [[60, 90, 120], [200, 300, 400], [800, 1200, 1600]]
        let table = [
            Row(rows: full, preferred: layers(2, 2), expected: layers(2, 2)),
            Row(rows: full, preferred: layers(2, 0), expected: layers(2, 0)),
            Row(rows: full, preferred: layers(1, 1), expected: layers(1, 1)),
            // The preferred size is silent: the next below with every rate.
            Row(rows: [full[0], full[1], []], preferred: layers(2, 0), expected: layers(1, 2)),
            // Nothing at or below: the lowest above with the lowest rate.
            Row(rows: [[], full[1], full[2]], preferred: layers(0, 2), expected: layers(1, 0)),
            // A missing bottom layer is no reason to stop.
            Row(rows: [[], full[1], full[2]], preferred: layers(2, 2), expected: layers(2, 2)),
            Row(rows: [[], [], []], preferred: layers(2, 2), expected: nil),
            // Whether rates flow at present does not matter.
            Row(rows: [[60], [200], [800]], preferred: layers(2, 2), expected: layers(2, 2)),
            // Young sizes wait until they are settled, but for the lowest and the one in use.
            Row(rows: full, preferred: layers(2, 2), settled: 0b011, expected: layers(1, 2)),
            Row(rows: full, preferred: layers(2, 2), settled: 0, expected: layers(0, 2)),
            Row(rows: full, preferred: layers(2, 2), settled: 0, current: layers(1, 0), expected: layers(1, 2)),
            Row(rows: [[], full[1], full[2]], preferred: layers(1, 2), settled: 0b100, expected: layers(1, 2)),
            Row(rows: [[], full[1], full[2]], preferred: layers(2, 2), settled: 0, expected: layers(1, 2)),
        ]
        for (index, row) in table.enumerated() {
            let demand = Demand(
                preferred: row.preferred,
                current: row.current,
                costs: costs(row.rows),
                settled: row.settled,
                topTemporal: 2
            )
            let result = LayerAllocation([demand], budget: nil)
            #expect(result.layers == [row.expected], "row \(index)")
            #expect(result.nextStep == nil, "row \(index)")
        }
    }

    @Test("A simple consumer gets all or nothing")
    func simple() {
        let demand = Demand(preferred: layers(2, 2), isAdaptive: false, costs: costs([[500]]))
        #expect(LayerAllocation([demand], budget: nil).layers == [layers(0, 0)])
        #expect(LayerAllocation([demand], budget: 500).layers == [layers(0, 0)])
        let refused = LayerAllocation([demand], budget: 499)
        #expect(refused.layers == [nil])
        #expect(refused.nextStep == 500)
        #expect(refused.base == 0)
        let silent = Demand(preferred: layers(0, 0), isAdaptive: false, costs: LayerCosts())
        #expect(LayerAllocation([silent], budget: nil).layers == [nil])
    }

    // MARK: With a budget

    @Test("A budget buys the highest choice it reaches")
    func oneDemand() {
        let table: [(UInt64, Layers?)] = [
            (0, nil), (59, nil), (60, layers(0, 0)), (119, layers(0, 1)), (120, layers(0, 2)), (199, layers(0, 2)),
            (200, layers(1, 0)), (799, layers(1, 2)), (800, layers(2, 0)), (1600, layers(2, 2)), (.max, layers(2, 2)),
        ]
        for (budget, expected) in table {
            let demand = Demand(preferred: layers(2, 2), costs: simulcast)
            let result = LayerAllocation([demand], budget: budget)
            #expect(result.layers == [expected], "budget \(budget)")
            #expect((result.nextStep == nil) == (expected == layers(2, 2)), "budget \(budget)")
        }
    }

    @Test("What is in use stays until the budget falls 10 % below it, and comes back only at its full price")
    func hysteresis() {
        func choice(_ budget: UInt64, from current: Layers?) -> Layers? {
            LayerAllocation([Demand(preferred: layers(1, 2), current: current, costs: simulcast)], budget: budget)
                .layers[0]
        }
        #expect(choice(399, from: nil) == layers(1, 1))
        #expect(choice(360, from: layers(1, 2)) == layers(1, 2))
        #expect(choice(359, from: layers(1, 2)) == layers(1, 1))
        #expect(choice(399, from: layers(1, 1)) == layers(1, 1))
        #expect(choice(400, from: layers(1, 1)) == layers(1, 2))
    }

    @Test("An inactive rate is jumped over, and what is active costs something")
    func gaps() {
        let demand = Demand(preferred: layers(1, 2), costs: costs([[60, 0, 120], [0, 0, 400]]))
        #expect(LayerAllocation([demand], budget: 119).layers == [layers(0, 0)])
        #expect(LayerAllocation([demand], budget: 399).layers == [layers(0, 2)])
        #expect(LayerAllocation([demand], budget: 400).layers == [layers(1, 2)])
        var idle = LayerCosts()
        idle[0, 0] = 0
        #expect(idle[0, 0] == 1)
        let free = Demand(preferred: layers(0, 0), costs: idle)
        #expect(LayerAllocation([free], budget: 0).layers == [nil])
        #expect(LayerAllocation([free], budget: 1).layers == [layers(0, 0)])
    }

    @Test("A higher size that costs less than a lower one is no cheaper to reach")
    func stillPicture() {
        let demand = Demand(preferred: layers(1, 0), costs: costs([[100], [40]]))
        #expect(LayerAllocation([demand], budget: 99).layers == [nil])
        #expect(LayerAllocation([demand], budget: 100).layers == [layers(0, 0)])
        let all = LayerAllocation([demand], budget: 101)
        #expect(all.layers == [layers(1, 0)])
        #expect(all.bitrate == 40)
    }

    @Test("Everyone gets one step before anyone gets two, the higher priority first and faster")
    func rounds() {
        func demand(_ priority: UInt8) -> Demand {
            Demand(preferred: layers(2, 2), priority: priority, costs: simulcast)
        }
        let low = demand(1)
        let high = demand(3)
        // Room for one: the later has the higher rank.
        #expect(LayerAllocation([low, high], budget: 60).layers == [nil, layers(0, 0)])
        #expect(LayerAllocation([low, low], budget: 60).layers == [layers(0, 0), nil])
        #expect(LayerAllocation([low, high], budget: 120).layers == [layers(0, 0), layers(0, 0)])
        // Second round: three steps for one, to (1, 0), then one for the other.
        #expect(LayerAllocation([low, high], budget: 260).layers == [layers(0, 0), layers(1, 0)])
        #expect(LayerAllocation([low, high], budget: 290).layers == [layers(0, 1), layers(1, 0)])
        #expect(LayerAllocation([low, low], budget: 180).layers == [layers(0, 1), layers(0, 1)])
        // Whose step does not fit leaves room for those below.
        let dear = Demand(preferred: layers(0, 0), priority: 9, isAdaptive: false, costs: costs([[1000]]))
        #expect(LayerAllocation([low, dear], budget: 90).layers == [layers(0, 1), nil])
    }

    @Test(
        "A limit just below what is used takes a step away, and the next step's cost on top gives one",
        arguments: 1...20
    )
    func steps(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var demands = (0..<5).map { _ in Self.random(&random) }
        var limit = UInt64?.none
        for _ in 0..<200 {
            let before = LayerAllocation(demands, budget: limit)
            for index in demands.indices { demands[index].current = before.layers[index] }
            let isDown = Bool.random(using: &random)
            if isDown {
                guard before.used > 0 else { break }
                limit = before.used - 1
            } else {
                guard let step = before.nextStep else { continue }
                limit = before.used + step
            }
            let after = LayerAllocation(demands, budget: limit)
            #expect(after.layers != before.layers)
        }
    }

    // MARK: Against oracles

    private static func random(_ random: inout SeededRandom) -> Demand {
        var costs = LayerCosts()
        var sum: UInt64 = 0
        let (spatialCount, temporalCount) = (
            Int.random(in: 1...4, using: &random), Int.random(in: 1...4, using: &random)
        )
        for spatial in 0..<spatialCount where Int.random(in: 0..<5, using: &random) > 0 {
            for temporal in 0..<temporalCount {
                sum += UInt64.random(in: 0...500, using: &random)
                if Int.random(in: 0..<6, using: &random) > 0 { costs[spatial, temporal] = sum }
            }
            // A still picture may make a larger size the cheaper.
            if Int.random(in: 0..<8, using: &random) == 0 { sum /= 2 }
        }
        let any = Layers(spatial: .random(in: 0..<4, using: &random), temporal: .random(in: 0..<4, using: &random))
        return Demand(
            preferred: Layers(
                spatial: .random(in: 0..<4, using: &random),
                temporal: .random(in: 0..<4, using: &random)
            ),
            current: Bool.random(using: &random) ? any : nil,
            priority: .random(in: 0...4, using: &random),
            isAdaptive: Int.random(in: 0..<6, using: &random) > 0,
            costs: costs,
            settled: Bool.random(using: &random) ? .max : UInt8.random(in: 0..<16, using: &random),
            topTemporal: UInt8(temporalCount - 1)
        )
    }

    /// All choices in the order of climbing, with what they take, by plain lists.
    private static func ladder(_ demand: Demand) -> [(Layers, UInt64)] {
        let sizes = demand.isAdaptive ? Array(0..<4) : [0]
        let alive = sizes.filter { size in (0..<8).contains { demand.costs[size, $0] != nil } }
        let usable = alive.filter { size in
            size == alive.first || demand.settled & 1 << UInt8(size) != 0
                || demand.current.map { Int($0.spatial) == size } ?? false
        }
        var wanted = usable.filter { $0 <= Int(demand.preferred.spatial) || !demand.isAdaptive }
        if wanted.isEmpty { wanted = Array(usable.prefix(1)) }
        var rungs: [(Layers, UInt64)] = []
        for size in wanted {
            let top =
                !demand.isAdaptive || size > Int(demand.preferred.spatial)
                ? 0
                : size < Int(demand.preferred.spatial)
                    ? Int(demand.topTemporal) : min(Int(demand.preferred.temporal), Int(demand.topTemporal))
            var rates = (0...top).filter { demand.costs[size, $0] != nil }
            if rates.isEmpty { rates = [top] }
            for rate in rates {
                let choice = Layers(spatial: UInt8(size), temporal: UInt8(rate))
                var weight = demand.costs[size, rate] ?? 1
                if let current = demand.current, choice <= current { weight -= weight / 10 }
                rungs.append((choice, max(weight, (rungs.last?.1 ?? 0) + 1)))
            }
        }
        return rungs
    }

    @Test("A thousand random cases agree with a naive allocation", arguments: 1...10)
    func naive(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        for _ in 0..<100 {
            let demands = (0..<Int.random(in: 1...6, using: &random)).map { _ in Self.random(&random) }
            let budget = UInt64.random(in: 0...8000, using: &random)
            let ladders = demands.map(Self.ladder)
            var heights = demands.map { _ in 0 }
            func spent() -> UInt64 {
                zip(ladders, heights).reduce(0) { $0 + ($1.1 == 0 ? 0 : $1.0[$1.1 - 1].1) }
            }
            func climb(_ index: Int) -> Bool {
                guard heights[index] < ladders[index].count else { return false }
                heights[index] += 1
                guard spent() > budget else { return true }
                heights[index] -= 1
                return false
            }
            let order = demands.indices.sorted {
                (max(1, demands[$1].priority), $0) < (max(1, demands[$0].priority), $1)
            }
            for index in order { _ = climb(index) }
            var moved = true
            while moved {
                moved = false
                for index in order {
                    for _ in 0..<max(1, demands[index].priority) where climb(index) { moved = true }
                }
            }
            let expected = zip(ladders, heights).map { $1 == 0 ? nil : $0[$1 - 1].0 }
            let result = LayerAllocation(demands, budget: budget)
            #expect(result.layers == expected)
            #expect(result.bitrate <= budget * 10 / 9 + UInt64(demands.count) * 10)
        }
    }

    @Test("For one demand no choice within the budget is higher, by brute force", arguments: 1...10)
    func bruteForce(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        for _ in 0..<200 {
            let demand = Self.random(&random)
            let budget = UInt64.random(in: 0...4000, using: &random)
            let best = Self.ladder(demand).last { $0.1 <= budget }?.0
            #expect(LayerAllocation([demand], budget: budget).layers == [best])
        }
    }

    @Test("A budget that is large enough chooses what no budget does, as far as it is active", arguments: 1...10)
    func largeBudget(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let demands = (0..<200).map { _ in Self.random(&random) }
        let limited = LayerAllocation(demands, budget: .max)
        let free = LayerAllocation(demands, budget: nil)
        #expect(limited.nextStep == nil)
        #expect(limited.used == free.used)
        #expect(limited.bitrate == free.bitrate)
        for (limited, free) in zip(limited.layers, free.layers) {
            #expect(limited?.spatial == free?.spatial)
            #expect(limited?.temporal ?? 0 <= free?.temporal ?? 0)
        }
    }

    @Test("A thousand demands take milliseconds")
    func many() {
        var random = SeededRandom(seed: 1)
        let demands = (0..<1024).map { _ in Self.random(&random) }
        let clock = ContinuousClock()
        let time = clock.measure {
            #expect(LayerAllocation(demands, budget: 500_000).layers.count == 1024)
        }
        // Some 5 ms; the bound only keeps out what is quadratic.
        #expect(time < .milliseconds(500))
    }
}
