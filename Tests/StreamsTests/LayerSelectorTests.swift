// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletStreams
import SwiftletWire
import Testing

/// A packet that is a whole frame, described by hand.
private func frame(
    _ form: FrameDescription.Form,
    _ picture: Int64,
    spatial: UInt8 = 0,
    temporal: UInt8 = 0,
    _ flags: FrameDescription.Flags = []
) -> FrameDescription {
    var frame = FrameDescription()
    (frame.form, frame.picture, frame.spatial, frame.temporal) = (form, picture, spatial, temporal)
    frame.flags = flags.union([.hasPicture, .hasLayers])
    frame.timestamp = UInt32(truncatingIfNeeded: picture &* 3000)
    return frame
}

/// A selector that expectations can ask directly.
private final class Probe {
    var selector: LayerSelector

    init(_ spatial: UInt8, _ temporal: UInt8, isKSVC: Bool = false) {
        selector = LayerSelector(isKSVC: isKSVC)
        selector.setTarget(Layers(spatial: spatial, temporal: temporal))
    }

    var current: Layers? { selector.current }
    var needsKeyFrame: Bool { selector.needsKeyFrame }

    func setTarget(_ spatial: UInt8, _ temporal: UInt8) {
        selector.setTarget(Layers(spatial: spatial, temporal: temporal))
    }

    /// The marker that a packet passes with; `nil` for a dropped one.
    func marker(_ frame: FrameDescription, isKeyFrame: Bool = false, marker: Bool = false) -> Bool? {
        switch selector.select(frame, targets: .none, isKeyFrame: isKeyFrame, marker: marker) {
        case .drop: nil
        case .forward(let marker): marker
        }
    }

    func passes(_ frame: FrameDescription, isKeyFrame: Bool = false) -> Bool {
        marker(frame, isKeyFrame: isKeyFrame) != nil
    }

    /// Which spatial layers of the next VP9 picture pass.
    func passes(picture: Int64, isKey: Bool = false, of count: UInt8 = 3) -> [UInt8] {
        (0..<count).filter { spatial in
            let flags: FrameDescription.Flags = isKey ? [.start, .end, .intra] : [.start, .end]
            return passes(frame(.vp9, picture, spatial: spatial, flags), isKeyFrame: isKey && spatial == 0)
        }
    }
}

@Suite("Layer selection by payload descriptors, RFC 7741, RFC 9628")
struct LayerSelectorTests {
    @Test("Nothing passes before a key frame, nor after a restart, mediasoup 865")
    func start() {
        let selector = Probe(0, 2)
        #expect(selector.needsKeyFrame && selector.current == nil)
        #expect(!selector.passes(frame(.vp8, 9)))
        #expect(selector.passes(frame(.vp8, 10), isKeyFrame: true))
        #expect(!selector.needsKeyFrame)
        #expect(selector.current == Layers(spatial: 0, temporal: 2))
        #expect(!selector.passes(frame(.vp8, 9)), "what was overtaken by the first key frame cannot be decoded")
        #expect(selector.passes(frame(.vp8, 11, temporal: 2)))
        selector.selector.restart()
        #expect(selector.needsKeyFrame && selector.current == nil)
        #expect(!selector.passes(frame(.vp8, 12)))
        #expect(selector.passes(frame(.vp8, 3), isKeyFrame: true), "another source numbers as it likes")
        #expect(selector.passes(frame(.vp8, 4)))
    }

    @Test("Where key frames cannot be told, selection begins with what comes")
    func startAnywhere() {
        let selector = Probe(0, 1)
        selector.selector.restart(awaitsKeyFrame: false)
        #expect(selector.passes(frame(.vp8, 5)))
        #expect(!selector.needsKeyFrame)
        #expect(!selector.passes(frame(.vp8, 6, temporal: 2)))
        #expect(selector.passes(frame(.vp8, 7, temporal: 1)))
        selector.selector.restart()
        #expect(!selector.passes(frame(.vp8, 8)))
    }

    @Test("What says nothing of layers always passes, JVB 2105, Firefox")
    func unlayered() {
        let selector = Probe(0, 0)
        var plain = FrameDescription()
        #expect(selector.marker(plain, marker: true) == true, "form none does not even wait for a key frame")
        plain.form = .vp8
        #expect(!selector.passes(plain))
        #expect(selector.passes(plain, isKeyFrame: true))
        for picture in 1..<50 as Range<Int64> {
            plain.picture = picture
            #expect(selector.marker(plain, marker: picture % 2 == 0) == (picture % 2 == 0))
        }
        let vp9 = Probe(2, 0)
        plain = FrameDescription()
        (plain.form, plain.flags) = (.vp9, [.start, .end, .intra, .hasPicture])
        #expect(vp9.marker(plain, isKeyFrame: true, marker: true) == true)
        for picture in 1..<50 as Range<Int64> {
            (plain.picture, plain.flags) = (picture, [.start, .end, .hasPicture])
            #expect(vp9.marker(plain, marker: true) == true)
        }
        #expect(!vp9.needsKeyFrame, "layers that do not exist are not waited for")
    }

