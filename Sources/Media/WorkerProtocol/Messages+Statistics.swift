// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletORTC

extension PBWebRtcTransportStat {
    init(_ value: WebRtcTransportStat) {
        (transportID, timestamp) = (value.transportId, Int64(value.timestamp))
        (iceRole, iceState, dtlsState) = (value.iceRole.rawValue, value.iceState.rawValue, value.dtlsState.rawValue)
        if let tuple = value.iceSelectedTuple { iceSelectedTuple = PBTransportTuple(tuple) }
        (bytesReceived, recvBitrate) = (Int64(value.bytesReceived), Int64(value.recvBitrate))
        (bytesSent, sendBitrate) = (Int64(value.bytesSent), Int64(value.sendBitrate))
        (rtpBytesReceived, rtpRecvBitrate) = (Int64(value.rtpBytesReceived), Int64(value.rtpRecvBitrate))
        (rtpBytesSent, rtpSendBitrate) = (Int64(value.rtpBytesSent), Int64(value.rtpSendBitrate))
        (rtxBytesReceived, rtxRecvBitrate) = (Int64(value.rtxBytesReceived), Int64(value.rtxRecvBitrate))
        (rtxBytesSent, rtxSendBitrate) = (Int64(value.rtxBytesSent), Int64(value.rtxSendBitrate))
        (probationBytesSent, probationSendBitrate) =
            (Int64(value.probationBytesSent), Int64(value.probationSendBitrate))
        if let bitrate = value.availableOutgoingBitrate { availableOutgoingBitrate = Int64(bitrate) }
        if let bitrate = value.availableIncomingBitrate { availableIncomingBitrate = Int64(bitrate) }
        if let bitrate = value.maxIncomingBitrate { maxIncomingBitrate = Int64(bitrate) }
        if let bitrate = value.maxOutgoingBitrate { maxOutgoingBitrate = Int64(bitrate) }
        if let bitrate = value.minOutgoingBitrate { minOutgoingBitrate = Int64(bitrate) }
        if let loss = value.rtpPacketLossReceived { rtpPacketLossReceived = loss }
        if let loss = value.rtpPacketLossSent { rtpPacketLossSent = loss }
        if let state = value.sctpState { sctpState = state.rawValue }
    }

    func decoded() throws(WorkerProtocolError) -> WebRtcTransportStat {
        WebRtcTransportStat(
            transportId: transportID,
            timestamp: try narrow(timestamp),
            iceRole: try parse(iceRole),
            iceState: try parse(iceState),
            iceSelectedTuple: hasIceSelectedTuple ? try iceSelectedTuple.decoded() : nil,
            dtlsState: try parse(dtlsState),
            sctpState: hasSctpState ? try parse(sctpState) as SctpState : nil,
            bytesReceived: try narrow(bytesReceived),
            recvBitrate: try narrow(recvBitrate),
            bytesSent: try narrow(bytesSent),
            sendBitrate: try narrow(sendBitrate),
            rtpBytesReceived: try narrow(rtpBytesReceived),
            rtpRecvBitrate: try narrow(rtpRecvBitrate),
            rtpBytesSent: try narrow(rtpBytesSent),
            rtpSendBitrate: try narrow(rtpSendBitrate),
            rtxBytesReceived: try narrow(rtxBytesReceived),
            rtxRecvBitrate: try narrow(rtxRecvBitrate),
            rtxBytesSent: try narrow(rtxBytesSent),
            rtxSendBitrate: try narrow(rtxSendBitrate),
            probationBytesSent: try narrow(probationBytesSent),
            probationSendBitrate: try narrow(probationSendBitrate),
            availableOutgoingBitrate: hasAvailableOutgoingBitrate ? try narrow(availableOutgoingBitrate) as Int : nil,
            availableIncomingBitrate: hasAvailableIncomingBitrate ? try narrow(availableIncomingBitrate) as Int : nil,
            maxIncomingBitrate: hasMaxIncomingBitrate ? try narrow(maxIncomingBitrate) as Int : nil,
            maxOutgoingBitrate: hasMaxOutgoingBitrate ? try narrow(maxOutgoingBitrate) as Int : nil,
            minOutgoingBitrate: hasMinOutgoingBitrate ? try narrow(minOutgoingBitrate) as Int : nil,
            rtpPacketLossReceived: hasRtpPacketLossReceived ? rtpPacketLossReceived : nil,
            rtpPacketLossSent: hasRtpPacketLossSent ? rtpPacketLossSent : nil
        )
    }
}

extension PBRtpStreamStats {
    init(_ values: [RtpStreamStat]) { stats = values.map(PBRtpStreamStat.init) }

    func decoded() throws(WorkerProtocolError) -> [RtpStreamStat] {
        try decodeAll(stats) { message throws(WorkerProtocolError) in try message.decoded() }
    }
}

