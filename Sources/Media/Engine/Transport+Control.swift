// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletRTP
import SwiftletStreams
import SwiftletWire

/// Received RTCP: reports, requests and feedback, each to whom it concerns; what concerns nobody is ignored.
extension Transport {
    /// Takes an RTCP compound.
    func receive(compound: Span<UInt8>, arrival: Instant, now: Instant) {
        var compound = RTCPCompound(compound)
        while let packet = compound.next() { handle(packet, arrival: arrival, now: now) }
        if compound.malformedCount > 0 { board.counters.malformed &+= 1 }
        reschedule()
    }

    private func handle(_ packet: consuming RTCPPacket, arrival: Instant, now: Instant) {
        switch packet {
        case .senderReport(let report):
            if let (producer, stream) = stream(ssrc: report.ssrc) {
                let info = report.info
                stream.receive.receive(senderReport: info, now: arrival)
                senderClock.add(ntp: info.ntp, arrival: board.wall.ntp(at: arrival), now: arrival)
                producer.publishScores()
                producer.trace(.sr, .incoming, ssrc: stream.ssrc, now: now) {
                    ($0.ntp, $0.rtpTimestamp) = (info.ntp.rawValue, info.rtpTimestamp)
                    ($0.packetCount, $0.octetCount) = (info.packetCount, info.octetCount)
                }
            }
            handle(report.blocks, arrival: arrival, now: now)
        case .receiverReport(let report): handle(report.blocks, arrival: arrival, now: now)
        case .extendedReport(var report): handle(&report, arrival: arrival)
        case .pictureLossIndication(_, let media):
            guard let consumer = consumer(ssrc: media) else { return }
            consumer.pliCount &+= 1
            consumer.trace(.pli, now: now)
            consumer.receiveKeyFrameRequest(now: now)
        case .fullIntraRequest(let request):
            for index in 0..<request.count {
                guard let consumer = consumer(ssrc: request[index].ssrc) else { continue }
                consumer.firCount &+= 1
                consumer.trace(.fir, now: now)
                consumer.receiveKeyFrameRequest(now: now)
            }
        case .genericNACK(var nack): handle(&nack, now: now)
        case .receiverEstimate(let estimate): remoteEstimate = estimate.bitrate
        case .transportFeedback, .sourceDescription, .goodbye, .other: break
        }
    }

    /// The stream that comes under `ssrc`.
    private func stream(ssrc: UInt32) -> (Producer, ProducerStream)? {
        for producer in producers {
            for stream in producer.streams {
                if let stream, stream.ssrc == ssrc { return (producer, stream) }
            }
        }
        return nil
    }

    private func handle(_ blocks: borrowing RTCPReportBlocks, arrival: Instant, now: Instant) {
        let ntp = board.wall.ntp(at: arrival)
        var isLossy = false
        for index in 0..<blocks.count {
            let block = blocks[index]
            guard let consumer = consumer(ssrc: block.ssrc), consumer.ssrc == block.ssrc else { continue }
            let packets = consumer.send.receive(block, ntp: ntp)
            if consumer.send.takeScoreChange() != nil { consumer.publishScore() }
            guard consumer.isVideo, consumer.isActive else { continue }
            lossBudget.add(fractionLost: block.fractionLost, packets: packets, now: now)
            isLossy = isLossy || lossBudget.isLossy(block.fractionLost)
        }
        if isLossy || lossBudget.limit != nil { updateBudget(now: now) }
    }

    private func handle(_ report: inout RTCPExtendedReportView, arrival: Instant) {
        let ntp = board.wall.ntp(at: arrival)
        while let item = report.next() {
            switch item {
            case .referenceTime(let time):
                peerReference = report.ssrc
                for consumer in consumers { consumer?.send.receive(referenceTime: time, now: arrival) }
            case .delay(let delay):
                guard delay.ssrc == Self.ownSSRC else { continue }
                for producer in producers {
                    for stream in producer.streams { stream?.receive.receive(delaySinceReference: delay, ntp: ntp) }
                }
            }
        }
    }

    private func handle(_ nack: inout RTCPGenericNACKView, now: Instant) {
        guard let consumer = consumer(ssrc: nack.mediaSSRC), consumer.ssrc == nack.mediaSSRC else { return }
        var count = 0
        while let sequence = nack.next() {
            count += 1
            consumer.resend(sequence, now: now)
        }
        consumer.send.countNack(packets: count)
        consumer.trace(.nack, now: now) { $0.packets = count }
    }
}
