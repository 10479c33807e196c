// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletRTP
import SwiftletStreams
import SwiftletWire
import Testing

/// A reader that takes arrays.
private final class Probe {
    var reader = FrameReader()

    func read(_ payload: [UInt8], _ codec: VideoCodec?, timestamp: UInt32, descriptor: [UInt8] = []) -> FrameDescription
    {
        reader.read(payload: payload.span, dependencyDescriptor: descriptor.span, codec: codec, timestamp: timestamp)
    }

    /// The picture that a VP8 packet is taken for.
    func picture(_ id: Int, bits: Int = 15, timestamp: UInt32) -> Int64 {
        read(vp8(picture: id, bits: bits), .vp8, timestamp: timestamp).picture
    }
}

/// The start of a VP8 payload: descriptor and the first byte behind.
private func vp8(picture: Int?, bits: Int = 15, tl0: UInt8? = 0, layer: UInt8? = 0, isKey: Bool = false) -> [UInt8] {
    var flags: UInt8 = 0
    var fields: [UInt8] = []
    if let picture {
        flags |= 0x80
        fields += bits == 7 ? [UInt8(picture & 0x7F)] : [0x80 | UInt8(picture >> 8 & 0x7F), UInt8(picture & 0xFF)]
    }
    if let tl0 {
        flags |= 0x40
        fields.append(tl0)
    }
    if let layer {
        flags |= 0x20
        fields.append(layer << 6 | 0x20)
    }
    return [0x90, flags] + fields + [isKey ? 0 : 1]
}

@Suite("Frame reading")
struct FrameReaderTests {
    @Test("VP8 tells picture, layer and switching points, RFC 7741")
    func vp8Fields() {
        let probe = Probe()
        let frame = probe.read(vp8(picture: 300, tl0: 9, layer: 2), .vp8, timestamp: 7)
        #expect(frame.form == .vp8 && frame.picture == 300 && frame.tl0 == 9 && frame.temporal == 2)
        #expect(frame.timestamp == 7 && frame.spatial == 0 && !frame.startsKeyFrame)
        #expect(frame.flags == [.start, .hasPicture, .longPicture, .hasTL0, .hasLayers, .switchesUp])
        let key = probe.read(vp8(picture: 301, bits: 7, tl0: nil, layer: nil, isKey: true), .vp8, timestamp: 8)
        #expect(key.flags == [.start, .intra, .hasPicture] && key.startsKeyFrame)
    }

    @Test("VP8 that names no picture, as Chromium sends it beside a dependency descriptor, is read by that")
    func vp8BesideDescriptor() {
        let probe = Probe()
        let descriptor: [UInt8] = [0x80, 0, 7]
        let own = probe.read(vp8(picture: 300, layer: 2), .vp8, timestamp: 7, descriptor: descriptor)
        #expect(own.form == .vp8 && own.temporal == 2)
        let bare = probe.read(vp8(picture: nil, tl0: nil, layer: nil), .vp8, timestamp: 8, descriptor: descriptor)
        #expect(bare.form == .dependency && bare.picture == 7)
        #expect(probe.read([0x10, 1], .vp8, timestamp: 9).form == .vp8, "without either there is one layer")
    }

    @Test("VP9 tells spatial layers and what they are predicted from, RFC 9628")
    func vp9Fields() {
        let probe = Probe()
        // I, L, B and V: picture 5, layer 0, TL0PICIDX 1, two spatial layers without resolutions.
        let key = probe.read([0xAA, 0x05, 0x00, 0x01, 0x20, 0], .vp9, timestamp: 0)
        #expect(key.flags == [.start, .intra, .hasLayers, .hasPicture, .hasTL0] && key.startsKeyFrame)
        #expect(key.spatialCount == 2)
        // I, P, L, E and Z: temporal 1, U, spatial 1, D.
        let upper = probe.read([0xE5, 0x06, 0x33, 0x01, 0], .vp9, timestamp: 3000)
        #expect(upper.flags == [.end, .notReferenced, .hasLayers, .switchesUp, .interLayer, .hasPicture, .hasTL0])
        #expect(upper.spatial == 1 && upper.temporal == 1 && upper.picture == 6)
        #expect(upper.spatialCount == 2, "announced with the key picture")
    }

    @Test("Picture ids never wrap, of either length, JVB 1106", arguments: [7, 15])
    func wrapping(bits: Int) {
        let probe = Probe()
        let period = 1 << bits
        for number in 100..<100 + 4 * period {
            #expect(probe.picture(number % period, bits: bits, timestamp: UInt32(number) &* 3000) == Int64(number))
            guard number > 103 else { continue }
            let late = number - 3
            #expect(probe.picture(late % period, bits: bits, timestamp: UInt32(late) &* 3000) == Int64(late))
        }
    }

    @Test("An encoder that counts anew still goes up, since time does")
    func restart() {
        let probe = Probe()
        #expect(probe.picture(20_000, timestamp: 0) == 20_000)
        #expect(probe.picture(20_001, timestamp: 3000) == 20_001)
        #expect(probe.picture(5, timestamp: 6000) == 32_773)
        #expect(probe.picture(20_001, timestamp: 3000) == 20_001, "late ones stay below")
        #expect(probe.picture(6, timestamp: 9000) == 32_774)
        #expect(probe.picture(7, timestamp: 4_000_000_000) == 32_775, "a new timeline is not late")
        #expect(probe.picture(8, timestamp: 4_000_003_000) == 32_776)
    }

