// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletStreams
import SwiftletWire
import Testing

/// Random changes of the target over a model encoder, checked picture by picture.
struct SelectorTrial<Encoder: ModelEncoder> {
    /// A target is reached after so many pictures, with a key frame where the selector asks for one.
    static var settling: Int { 60 }

    var encoder: Encoder
    var rig: SelectorRig
    var jumbler: Jumbler
    var random: SeededRandom
    let spatialCount: Int
    let temporalCount: Int
    var frames: [ModelFrame] = []
    /// Pictures that were compared with exactly what the target is to have.
    var compared = 0
    var mistakes: [String] = []
    private var sinceChange = 0
    private var sinceRequest: Int?

    init(_ encoder: Encoder, spatial: Int, temporal: Int, depth: Int = 0, lossInterval: Int = 0, seed: UInt64) {
        self.encoder = encoder
        rig = SelectorRig(isKSVC: encoder.isKSVC)
        jumbler = Jumbler(seed: seed, depth: 0, lossInterval: 0)
        random = SeededRandom(seed: seed &* 7919)
        (spatialCount, temporalCount) = (spatial, temporal)
        step(isKey: true)
        (jumbler.depth, jumbler.lossInterval) = (depth, lossInterval)
    }

    /// Lets the encoder make a picture; asks for a key frame as an engine would, with a delay.
    mutating func step(isKey: Bool = false) {
        if rig.selector.needsKeyFrame, sinceRequest == nil { sinceRequest = 0 }
        let answers = sinceRequest.map { $0 >= 3 } ?? false
        let made = encoder.encode(isKey: isKey || answers)
        if made[0].isKeyPicture { sinceRequest = nil } else { sinceRequest = sinceRequest.map { $0 + 1 } }
        frames += made
        for frame in made {
            for packet in frame.packets(Int.random(in: 1...3, using: &random)) {
                for due in jumbler.send(packet) { rig.offer(due) }
            }
        }
        sinceChange += 1
        if jumbler.depth == 0, jumbler.lossInterval == 0 { check(made) }
    }

    mutating func retarget(_ target: Layers) {
        rig.selector.setTarget(target)
        sinceChange = 0
    }

    private mutating func check(_ made: [ModelFrame]) {
        let picture = made[0].picture
        let passed = made.filter { rig.forwarded.contains($0.number) }
        if let markers = rig.markers[picture], markers.firstIndex(of: true) != markers.count - 1 {
            let isRestarted = passed.contains { $0.spatial > 0 && $0.references.allSatisfy { made[0].number <= $0 } }
            if !isRestarted { mistakes.append("picture \(picture): markers \(markers)") }
        }
        guard sinceChange > Self.settling else { return }
        compared += 1
        let wanted = made.filter { encoder.belongs($0, to: rig.selector.target) }
        if passed.map(\.number) != wanted.map(\.number) {
            mistakes.append(
                "picture \(picture): \(passed.map(\.layers)), not \(wanted.map(\.layers)) of \(made.map(\.layers))"
            )
        }
        if rig.selector.needsKeyFrame { mistakes.append("picture \(picture): a key frame asked for in vain") }
    }

    /// The encoder, for messages.
    private var name: String {
        switch encoder {
        case let one as PictureEncoder: "\(one.form) L\(spatialCount)T\(temporalCount) \(one.isKSVC) \(one.style)"
        case let one as DependencyEncoder: "\(one.mode) \(spatialCount) \(temporalCount)"
        default: "\(Encoder.self)"
        }
    }

    /// Runs `pictures` pictures with a new target now and then, and reports what went wrong.
    mutating func run(_ pictures: Int) {
        for _ in 0..<pictures {
            if Int.random(in: 0..<150, using: &random) == 0 {
                retarget(
                    Layers(
                        spatial: UInt8.random(in: 0..<UInt8(spatialCount), using: &random),
                        temporal: UInt8.random(in: 0..<UInt8(temporalCount), using: &random)
                    )
                )
            }
            var isKey = Int.random(in: 0..<400, using: &random) == 0
            if spatialCount > 1, Int.random(in: 0..<250, using: &random) == 0 {
                if encoder.vary(using: &random) { isKey = true }
                sinceChange = 0
            }
            step(isKey: isKey)
        }
        mistakes += rig.faults
        let broken = rig.undecodable(frames)
        if !broken.isEmpty { mistakes.append("\(broken.count) frames cannot be decoded, first \(broken[0])") }
        #expect(mistakes.prefix(5) == [], "\(mistakes.count) mistakes of \(name)")
        #expect(!rig.forwarded.isEmpty)
    }
}