    @Test("Packets above the current temporal layer never leak, mediasoup 1009")
    func noLeak() {
        let selector = Probe(0, 0)
        #expect(selector.passes(frame(.vp8, 0), isKeyFrame: true))
        #expect(!selector.passes(frame(.vp8, 1, temporal: 2, .switchesUp)))
        selector.setTarget(0, 2)
        #expect(!selector.needsKeyFrame, "switching points will come")
        #expect(!selector.passes(frame(.vp8, 2, temporal: 1)), "it may need what was dropped")
        #expect(!selector.passes(frame(.vp8, 3, temporal: 2, .switchesUp)), "layer 1 is not joined yet")
        #expect(selector.passes(frame(.vp8, 4, .switchesUp)), "at the base layer the bit is trivially true")
        #expect(!selector.passes(frame(.vp8, 5, temporal: 2)))
        #expect(selector.passes(frame(.vp8, 6, temporal: 1, .switchesUp)))
        #expect(selector.current == Layers(spatial: 0, temporal: 1))
        #expect(!selector.passes(frame(.vp8, 7, temporal: 2)))
        #expect(selector.passes(frame(.vp8, 8, temporal: 2, .switchesUp)))
        #expect(selector.passes(frame(.vp8, 9, temporal: 2)))
    }

    @Test("A change of the target cuts no picture: it waits for the next")
    func wholePictures() {
        let selector = Probe(0, 2)
        #expect(selector.passes(frame(.vp8, 0), isKeyFrame: true))
        #expect(selector.passes(frame(.vp8, 1, temporal: 2)))
        selector.setTarget(0, 0)
        #expect(selector.passes(frame(.vp8, 1, temporal: 2)), "the rest of a picture that has begun")
        #expect(!selector.passes(frame(.vp8, 2, temporal: 2)))
        selector.setTarget(0, 2)
        #expect(!selector.passes(frame(.vp8, 2, temporal: 2)), "the rest of a picture that was dropped")
        #expect(selector.passes(frame(.vp8, 3, temporal: 1, .switchesUp)))
    }

    @Test("Late packets follow the layers in force at their picture")
    func latePackets() {
        let selector = Probe(0, 2)
        #expect(selector.passes(frame(.vp8, 0), isKeyFrame: true))
        #expect(selector.passes(frame(.vp8, 4)))
        selector.setTarget(0, 0)
        #expect(selector.passes(frame(.vp8, 8)))
        selector.setTarget(0, 2)
        #expect(selector.passes(frame(.vp8, 12), isKeyFrame: true))
        #expect(selector.passes(frame(.vp8, 3, temporal: 2)))
        #expect(selector.passes(frame(.vp8, 7, temporal: 2)))
        #expect(!selector.passes(frame(.vp8, 9, temporal: 2)))
        #expect(selector.passes(frame(.vp8, 13, temporal: 2)))
    }

    @Test("The last packet of the highest layer that is forwarded has the marker, and nobody loses his, mediasoup 1616")
    func markers() {
        let selector = Probe(1, 0)
        #expect(selector.marker(frame(.vp9, 0, [.start, .end, .intra]), isKeyFrame: true) == false)
        #expect(selector.marker(frame(.vp9, 0, spatial: 1, [.start, .intra])) == false)
        #expect(selector.marker(frame(.vp9, 0, spatial: 1, [.end, .intra])) == true)
        #expect(selector.marker(frame(.vp9, 0, spatial: 2, [.start, .end, .intra]), marker: true) == nil)
        #expect(selector.marker(frame(.vp9, 1, [.start, .end]), marker: true) == true, "the encoder left out the rest")
        #expect(selector.marker(frame(.vp9, 2, [.start, .end])) == false)
        #expect(selector.marker(frame(.vp9, 2, spatial: 1, [.start, .end])) == true)
        #expect(selector.marker(frame(.vp9, 2, spatial: 2, [.start, .end]), marker: true) == nil)
    }

    @Test("Full SVC: up with a key picture only, down with the next picture")
    func fullSVC() {
        let selector = Probe(0, 0)
        #expect(selector.passes(picture: 0, isKey: true) == [0])
        selector.setTarget(2, 0)
        #expect(selector.needsKeyFrame)
        #expect(selector.passes(picture: 1) == [0])
        #expect(selector.passes(picture: 2, isKey: true) == [0, 1, 2])
        #expect(!selector.needsKeyFrame)
        selector.setTarget(1, 0)
        #expect(!selector.needsKeyFrame)
        #expect(selector.passes(picture: 3) == [0, 1])
        #expect(selector.current == Layers(spatial: 1, temporal: 0))
    }

    @Test("K-SVC: one layer between key pictures, and every change waits for one, mediasoup 1821")
    func keySVC() {
        let selector = Probe(2, 0, isKSVC: true)
        #expect(selector.passes(picture: 0, isKey: true) == [0, 1, 2])
        #expect(selector.passes(picture: 1) == [2])
        #expect(selector.passes(picture: 2, of: 2) == [], "the top layer stopped")
        selector.setTarget(1, 0)
        #expect(selector.needsKeyFrame)
        #expect(selector.passes(picture: 3, of: 2) == [])
        #expect(selector.passes(picture: 4, isKey: true, of: 2) == [0, 1])
        #expect(!selector.needsKeyFrame)
        #expect(selector.passes(picture: 5, of: 2) == [1])
        selector.setTarget(2, 0)
        #expect(!selector.needsKeyFrame, "a layer that is not there is not waited for")
        #expect(selector.passes(picture: 6) == [1])
        #expect(selector.needsKeyFrame)
    }