    @Test("Without picture id the timestamp orders pictures, LiveKit 4721")
    func withoutPicture() {
        let probe = Probe()
        let payload = vp8(picture: nil)
        var frame = probe.read(payload, .vp8, timestamp: .max - 1000)
        #expect(!frame.flags.contains(.hasPicture))
        let first = frame.picture
        frame = probe.read(payload, .vp8, timestamp: 1999)
        #expect(frame.picture == first + 3000)
        frame = probe.read(payload, .vp8, timestamp: .max - 1000)
        #expect(frame.picture == first)
    }

    @Test("A fragment of AV1 has the layers of the unit that it continues")
    func fragments() {
        let probe = Probe()
        // One element that goes on: a frame with extension, temporal 1, spatial 2.
        let start = probe.read([0x50, 0x34, 0x30, 0xFF], .av1, timestamp: 0)
        #expect(start.form == .obu && start.spatial == 2 && start.temporal == 1)
        #expect(start.flags == [.start, .hasLayers])
        let rest = probe.read([0x90, 0xFF, 0xFF], .av1, timestamp: 0)
        #expect(rest.spatial == 2 && rest.temporal == 1 && rest.flags == [.end, .hasLayers])
        let other = probe.read([0x90, 0xFF, 0xFF], .av1, timestamp: 3000)
        #expect(other.spatial == 0 && other.temporal == 0 && !other.flags.contains(.hasLayers))
    }

    @Test("What nobody can read has the form none")
    func unread() {
        let probe = Probe()
        #expect(probe.read([1, 2, 3], .h264, timestamp: 0).form == .none)
        #expect(probe.read([1, 2, 3], nil, timestamp: 0).form == .none)
        #expect(probe.read([], .vp8, timestamp: 0).form == .none)
        #expect(probe.read([1, 2, 3], .h264, timestamp: 0, descriptor: [0x80, 0]).form == .none)
        #expect(probe.reader.targets(of: FrameDescription()).count == 0)
    }

    @Test("No bytes trap", arguments: VideoCodec.allCases)
    func hostile(codec: VideoCodec) {
        var random = SeededRandom(seed: UInt64(codec.rawValue) + 1)
        let probe = Probe()
        var encoder = DependencyEncoder(.full, spatial: 3, temporal: 3)
        var forms: Set<FrameDescription.Form> = []
        for index in 0..<30_000 {
            var descriptor: [UInt8] = []
            if index % 2 == 0 {
                let frame = encoder.encode(isKey: index % 8 == 0)[0]
                descriptor = DescriptorBytes(frame, of: encoder).bytes
                for _ in 0..<Int.random(in: 0...4, using: &random) {
                    descriptor[.random(in: descriptor.indices, using: &random)] = .random(in: 0...255, using: &random)
                }
                descriptor.removeLast(.random(in: 0...descriptor.count, using: &random))
            }
            let payload = (0..<Int.random(in: 0...12, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            let timestamp = UInt32.random(in: 0...UInt32.max, using: &random)
            let frame = probe.read(payload, codec, timestamp: timestamp, descriptor: descriptor)
            forms.insert(frame.form)
            #expect(probe.reader.targets(of: frame).count <= 32)
        }
        #expect(!forms.isEmpty)
    }
}

@Suite("Frame reading from dependency descriptors, AV1 RTP specification, appendix A")
struct DependencyReadingTests {
    @Test(
        "Descriptors say what the encoder meant, over wrapping frame numbers",
        arguments: [DependencyEncoder.Mode.full, .key, .simulcast]
    )
    func roundTrip(mode: DependencyEncoder.Mode) {
        var encoder = DependencyEncoder(mode, spatial: 3, temporal: 3)
        let probe = Probe()
        for picture in 0..<1000 {
            encoder.produced = picture % 100 < 80 ? 3 : 2
            for frame in encoder.encode(isKey: picture % 90 == 0) {
                var expected = frame.description
                expected.flags.formUnion([.start, .end])
                let read = probe.read(
                    [],
                    .av1,
                    timestamp: expected.timestamp,
                    descriptor: DescriptorBytes(frame, of: encoder).bytes
                )
                expected.maskOffset = read.maskOffset
                #expect(read == expected)
                #expect(read.startsKeyFrame == expected.flags.contains(.structure))
                let targets = probe.reader.targets(of: read)
                #expect(targets.structure == frame.description.structure && targets.count == 9)
                for index in 0..<9 { #expect(targets.layers(of: index) == frame.targets.layers(of: index)) }
            }
        }
    }

    @Test("Late packets are read by the structure before, and without a structure there are no layers")
    func structures() {
        var encoder = DependencyEncoder(.full, spatial: 2)
        let probe = Probe()
        func read(_ frame: ModelFrame) -> FrameDescription {
            probe.read([], .h264, timestamp: frame.description.timestamp, descriptor: bytes[frame.number] ?? [])
        }
        var bytes: [Int: [UInt8]] = [:]
        func encode(isKey: Bool) -> [ModelFrame] {
            let made = encoder.encode(isKey: isKey)
            for frame in made { bytes[frame.number] = DescriptorBytes(frame, of: encoder).bytes }
            return made
        }
        let early = encode(isKey: false)
        #expect(read(early[0]).targetCount == 0 && read(early[0]).form == .dependency)
        let first = encode(isKey: true)
        let late = encode(isKey: false)
        let second = encode(isKey: true)
        #expect(read(first[0]).structure == 1)
        #expect(read(second[1]).targetCount == 0, "its template is none of the structure that is known")
        #expect(read(second[0]).structure == 2)
        #expect(read(second[1]).structure == 2)
        let frame = read(late[1])
        #expect(frame.structure == 1 && frame.spatial == 1 && frame.targetCount == 2)
        #expect(probe.reader.targets(of: frame).structure == 1)
        #expect(read(early[0]).targetCount == 0)
    }
}
