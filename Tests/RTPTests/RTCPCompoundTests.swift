// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletRTP
import SwiftletWire
import Testing

@Suite("RTCP compounds, RFC 3550 §6 and RFC 4585 §6")
struct RTCPCompoundTests {
    @Test("A sender report written by hand is read, negative loss included")
    func senderReport() {
        let bytes: [UInt8] =
            [0x81, 200, 0, 12, 0, 0, 0, 1]
            + [0xE0, 0, 0, 1, 0x80, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 5, 0, 0, 1, 0]
            + [0, 0, 0, 2, 0x40, 0xFF, 0xFF, 0xFE, 0, 1, 0, 9, 0, 0, 0, 7, 0x12, 0x34, 0x56, 0x78, 0, 1, 0, 0]
        let info = RTCPSenderInfo(
            ntp: NTPTime(rawValue: 0xE000_0001_8000_0000),
            rtpTimestamp: 0x1000,
            packetCount: 5,
            octetCount: 256
        )
        let block = RTCPReportBlock(
            ssrc: 2,
            fractionLost: 64,
            cumulativeLost: -2,
            extendedHighestSequence: 0x1_0009,
            jitter: 7,
            lastSenderReport: 0x1234_5678,
            delaySinceLastSenderReport: 65536
        )
        #expect(RTCPSummary.read(bytes).packets == [.senderReport(1, info, [block])])
    }

    @Test("Feedback written by hand is read")
    func feedback() {
        let pli: [UInt8] = [0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2]
        let nack: [UInt8] = [0x81, 205, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0xFF, 0xFF, 0x80, 0x01]
        let fir: [UInt8] = [0x84, 206, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 9, 0, 0, 0]
        let remb: [UInt8] =
            [0x8F, 206, 0, 5, 0, 0, 0, 1, 0, 0, 0, 0] + Array("REMB".utf8) + [1, 0x0B, 0xD0, 0x90, 0, 0, 0, 2]
        let expected: [RTCPSummary] = [
            .pictureLossIndication(1, 2), .genericNACK(1, 2, [65_535, 0, 15]), .fullIntraRequest(1, [2: 9]),
            .receiverEstimate(1, 0x3D090 << 2, [2]),
        ]
        #expect(RTCPSummary.read(pli + nack + fir + remb).packets == expected)
    }

    @Test("A reference time block between unknown blocks is found, RFC 3611")
    func extendedReport() {
        let bytes: [UInt8] =
            [0x80, 207, 0, 8, 0, 0, 0, 1] + [1, 0, 0, 1, 9, 9, 9, 9] + [4, 0, 0, 2, 0, 0, 0, 5, 0, 0, 0, 6]
            + [5, 0, 0, 1, 0, 0, 0, 0]
        let item = RTCPExtendedReportView.Item.referenceTime(NTPTime(rawValue: 0x5_0000_0006))
        #expect(RTCPSummary.read(bytes).packets == [.extendedReport(1, [item])])
    }

    @Test("Several chunks of a description, one without a name")
    func sourceDescription() {
        let bytes: [UInt8] =
            [0x82, 202, 0, 6] + [0, 0, 0, 1, 2, 1, 0x78, 1, 2, 0x61, 0x62, 0] + [0, 0, 0, 2, 2, 1, 0x79, 0, 0, 0, 0, 0]
        #expect(RTCPSummary.read(bytes).packets == [.sourceDescription([1: [0x61, 0x62], 2: []])])
    }

    @Test("Every kind of packet survives writing and reading, alone and in one compound")
    func roundTrip() {
        var compound: [UInt8] = []
        for (bytes, summary) in everyRTCPPacket() {
            #expect(bytes.count % 4 == 0)
            let (packets, malformed) = RTCPSummary.read(bytes)
            #expect(packets == [summary] && malformed == 0)
            compound += bytes
        }
        #expect(RTCPSummary.read(compound).packets == everyRTCPPacket().map(\.summary))
    }

    @Test("A bad tail does not discard the good packets before it")
    func badTail() {
        let (good, summary) = everyRTCPPacket()[0]
        for tail in [[0x80], [0x81, 201, 0, 9, 1, 2, 3, 4], [0x41, 201, 0, 0], [0x81, 201, 0xFF, 0xFF]] as [[UInt8]] {
            let (packets, malformed) = RTCPSummary.read(good + tail)
            #expect(packets == [summary] && malformed == 1)
        }
    }

    @Test("A malformed packet of true length is left out alone")
    func badMiddle() {
        let (good, summary) = everyRTCPPacket()[1]
        // A receiver report that counts two blocks and holds none; a NACK cut short; a REMB that counts too many.
        let bad: [[UInt8]] = [
            [0x82, 201, 0, 1, 0, 0, 0, 1], [0x81, 205, 0, 1, 0, 0, 0, 1],
            [0x8F, 206, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0] + Array("REMB".utf8) + [9, 0, 0, 0],
        ]
        for packet in bad {
            let (packets, malformed) = RTCPSummary.read(good + packet + good)
            #expect(packets == [summary, summary] && malformed == 1)
        }
    }

    @Test("Padding is taken off, and impossible padding makes the packet malformed")
    func padding() {
        let padded: [UInt8] = [0xA1, 206, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 4]
        #expect(RTCPSummary.read(padded).packets == [.pictureLossIndication(1, 2)])
        for count in [0, 13, 255] as [UInt8] {
            let (packets, malformed) = RTCPSummary.read(Array(padded.dropLast()) + [count])
            #expect(packets.isEmpty && malformed == 1)
        }
    }

    @Test("An estimate whose exponent overflows 64 bits is malformed")
    func overflowingEstimate() {
        var bytes: [UInt8] = [0x8F, 206, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0] + Array("REMB".utf8) + [0, 0xFF, 0xFF, 0xFF]
        #expect(RTCPSummary.read(bytes).malformed == 1)
        bytes[17] = 46 << 2 | 3
        #expect(RTCPSummary.read(bytes).packets == [.receiverEstimate(1, 0x3FFFF << 46, [])])
        bytes.replaceSubrange(17..<20, with: [0xFC, 0, 0])
        #expect(RTCPSummary.read(bytes).packets == [.receiverEstimate(1, 0, [])])
    }

    @Test("Unknown types and formats are passed over by name")
    func others() {
        let app: [UInt8] = [0x83, 204, 0, 2, 0, 0, 0, 1, 0x61, 0x62, 0x63, 0x64]
        let sli: [UInt8] = [0x82, 206, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0]
        #expect(RTCPSummary.read(app + sli).packets == [.other(204, 3), .other(206, 2)])
    }

    @Test("Round trips wrap with compact time, and absurd ones are refused")
    func roundTrips() {
        let block = RTCPReportBlock(ssrc: 1, lastSenderReport: 0xFFFF_0000, delaySinceLastSenderReport: 0x8000)
        #expect(block.roundTrip(at: 0x0000_0000) == 0x8000)
        #expect(block.roundTrip(at: 0xFFFF_4000) == nil)
        #expect(block.roundTrip(at: 0x0100_0000) == nil)
        #expect(RTCPReportBlock(ssrc: 1).roundTrip(at: 5) == nil)
        #expect(RTCPDelaySinceReference(ssrc: 1, lastReport: 100, delay: 20).roundTrip(at: 130) == 10)
        #expect(RTCPDelaySinceReference(ssrc: 1, lastReport: 0, delay: 0).roundTrip(at: 10) == nil)
    }
}
