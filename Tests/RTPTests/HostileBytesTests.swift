// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletRTP
import SwiftletWire
import Testing

@Suite("Hostile bytes never trap")
struct HostileBytesTests {
    @Test("Every kind of RTCP packet, cut at every length, reads as nothing or as itself")
    func rtcpTruncation() {
        for (bytes, summary) in everyRTCPPacket() {
            for length in bytes.indices {
                let (packets, malformed) = RTCPSummary.read(Array(bytes[..<length]))
                #expect(packets.isEmpty && malformed == (length == 0 ? 0 : 1))
                // The same with a length field that fits: no trap, and never more than one packet.
                guard length >= 4, length % 4 == 0 else { continue }
                var cut = Array(bytes[..<length])
                cut[3] = UInt8(length / 4 - 1)
                let again = RTCPSummary.read(cut)
                #expect(again.packets.count + again.malformed == 1 && again.packets != [summary] || length == 4)
            }
        }
    }

    @Test("A hundred thousand mutated RTCP compounds are read to their end", arguments: 1...4 as ClosedRange<UInt64>)
    func rtcpMutation(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let kinds = everyRTCPPacket().map(\.bytes)
        var (read, excessive) = (0, 0)
        for _ in 0..<25_000 {
            var bytes = kinds[Int.random(in: kinds.indices, using: &random)]
            if Bool.random(using: &random) { bytes += kinds[Int.random(in: kinds.indices, using: &random)] }
            mutate(&bytes, using: &random)
            let (packets, malformed) = RTCPSummary.read(bytes)
            excessive += packets.count + malformed > bytes.count / 4 + 1 ? 1 : 0
            read += packets.count
        }
        #expect(read > 1000 && excessive == 0)
    }

    @Test("A hundred thousand mutated RTP packets are read to their end", arguments: 1...4 as ClosedRange<UInt64>)
    func rtpMutation(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let packets = [
            RTPPacketViewTests.packet,
            HeaderExtensionTests.packet(profile: 0xBEDE, block: [0x10, 0xAA, 0x22, 1, 2, 3, 0x31, 4, 5, 0, 0x40, 6]),
            HeaderExtensionTests.packet(profile: 0x1000, block: [1, 1, 0xAA, 2, 3, 1, 2, 3, 255, 0, 3, 8, 1, 2, 3, 4]),
        ]
        var (read, outside) = (0, 0)
        for _ in 0..<25_000 {
            var bytes = packets[Int.random(in: packets.indices, using: &random)]
            mutate(&bytes, using: &random)
            _ = RTPFixedHeader.headerLength(of: bytes.span)
            guard let view = try? RTPPacketView(parsing: bytes.span) else { continue }
            var walk = view.extensions
            while let element = walk.next() {
                let inside = element.range.lowerBound >= 12 && element.range.upperBound <= view.headerLength
                outside += inside ? 0 : 1
            }
            for id in [0, 1, 2, 15, 255] as [UInt8] {
                let extensions = view.extensions
                _ = (extensions.identifier(id), extensions.absoluteSendTime(id), extensions.audioLevel(id))
                _ = (extensions.transportSequenceNumber(id), extensions.absoluteCaptureTime(id))
                _ = (extensions.videoOrientation(id), extensions.playoutDelay(id))
            }
            read += view.payload.count
        }
        #expect(read > 1000 && outside == 0)
    }

    @Test("Random payloads and descriptors have an answer from every codec", arguments: [5, 6] as [UInt64])
    func payloads(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var keys = 0
        for _ in 0..<50_000 {
            let bytes = (0..<Int.random(in: 0...24, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            for codec in VideoCodec.allCases {
                if codec.isKeyFrame(bytes.span) { keys += 1 }
                _ = codec.isKeyFrame(bytes.span, dependencyDescriptor: bytes.span)
            }
            _ = OpusPayload.isDTX(bytes.span)
        }
        #expect(keys > 100)
    }

    @Test("Feedback that claims 65,535 statuses is bounded by them, ST #606")
    func feedbackAmplification() {
        let chunks = [UInt8](repeating: 0, count: 18).enumerated().map { $0.offset % 2 == 0 ? 0x1F : 0xFF } as [UInt8]
        let packet = TransportFeedbackWireTests.packet(
            base: 0,
            count: 0xFFFF,
            reference: [0, 0, 0],
            chunks: chunks,
            deltas: []
        )
        #expect(TransportFeedbackWireTests.statuses(packet)?.count == 0xFFFF)
    }

    private func mutate(_ bytes: inout [UInt8], using random: inout SeededRandom) {
        for _ in 0..<Int.random(in: 1...6, using: &random) where !bytes.isEmpty {
            let index = Int.random(in: bytes.indices, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 1: bytes[index] = UInt8.random(in: 0...255, using: &random)
            case 2: bytes[index] = Bool.random(using: &random) ? 0xFF : 0
            case 3: bytes.removeSubrange(index...)
            default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: index)
            }
        }
    }
}
