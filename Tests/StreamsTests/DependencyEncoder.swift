// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletStreams
import SwiftletWire

/// An encoder with dependency descriptors, whose indications are those that browsers send for its mode.
struct DependencyEncoder: ModelEncoder {
    /// What the first letters of a scalability mode say.
    enum Mode {
        /// L: each spatial layer is predicted from the one below.
        case full
        /// L with _KEY: only at key pictures.
        case key
        /// S: never.
        case simulcast
    }

    let mode: Mode
    let spatialCount: Int
    let temporalCount: Int
    /// How many spatial layers are produced; a change of the mask goes out with the next picture.
    var produced: Int
    /// The lowest spatial layer that is produced.
    var lowest = 0

    private var frame = 0
    private var picture = -1
    private var position = 0
    private var structure: UInt32 = 0
    private var latest: [[Int?]]
    private let firstNumber: Int64

    init(_ mode: Mode, spatial: Int = 1, temporal: Int = 1, firstNumber: Int64 = 65_000) {
        (self.mode, spatialCount, temporalCount, self.firstNumber) = (mode, spatial, temporal, firstNumber)
        produced = spatial
        latest = Array(repeating: Array(repeating: nil, count: temporal), count: spatial)
    }

    var isKSVC: Bool { false }

    var targets: DecodeTargets {
        DecodeTargets(
            structure: max(structure, 1),
            layers: (0..<spatialCount * temporalCount).map {
                Layers(spatial: UInt8($0 / temporalCount), temporal: UInt8($0 % temporalCount))
            }
        )
    }

    mutating func encode(isKey: Bool) -> [ModelFrame] {
        picture += 1
        if isKey {
            position = 0
            structure += 1
            for spatial in 0..<spatialCount { latest[spatial] = Array(repeating: nil, count: temporalCount) }
        }
        let pattern = temporalPattern(temporalCount)
        let temporal = pattern[position % pattern.count]
        position += 1
        var frames: [ModelFrame] = []
        for spatial in lowest..<produced {
            frames.append(encode(spatial, temporal, isKey: isKey, below: frames.last?.number))
        }
        // A spatial layer that stops starts anew from the one below.
        for spatial in 0..<spatialCount where !(lowest..<produced).contains(spatial) {
            latest[spatial] = Array(repeating: nil, count: temporalCount)
        }
        frames[frames.count - 1].isLast = true
        return frames
    }

    private mutating func encode(_ spatial: Int, _ temporal: Int, isKey: Bool, below: Int?) -> ModelFrame {
        var made = ModelFrame(
            number: frame,
            picture: picture,
            spatial: spatial,
            temporal: temporal,
            isKeyPicture: isKey
        )
        frame += 1
        if let base = latest[spatial][0] { made.references.append(base) }
        if temporal > 1, let middle = latest[spatial][1] { made.references = [middle] }
        if let below, mode == .full || mode == .key && isKey { made.references.append(below) }
        if temporal == 0 { latest[spatial] = Array(repeating: nil, count: temporalCount) }
        latest[spatial][temporal] = made.number

        var description = FrameDescription()
        description.form = .dependency
        description.flags = [.hasLayers, .hasPicture]
        if isKey, spatial == lowest { description.flags.insert(.structure) }
        (description.spatial, description.temporal) = (UInt8(spatial), UInt8(temporal))
        description.picture = firstNumber + Int64(made.number)
        description.timestamp = UInt32(truncatingIfNeeded: picture * 3000)
        description.structure = structure
        description.targetCount = UInt8(spatialCount * temporalCount)
        description.spatialCount = UInt8(spatialCount)
        for target in 0..<spatialCount * temporalCount {
            let kind = indication(made, spatial: target / temporalCount, temporal: target % temporalCount)
            description.indications |= kind << UInt64(2 * target)
        }
        for reference in made.references { description.references |= 1 << UInt64(made.number - reference - 1) }
        description.activeTargets = 0
        for target in lowest * temporalCount..<produced * temporalCount {
            description.activeTargets |= 1 << UInt32(target)
        }
        (made.description, made.targets) = (description, targets)
        return made
    }

    /// 0 not present, 1 discardable, 2 switch, 3 required.
    private func indication(_ frame: ModelFrame, spatial: Int, temporal: Int) -> UInt64 {
        let isShared = mode == .full || mode == .key && frame.isKeyPicture
        guard isShared ? spatial >= frame.spatial : spatial == frame.spatial, temporal >= frame.temporal else {
            return 0
        }
        if frame.isKeyPicture { return 2 }
        if spatial > frame.spatial { return 3 }
        return frame.temporal > 0 && temporal == frame.temporal ? 1 : 2
    }

    mutating func vary(using random: inout SeededRandom) -> Bool {
        let former = produced
        produced = Int.random(in: 1...spatialCount, using: &random)
        return mode != .full && produced > former
    }

    func belongs(_ frame: ModelFrame, to target: Layers) -> Bool {
        guard frame.temporal <= Int(target.temporal) else { return false }
        let top = max(min(Int(target.spatial), produced - 1), lowest)
        let isShared = mode == .full || mode == .key && frame.isKeyPicture
        return isShared ? frame.spatial <= top : frame.spatial == top
    }
}
