// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletRTP
import SwiftletWire
import Testing

@Suite("RTCP writers")
struct RTCPWriterTests {
    @Test("A compound is built piece by piece up to its limit, never beyond")
    func compound() {
        var bytes = [UInt8](repeating: 0xEE, count: 200)
        var span = bytes.mutableSpan
        var room = 10..<100
        var written = 0
        while let length = RTCPWriter.pictureLossIndication(
            senderSSRC: 1,
            mediaSSRC: UInt32(written),
            into: &span,
            in: room
        ) {
            room = room.lowerBound + length..<100
            written += 1
        }
        #expect(written == 7 && room.lowerBound == 94)
        #expect(bytes[..<10].allSatisfy { $0 == 0xEE } && bytes[94...].allSatisfy { $0 == 0xEE })
        let expected = (0..<7).map { RTCPSummary.pictureLossIndication(1, UInt32($0)) }
        #expect(RTCPSummary.read(Array(bytes[10..<94])).packets == expected)
    }

    @Test("Without room nothing is written and nothing traps, at every length of every kind")
    func noRoom() {
        let block = RTCPReportBlock(ssrc: 1)
        let info = RTCPSenderInfo(ntp: NTPTime(rawValue: 1), rtpTimestamp: 2, packetCount: 3, octetCount: 4)
        let delay = RTCPDelaySinceReference(ssrc: 5, lastReport: 6, delay: 7)
        let name: [UInt8] = [1, 2, 3]
        typealias Write = (inout MutableSpan<UInt8>, Range<Int>) -> Int?
        let writers: [(Int, Write)] = [
            (52, { RTCPWriter.senderReport(ssrc: 1, info: info, blocks: [block].span, into: &$0, in: $1) }),
            (32, { RTCPWriter.receiverReport(ssrc: 1, blocks: [block].span, into: &$0, in: $1) }),
            (16, { RTCPWriter.sourceDescription(ssrc: 1, cname: name.span, into: &$0, in: $1) }),
            (8, { RTCPWriter.goodbye(ssrc: 1, into: &$0, in: $1) }),
            (12, { RTCPWriter.pictureLossIndication(senderSSRC: 1, mediaSSRC: 2, into: &$0, in: $1) }),
            (20, { RTCPWriter.fullIntraRequest(senderSSRC: 1, mediaSSRC: 2, sequence: 3, into: &$0, in: $1) }),
            (
                16,
                { RTCPWriter.genericNACK(senderSSRC: 1, mediaSSRC: 2, sequences: [5].span, into: &$0, in: $1)?.length }
            ),
            (24, { RTCPWriter.receiverEstimate(senderSSRC: 1, bitrate: 9, ssrcs: [5].span, into: &$0, in: $1) }),
            (20, { RTCPWriter.receiverReferenceTime(ssrc: 1, ntp: info.ntp, into: &$0, in: $1) }),
            (24, { RTCPWriter.delaySinceReference(ssrc: 1, delays: [delay].span, into: &$0, in: $1) }),
        ]
        for (need, write) in writers {
            for length in 0...need {
                var exact = [UInt8](repeating: 0xEE, count: length)
                var exactSpan = exact.mutableSpan
                #expect(write(&exactSpan, 0..<1000) == (length == need ? need : nil))
                var large = [UInt8](repeating: 0xEE, count: 100)
                var largeSpan = large.mutableSpan
                #expect(write(&largeSpan, 10..<10 + length) == (length == need ? need : nil))
                #expect(large[(10 + need)...].allSatisfy { $0 == 0xEE } && large[..<10].allSatisfy { $0 == 0xEE })
                if length < need { #expect(large.allSatisfy { $0 == 0xEE }) }
            }
        }
    }

    @Test("A sender report fits 31 blocks and no more")
    func blockLimit() {
        let info = RTCPSenderInfo(ntp: NTPTime(rawValue: 1), rtpTimestamp: 2, packetCount: 3, octetCount: 4)
        let blocks = (0..<32).map { RTCPReportBlock(ssrc: $0) }
        var bytes = [UInt8](repeating: 0, count: 1500)
        var span = bytes.mutableSpan
        let over = RTCPWriter.senderReport(ssrc: 1, info: info, blocks: blocks.span, into: &span, in: 0..<1500)
        #expect(over == nil)
        let most = Array(blocks.dropLast())
        let length = RTCPWriter.senderReport(ssrc: 1, info: info, blocks: most.span, into: &span, in: 0..<1500)
        #expect(length == 28 + 31 * 24)
        #expect(RTCPSummary.read(Array(bytes[..<(length ?? 0)])).packets == [.senderReport(1, info, most)])
    }

    @Test("Cumulative loss saturates at 24 bits with sign", arguments: [Int32.min, -0x80_0001, 0x80_0000, .max])
    func lossSaturates(lost: Int32) {
        var bytes = [UInt8](repeating: 0, count: 32)
        var span = bytes.mutableSpan
        let block = RTCPReportBlock(ssrc: 1, cumulativeLost: lost)
        _ = RTCPWriter.receiverReport(ssrc: 1, blocks: [block].span, into: &span, in: 0..<32)
        let read = RTCPReportBlock(ssrc: 1, cumulativeLost: lost < 0 ? -0x80_0000 : 0x7F_FFFF)
        #expect(RTCPSummary.read(bytes).packets == [.receiverReport(1, [read])])
    }

    @Test("A NACK packs 17 packets to an item across the wrap, and says how many of the list it took")
    func nackPacking() {
        var bytes = [UInt8](repeating: 0, count: 100)
        var span = bytes.mutableSpan
        let run = (0..<17).map { UInt16(65_530) &+ $0 }
        let one = RTCPWriter.genericNACK(senderSSRC: 1, mediaSSRC: 2, sequences: run.span, into: &span, in: 0..<30)
        let sparse = (0..<10).map { UInt16($0 * 100) }
        let some = RTCPWriter.genericNACK(senderSSRC: 1, mediaSSRC: 2, sequences: sparse.span, into: &span, in: 40..<70)
        #expect(one?.length == 16 && one?.used == 17)
        #expect(RTCPSummary.read(Array(bytes[..<16])).packets == [.genericNACK(1, 2, run)])
        #expect(some?.length == 28 && some?.used == 4)
        #expect(RTCPSummary.read(Array(bytes[40..<68])).packets == [.genericNACK(1, 2, Array(sparse[..<4]))])
    }

    @Test("An estimate keeps its 18 leading bits", arguments: [0, 1, 0x3FFFF, 0x40000, 30_000, 9_999_999_999, .max])
    func estimateRounding(bitrate: UInt64) {
        var bytes = [UInt8](repeating: 0, count: 20)
        var span = bytes.mutableSpan
        _ = RTCPWriter.receiverEstimate(senderSSRC: 1, bitrate: bitrate, ssrcs: Span(), into: &span, in: 0..<20)
        let drop = UInt64(max(0, 64 - bitrate.leadingZeroBitCount - 18))
        #expect(RTCPSummary.read(bytes).packets == [.receiverEstimate(1, (bitrate >> drop) << drop, [])])
    }

    @Test("A canonical name longer than 255 bytes is cut")
    func longName() {
        let name = [UInt8](repeating: 0x61, count: 300)
        var bytes = [UInt8](repeating: 0xEE, count: 400)
        var span = bytes.mutableSpan
        let length = RTCPWriter.sourceDescription(ssrc: 1, cname: name.span, into: &span, in: 0..<400) ?? 0
        #expect(RTCPSummary.read(Array(bytes[..<length])).packets == [.sourceDescription([1: Array(name[..<255])])])
    }
}
