// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire
import SwiftletSyntheticMedia
import Testing

@Suite("The reference receiver finds what is planted")
struct CheckerTests {
    private static let start = Instant(nanoseconds: 1_000_000_000_000)

    private func stream(
        _ codec: SyntheticCodec = .vp8,
        _ structure: LayerStructure = LayerStructure(temporal: 3),
        pictures: Int = 120,
        temporal: Int = 2,
        seed: UInt64 = 1
    ) -> TinyForwarder {
        var random = SeededRandom(seed: seed)
        var video = SyntheticVideo(.init(codec, structure, packets: [1, 2, 3]), using: &random)
        var forwarder = TinyForwarder()
        forwarder.forward(&video, from: Self.start, pictures: pictures, temporal: temporal, keyAt: [0, 70])
        return forwarder
    }

    private func rules(
        _ codec: SyntheticCodec = .vp8,
        _ structure: LayerStructure = LayerStructure(temporal: 3)
    )
        -> StreamChecker.Rules
    { StreamChecker.Rules(codec, isSVC: structure.spatial > 1) }

    static let structures: [(SyntheticCodec, LayerStructure)] = SyntheticCodec.allCases.flatMap { codec in
        [
            LayerStructure(), LayerStructure(temporal: 2), LayerStructure(temporal: 3),
            LayerStructure(spatial: 2, temporal: 1), LayerStructure(spatial: 3, temporal: 3),
            LayerStructure(spatial: 3, temporal: 3, prediction: .keyPictures),
        ].filter { $0.spatial == 1 || codec == .vp9 || codec == .av1 }.map { (codec, $0) }
    }

    @Test("A stream forwarded whole has no fault, whatever the codec and its layers", arguments: structures)
    func whole(codec: SyntheticCodec, structure: LayerStructure) {
        let checker = stream(codec, structure, pictures: 300).check(rules(codec, structure))
        #expect(checker.faults == [:], "\(checker.details)")
        #expect(checker.pictureCount == 300 && checker.keyFrameCount == 2 && checker.longestGap < .milliseconds(40))
        #expect(checker.unexplainedGapCount == 0)
    }

    @Test("With temporal layers left out and the gaps closed it has none either", arguments: 0...1)
    func thinned(temporal: Int) {
        let checker = stream(temporal: temporal).check(rules())
        #expect(checker.faults == [:], "\(checker.details)")
        #expect(checker.pictureCount == (temporal == 0 ? 31 : 60))
    }

    @Test("A reference that was left out")
    func missingReference() {
        var forwarder = stream(.h264)
        forwarder.remove { $0.tag.picture == 14 }
        #expect(forwarder.check(rules(.h264)).faults == [.missingReference: 1])
    }

    @Test("A temporal layer that is joined where it must not be")
    func badJoin() {
        var forwarder = stream(.h264)
        forwarder.remove { $0.tag.picture < 14 && $0.tag.temporal > 0 }
        #expect(forwarder.check(rules(.h264)).faults[.missingReference] == 1)
        forwarder = stream(.h264)
        forwarder.remove { $0.tag.picture < 17 && $0.tag.temporal > 0 }
        #expect(forwarder.check(rules(.h264)).faults == [:])
    }

    @Test("A marker too many and one too few")
    func marker() {
        var forwarder = stream()
        forwarder.packets[20].marker.toggle()
        #expect(forwarder.check(rules()).faults == [.marker: 1])
        let structure = LayerStructure(spatial: 2)
        forwarder = stream(.vp9, structure)
        guard let lower = forwarder.packets.lastIndex(where: { $0.tag.picture == 9 && $0.tag.spatial == 0 }) else {
            return #expect(Bool(false), "a lower layer")
        }
        forwarder.packets[lower].marker = true
        #expect(forwarder.check(rules(.vp9, structure)).faults == [.marker: 1])
        // With the upper layer left out, its marker is missing.
        forwarder = stream(.vp9, structure)
        forwarder.remove { $0.tag.spatial == 1 }
        #expect(forwarder.check(rules(.vp9, structure)).faults == [.marker: 119])
    }

