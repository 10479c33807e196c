// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// What one stream of a producer or consumer has seen so far.
public struct RtpStreamStat: Codable, Hashable, Sendable {
    /// Which way a stream flows, from the server's viewpoint.
    public enum StatType: String, Codable, Hashable, Sendable, CaseIterable {
        /// A stream of a producer.
        case inboundRtp = "inbound-rtp"
        /// A stream of a consumer.
        case outboundRtp = "outbound-rtp"
    }

    /// Which way the stream flows.
    public var type: StatType
    /// When this was read, in milliseconds of the worker's clock.
    public var timestamp: Int
    /// The stream's synchronisation source.
    public var ssrc: UInt32
    /// That of its retransmissions.
    public var rtxSsrc: UInt32?
    /// The stream's name on packets.
    public var rid: String?
    /// Sound or picture.
    public var kind: MediaKind
    /// The codec.
    public var mimeType: String
    /// Packets received or sent, without retransmissions.
    public var packetCount: Int
    /// Bytes of those packets.
    public var byteCount: Int
    /// Bit/s now.
    public var bitrate: Int
    /// Bit/s now of each layer, by "spatial.temporal".
    public var bitrateByLayer: [String: Int]?
    /// Interarrival jitter in units of the clock rate (RFC 3550 §6.4.1).
    public var jitter: Int
    /// Packets lost in all; negative when duplicates outnumber losses.
    public var packetsLost: Int
    /// The share lost in the last interval, in 256ths.
    public var fractionLost: Int
    /// Packets that came too late, twice or broken.
    public var packetsDiscarded: Int
    /// Packets sent again.
    public var packetsRetransmitted: Int
    /// Lost packets that a retransmission brought.
    public var packetsRepaired: Int
    /// NACK messages.
    public var nackCount: Int
    /// Packets that those asked for.
    public var nackPacketCount: Int
    /// Picture loss indications.
    public var pliCount: Int
    /// Full intra requests.
    public var firCount: Int
    /// From 0, nothing arrives, to 10, nothing is lost.
    public var score: Int
    /// Milliseconds there and back, once it was measured.
    public var roundTripTime: Double?
    /// Retransmissions that were of no use.
    public var rtxPacketsDiscarded: Int?

    /// Makes a statistic with counters at zero, to be filled in.
    public init(
        type: StatType,
        timestamp: Int,
        ssrc: UInt32,
        rtxSsrc: UInt32? = nil,
        rid: String? = nil,
        kind: MediaKind,
        mimeType: String,
        packetCount: Int = 0,
        byteCount: Int = 0,
        bitrate: Int = 0,
        bitrateByLayer: [String: Int]? = nil,
        jitter: Int = 0,
        packetsLost: Int = 0,
        fractionLost: Int = 0,
        packetsDiscarded: Int = 0,
        packetsRetransmitted: Int = 0,
        packetsRepaired: Int = 0,
        nackCount: Int = 0,
        nackPacketCount: Int = 0,
        pliCount: Int = 0,
        firCount: Int = 0,
        score: Int = 10,
        roundTripTime: Double? = nil,
        rtxPacketsDiscarded: Int? = nil
    ) {
        (self.type, self.timestamp, self.ssrc, self.rtxSsrc) = (type, timestamp, ssrc, rtxSsrc)
        (self.rid, self.kind, self.mimeType) = (rid, kind, mimeType)
        (self.packetCount, self.byteCount, self.bitrate) = (packetCount, byteCount, bitrate)
        (self.bitrateByLayer, self.jitter) = (bitrateByLayer, jitter)
        (self.packetsLost, self.fractionLost, self.packetsDiscarded) = (packetsLost, fractionLost, packetsDiscarded)
        (self.packetsRetransmitted, self.packetsRepaired) = (packetsRetransmitted, packetsRepaired)
        (self.nackCount, self.nackPacketCount) = (nackCount, nackPacketCount)
        (self.pliCount, self.firCount, self.score) = (pliCount, firCount, score)
        (self.roundTripTime, self.rtxPacketsDiscarded) = (roundTripTime, rtxPacketsDiscarded)
    }
}