extension PBRtpStreamStat {
    init(_ value: RtpStreamStat) {
        (type, timestamp, ssrc) = (value.type.rawValue, Int64(value.timestamp), value.ssrc)
        if let ssrc = value.rtxSsrc { rtxSsrc = ssrc }
        if let rid = value.rid { self.rid = rid }
        (kind, mimeType) = (value.kind.rawValue, value.mimeType)
        (packetCount, byteCount, bitrate) = (Int64(value.packetCount), Int64(value.byteCount), Int64(value.bitrate))
        if let bitrates = value.bitrateByLayer { bitrateByLayer.bitrates = bitrates.mapValues { Int64($0) } }
        (jitter, packetsLost, fractionLost) =
            (Int64(value.jitter), Int64(value.packetsLost), Int64(value.fractionLost))
        packetsDiscarded = Int64(value.packetsDiscarded)
        packetsRetransmitted = Int64(value.packetsRetransmitted)
        packetsRepaired = Int64(value.packetsRepaired)
        (nackCount, nackPacketCount) = (Int64(value.nackCount), Int64(value.nackPacketCount))
        (pliCount, firCount, score) = (Int64(value.pliCount), Int64(value.firCount), Int64(value.score))
        if let time = value.roundTripTime { roundTripTime = time }
        if let count = value.rtxPacketsDiscarded { rtxPacketsDiscarded = Int64(count) }
    }

    func decoded() throws(WorkerProtocolError) -> RtpStreamStat {
        RtpStreamStat(
            type: try parse(type),
            timestamp: try narrow(timestamp),
            ssrc: ssrc,
            rtxSsrc: hasRtxSsrc ? rtxSsrc : nil,
            rid: hasRid ? rid : nil,
            kind: try parse(kind),
            mimeType: mimeType,
            packetCount: try narrow(packetCount),
            byteCount: try narrow(byteCount),
            bitrate: try narrow(bitrate),
            bitrateByLayer: hasBitrateByLayer
                ? try decodeAll(bitrateByLayer.bitrates) { bitrate throws(WorkerProtocolError) in try narrow(bitrate) }
                : nil,
            jitter: try narrow(jitter),
            packetsLost: try narrow(packetsLost),
            fractionLost: try narrow(fractionLost),
            packetsDiscarded: try narrow(packetsDiscarded),
            packetsRetransmitted: try narrow(packetsRetransmitted),
            packetsRepaired: try narrow(packetsRepaired),
            nackCount: try narrow(nackCount),
            nackPacketCount: try narrow(nackPacketCount),
            pliCount: try narrow(pliCount),
            firCount: try narrow(firCount),
            score: try narrow(score),
            roundTripTime: hasRoundTripTime ? roundTripTime : nil,
            rtxPacketsDiscarded: hasRtxPacketsDiscarded ? try narrow(rtxPacketsDiscarded) as Int : nil
        )
    }
}

extension PBProducerScore {
    init(_ value: ProducerScore) {
        (encodingIdx, ssrc, score) = (Int64(value.encodingIdx), value.ssrc, Int64(value.score))
        if let rid = value.rid { self.rid = rid }
    }

    func decoded() throws(WorkerProtocolError) -> ProducerScore {
        ProducerScore(
            encodingIdx: try narrow(encodingIdx),
            ssrc: ssrc,
            rid: hasRid ? rid : nil,
            score: try narrow(score)
        )
    }
}

extension PBConsumerScore {
    init(_ value: ConsumerScore, consumerId: String = "") {
        consumerID = consumerId
        (score, producerScore) = (Int64(value.score), Int64(value.producerScore))
        producerScores = value.producerScores.map { Int64($0) }
    }

    func decoded() throws(WorkerProtocolError) -> ConsumerScore {
        ConsumerScore(
            score: try narrow(score),
            producerScore: try narrow(producerScore),
            producerScores: try decodeAll(producerScores) { score throws(WorkerProtocolError) in try narrow(score) }
        )
    }
}

extension PBResourceUsage {
    init(_ value: WorkerResourceUsage) {
        (userTime, systemTime) = (value.userTime, value.systemTime)
        maximumResidentSize = value.maximumResidentSize
        (minorFaults, majorFaults) = (value.minorFaults, value.majorFaults)
        (blocksRead, blocksWritten) = (value.blocksRead, value.blocksWritten)
        (voluntarySwitches, involuntarySwitches) = (value.voluntarySwitches, value.involuntarySwitches)
    }

    func decoded() -> WorkerResourceUsage {
        WorkerResourceUsage(
            userTime: userTime,
            systemTime: systemTime,
            maximumResidentSize: maximumResidentSize,
            minorFaults: minorFaults,
            majorFaults: majorFaults,
            blocksRead: blocksRead,
            blocksWritten: blocksWritten,
            voluntarySwitches: voluntarySwitches,
            involuntarySwitches: involuntarySwitches
        )
    }
}