    @Test("Picture ids with a gap, repeated, or different within a picture")
    func pictureID() {
        var forwarder = stream()
        forwarder.remove { $0.tag.picture == 9 }
        #expect(forwarder.check(rules()).faults[.pictureID] == 1)
        forwarder = stream(.vp9, LayerStructure(spatial: 2))
        for index in forwarder.packets.indices where forwarder.packets[index].tag.picture >= 50 {
            forwarder.packets[index].payload[2] ^= 1
        }
        #expect(forwarder.check(rules(.vp9, LayerStructure(spatial: 2))).faults[.pictureID] ?? 0 > 10)
        forwarder = stream(.vp9, LayerStructure(spatial: 2))
        forwarder.packets[13].payload[2] ^= 1
        #expect(forwarder.check(rules(.vp9, LayerStructure(spatial: 2))).faults[.pictureID] ?? 0 > 0)
    }

    @Test("TL0PICIDX that does not count the lowest layer")
    func tl0() {
        var forwarder = stream()
        for index in forwarder.packets.indices where forwarder.packets[index].tag.picture >= 50 {
            forwarder.packets[index].payload[4] &+= 1
        }
        #expect(forwarder.check(rules()).faults[.tl0] ?? 0 > 0)
    }

    @Test("A jump in time beyond the frame gap, one of 3 ms, and a step back")
    func time() {
        for ticks in [3000, 270, -270, -90_000] {
            var forwarder = stream()
            for index in forwarder.packets.indices where forwarder.packets[index].tag.picture >= 50 {
                forwarder.packets[index].timestamp &+= UInt32(bitPattern: Int32(ticks))
            }
            #expect(forwarder.check(rules()).faults == [.timestampJump: 1])
        }
        var forwarder = stream()
        for index in forwarder.packets.indices where forwarder.packets[index].tag.picture >= 50 {
            forwarder.packets[index].timestamp &+= 150
        }
        #expect(forwarder.check(rules()).faults == [:])
        let split = stream(.vp8, LayerStructure(), pictures: 60)
        forwarder = split
        forwarder.packets[1].timestamp &+= 1
        #expect(forwarder.check(rules()).faults[.timestampOfPicture] == 1)
    }

    @Test("A number that stands for two packets, and a packet that comes under two numbers")
    func reuse() {
        var forwarder = stream()
        var again = forwarder.packets[30]
        again.sequence = forwarder.packets[25].sequence
        forwarder.packets.insert(again, at: 31)
        #expect(forwarder.check(rules()).faults == [.reusedSequence: 1])
        forwarder = stream(.h264)
        forwarder.packets.insert(forwarder.packets[30], at: 31)
        forwarder.remove { _ in false }
        #expect(forwarder.check(rules(.h264)).faults[.order] == 1)
        // The same packet under the same number is a duplicate, and nothing else.
        forwarder = stream()
        forwarder.packets.insert(forwarder.packets[30], at: 31)
        #expect(forwarder.check(rules()).faults == [:])
    }

    @Test("A stream that begins with something else, a frame cut off, a descriptor that lies")
    func other() {
        var forwarder = stream()
        forwarder.packets.insert(forwarder.packets[5], at: 0)
        forwarder.packets[0].sequence = forwarder.packets[1].sequence &- 1
        #expect(forwarder.check(rules()).faults[.beganWithoutKeyFrame] == 1)
        forwarder = stream(.h264, LayerStructure(), pictures: 90)
        forwarder.remove { $0.tag.picture == 70 && $0.tag.index == 1 }
        #expect(forwarder.check(rules(.h264)).faults[.cutFrame] ?? 0 > 0)
        forwarder = stream()
        forwarder.packets[40].payload[5] ^= 0x40
        #expect(forwarder.check(rules()).faults == [.descriptor: 1])
        forwarder = stream()
        forwarder.packets[40].payload[6 + 1] = 0
        #expect(forwarder.check(rules()).faults[.unreadable] == 1)
    }

    @Test("A loss is asked for until it comes, and passed with a request for a key frame when it never does")
    func loss() {
        var forwarder = stream(pictures: 66)
        let lost = forwarder.packets.remove(at: 21)
        let checker = forwarder.check(rules())
        #expect(checker.faults == [:] && checker.repairs.requestCount >= 5, "\(checker.details)")
        #expect(checker.pictureCount == 20 && checker.takeKeyFrameRequest() && checker.undecodableCount > 0)
        forwarder.packets.insert(lost, at: 27)
        let repaired = forwarder.check(rules())
        #expect(repaired.pictureCount == 66 && repaired.undecodableCount == 0 && repaired.faults == [:])
        #expect(repaired.unexplainedGapCount == 0 && repaired.repairs.isEmpty)
    }

