// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCongestion
import SwiftletDTLS
import SwiftletORTC
import SwiftletPeerLink
import SwiftletStreams
import SwiftletWire

extension WebRtcTransport {
    /// The transport's statistics now.
    func statistics(now: Instant) -> WebRtcTransportStat {
        WebRtcTransportStat(
            transportId: id,
            timestamp: now.milliseconds,
            iceRole: .controlled,
            iceState: IceState(link.iceState),
            iceSelectedTuple: link.selectedTuple.map(describe),
            dtlsState: DtlsState(link.dtlsState),
            sctpState: channels?.state,
            bytesReceived: Int(clamping: traffic.received.bytes),
            recvBitrate: Int(clamping: traffic.received.bitrate(now: now)),
            bytesSent: Int(clamping: traffic.sent.bytes),
            sendBitrate: Int(clamping: traffic.sent.bitrate(now: now)),
            rtpBytesReceived: Int(clamping: traffic.rtpReceived.bytes),
            rtpRecvBitrate: Int(clamping: traffic.rtpReceived.bitrate(now: now)),
            rtpBytesSent: Int(clamping: traffic.rtpSent.bytes),
            rtpSendBitrate: Int(clamping: traffic.rtpSent.bitrate(now: now)),
            rtxBytesReceived: Int(clamping: traffic.rtxReceived.bytes),
            rtxRecvBitrate: Int(clamping: traffic.rtxReceived.bitrate(now: now)),
            rtxBytesSent: Int(clamping: traffic.rtxSent.bytes),
            rtxSendBitrate: Int(clamping: traffic.rtxSent.bitrate(now: now)),
            availableOutgoingBitrate: remoteEstimate.map { Int(clamping: $0) },
            availableIncomingBitrate: remb?.availableIncomingBitrate.map { Int(clamping: $0) },
            maxIncomingBitrate: maxIncomingBitrate == 0 ? nil : Int(maxIncomingBitrate),
            rtpPacketLossReceived: isProducing ? feedback.lossFraction : nil
        )
    }
}

extension Producer {
    /// One entry for each stream that has been received.
    func statistics(now: Instant) -> [RtpStreamStat] {
        streams.compactMap { $0?.statistics(kind: kind, now: now) }
    }
}

extension ProducerStream {
    func statistics(kind: MediaKind, now: Instant) -> RtpStreamStat {
        RtpStreamStat(
            type: .inboundRtp,
            timestamp: now.milliseconds,
            ssrc: ssrc,
            rtxSsrc: receive.rtxSSRC,
            rid: rid,
            kind: kind,
            mimeType: codec.parameters.mimeType,
            packetCount: Int(clamping: receive.media.packets),
            byteCount: Int(clamping: receive.media.bytes),
            bitrate: Int(clamping: receive.bitrate(now: now)),
            bitrateByLayer: kind == .video ? bitrateByLayer(now: now) : nil,
            jitter: Int(receive.jitter),
            packetsLost: Int(receive.packetsLost),
            fractionLost: Int(receive.fractionLost),
            packetsDiscarded: Int(clamping: receive.discardedCount),
            packetsRetransmitted: Int(clamping: receive.retransmissions.packets),
            packetsRepaired: Int(clamping: receive.repairedCount),
            nackCount: Int(clamping: receive.nackCount),
            nackPacketCount: Int(clamping: receive.nackedPacketCount),
            pliCount: Int(clamping: pliCount),
            firCount: Int(clamping: firCount),
            score: Int(receive.score),
            roundTripTime: receive.roundTrip.map { $0.inSeconds * 1000 },
            rtxPacketsDiscarded: Int(clamping: receive.retransmissionsDiscardedCount)
        )
    }
}

extension ProducerStream {
    /// Bits per second of each layer that comes, by "spatial.temporal".
    private func bitrateByLayer(now: Instant) -> [String: Int] {
        var layers: [String: Int] = [:]
        for spatial in 0..<LayerCosts.spatialLimit {
            for temporal in 0..<LayerCosts.temporalLimit {
                let rate = rates.bitrate(spatial: spatial, temporal: temporal, now: now)
                if rate > 0 { layers["\(spatial).\(temporal)"] = Int(clamping: rate) }
            }
        }
        return layers
    }
}

extension Consumer {
    /// What is sent, then the producer's stream it comes from.
    func statistics(now: Instant) -> [RtpStreamStat] {
        let codec = parameters.codecs.first { $0.payloadType == send.parameters.payloadType }
        let own = RtpStreamStat(
            type: .outboundRtp,
            timestamp: now.milliseconds,
            ssrc: ssrc,
            rtxSsrc: send.parameters.rtxSSRC,
            kind: kind,
            mimeType: codec?.mimeType ?? "",
            packetCount: Int(clamping: send.media.packets),
            byteCount: Int(clamping: send.media.bytes),
            bitrate: Int(clamping: send.bitrate(now: now)),
            jitter: Int(send.jitter),
            packetsLost: Int(send.packetsLost),
            fractionLost: Int(send.fractionLost),
            packetsDiscarded: Int(clamping: droppedCount),
            packetsRetransmitted: Int(clamping: send.retransmissions.packets),
            packetsRepaired: Int(clamping: send.repairedCount),
            nackCount: Int(clamping: send.nackCount),
            nackPacketCount: Int(clamping: send.nackedPacketCount),
            pliCount: Int(clamping: pliCount),
            firCount: Int(clamping: firCount),
            score: Int(send.score),
            roundTripTime: send.roundTrip.map { $0.inSeconds * 1000 }
        )
        guard let source = current ?? producer.lowestActiveStream else { return [own] }
        return [own, source.statistics(kind: kind, now: now)]
    }
}

extension Instant {
    /// Whole milliseconds since the clock's origin.
    var milliseconds: Int { Int(nanoseconds / 1_000_000) }
}

extension DtlsState {
    init(_ state: DTLSState) {
        self =
            switch state {
            case .new: .new
            case .connecting: .connecting
            case .connected: .connected
            case .failed: .failed
            case .closed: .closed
            }
    }
}
