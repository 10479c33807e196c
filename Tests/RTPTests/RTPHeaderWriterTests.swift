// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletRTP
import SwiftletWire
import Testing

@Suite("RTP header writer, RFC 3550 §5.1, RFC 8285")
struct RTPHeaderWriterTests {
    private let header = RTPHeader(
        payloadType: 111,
        marker: true,
        sequenceNumber: 0xFFFE,
        timestamp: 0x8000_0001,
        ssrc: 0xCAFE_BABE
    )

    @Test("A header without extensions is twelve bytes")
    func plain() {
        var bytes = [UInt8](repeating: 0xEE, count: 20)
        var span = bytes.mutableSpan
        let layout = RTPHeaderWriter.write(header, into: &span, at: 4)
        #expect(layout?.headerLength == 12)
        #expect(
            bytes == [0xEE, 0xEE, 0xEE, 0xEE, 0x80, 0xEF, 0xFF, 0xFE, 0x80, 0, 0, 1, 0xCA, 0xFE, 0xBA, 0xBE]
                + [0xEE, 0xEE, 0xEE, 0xEE]
        )
    }

    @Test("The one-byte form byte for byte, and late values set where the layout says")
    func oneByteForm() throws {
        var block = RTPExtensionBlock()
        block.append(id: 1, identifier: try #require(StreamIdentifier("0")))
        block.appendAbsoluteSendTime(id: 4)
        block.appendTransportSequenceNumber(id: 5)
        var bytes = [UInt8](repeating: 0xEE, count: 28)
        var span = bytes.mutableSpan
        let layout = try #require(RTPHeaderWriter.write(header, extensions: block, into: &span, at: 0))
        layout.setAbsoluteSendTime(0x0A0B0C, in: &span, at: 0)
        layout.setTransportSequenceNumber(0x0D0E, in: &span, at: 0)
        RTPHeaderLayout.setPadding(in: &span, at: 0)
        #expect(layout.headerLength == 28 && block.encodedLength == 16)
        #expect(
            Array(bytes[12...])
                == [0xBE, 0xDE, 0, 3, 0x10, 0x30, 0x42, 0x0A, 0x0B, 0x0C, 0x51, 0x0D, 0x0E, 0, 0, 0]
        )
        #expect(bytes[0] == 0xB0)
    }

    @Test("A packet whose padding was stripped is written without the padding flag, LK #4690")
    func strippedPadding() throws {
        let received = RTPPacketViewTests.packet
        let view = try RTPPacketView(parsing: received.span)
        let rewritten = RTPHeader(
            payloadType: 97,
            marker: view.marker,
            sequenceNumber: 1,
            timestamp: view.timestamp,
            ssrc: 2
        )
        var bytes = [UInt8](repeating: 0xEE, count: 15)
        var span = bytes.mutableSpan
        let layout = try #require(RTPHeaderWriter.write(rewritten, into: &span, at: 0))
        span.store(view.payload, at: layout.headerLength)
        let again = try RTPPacketView(parsing: bytes.span)
        let (padding, payload) = (again.paddingLength, again.payload.copied())
        #expect(padding == 0 && payload == [0x61, 0x62, 0x63] && bytes[0] & RTPFixedHeader.paddingFlag == 0)
    }

    @Test("An id above 14, a long or an empty value each ask for the two-byte form")
    func formChoice() {
        var high = RTPExtensionBlock()
        high.append(id: 14, audioLevel: AudioLevel(voiceActivity: false, attenuation: 3))
        #expect(!high.needsTwoByteForm)
        high.append(id: 15, audioLevel: AudioLevel(voiceActivity: false, attenuation: 3))
        #expect(high.needsTwoByteForm)
        var long = RTPExtensionBlock()
        long.append(id: 1, copying: 0..<16)
        #expect(!long.needsTwoByteForm)
        long.append(id: 2, copying: 0..<17)
        #expect(long.needsTwoByteForm)
        var empty = RTPExtensionBlock()
        empty.append(id: 1, copying: 7..<7)
        #expect(empty.needsTwoByteForm && empty.encodedLength == 8)
    }

    @Test("Id 0, too many elements and too long values are refused")
    func refusals() {
        var block = RTPExtensionBlock()
        var answers = [
            block.append(id: 0, value: 1, length: 1), block.append(id: 1, copying: 0..<256),
            block.append(id: 1, value: 1, length: 9),
        ]
        #expect(answers == [false, false, false])
        answers = (1...11).map { block.append(id: $0, value: 1, length: 1) }
        #expect(answers == [Bool](repeating: true, count: 10) + [false])
        #expect(block.count == RTPExtensionBlock.capacity)
    }

    @Test("A header that does not fit, or copies from outside its source, is not written")
    func noRoom() {
        var block = RTPExtensionBlock()
        block.append(id: 1, copying: 2..<6)
        let source: [UInt8] = [0, 1, 2, 3, 4, 5]
        var bytes = [UInt8](repeating: 0, count: 24)
        var span = bytes.mutableSpan
        for start in [1, 20, 24, 25, -1] {
            let layout = RTPHeaderWriter.write(
                header,
                extensions: block,
                copyingFrom: source.span,
                into: &span,
                at: start
            )
            #expect(layout == nil)
        }
        let short = RTPHeaderWriter.write(
            header,
            extensions: block,
            copyingFrom: source.span.extracting(first: 5),
            into: &span,
            at: 0
        )
        #expect(short == nil)
        let fits = RTPHeaderWriter.write(header, extensions: block, copyingFrom: source.span, into: &span, at: 0)
        #expect(fits?.headerLength == 24)
        #expect(Array(bytes[16..<24]) == [0x13, 2, 3, 4, 5, 0, 0, 0])
    }

    @Test("What is written is read back, for random blocks", arguments: 1...20 as ClosedRange<UInt64>)
    func roundTrip(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let source = (0..<300).map { _ in UInt8.random(in: 0...255, using: &random) }
        for _ in 0..<100 {
            var block = RTPExtensionBlock()
            var expected: [[UInt8]] = []
            let (highest, longest) = (
                UInt8.random(in: 10...255, using: &random), Int.random(in: 1...60, using: &random)
            )
            for _ in 0..<Int.random(in: 0...10, using: &random) {
                let id = UInt8.random(in: 1...highest, using: &random)
                let from = Int.random(in: 0...200, using: &random)
                let count = Int.random(in: 0...longest, using: &random)
                if Bool.random(using: &random), let name = StreamIdentifier(source[from..<from + count].span) {
                    block.append(id: id, identifier: name)
                } else {
                    block.append(id: id, copying: from..<from + count)
                }
                expected.append([id] + source[from..<from + count])
            }
            let start = Int.random(in: 0...3, using: &random)
            var bytes = [UInt8](repeating: 0xEE, count: start + 12 + block.encodedLength + 1)
            var span = bytes.mutableSpan
            let layout = try #require(
                RTPHeaderWriter.write(header, extensions: block, copyingFrom: source.span, into: &span, at: start)
            )
            #expect(layout.headerLength == 12 + block.encodedLength && bytes.last == 0xEE)
            let packet = Array(bytes[start...])
            let view = try RTPPacketView(parsing: packet.span)
            var walk = view.extensions
            var found: [[UInt8]] = []
            while let element = walk.next() { found.append([element.id] + packet[element.range]) }
            #expect(found == expected)
            let (sequence, timestamp, ssrc, type) = (
                view.sequenceNumber, view.timestamp, view.ssrc, view.payloadType
            )
            #expect(sequence == 0xFFFE && timestamp == 0x8000_0001 && ssrc == 0xCAFE_BABE && type == 111)
        }
    }

    @Test("Typed values survive writing and reading")
    func typedRoundTrip() throws {
        var block = RTPExtensionBlock()
        let (level, orientation) = (
            AudioLevel(voiceActivity: true, attenuation: 127),
            VideoOrientation(isBackCamera: false, isFlipped: true, rotation: 270)
        )
        let capture = AbsoluteCaptureTime(captured: NTPTime(rawValue: 0x0123_4567_89AB_CDEF), clockOffset: -5)
        let delay = PlayoutDelay(minimum: 0, maximum: 4095)
        block.append(id: 6, audioLevel: level)
        block.append(id: 8, videoOrientation: orientation)
        block.append(id: 10, absoluteCaptureTime: capture)
        block.append(id: 11, playoutDelay: delay)
        var bytes = [UInt8](repeating: 0, count: 12 + block.encodedLength)
        var span = bytes.mutableSpan
        _ = RTPHeaderWriter.write(header, extensions: block, into: &span, at: 0)
        let extensions = try RTPPacketView(parsing: bytes.span).extensions
        let read = (extensions.audioLevel(6), extensions.videoOrientation(8))
        #expect(read.0 == level && read.1 == orientation)
        let times = (extensions.absoluteCaptureTime(10), extensions.playoutDelay(11))
        #expect(times.0 == capture && times.1 == delay)
    }
}
