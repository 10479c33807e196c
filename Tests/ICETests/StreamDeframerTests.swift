// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletICE
import SwiftletWire
import Testing

@Suite("RFC 4571 framing")
struct StreamDeframerTests {
    /// Feeds `stream` in pieces of what `size` gives and returns the frames.
    private func frames(
        of stream: [UInt8],
        by deframer: inout StreamDeframer,
        size: () -> Int
    ) throws(WireError) -> [[UInt8]] {
        var frames: [[UInt8]] = []
        var offset = 0
        while offset < stream.count {
            var piece = Array(stream[offset..<min(stream.count, offset + max(1, size()))])
            offset += piece.count
            while !piece.isEmpty {
                let taken = deframer.append(piece.span)
                #expect(taken > 0)
                piece.removeFirst(taken)
                while let range = try deframer.nextFrame() {
                    let bytes = deframer.bytes
                    var frame: [UInt8] = []
                    for index in range { frame.append(bytes[index]) }
                    frames.append(frame)
                }
                #expect(deframer.pending <= deframer.capacity / 2)
            }
        }
        return frames
    }

    @Test("Packets come out as they went in, wherever the stream is cut", arguments: 1...12 as ClosedRange<UInt64>)
    func anyCut(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var (packets, stream): ([[UInt8]], [UInt8]) = ([], [])
        for _ in 0..<40 {
            let count = Int.random(in: 1...(Bool.random(using: &random) ? 8192 : 100), using: &random)
            let packet = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            if Int.random(in: 0..<5, using: &random) == 0 { stream += [0, 0] }
            #expect(StreamFraming.append(packet.span, to: &stream))
            packets.append(packet)
        }
        let largest = [1, 7, 1500, 65_536][Int(seed) % 4]
        var deframer = StreamDeframer()
        let got = try frames(of: stream, by: &deframer) { Int.random(in: 1...largest, using: &random) }
        #expect(got == packets && deframer.pending == 0)
    }

    @Test("One byte at a time gives the same frames; empty ones are skipped")
    func dribble() throws {
        var deframer = StreamDeframer(maximumFrameLength: 3)
        let got = try frames(of: [0, 0, 0, 1, 7, 0, 0, 0, 3, 1, 2, 3, 0, 2, 9], by: &deframer) { 1 }
        #expect(got == [[7], [1, 2, 3]] && deframer.pending == 3)
    }

    @Test("A length over the maximum ends the stream for good", arguments: [4, 8193, 65_535])
    func tooLong(length: Int) {
        var deframer = StreamDeframer(maximumFrameLength: length == 4 ? 3 : 8192)
        let stream = [0, 1, 5, UInt8(length >> 8), UInt8(length & 0xFF)]
        #expect(throws: WireError.malformed) { try frames(of: stream, by: &deframer) { 99 } }
        #expect(throws: WireError.malformed) { try frames(of: [0, 1, 5], by: &deframer) { 99 } }
        #expect(deframer.pending == 0)
    }

    @Test("However much comes in without being drained, the buffer stays as large as it says")
    func bounded() {
        var deframer = StreamDeframer()
        let chunk = [UInt8](repeating: 1, count: 65_536)
        var taken = 0
        for _ in 0..<10 { taken += deframer.append(chunk.span) }
        #expect(taken == deframer.capacity && deframer.pending == deframer.capacity)
    }

    @Test("Empty and over-long packets cannot be framed")
    func unframeable() {
        var stream: [UInt8] = []
        let (none, longest, over) = (
            [] as [UInt8], [UInt8](repeating: 1, count: 65_535), [UInt8](repeating: 1, count: 65_536)
        )
        #expect(!StreamFraming.append(none.span, to: &stream) && !StreamFraming.append(over.span, to: &stream))
        #expect(stream.isEmpty)
        #expect(StreamFraming.append(longest.span, to: &stream))
        #expect(stream.count == 65_537 && stream[..<2] == [255, 255])
    }
}
