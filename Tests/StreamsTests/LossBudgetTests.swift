// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletStreams
import SwiftletWire
import Testing

@Suite("Loss budget")
struct LossBudgetTests {
    /// A budget that hears a report of 100 packets a second, for an allocation of 1000 with a next step of 300.
    private struct Path {
        var budget = LossBudget()
        var used: UInt64 = 1000
        var nextStep: UInt64? = 300
        var base: UInt64 = 100
        var now = 0.0
        /// When the limit moved, and where.
        var moves: [Move] = []

        struct Move: Equatable {
            var at: Double
            var limit: UInt64?
        }

        mutating func run(seconds: Double, loss: Double?) {
            let end = now + seconds * 1000
            while now < end {
                now += 1000
                if let loss {
                    budget.add(fractionLost: UInt8(loss * 256), packets: 100, now: StreamsTests.at(now))
                }
                update()
            }
        }

        mutating func update() {
            if budget.update(used: used, nextStep: nextStep, base: base, now: StreamsTests.at(now)) {
                moves.append(Move(at: now, limit: budget.limit))
            }
        }
    }

    @Test("Nothing limits a path with little loss", arguments: [0, 0.01, 0.05, 0.1])
    func clean(loss: Double) {
        var path = Path()
        path.run(seconds: 60, loss: loss)
        #expect(path.moves == [])
        #expect(path.budget.limit == nil)
        #expect(path.budget.nextDeadline == nil)
    }

    @Test("Two seconds of loss take one step away")
    func lossy() {
        var path = Path()
        path.run(seconds: 10, loss: 0)
        path.run(seconds: 3, loss: 0.2)
        #expect(path.moves == [Path.Move(at: 13_000, limit: 999)])
    }

    @Test("One second of loss takes nothing away")
    func burst() {
        var path = Path()
        for _ in 0..<20 {
            path.run(seconds: 1, loss: 0.5)
            path.run(seconds: 2, loss: 0.01)
        }
        #expect(path.moves == [])
    }

    @Test("Loss that lasts takes step after step, each only when reports can speak of the one before")
    func lasting() {
        var path = Path()
        path.run(seconds: 3, loss: 0.2)
        path.used = 700
        path.run(seconds: 3, loss: 0.2)
        #expect(path.moves.count == 1)
        path.run(seconds: 1, loss: 0.2)
        #expect(path.moves.map(\.limit) == [999, 699])
        #expect(path.moves[1].at - path.moves[0].at == 4000)
    }

    @Test("Loss takes no lowest layer away, and looks no further down")
    func floor() {
        var path = Path(used: 1000, base: 1000)
        path.run(seconds: 60, loss: 0.9)
        #expect(path.moves == [])
        path.used = 1001
        path.run(seconds: 1, loss: 0.9)
        #expect(path.moves.map(\.limit) == [1000])
    }

    @Test("Ten clean seconds give one step back, and the top lifts the limit")
    func recovery() {
        var path = Path()
        path.run(seconds: 3, loss: 0.2)
        (path.used, path.nextStep) = (700, 300)
        path.run(seconds: 9, loss: 0.01)
        #expect(path.moves.count == 1)
        #expect(path.budget.nextDeadline == at(13_000))
        path.run(seconds: 1, loss: 0.01)
        #expect(path.moves.last == Path.Move(at: 13_000, limit: 1000))
        (path.used, path.nextStep) = (1000, nil)
        path.update()
        #expect(path.moves.last == Path.Move(at: 13_000, limit: nil))
        #expect(path.budget.nextDeadline == nil)
    }

    @Test("Between clean and lossy the limit stays, and the clean seconds count anew")
    func between() {
        var path = Path()
        path.run(seconds: 3, loss: 0.2)
        path.used = 700
        path.run(seconds: 60, loss: 0.05)
        #expect(path.moves.count == 1)
        let since = path.now
        path.run(seconds: 12, loss: 0)
        #expect(path.moves.count == 2)
        #expect(path.moves[1].at - since >= 10_000)
    }