    @Test(
        "The gap of one behind a frame that was broken off by a switch is passed at once, and no other is taken for it"
    )
    func switching() {
        var random = SeededRandom(seed: 4)
        var low = SyntheticVideo(.init(.h264, packets: [2], source: 0), using: &random)
        var high = SyntheticVideo(.init(.h264, packets: [2], source: 1), using: &random)
        for isCut in [true, false] {
            var forwarder = TinyForwarder()
            forwarder.forward(&low, from: Self.start, pictures: 30)
            if isCut { forwarder.packets.removeLast() }
            let end = Self.start + .nanoseconds(33_333_333) * 30
            var behind = TinyForwarder(sequence: (forwarder.packets.last?.sequence ?? 0) &+ 2)
            behind.forward(&high, from: end, pictures: 30)
            forwarder.packets += behind.packets
            let checker = forwarder.check(rules(.h264))
            #expect(checker.faults == [:], "\(checker.details)")
            #expect(checker.longestGap < .milliseconds(80) && checker.unexplainedGapCount == (isCut ? 0 : 1))
            checker.watch(spatial: 1, temporal: 0, now: end)
        }
    }

    @Test("A change of layers counts as done when the layer is shown and none above it")
    func probe() {
        var random = SeededRandom(seed: 5)
        var video = SyntheticVideo(.init(.h264, LayerStructure(temporal: 3), packets: [1]), using: &random)
        var forwarder = TinyForwarder()
        forwarder.forward(&video, from: Self.start, pictures: 40)
        let checker = StreamChecker(rules(.h264))
        checker.watch(spatial: 0, temporal: 1, now: Self.start)
        for packet in forwarder.packets {
            checker.receive(
                sequence: packet.sequence,
                timestamp: packet.timestamp,
                marker: packet.marker,
                payload: packet.payload.span,
                now: packet.at
            )
        }
        #expect(checker.probe?.done == nil)
        forwarder.forward(&video, from: Self.start + .nanoseconds(33_333_333) * 40, pictures: 40, temporal: 1)
        for packet in forwarder.packets[40...] {
            checker.receive(
                sequence: packet.sequence,
                timestamp: packet.timestamp,
                marker: packet.marker,
                payload: packet.payload.span,
                now: packet.at
            )
        }
        #expect(checker.probe?.done != nil && checker.strayCount == 0 && checker.faults == [:], "\(checker.details)")
    }

    @Test("Padding alone fills its number, and is no part of a frame")
    func padding() {
        var forwarder = stream(.h264, LayerStructure(), pictures: 60)
        var filler = forwarder.packets[20]
        (filler.payload, filler.marker) = ([], false)
        forwarder.packets.insert(filler, at: 20)
        forwarder.remove { _ in false }
        let whole = forwarder.check(rules(.h264))
        #expect(whole.faults == [:] && whole.pictureCount == 60 && whole.fillerCount == 1, "\(whole.details)")
        var random = SeededRandom(seed: 6)
        var video = SyntheticVideo(.init(.h264, packets: [3]), using: &random)
        var split = TinyForwarder()
        split.forward(&video, from: Self.start, pictures: 60)
        split.packets.insert(filler, at: 32)
        split.remove { _ in false }
        #expect(split.check(rules(.h264)).faults[.cutFrame] ?? 0 > 0)
    }

    @Test("A picture that grows behind its marker is a fault, but where that is allowed")
    func growth() {
        let structure = LayerStructure(spatial: 2)
        var forwarder = stream(.av1, structure, pictures: 60)
        for index in forwarder.packets.indices {
            let tag = forwarder.packets[index].tag
            if tag.picture == 9, tag.spatial == 0, tag.index == tag.count - 1 { forwarder.packets[index].marker = true }
        }
        #expect(forwarder.check(rules(.av1, structure)).faults == [.marker: 1])
        var tolerant = rules(.av1, structure)
        tolerant.mayGrow = true
        let checker = forwarder.check(tolerant)
        #expect(checker.faults == [:] && checker.growthCount == 1)
    }
}
