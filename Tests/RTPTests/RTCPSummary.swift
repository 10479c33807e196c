// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletRTP
import SwiftletWire

/// A packet of a compound with all its contents copied out, so that tests can compare it.
enum RTCPSummary: Equatable {
    case senderReport(UInt32, RTCPSenderInfo, [RTCPReportBlock])
    case receiverReport(UInt32, [RTCPReportBlock])
    case sourceDescription([UInt32: [UInt8]])
    case goodbye([UInt32])
    case extendedReport(UInt32, [RTCPExtendedReportView.Item])
    case pictureLossIndication(UInt32, UInt32)
    case fullIntraRequest(UInt32, [UInt32: UInt8])
    case genericNACK(UInt32, UInt32, [UInt16])
    case receiverEstimate(UInt32, UInt64, [UInt32])
    case transportFeedback(UInt32, UInt32, UInt8, [RTCPTransportFeedbackView.Status])
    case other(UInt8, UInt8)

    init(_ packet: borrowing RTCPPacket) {
        switch copy packet {
        case .senderReport(let view): self = .senderReport(view.ssrc, view.info, Self.blocks(view.blocks))
        case .receiverReport(let view): self = .receiverReport(view.ssrc, Self.blocks(view.blocks))
        case .sourceDescription(var view):
            var names: [UInt32: [UInt8]] = [:]
            while let chunk = view.next() { names[chunk.ssrc] = chunk.cname?.copied() ?? [] }
            self = .sourceDescription(names)
        case .goodbye(let view):
            var sources: [UInt32] = []
            for index in 0..<view.count { sources.append(view[index]) }
            self = .goodbye(sources)
        case .extendedReport(var view):
            var items: [RTCPExtendedReportView.Item] = []
            while let item = view.next() { items.append(item) }
            self = .extendedReport(view.ssrc, items)
        case .pictureLossIndication(let sender, let media): self = .pictureLossIndication(sender, media)
        case .fullIntraRequest(let view):
            var entries: [UInt32: UInt8] = [:]
            for index in 0..<view.count { entries[view[index].ssrc] = view[index].sequence }
            self = .fullIntraRequest(view.senderSSRC, entries)
        case .genericNACK(var view):
            var lost: [UInt16] = []
            while let sequence = view.next() { lost.append(sequence) }
            self = .genericNACK(view.senderSSRC, view.mediaSSRC, lost)
        case .receiverEstimate(let view):
            var sources: [UInt32] = []
            for index in 0..<view.count { sources.append(view[index]) }
            self = .receiverEstimate(view.senderSSRC, view.bitrate, sources)
        case .transportFeedback(var view):
            var statuses: [RTCPTransportFeedbackView.Status] = []
            while let status = view.next() { statuses.append(status) }
            self = .transportFeedback(view.senderSSRC, view.mediaSSRC, view.feedbackCount, statuses)
        case .other(let type, let format): self = .other(type, format)
        }
    }

    /// All packets of `bytes`, and how many were malformed.
    static func read(_ bytes: [UInt8]) -> (packets: [RTCPSummary], malformed: Int) {
        var compound = RTCPCompound(bytes.span)
        var packets: [RTCPSummary] = []
        while let packet = compound.next() { packets.append(RTCPSummary(packet)) }
        return (packets, compound.malformedCount)
    }

    private static func blocks(_ view: borrowing RTCPReportBlocks) -> [RTCPReportBlock] {
        var blocks: [RTCPReportBlock] = []
        for index in 0..<view.count { blocks.append(view[index]) }
        return blocks
    }
}

/// One packet of every kind, as our writers write it, with what a reader must see.
func everyRTCPPacket() -> [(bytes: [UInt8], summary: RTCPSummary)] {
    let block = RTCPReportBlock(
        ssrc: 7,
        fractionLost: 12,
        cumulativeLost: -3,
        extendedHighestSequence: 0x1_FFFF,
        jitter: 99,
        lastSenderReport: 0xAABB_CCDD,
        delaySinceLastSenderReport: 1 << 16
    )
    let info = RTCPSenderInfo(
        ntp: NTPTime(rawValue: 0x1122_3344_5566_7788),
        rtpTimestamp: 9,
        packetCount: 8,
        octetCount: 7
    )
    let delay = RTCPDelaySinceReference(ssrc: 5, lastReport: 6, delay: 7)
    let cname = Array("peer@swiftlet".utf8)
    var builder = TransportFeedbackBuilder()
    builder.begin(base: 65_534)
    _ = builder.add(sequence: 65_534, ticks: 256)
    _ = builder.add(sequence: 65_537, ticks: 1000)
    func written(_ write: (inout MutableSpan<UInt8>, Range<Int>) -> Int?) -> [UInt8] {
        var bytes = [UInt8](repeating: 0xEE, count: 1500)
        var span = bytes.mutableSpan
        let length = write(&span, 0..<1500) ?? 0
        return Array(bytes[..<length])
    }
    return [
        (
            written { RTCPWriter.senderReport(ssrc: 1, info: info, blocks: [block, block].span, into: &$0, in: $1) },
            .senderReport(1, info, [block, block])
        ),
        (
            written { RTCPWriter.receiverReport(ssrc: 1, blocks: [block].span, into: &$0, in: $1) },
            .receiverReport(1, [block])
        ),
        (
            written { RTCPWriter.sourceDescription(ssrc: 1, cname: cname.span, into: &$0, in: $1) },
            .sourceDescription([1: cname])
        ),
        (written { RTCPWriter.goodbye(ssrc: 1, into: &$0, in: $1) }, .goodbye([1])),
        (
            written { RTCPWriter.pictureLossIndication(senderSSRC: 1, mediaSSRC: 2, into: &$0, in: $1) },
            .pictureLossIndication(1, 2)
        ),
        (
            written { RTCPWriter.fullIntraRequest(senderSSRC: 1, mediaSSRC: 2, sequence: 255, into: &$0, in: $1) },
            .fullIntraRequest(1, [2: 255])
        ),
        (
            written {
                RTCPWriter.genericNACK(
                    senderSSRC: 1,
                    mediaSSRC: 2,
                    sequences: [65_535, 0, 15, 16].span,
                    into: &$0,
                    in: $1
                )?.length
            }, .genericNACK(1, 2, [65_535, 0, 15, 16])
        ),
        (
            written {
                RTCPWriter.receiverEstimate(
                    senderSSRC: 1,
                    bitrate: 2_500_000,
                    ssrcs: [3, 4].span,
                    into: &$0,
                    in: $1
                )
            }, .receiverEstimate(1, 2_500_000 & ~0xF, [3, 4])
        ),
        (
            written { RTCPWriter.receiverReferenceTime(ssrc: 1, ntp: info.ntp, into: &$0, in: $1) },
            .extendedReport(1, [.referenceTime(info.ntp)])
        ),
        (
            written { RTCPWriter.delaySinceReference(ssrc: 1, delays: [delay, delay].span, into: &$0, in: $1) },
            .extendedReport(1, [.delay(delay), .delay(delay)])
        ),
        (
            written { builder.write(senderSSRC: 1, mediaSSRC: 2, feedbackCount: 3, into: &$0, in: $1) },
            .transportFeedback(
                1,
                2,
                3,
                [
                    .init(sequence: 65_534, arrival: 256), .init(sequence: 65_535, arrival: nil),
                    .init(sequence: 0, arrival: nil), .init(sequence: 1, arrival: 1000),
                ]
            )
        ),
    ]
}
