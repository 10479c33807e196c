// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletStreams
import SwiftletWire

/// Which temporal layer the pictures of a group have, by how many there are.
func temporalPattern(_ count: Int) -> [Int] { [[0], [0, 1], [0, 2, 1, 2]][count - 1] }

/// An encoder of VP8 or VP9 as its payload descriptors show it.
struct PictureEncoder: ModelEncoder {
    /// How enhancement pictures are predicted, and what the switching bits say of it.
    enum Style {
        /// From earlier ones of their layer too, but at random from lower layers alone, which Y and U tell.
        case synchronized
        /// Never from before the last base picture, and U is always set.
        case grouped
    }

    let form: FrameDescription.Form
    let spatialCount: Int
    let temporalCount: Int
    let isKSVC: Bool
    let style: Style
    /// Whether a scalability structure tells how many layers there are.
    var announces = true
    /// How many spatial layers are produced.
    var produced: Int
    /// One in so many pictures lacks its higher spatial layers; 0 for none.
    var skipInterval = 0
    var random: SeededRandom

    private var frame = 0
    private var picture = -1
    private var pictureID: Int64
    private var tl0: UInt8 = 250
    private var position = 0
    private var latest: [[Int?]]

    init(
        _ form: FrameDescription.Form,
        spatial: Int = 1,
        temporal: Int = 1,
        isKSVC: Bool = false,
        style: Style = .synchronized,
        firstID: Int64 = 1000,
        seed: UInt64 = 1
    ) {
        (self.form, spatialCount, temporalCount) = (form, spatial, temporal)
        (self.isKSVC, self.style, produced) = (isKSVC, style, spatial)
        random = SeededRandom(seed: seed)
        pictureID = firstID - 1
        latest = Array(repeating: Array(repeating: nil, count: temporal), count: spatial)
    }

    mutating func encode(isKey: Bool) -> [ModelFrame] {
        picture += 1
        pictureID += 1
        if isKey {
            position = 0
            for spatial in 0..<spatialCount { latest[spatial] = Array(repeating: nil, count: temporalCount) }
        }
        let pattern = temporalPattern(temporalCount)
        let temporal = pattern[position % pattern.count]
        position += 1
        if temporal == 0 { tl0 &+= 1 }
        let isSync = temporal > 0 && (style == .grouped || Int.random(in: 0..<3, using: &random) == 0)
        var frames: [ModelFrame] = []
        var count = produced
        if !isKey, skipInterval > 0, Int.random(in: 0..<skipInterval, using: &random) == 0 { count = 1 }
        for spatial in 0..<count {
            frames.append(encode(spatial, temporal, isKey: isKey, isSync: isSync, below: frames.last?.number))
        }
        frames[frames.count - 1].isLast = true
        return frames
    }

    private mutating func encode(_ spatial: Int, _ temporal: Int, isKey: Bool, isSync: Bool, below: Int?) -> ModelFrame
    {
        var made = ModelFrame(
            number: frame,
            picture: picture,
            spatial: spatial,
            temporal: temporal,
            isKeyPicture: isKey
        )
        frame += 1
        var earlier: [Int] = []
        var switches = isSync
        if !isKey {
            if let base = latest[spatial][0] { earlier.append(base) }
            if temporal > 0, !isSync || form != .vp8 {
                // U, unlike Y, allows lower enhancement layers.
                let top = isSync ? temporal - 1 : temporal
                if top > 0 { earlier += latest[spatial][1...top].compactMap { $0 } }
            }
            if temporal > 0, !isSync, latest[spatial][temporal] == nil, earlier.count == 1 { switches = true }
        }
        let isInterLayer = below != nil && (isKey || !isKSVC)
        made.references = earlier
        if let below, isInterLayer { made.references.append(below) }
        if style == .grouped, temporal == 0 {
            latest[spatial] = Array(repeating: nil, count: temporalCount)
        }
        latest[spatial][temporal] = made.number
        if style == .grouped { switches = form == .vp9 || temporal > 0 }
        made.description = describe(made, isIntra: earlier.isEmpty, isInterLayer: isInterLayer, switches: switches)
        return made
    }

    private func describe(_ made: ModelFrame, isIntra: Bool, isInterLayer: Bool, switches: Bool) -> FrameDescription {
        var description = FrameDescription()
        description.form = form
        (description.spatial, description.temporal) = (UInt8(made.spatial), UInt8(made.temporal))
        description.tl0 = tl0
        description.timestamp = UInt32(truncatingIfNeeded: picture * 3000)
        description.flags = [.hasLayers]
        if form == .obu {
            description.picture = Int64(picture) * 3000
        } else {
            description.picture = pictureID
            description.flags.formUnion([.hasPicture, .hasTL0, .longPicture])
        }
        if switches { description.flags.insert(.switchesUp) }
        if isInterLayer { description.flags.insert(.interLayer) }
        if isIntra, form == .vp9 { description.flags.insert(.intra) }
        if form == .vp9, announces { description.spatialCount = UInt8(produced) }
        return description
    }

    mutating func vary(using random: inout SeededRandom) -> Bool {
        produced = Int.random(in: 1...spatialCount, using: &random)
        return true
    }

    func belongs(_ frame: ModelFrame, to target: Layers) -> Bool {
        guard frame.temporal <= Int(target.temporal) else { return false }
        let top = min(Int(target.spatial), produced - 1)
        return isKSVC && !frame.isKeyPicture ? frame.spatial == top : frame.spatial <= top
    }
}
