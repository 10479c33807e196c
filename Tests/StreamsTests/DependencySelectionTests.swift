// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletStreams
import SwiftletWire
import Testing

/// An encoder and a selector that sees all its packets in order, a frame each.
private struct Session {
    var encoder: DependencyEncoder
    var rig: SelectorRig
    var frames: [ModelFrame] = []

    init(_ encoder: DependencyEncoder, _ spatial: UInt8, _ temporal: UInt8) {
        self.encoder = encoder
        rig = SelectorRig(target: Layers(spatial: spatial, temporal: temporal))
    }

    /// The layers of what passes of the next picture, such as "S0 S1".
    mutating func picture(isKey: Bool = false) -> String {
        let made = encoder.encode(isKey: isKey)
        frames += made
        var passed: [String] = []
        for frame in made {
            for packet in frame.packets(1) where rig.offer(packet) != .drop { passed.append("S\(frame.spatial)") }
        }
        return passed.joined(separator: " ")
    }

    mutating func setTarget(_ spatial: UInt8, _ temporal: UInt8) {
        rig.selector.setTarget(Layers(spatial: spatial, temporal: temporal))
    }

    var isWhole: Bool { rig.faults.isEmpty && rig.undecodable(frames).isEmpty }
}

/// A selector for frames whose fields are given one by one, each a picture of its own.
private final class HandMade {
    var selector = LayerSelector()
    var structure: UInt32 = 1
    let layers: [Layers]

    /// - Parameter targets: Names such as "S1", each with one temporal layer.
    init(_ targets: [String]) {
        layers = targets.map { Layers(spatial: $0.last?.wholeNumberValue.map(UInt8.init) ?? 0, temporal: 0) }
    }

    func passes(_ number: Int64, _ indications: [UInt64], _ references: [Int64] = [], isKey: Bool = false) -> Bool {
        var frame = FrameDescription()
        frame.form = .dependency
        frame.flags = [.start, .end, .hasLayers, .hasPicture]
        (frame.picture, frame.timestamp) = (number, UInt32(number) * 3000)
        (frame.structure, frame.targetCount) = (structure, UInt8(layers.count))
        frame.indications = indications.reversed().reduce(0) { $0 << 2 | $1 }
        for reference in references { frame.references |= 1 << UInt64(number - reference - 1) }
        let targets = DecodeTargets(structure: structure, layers: layers)
        return selector.select(frame, targets: targets, isKeyFrame: isKey, marker: true) != .drop
    }
}

@Suite("Layer selection by dependency descriptors, AV1 RTP specification, appendix A")
struct DependencySelectionTests {
    @Test("Full SVC goes down with the next picture and up with a key frame")
    func full() {
        var session = Session(DependencyEncoder(.full, spatial: 3), 2, 0)
        #expect(session.picture(isKey: true) == "S0 S1 S2")
        session.setTarget(0, 0)
        #expect(!session.rig.selector.needsKeyFrame)
        #expect(session.picture() == "S0")
        session.setTarget(1, 0)
        #expect(session.rig.selector.needsKeyFrame)
        #expect(session.picture() == "S0")
        #expect(session.picture(isKey: true) == "S0 S1")
        #expect(!session.rig.selector.needsKeyFrame)
        #expect(session.isWhole)
    }

    @Test("K modes change size at key frames only, and frame rate at once")
    func key() {
        var session = Session(DependencyEncoder(.key, spatial: 3, temporal: 2), 2, 1)
        #expect(session.picture(isKey: true) == "S0 S1 S2")
        #expect(session.picture() == "S2")
        session.setTarget(0, 1)
        #expect(!session.rig.selector.needsKeyFrame, "nothing that the smallest size needs was dropped yet")
        session.setTarget(2, 1)
        #expect(session.picture() == "S2")
        session.setTarget(0, 0)
        #expect(session.rig.selector.needsKeyFrame)
        #expect(session.picture() == "", "at least the frame rate falls")
        #expect(session.rig.selector.current == Layers(spatial: 2, temporal: 0))
        #expect(session.picture() == "S2")
        #expect(session.picture(isKey: true) == "S0")
        #expect(!session.rig.selector.needsKeyFrame)
        #expect(session.isWhole)
    }

