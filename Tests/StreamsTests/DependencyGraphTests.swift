// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletStreams
import SwiftletWire
import Testing

/// Frames that refer to each other at random, with indications worked out from their definition.
private struct RandomGraph {
    let spatialCount: Int
    let temporalCount: Int
    var frames: [ModelFrame] = []
    private var epochs: [Range<Int>] = []

    init(seed: UInt64, spatial: Int, temporal: Int, epochs count: Int, pictures: Int) {
        (spatialCount, temporalCount) = (spatial, temporal)
        var random = SeededRandom(seed: seed)
        var picture = 0
        for _ in 0..<count {
            let first = frames.count
            for index in 0..<pictures {
                addPicture(picture, isKey: index == 0, epoch: first, using: &random)
                picture += 1
            }
            epochs.append(first..<frames.count)
        }
        for (index, epoch) in epochs.enumerated() { describe(epoch, structure: UInt32(index + 1)) }
    }

    private mutating func addPicture(_ picture: Int, isKey: Bool, epoch: Int, using random: inout SeededRandom) {
        let temporal = isKey ? 0 : Int.random(in: 0..<temporalCount, using: &random)
        let top = Int.random(in: 0..<spatialCount, using: &random)
        for spatial in 0..<spatialCount where isKey || spatial == top || Bool.random(using: &random) {
            var made = ModelFrame(
                number: frames.count,
                picture: picture,
                spatial: spatial,
                temporal: temporal,
                isKeyPicture: isKey
            )
            let candidates = frames[max(epoch, frames.count - 30)...].filter {
                $0.spatial <= spatial && $0.temporal <= temporal
            }
            if !isKey || spatial > 0 {
                for _ in 0..<Int.random(in: 0...2, using: &random) {
                    // Near ones more often, as encoders do.
                    let distance = Int.random(in: 1...6, using: &random)
                    guard let reference = candidates.suffix(distance).first else { continue }
                    if !made.references.contains(reference.number) { made.references.append(reference.number) }
                }
            }
            frames.append(made)
        }
        frames[frames.count - 1].isLast = true
    }

    /// Works out what each frame is to each decode target, by the definitions of the specification.
    private mutating func describe(_ epoch: Range<Int>, structure: UInt32) {
        var ancestors: [Int: Set<Int>] = [:]
        for number in epoch {
            ancestors[number] = frames[number].references.reduce(into: []) {
                $0.formUnion([$1])
                $0.formUnion(ancestors[$1] ?? [])
            }
        }
        let targets = (0..<spatialCount * temporalCount).map {
            Layers(spatial: UInt8($0 / temporalCount), temporal: UInt8($0 % temporalCount))
        }
        for number in epoch {
            var description = FrameDescription()
            description.form = .dependency
            description.flags = [.hasLayers, .hasPicture]
            if number == epoch.lowerBound { description.flags.insert(.structure) }
            description.spatial = UInt8(frames[number].spatial)
            description.temporal = UInt8(frames[number].temporal)
            description.picture = Int64(number)
            description.timestamp = UInt32(frames[number].picture * 3000)
            (description.structure, description.targetCount) = (structure, UInt8(targets.count))
            for reference in frames[number].references { description.references |= 1 << UInt64(number - reference - 1) }
            for (index, target) in targets.enumerated() {
                let later = (number + 1..<epoch.upperBound).filter { isPresent($0, in: target) }
                let kind = indication(of: number, in: target, later: later, known: ancestors[number] ?? [])
                description.indications |= kind << UInt64(2 * index)
            }
            frames[number].description = description
            frames[number].targets = DecodeTargets(structure: structure, layers: targets)
        }
    }

    private func isPresent(_ number: Int, in target: Layers) -> Bool {
        frames[number].spatial <= Int(target.spatial) && frames[number].temporal <= Int(target.temporal)
    }

    private func indication(of number: Int, in target: Layers, later: [Int], known: Set<Int>) -> UInt64 {
        guard isPresent(number, in: target) else { return 0 }
        if !later.contains(where: { frames[$0].references.contains(number) }) { return 1 }
        let isSwitch = later.allSatisfy { frames[$0].references.allSatisfy { $0 >= number || known.contains($0) } }
        return isSwitch ? 2 : 3
    }
}

@Suite("Layer selection over random dependency graphs")
struct DependencyGraphTests {
    @Test(
        "Whatever refers to whatever, what passes can be decoded and is within the target",
        arguments: 1...30 as ClosedRange<UInt64>
    )
    func graphs(seed: UInt64) {
        let (spatial, temporal) = (Int(seed % 3) + 1, Int(seed / 3 % 3) + 1)
        let graph = RandomGraph(seed: seed, spatial: spatial, temporal: temporal, epochs: 8, pictures: 60)
        for depth in [0, 0, 4, 15] {
            var rig = SelectorRig()
            var random = SeededRandom(seed: seed &+ UInt64(depth) &* 1000)
            var jumbler = Jumbler(seed: seed, depth: 0, lossInterval: 0)
            for frame in graph.frames {
                if Int.random(in: 0..<40, using: &random) == 0 {
                    rig.selector.setTarget(
                        Layers(
                            spatial: .random(in: 0..<UInt8(spatial), using: &random),
                            temporal: .random(in: 0..<UInt8(temporal), using: &random)
                        )
                    )
                }
                for packet in frame.packets(Int.random(in: 1...2, using: &random)) {
                    for due in jumbler.send(packet) { rig.offer(due) }
                }
                jumbler.depth = depth
            }
            #expect(rig.faults == [], "depth \(depth)")
            #expect(rig.undecodable(graph.frames) == [], "depth \(depth)")
            #expect(rig.forwarded.count > graph.frames.count / 20)
        }
    }
}
