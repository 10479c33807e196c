// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletStreams
import SwiftletWire

/// A frame of a model encoder, which knows what it was predicted from.
struct ModelFrame {
    /// Counts all frames of all layers.
    var number: Int
    var picture: Int
    var spatial: Int
    var temporal: Int
    /// The numbers of the frames that it was predicted from.
    var references: [Int] = []
    var isKeyPicture: Bool
    /// Without start and end.
    var description = FrameDescription()
    var targets = DecodeTargets.none
    /// The last frame of its picture.
    var isLast = false

    var layers: Layers { Layers(spatial: UInt8(spatial), temporal: UInt8(temporal)) }

    /// The packets of the frame.
    func packets(_ count: Int) -> [ModelPacket] {
        (0..<count).map { index in
            var packet = ModelPacket(frame: self, description: description)
            if index == 0 { packet.description.flags.insert(.start) }
            if index == count - 1, description.form != .vp8 { packet.description.flags.insert(.end) }
            packet.isKeyFrame = isKeyPicture && spatial == 0 && index == 0
            packet.marker = isLast && index == count - 1
            return packet
        }
    }
}

struct ModelPacket {
    var frame: ModelFrame
    var description: FrameDescription
    var isKeyFrame = false
    var marker = false
}

/// What tests ask of a model encoder.
protocol ModelEncoder {
    /// Whether spatial layers stand on their own but at key pictures.
    var isKSVC: Bool { get }
    /// The frames of the next picture.
    mutating func encode(isKey: Bool) -> [ModelFrame]
    /// Changes what is produced, at random; whether that takes a key picture.
    mutating func vary(using random: inout SeededRandom) -> Bool
    /// Whether a viewer of `target` is to have the frame, once all switching is done.
    func belongs(_ frame: ModelFrame, to target: Layers) -> Bool
}

/// Puts packets in the order in which a network delivers them.
struct Jumbler {
    var random: SeededRandom
    /// By how many places packets come late at most.
    var depth: Int
    /// One in so many packets is lost; 0 for none.
    var lossInterval = 0
    private var waiting: [(due: Int, packet: ModelPacket)] = []
    private var clock = 0

    init(seed: UInt64, depth: Int, lossInterval: Int = 0) {
        (random, self.depth, self.lossInterval) = (SeededRandom(seed: seed), depth, lossInterval)
    }

    /// Takes a packet in and gives those that are due.
    mutating func send(_ packet: ModelPacket) -> [ModelPacket] {
        clock += 1
        if lossInterval == 0 || Int.random(in: 0..<lossInterval, using: &random) != 0 {
            let isLate = depth > 0 && Int.random(in: 0..<6, using: &random) == 0
            waiting.append((clock + (isLate ? Int.random(in: 1...depth, using: &random) : 0), packet))
        }
        let due = waiting.filter { $0.due <= clock }
        waiting.removeAll { $0.due <= clock }
        return due.map(\.packet)
    }
}

/// Hands packets to a selector and watches that what passes can be decoded.
struct SelectorRig {
    var selector: LayerSelector
    var forwarded: Set<Int> = []
    var dropped: Set<Int> = []
    /// For each picture, the markers of the packets that passed, in order.
    var markers: [Int: [Bool]] = [:]
    var faults: [String] = []
    private var structures: Set<UInt32> = []

    init(isKSVC: Bool = false, target: Layers = .highest) {
        selector = LayerSelector(isKSVC: isKSVC)
        selector.setTarget(target)
    }

    /// Hides what a reader cannot know while the packet with the structure has not come.
    private mutating func asRead(_ packet: ModelPacket) -> FrameDescription {
        var description = packet.description
        guard description.form == .dependency else { return description }
        if packet.isKeyFrame { structures.insert(description.structure) }
        if structures.contains(description.structure) { return description }
        description.flags.remove(.hasLayers)
        (description.spatial, description.temporal, description.targetCount) = (0, 0, 0)
        (description.indications, description.references, description.structure) = (0, 0, 0)
        return description
    }

    @discardableResult
    mutating func offer(_ packet: ModelPacket) -> LayerSelector.Decision {
        let decision = selector.select(
            asRead(packet),
            targets: packet.frame.targets,
            isKeyFrame: packet.isKeyFrame,
            marker: packet.marker
        )
        let frame = packet.frame
        switch decision {
        case .drop:
            // Before the first key frame nothing counts.
            guard selector.current != nil else { return decision }
            dropped.insert(frame.number)
            if forwarded.contains(frame.number) { faults.append("frame \(frame.number) cut") }
        case .forward(let marker):
            if packet.marker, !marker { faults.append("frame \(frame.number) lost its marker") }
            markers[frame.picture, default: []].append(marker)
            if dropped.contains(frame.number) { faults.append("frame \(frame.number) begun late") }
            forwarded.insert(frame.number)
        }
        return decision
    }

    /// Frames that passed though something they need was dropped.
    func undecodable(_ frames: [ModelFrame]) -> [Int] {
        frames.filter { forwarded.contains($0.number) && $0.references.contains(where: dropped.contains) }.map(\.number)
    }
}
