// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletClient
import SwiftletRTP
import SwiftletWire
import Testing

@Suite("Files and recordings become packets")
struct SourceTests {
    private func little(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(value >> (8 * $0) & 0xFF) } }

    private func ivf(_ fourCC: String, _ frames: [[UInt8]], rate: Int = 30) -> [UInt8] {
        var bytes =
            Array("DKIF".utf8) + little(0, 2) + little(32, 2) + Array(fourCC.utf8) + little(64, 2) + little(64, 2)
        bytes += little(rate, 4) + little(1, 4) + little(frames.count, 4) + little(0, 4)
        for (index, frame) in frames.enumerated() { bytes += little(frame.count, 4) + little(index, 8) + frame }
        return bytes
    }

    /// What the first packets of a source are, and its pictures' key frames.
    private func take(_ source: inout some PacketSource, _ count: Int, key: Bool = false) -> [SourceFrame] {
        (0..<count).compactMap { _ in source.next(capture: 0, wantsKeyFrame: key) }
    }

    @Test("VP8 of an IVF file is cut into packets that put the frames together again, over and over")
    func vp8() throws {
        let frames: [[UInt8]] = [
            [0x10] + (0..<3000).map { UInt8($0 & 0xFF) }, [0x11, 1, 2, 3], [0x31] + [UInt8](repeating: 9, count: 1200),
        ]
        var random = SeededRandom(seed: 1)
        var source = try IVFSource(ivf("VP80", frames), using: &random)
        let taken = take(&source, 6)
        #expect(taken.map(\.isKeyFrame) == [true, false, false, true, false, false])
        var last: UInt16?
        for (index, frame) in taken.enumerated() {
            var whole: [UInt8] = []
            for (place, packet) in frame.packets.enumerated() {
                guard let descriptor = VP8Descriptor(packet.payload.span) else { throw Unreadable() }
                #expect(descriptor.isStart == (place == 0) && descriptor.hasLongPictureID)
                #expect(packet.marker == (place == frame.packets.count - 1))
                #expect(packet.payload.count <= VideoPacketizer.packetSize + 4)
                if place == 0, let last { #expect(descriptor.pictureID == (last + 1) & 0x7FFF) }
                last = descriptor.pictureID
                whole += packet.payload.dropFirst(4)
            }
            #expect(whole == frames[index % 3])
            #expect(frame.duration > .milliseconds(33) && frame.duration < .milliseconds(34))
        }
        // Asked for a key frame, it goes back to one.
        _ = take(&source, 1)
        #expect(source.next(capture: 0, wantsKeyFrame: true)?.isKeyFrame == true)
    }

    @Test("VP9's key frames are told by the bitstream, and its descriptors say so")
    func vp9() throws {
        let frames: [[UInt8]] = [[0x82, 0x49, 0x83] + [UInt8](repeating: 1, count: 1500), [0x86, 0, 0, 0]]
        var random = SeededRandom(seed: 2)
        var source = try IVFSource(ivf("VP90", frames), using: &random)
        let taken = take(&source, 2)
        #expect(taken.map(\.isKeyFrame) == [true, false])
        for (frame, isKey) in zip(taken, [true, false]) {
            for (place, packet) in frame.packets.enumerated() {
                guard let descriptor = VP9Descriptor(packet.payload.span) else { throw Unreadable() }
                #expect(descriptor.isInterPicture != isKey)
                #expect(descriptor.isStart == (place == 0) && descriptor.isEnd == packet.marker)
            }
            let payload = frame.packets[0].payload
            let isTold = VideoCodecs.vp9.isKeyFrame(payload.span)
            #expect(isTold == isKey)
        }
    }

    @Test("H264 goes as single units and FU-A, with its parameter sets, a picture at a time")
    func h264() throws {
        let start: [UInt8] = [0, 0, 0, 1]
        let (sps, pps): ([UInt8], [UInt8]) = ([0x67, 0x42, 0xE0, 0x1F, 9], [0x68, 0xCE, 0x3C, 0x80])
        let slice: [UInt8] = [0x65, 0x88] + (0..<2500).map { UInt8($0 % 200 + 3) }
        let (inter, second): ([UInt8], [UInt8]) = ([0x41, 0x9A, 1, 2, 3], [0x41, 0x1A, 4, 5])
        let bytes = start + sps + start + pps + start + slice + [0, 0, 1] + inter + [0, 0, 1] + second + start + inter
        var source = try AnnexBSource(bytes, frameRate: 25)
        let taken = take(&source, 4)
        #expect(taken.map(\.isKeyFrame) == [true, false, false, true])
        // Of the second picture there are two slices.
        #expect(taken.map(\.packets.count) == [5, 2, 1, 5])
        #expect(taken[0].packets.map(\.payload[0]).prefix(3) == [0x67, 0x68, 0x7C])
        let whole = taken[0].packets.dropFirst(2).flatMap { $0.payload.dropFirst(2) }
        #expect(whole == Array(slice.dropFirst()))
        #expect(taken[0].packets.map(\.marker) == [false, false, false, false, true])
        let payload = taken[0].packets[0].payload
        let isTold = VideoCodecs.h264.isKeyFrame(payload.span)
        #expect(isTold)
        #expect(taken[0].duration == .milliseconds(40))
    }

    @Test("AV1's units lose their sizes and delimiters, and pieces of them join to what they were")
    func av1() throws {
        let sequence: [UInt8] = [0x0A, 3, 7, 8, 9]
        let body = (0..<2600).map { UInt8($0 % 251) }
        let frame: [UInt8] = [0x32, UInt8(body.count & 0x7F) | 0x80, UInt8(body.count >> 7)] + body
        var random = SeededRandom(seed: 3)
        var source = try IVFSource(
            ivf("AV01", [[0x12, 0] + sequence + frame, [0x12, 0, 0x32, 2, 5, 6]]),
            using: &random
        )
        let taken = take(&source, 2)
        #expect(taken.map(\.isKeyFrame) == [true, false])
        var elements: [[UInt8]] = []
        for packet in taken[0].packets {
            guard let aggregation = AV1Aggregation(packet.payload.span) else { throw Unreadable() }
            #expect(aggregation.startsSequence == elements.isEmpty)
            var rest = packet.payload.dropFirst()
            var isFirst = true
            while let head = rest.first {
                rest = rest.dropFirst()
                var length = Int(head & 0x7F)
                if head & 0x80 != 0, let more = rest.popFirst() { length |= Int(more) << 7 }
                if isFirst, aggregation.continuesUnit {
                    elements[elements.count - 1] += rest.prefix(length)
                } else {
                    elements.append(Array(rest.prefix(length)))
                }
                (isFirst, rest) = (false, rest.dropFirst(length))
            }
        }
        #expect(elements == [[0x08, 7, 8, 9], [0x30] + body])
        #expect(taken[1].packets.map(\.payload) == [[0, 3, 0x30, 5, 6]])
    }

    @Test("Ogg Opus gives its packets with their lengths")
    func ogg() throws {
        func page(_ flags: UInt8, _ packets: [[UInt8]]) -> [UInt8] {
            var lacing: [UInt8] = []
            for packet in packets {
                lacing += [UInt8](repeating: 255, count: packet.count / 255) + [UInt8(packet.count % 255)]
            }
            return Array("OggS".utf8) + [0, flags] + [UInt8](repeating: 0, count: 20) + [UInt8(lacing.count)] + lacing
                + packets.joined()
        }
        // 20 ms of one frame, 60 ms in three, 10 ms of CELT.
        let packets: [[UInt8]] = [
            [0x78] + [UInt8](repeating: 1, count: 299), [0x7B, 3, 9], [0xF0, 4],
        ]
        let bytes = page(2, [Array("OpusHead".utf8) + [1, 2]]) + page(0, [Array("OpusTags".utf8)]) + page(0, packets)
        var source = try OggOpusSource(bytes)
        let taken = take(&source, 4)
        #expect(taken.map { $0.packets[0].payload } == packets + [packets[0]])
        #expect(taken.map(\.duration) == [20, 60, 10, 20].map { .milliseconds($0) })
    }

    @Test("A recording is sent in its order and at its times, without what is not its stream's")
    func trace() throws {
        func packet(_ type: UInt8, _ sequence: UInt16, _ time: UInt32, _ at: UInt32, marker: Bool = true) -> [UInt8] {
            var rtp = ByteWriter(reservingCapacity: 16)
            rtp.write([0x80, type | (marker ? 0x80 : 0)] as [UInt8])
            rtp.write(sequence)
            rtp.write(time)
            rtp.write(UInt32(7))
            rtp.write([UInt8(sequence & 0xFF), 1])
            var writer = ByteWriter(reservingCapacity: 32)
            writer.write(UInt16(8 + rtp.count))
            writer.write(UInt16(rtp.count))
            writer.write(at)
            writer.write(rtp.bytes)
            return writer.bytes
        }
        var bytes = Array("#!rtpplay1.0 10.0.0.1/5004\n".utf8) + [UInt8](repeating: 0, count: 16)
        bytes += packet(96, 65_535, 1000, 0, marker: false) + packet(96, 0, 1000, 0) + packet(111, 5, 0, 3)
        bytes += packet(96, 2, 7000, 66) + packet(96, 1, 4000, 33) + packet(96, 2, 7000, 70)
        var source = try TraceSource(bytes, clockRate: 90_000, payloadType: nil)
        let taken = take(&source, 4)
        #expect(taken.map { $0.packets.map(\.payload[0]) } == [[255, 0], [1], [2], [255, 0]])
        #expect(taken.map(\.timestamp) == [0, 3000, 6000, 9000])
        #expect(taken[0].duration + taken[1].duration == .milliseconds(66))
        #expect(taken[0].packets.map(\.marker) == [false, true])
    }

    @Test("What is no such file is refused, whatever its bytes are", arguments: 0..<300 as Range<UInt64>)
    func garbage(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let prefixes = ["DKIF", "OggS", "#!rtpplay1.0 x\n", "\u{0}\u{0}\u{1}", ""]
        for prefix in prefixes {
            let rest = (0..<Int.random(in: 0...200, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            let bytes = Array(prefix.utf8) + rest
            if var ivf = try? IVFSource(bytes, using: &random) { _ = take(&ivf, 5) }
            if var ogg = try? OggOpusSource(bytes) { _ = take(&ogg, 5) }
            if var h264 = try? AnnexBSource(bytes, frameRate: 30) { _ = take(&h264, 5) }
            if var trace = try? TraceSource(bytes, clockRate: 90_000, payloadType: nil) { _ = take(&trace, 5) }
        }
        #expect(throws: SwiftletClientError.self) { try IVFSource([], using: &random) }
        #expect(throws: SwiftletClientError.self) { try OggOpusSource([1, 2, 3]) }
        #expect(throws: SwiftletClientError.self) { try AnnexBSource([], frameRate: 30) }
        #expect(throws: SwiftletClientError.self) { try TraceSource([], clockRate: 1, payloadType: nil) }
    }

    @Test("Synthetic video keeps to its bitrate", arguments: [300_000, 2_000_000])
    func bitrate(wanted: Int) throws {
        var random = SeededRandom(seed: 4)
        let media = OutgoingMedia.video(.synthetic(bitrate: wanted, frameRate: 25), codec: .vp9, layers: .svc())
        var source = try #require(try SourceFactory.sources(for: media, using: &random).sources.first)
        var bytes = 0
        for _ in 0..<250 {
            guard let frame = source.next(capture: 0, wantsKeyFrame: false) else { throw Unreadable() }
            for packet in frame.packets {
                bytes += packet.payload.count
                #expect(packet.payload.count <= SyntheticVideoSource.packetSize)
            }
        }
        #expect(abs(bytes * 8 / 10 - wanted) < wanted / 10, "\(bytes * 8 / 10)")
    }
}

private struct Unreadable: Error {}

/// The wire's codecs, whose name the client's own hides here.
private typealias VideoCodecs = SwiftletRTP.VideoCodec