    @Test("S modes forward one stream of many, from the key picture on")
    func simulcast() {
        var session = Session(DependencyEncoder(.simulcast, spatial: 3, temporal: 3), 1, 2)
        #expect(session.picture(isKey: true) == "S1")
        #expect(session.picture() == "S1")
        session.setTarget(2, 2)
        #expect(session.rig.selector.needsKeyFrame)
        #expect(session.picture() == "S1")
        #expect(session.picture() == "S1", "a switching point that refers to what was dropped is none")
        #expect(session.picture(isKey: true) == "S2")
        #expect(session.isWhole)
    }

    @Test("When the encoder leaves out a layer, selection goes down by itself, and up again where that can be decoded")
    func activeTargets() {
        var session = Session(DependencyEncoder(.full, spatial: 2), 1, 0)
        #expect(session.picture(isKey: true) == "S0 S1")
        session.encoder.produced = 1
        #expect(session.picture() == "S0")
        #expect(session.rig.selector.current == Layers(spatial: 0, temporal: 0))
        #expect(!session.rig.selector.needsKeyFrame, "no key frame brings what is not produced")
        #expect(session.rig.markers[1] == [true])
        session.encoder.produced = 2
        #expect(session.picture() == "S0 S1")
        #expect(session.rig.selector.current == Layers(spatial: 1, temporal: 0))
        #expect(session.isWhole)
    }

    @Test("A spatial layer that starts anew from the one below is joined without a key frame")
    func joining() {
        var session = Session(DependencyEncoder(.full, spatial: 2), 0, 0)
        #expect(session.picture(isKey: true) == "S0")
        #expect(session.picture() == "S0")
        session.encoder.produced = 1
        #expect(session.picture() == "S0")
        session.setTarget(1, 0)
        #expect(!session.rig.selector.needsKeyFrame)
        session.encoder.produced = 2
        #expect(session.picture() == "S0 S1")
        #expect(session.picture() == "S0 S1")
        #expect(session.isWhole)
    }

    @Test("Where the lowest layer is missing, the lowest that there is passes, LiveKit 1117")
    func missingBottom() {
        var encoder = DependencyEncoder(.simulcast, spatial: 3)
        encoder.lowest = 1
        var session = Session(encoder, 0, 0)
        let made = session.encoder.encode(isKey: true)
        session.frames += made
        var first = made[0].packets(1)[0]
        first.isKeyFrame = true
        #expect(session.rig.offer(first) != .drop)
        #expect(session.rig.offer(made[1].packets(1)[0]) == .drop)
        #expect(session.picture() == "S1")
        #expect(!session.rig.selector.needsKeyFrame)
    }

    @Test("The marker goes to the last packet of the highest frame that is forwarded")
    func markers() {
        var session = Session(DependencyEncoder(.full, spatial: 3, temporal: 2), 1, 1)
        for picture in 0..<20 {
            #expect(session.picture(isKey: picture == 0) == "S0 S1")
            #expect(session.rig.markers[picture] == [false, true])
        }
    }

    @Test("A size that drops out of a picture waits for the next, so that no picture goes without marker")
    func downBetweenPictures() {
        var session = Session(DependencyEncoder(.full, spatial: 2), 1, 0)
        #expect(session.picture(isKey: true) == "S0 S1")
        let made = session.encoder.encode(isKey: false)
        #expect(session.rig.offer(made[0].packets(1)[0]) == .forward(marker: false))
        session.setTarget(0, 0)
        #expect(session.rig.offer(made[1].packets(1)[0]) == .forward(marker: true))
        #expect(session.picture() == "S0")
        #expect(session.rig.markers[2] == [true])
    }

    @Test("The frames of a picture follow what was chosen at the first of them to come, late or not")
    func overtakenFrame() {
        var session = Session(DependencyEncoder(.full, spatial: 2), 1, 0)
        #expect(session.picture(isKey: true) == "S0 S1")
        session.setTarget(0, 0)
        let made = session.encoder.encode(isKey: false)
        #expect(session.rig.offer(made[1].packets(1)[0]) == .drop)
        #expect(session.rig.offer(made[0].packets(1)[0]) == .forward(marker: true))
    }