    @Test("A key picture whose base layer is overtaken neither cuts a layer nor begins one late")
    func overtakenKeyPicture() {
        let selector = Probe(0, 0)
        #expect(selector.passes(frame(.vp9, 0, [.start, .end, .intra]), isKeyFrame: true))
        #expect(!selector.passes(frame(.vp9, 0, spatial: 1, [.start, .end, .intra])))
        selector.setTarget(2, 0)
        #expect(!selector.passes(frame(.vp9, 1, spatial: 2, [.start, .intra])))
        #expect(selector.passes(frame(.vp9, 1, [.start, .end, .intra]), isKeyFrame: true))
        #expect(selector.passes(frame(.vp9, 1, spatial: 1, [.start, .end, .intra])))
        #expect(!selector.passes(frame(.vp9, 1, spatial: 2, [.end, .intra])))
        #expect(selector.current?.spatial == 1)

        let down = Probe(2, 0, isKSVC: true)
        #expect(down.passes(frame(.vp9, 0, [.start, .end, .intra]), isKeyFrame: true))
        #expect(down.passes(frame(.vp9, 0, spatial: 2, [.start, .end, .intra])))
        down.setTarget(0, 0)
        #expect(down.passes(frame(.vp9, 1, spatial: 2, [.start, .intra])))
        #expect(down.passes(frame(.vp9, 1, [.start, .end, .intra]), isKeyFrame: true))
        #expect(down.passes(frame(.vp9, 1, spatial: 2, [.end, .intra])), "what has begun to pass goes on")
        #expect(down.needsKeyFrame)
    }

    @Test("VP9 joins all temporal layers at a base picture with U, else one by one")
    func temporalVP9() {
        let selector = Probe(0, 0)
        #expect(selector.passes(frame(.vp9, 0, [.start, .intra]), isKeyFrame: true))
        selector.setTarget(0, 2)
        #expect(!selector.passes(frame(.vp9, 1, temporal: 2, .switchesUp)))
        #expect(selector.passes(frame(.vp9, 2, temporal: 1, .switchesUp)))
        #expect(!selector.passes(frame(.vp9, 3, temporal: 2)))
        #expect(selector.passes(frame(.vp9, 4, .switchesUp)))
        #expect(selector.passes(frame(.vp9, 5, temporal: 2)))
    }

    @Test("A selector is small, since every consumer has one")
    func size() {
        #expect(MemoryLayout<LayerSelector>.stride <= 208)
        #expect(MemoryLayout<FrameDescription>.stride == 48)
    }

    @Test("Any description whatsoever is decided on, LiveKit 4739, 4712", arguments: 1...4 as ClosedRange<UInt64>)
    func hostile(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var selector = LayerSelector(isKSVC: seed % 2 == 0)
        var decisions = 0
        let forms: [FrameDescription.Form] = [.vp8, .vp9, .obu, .dependency, .none]
        for index in 0..<100_000 {
            var description = FrameDescription()
            description.form = forms[index / 20_000]
            description.flags = FrameDescription.Flags(rawValue: UInt16(truncatingIfNeeded: random.next()))
            description.flags.insert(.hasPicture)
            (description.spatial, description.temporal) = (
                .random(in: 0...7, using: &random), .random(in: 0...7, using: &random)
            )
            description.spatialCount = .random(in: 0...8, using: &random)
            description.targetCount = .random(in: 0...32, using: &random)
            description.structure = .random(in: 0...3, using: &random)
            description.picture =
                [
                    .random(in: 0...100, using: &random), .random(in: .min ... .max, using: &random),
                    selector.current == nil ? 0 : .random(in: 1_000...1_064, using: &random),
                ][Int.random(in: 0...2, using: &random)]
            (description.indications, description.references) = (random.next(), random.next() & random.next())
            description.activeTargets = UInt32(truncatingIfNeeded: random.next())
            description.timestamp = UInt32(truncatingIfNeeded: random.next() % 4)
            let layers = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                Layers(spatial: .random(in: 0...255, using: &random), temporal: .random(in: 0...255, using: &random))
            }
            let decision = selector.select(
                description,
                targets: DecodeTargets(structure: description.structure, layers: layers),
                isKeyFrame: Int.random(in: 0..<50, using: &random) == 0,
                marker: Bool.random(using: &random)
            )
            if decision != .drop { decisions += 1 }
            _ = selector.needsKeyFrame
            if index % 97 == 0 { selector.restart() }
            if index % 31 == 0 {
                selector.setTarget(
                    Layers(spatial: .random(in: 0...255, using: &random), temporal: .random(in: 0...7, using: &random))
                )
            }
        }
        #expect(decisions > 20_000)
    }
}