@Suite("Layer selection, property tests")
struct LayerSelectorPropertyTests {
    typealias Style = PictureEncoder.Style

    @Test(
        "VP8: what passes can be decoded, never exceeds the target, and reaches it",
        arguments: [1, 2, 3],
        [Style.synchronized, .grouped]
    )
    func vp8(temporal: Int, style: Style) {
        for seed in 1...3 as ClosedRange<UInt64> {
            let encoder = PictureEncoder(.vp8, temporal: temporal, style: style, seed: seed)
            var trial = SelectorTrial(encoder, spatial: 1, temporal: temporal, seed: seed)
            trial.run(2000)
            #expect(trial.compared > 400)
        }
    }

    @Test(
        "VP9: what passes can be decoded, never exceeds the target, and reaches it",
        arguments: [(1, 2), (1, 3), (2, 1), (2, 3), (3, 1), (3, 3)],
        [(Style.synchronized, false), (.grouped, false), (.synchronized, true), (.grouped, true)]
    )
    func vp9(layers: (spatial: Int, temporal: Int), kind: (style: Style, isKSVC: Bool)) {
        for seed in 1...2 as ClosedRange<UInt64> {
            var encoder = PictureEncoder(
                .vp9,
                spatial: layers.spatial,
                temporal: layers.temporal,
                isKSVC: kind.isKSVC,
                style: kind.style,
                seed: seed
            )
            encoder.announces = seed % 2 == 0
            encoder.skipInterval = 15
            var trial = SelectorTrial(encoder, spatial: layers.spatial, temporal: layers.temporal, seed: seed)
            trial.run(2000)
            #expect(trial.compared > 400)
        }
    }

    @Test("AV1 without descriptor: what passes can be decoded and reaches the target", arguments: [(1, 2), (1, 3)])
    func obu(layers: (spatial: Int, temporal: Int)) {
        for seed in 1...3 as ClosedRange<UInt64> {
            let encoder = PictureEncoder(
                .obu,
                spatial: layers.spatial,
                temporal: layers.temporal,
                style: .grouped,
                seed: seed
            )
            var trial = SelectorTrial(encoder, spatial: layers.spatial, temporal: layers.temporal, seed: seed)
            trial.run(2000)
            #expect(trial.compared > 400)
        }
    }

    @Test(
        "Dependency descriptor: what passes can be decoded, never exceeds the target, and reaches it",
        arguments: [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3), (3, 1), (3, 3)],
        [DependencyEncoder.Mode.full, .key, .simulcast]
    )
    func dependencies(layers: (spatial: Int, temporal: Int), mode: DependencyEncoder.Mode) {
        for seed in 1...2 as ClosedRange<UInt64> {
            let encoder = DependencyEncoder(mode, spatial: layers.spatial, temporal: layers.temporal)
            var trial = SelectorTrial(encoder, spatial: layers.spatial, temporal: layers.temporal, seed: seed)
            trial.run(2000)
            #expect(trial.compared > 400)
        }
    }

    @Test(
        "Late, lost and overtaking packets cut no frame and break no decoding",
        arguments: 1...8 as ClosedRange<UInt64>
    )
    func disorder(seed: UInt64) {
        for lossInterval in [0, 30] {
            for depth in [3, 12] {
                disorder(PictureEncoder(.vp8, temporal: 3, seed: seed), 1, 3, depth, lossInterval, seed)
                disorder(PictureEncoder(.vp9, spatial: 3, temporal: 3, seed: seed), 3, 3, depth, lossInterval, seed)
                let key = PictureEncoder(.vp9, spatial: 3, temporal: 3, isKSVC: true, seed: seed)
                disorder(key, 3, 3, depth, lossInterval, seed)
                for mode in [DependencyEncoder.Mode.full, .key, .simulcast] {
                    let encoder = DependencyEncoder(mode, spatial: 3, temporal: 3)
                    disorder(encoder, 3, 3, depth, lossInterval, seed)
                }
            }
        }
    }

    private func disorder(
        _ encoder: some ModelEncoder,
        _ spatial: Int,
        _ temporal: Int,
        _ depth: Int,
        _ lossInterval: Int,
        _ seed: UInt64
    ) {
        var trial = SelectorTrial(
            encoder,
            spatial: spatial,
            temporal: temporal,
            depth: depth,
            lossInterval: lossInterval,
            seed: seed
        )
        trial.run(1200)
        #expect(trial.rig.forwarded.count > 400)
    }
}