    @Test("What refers to a dropped frame is dropped, whatever its indications say, and its target given up")
    func contradiction() {
        let session = HandMade(["S0", "S1"])
        #expect(session.passes(0, [2, 2], isKey: true))
        #expect(!session.passes(1, [0, 0]))
        #expect(!session.passes(2, [0, 3], [1]))
        #expect(session.selector.current == Layers(spatial: 0, temporal: 0))
        #expect(session.selector.needsKeyFrame)
        #expect(session.passes(3, [2, 3], [0]))
        #expect(session.passes(5, [2, 3], [3]))
        #expect(!session.passes(4, [1, 1], [2]), "late ones too")
        #expect(!session.passes(6, [1, 1], [4]))
        #expect(session.passes(7, [2, 3], [5]))
    }

    @Test("A switching point is one only when all that it refers to was forwarded")
    func soundness() {
        let session = HandMade(["S0", "S1"])
        session.selector.setTarget(Layers(spatial: 0, temporal: 0))
        #expect(session.passes(0, [2, 2], isKey: true))
        #expect(!session.passes(1, [0, 3], [0]))
        session.selector.setTarget(Layers(spatial: 1, temporal: 0))
        #expect(session.selector.needsKeyFrame)
        #expect(session.passes(3, [2, 2], [2]), "what it refers to may still come")
        #expect(session.selector.current?.spatial == 0)
        #expect(session.passes(4, [2, 2], [3]))
        #expect(session.selector.current?.spatial == 1)
        #expect(!session.selector.needsKeyFrame)
        #expect(session.passes(5, [0, 3], [4]))
    }

    @Test("A structure that did not come with a key frame is not joined")
    func strayStructure() {
        let session = HandMade(["S0", "S1"])
        #expect(session.passes(0, [2, 2], isKey: true))
        session.structure = 2
        #expect(!session.passes(1, [3, 3], [0]))
        #expect(session.selector.needsKeyFrame)
        session.structure = 3
        #expect(session.passes(2, [2, 2], isKey: true))
        #expect(!session.selector.needsKeyFrame)
    }

    @Test("Frames without their structure pass until it comes; if it does not, a key frame is asked for")
    func missingStructure() {
        var session = Session(DependencyEncoder(.full, spatial: 2), 0, 0)
        #expect(session.picture(isKey: true) == "S0")
        let made = session.encoder.encode(isKey: true)
        #expect(session.rig.offer(made[1].packets(1)[0]) != .drop, "it may be what the key frame needs")
        #expect(session.rig.offer(made[0].packets(1)[0]) != .drop)
        #expect(session.picture() == "S0")
        _ = session.encoder.encode(isKey: true)
        for _ in 0..<15 {
            #expect(!session.rig.selector.needsKeyFrame)
            #expect(session.picture() == "S0 S1")
        }
        #expect(session.picture() == "S0 S1")
        #expect(session.rig.selector.needsKeyFrame)
        #expect(session.picture(isKey: true) == "S0")
        #expect(!session.rig.selector.needsKeyFrame)
    }

    @Test("A structure that shrinks leaves nothing chosen out of its bounds, LiveKit 4739")
    func shrinkingStructure() {
        var session = Session(DependencyEncoder(.full, spatial: 3, temporal: 3), 2, 2)
        #expect(session.picture(isKey: true) == "S0 S1 S2")
        var small = DependencyEncoder(.full, firstNumber: 66_000)
        var made = small.encode(isKey: true)[0]
        made.description.structure = 7
        made.targets = DecodeTargets(structure: 7, layers: [Layers(spatial: 0, temporal: 0)])
        #expect(session.rig.offer(made.packets(1)[0]) == .forward(marker: true))
        #expect(session.rig.selector.current == Layers(spatial: 0, temporal: 0))
        #expect(!session.rig.selector.needsKeyFrame)
    }
}
