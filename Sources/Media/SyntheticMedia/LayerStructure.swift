// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// Which layers a synthetic encoder makes, and what refers to what.
package struct LayerStructure: Equatable, Sendable {
    /// How spatial layers use each other.
    package enum Prediction: Sendable {
        /// Every frame refers to the next lower spatial layer of its picture: L modes.
        case full
        /// Only frames of key pictures do: KEY modes.
        case keyPictures
        /// None does, so that one stream holds several: S modes.
        case none
    }

    package let spatial: Int
    package let temporal: Int
    package let prediction: Prediction

    /// - Parameters:
    ///   - spatial: 1 to 3.
    ///   - temporal: 1 to 3.
    ///   - prediction: How spatial layers use each other.
    package init(spatial: Int = 1, temporal: Int = 1, prediction: Prediction = .full) {
        (self.spatial, self.temporal, self.prediction) = (spatial, temporal, prediction)
    }

    /// Its name, such as `L3T3_KEY`.
    package var mode: String {
        (prediction == .none ? "S" : "L") + "\(spatial)T\(temporal)" + (prediction == .keyPictures ? "_KEY" : "")
    }

    /// One picture of the cycle in which temporal layers repeat.
    struct Step {
        var temporal: Int
        /// How many pictures back those are that it refers to.
        var references: [Int]
        /// VP9's U, and for layers above the lowest VP8's Y: higher layers may be joined here, and it itself refers to
        /// lower layers alone.
        var switchesUp: Bool
    }

    /// The cycle, which begins with the key picture; that one refers to nothing.
    ///
    /// In its second half frames refer to their own temporal layer, so a layer joined there cannot be decoded.
    var cycle: [Step] {
        switch temporal {
        case 3:
            [
                Step(temporal: 0, references: [4], switchesUp: true),
                Step(temporal: 2, references: [1], switchesUp: true),
                Step(temporal: 1, references: [2], switchesUp: true),
                Step(temporal: 2, references: [1, 2], switchesUp: false),
                Step(temporal: 0, references: [4], switchesUp: false),
                Step(temporal: 2, references: [1, 2], switchesUp: false),
                Step(temporal: 1, references: [2, 4], switchesUp: false),
                Step(temporal: 2, references: [1, 2], switchesUp: false),
            ]
        case 2:
            [
                Step(temporal: 0, references: [2], switchesUp: true),
                Step(temporal: 1, references: [1], switchesUp: true),
                Step(temporal: 0, references: [2], switchesUp: false),
                Step(temporal: 1, references: [1, 2], switchesUp: false),
            ]
        default: [Step(temporal: 0, references: [1], switchesUp: true)]
        }
    }

    /// Whether a frame belongs to the decode target of spatial layer `s` and temporal layer `t`.
    func belongs(spatial: Int, temporal: Int, isKey: Bool, to s: Int, _ t: Int) -> Bool {
        guard temporal <= t else { return false }
        return switch prediction {
        case .full: spatial <= s
        case .keyPictures: isKey ? spatial <= s : spatial == s
        case .none: spatial == s
        }
    }
}

/// One frame as the encoder made it.
struct SyntheticFrame {
    var number: UInt32
    var picture: UInt32
    /// Place of the picture in the cycle.
    var position: Int
    var spatial: Int
    var temporal: Int
    var isKey: Bool
    var switchesUp: Bool
    /// Whether it uses the next lower spatial layer of its picture.
    var usesLowerLayer: Bool
    /// Whether the next higher spatial layer of its picture uses it.
    var isUsedByHigherLayer: Bool
    /// Whether it is the picture's last.
    var isLast: Bool
    /// Numbers of the frames it refers to.
    var references: [UInt32]
}

/// Makes frames by a ``LayerStructure``, without any pictures in them.
struct FrameSequence {
    let structure: LayerStructure
    private let cycle: [LayerStructure.Step]
    private(set) var nextNumber: UInt32 = 0
    private(set) var nextPicture: UInt32 = 0
    private var position = 0
    /// Frame numbers of the last 16 pictures by spatial layer.
    private var numbers: [[UInt32?]]
    /// How many spatial layers are made; more only from a key picture on.
    private(set) var active: Int
    private var wanted: Int

    init(_ structure: LayerStructure) {
        self.structure = structure
        cycle = structure.cycle
        numbers = Array(repeating: Array(repeating: nil, count: structure.spatial), count: 16)
        (active, wanted) = (structure.spatial, structure.spatial)
    }

    /// Makes so many spatial layers from now on; more need a key picture, which the next one becomes.
    mutating func setActive(_ count: Int) { wanted = max(1, min(count, structure.spatial)) }

    /// The frames of the next picture, lowest layer first.
    mutating func next(key: Bool) -> [SyntheticFrame] {
        let isKey = key || nextPicture == 0 || wanted > active
        active = wanted
        if isKey {
            position = 0
            for index in numbers.indices { numbers[index] = Array(repeating: nil, count: structure.spatial) }
        }
        let step = cycle[position]
        let picture = nextPicture
        var frames: [SyntheticFrame] = []
        numbers[Int(picture % 16)] = Array(repeating: nil, count: structure.spatial)
        for spatial in 0..<active {
            var references: [UInt32] = []
            if !isKey {
                for back in step.references where UInt32(back) <= picture {
                    if let number = numbers[Int((picture - UInt32(back)) % 16)][spatial] { references.append(number) }
                }
            }
            let crosses = uses(isKey: isKey)
            if spatial > 0, crosses, let lower = numbers[Int(picture % 16)][spatial - 1] { references.append(lower) }
            frames.append(
                SyntheticFrame(
                    number: nextNumber,
                    picture: picture,
                    position: position,
                    spatial: spatial,
                    temporal: step.temporal,
                    isKey: isKey,
                    switchesUp: step.switchesUp,
                    usesLowerLayer: spatial > 0 && crosses,
                    isUsedByHigherLayer: crosses && spatial + 1 < active,
                    isLast: spatial + 1 == active,
                    references: references
                )
            )
            numbers[Int(picture % 16)][spatial] = nextNumber
            nextNumber &+= 1
        }
        nextPicture &+= 1
        position = (position + 1) % cycle.count
        return frames
    }

    private func uses(isKey: Bool) -> Bool {
        switch structure.prediction {
        case .full: true
        case .keyPictures: isKey
        case .none: false
        }
    }
}