    @Test("A path that carries nothing is tried again without any report")
    func nothingLeft() throws {
        var path = Path(base: 0)
        path.run(seconds: 3, loss: 0.9)
        (path.used, path.nextStep) = (0, 500)
        let deadline = try #require(path.budget.nextDeadline)
        #expect(deadline == at(13_000))
        path.run(seconds: 10, loss: nil)
        #expect(path.moves.map(\.limit) == [999, 500])
    }

    @Test("The deadline moves on whenever it has passed")
    func deadline() {
        var path = Path()
        path.run(seconds: 3, loss: 0.2)
        path.run(seconds: 2, loss: 0.2)
        // Reports end in the middle of loss.
        for _ in 0..<10 {
            guard let deadline = path.budget.nextDeadline else { break }
            #expect(deadline > at(path.now))
            path.now = (deadline - start).inSeconds * 1000
            path.update()
        }
        #expect(path.moves.count >= 2)
    }

    @Test("One report says nothing, nor do two with a long time between them")
    func sparse() {
        var path = Path()
        for _ in 0..<5 {
            path.budget.add(fractionLost: 128, packets: 100, now: at(path.now))
            path.now += 10_000
            path.update()
        }
        #expect(path.moves == [])
    }

    @Test("Reports weigh as much as they have packets")
    func weights() {
        var path = Path()
        for _ in 0..<30 {
            path.now += 500
            path.budget.add(fractionLost: 255, packets: 5, now: at(path.now))
            path.now += 500
            path.budget.add(fractionLost: 1, packets: 95, now: at(path.now))
            path.update()
        }
        #expect(path.moves == [])
        for _ in 0..<10 {
            path.now += 500
            path.budget.add(fractionLost: 255, packets: 20, now: at(path.now))
            path.now += 500
            path.budget.add(fractionLost: 1, packets: 80, now: at(path.now))
            path.update()
        }
        #expect(!path.moves.isEmpty)
    }

    @Test("Switched off, it limits nothing")
    func off() {
        var path = Path(budget: LossBudget(thresholds: .off))
        path.run(seconds: 60, loss: 0.9)
        #expect(path.moves == [])
    }

    @Test("With an allocation, a narrow path settles at the layers that it carries")
    func closedLoop() {
        var demands = (0..<3).map { _ in
            var costs = LayerCosts()
            for (spatial, rate) in [100_000, 500_000, 1_500_000].enumerated() { costs[spatial, 0] = UInt64(rate) }
            return LayerAllocation.Demand(
                preferred: Layers(spatial: 2, temporal: 0),
                costs: costs,
                topTemporal: 0
            )
        }
        var budget = LossBudget()
        var allocation = LayerAllocation(demands, budget: nil)
        let capacity = 2_800_000.0
        var lossySeconds = 0
        for second in 1...300 {
            let loss = max(0, 1 - capacity / Double(allocation.bitrate))
            if second > 30, loss > 0.1 { lossySeconds += 1 }
            budget.add(
                fractionLost: UInt8(loss * 256),
                packets: Int(allocation.bitrate / 8000),
                now: at(Double(second) * 1000)
            )
            for index in demands.indices { demands[index].current = allocation.layers[index] }
            if budget.update(
                used: allocation.used,
                nextStep: allocation.nextStep,
                base: allocation.base,
                now: at(Double(second) * 1000)
            ) {
                allocation = LayerAllocation(demands, budget: budget.limit)
            }
            #expect(allocation.layers.allSatisfy { $0 != nil })
        }
        // From step to step up and down around 2.5 Mbit/s: at most 4 s of loss in every 14.
        #expect(lossySeconds <= 270 * 4 / 14 + 4)
        #expect(allocation.bitrate <= 3_500_000)
    }
}
