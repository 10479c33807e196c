// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// What may be traced of a producer or consumer.
public enum TraceEventType: String, Codable, Hashable, Sendable, CaseIterable {
    /// Every RTP packet.
    case rtp
    /// RTP packets that begin a key frame.
    case keyframe
    /// Generic NACKs.
    case nack
    /// Picture loss indications.
    case pli
    /// Full intra requests.
    case fir
    /// Sender reports; of producers only.
    case sr
}

/// One packet, or one RTCP message, that passed.
public struct TraceEvent: Codable, Hashable, Sendable {
    /// From where the worker stands.
    public enum Direction: String, Codable, Hashable, Sendable, CaseIterable {
        /// It was received.
        case incoming = "in"
        /// It was sent.
        case outgoing = "out"
    }

    /// What passed.
    public var type: TraceEventType
    /// Milliseconds on the worker's clock.
    public var timestamp: Int
    /// Which way.
    public var direction: Direction
    /// What there is to know of it.
    public var info: TraceInfo

    /// One event.
    public init(type: TraceEventType, timestamp: Int, direction: Direction, info: TraceInfo) {
        (self.type, self.timestamp, self.direction, self.info) = (type, timestamp, direction, info)
    }
}

/// Details of a traced packet; which there are follows from its type.
public struct TraceInfo: Codable, Hashable, Sendable {
    /// The stream concerned.
    public var ssrc: UInt32
    /// `rtp` and `keyframe`: the payload type on the wire.
    public var payloadType: UInt8?
    /// `rtp` and `keyframe`: the sequence number on the wire.
    public var sequenceNumber: UInt16?
    /// `rtp` and `keyframe`: the timestamp on the wire.
    public var rtpTimestamp: UInt32?
    /// `rtp` and `keyframe`: the marker bit.
    public var marker: Bool?
    /// `rtp` and `keyframe`: bytes of the packet.
    public var size: Int?
    /// `rtp` and `keyframe`: bytes of its payload.
    public var payloadSize: Int?
    /// `rtp` and `keyframe`: the spatial layer, where the packet says.
    public var spatialLayer: Int?
    /// `rtp` and `keyframe`: the temporal layer, where the packet says.
    public var temporalLayer: Int?
    /// `rtp` and `keyframe`: whether the packet is of a key frame.
    public var isKeyFrame: Bool?
    /// Whether it came or left as a retransmission.
    public var isRtx: Bool?
    /// `nack`: how many packets were asked for.
    public var packets: Int?
    /// `sr`: wall time, 32.32 seconds since 1900.
    public var ntp: UInt64?
    /// `sr`: packets sent until then.
    public var packetCount: UInt32?
    /// `sr`: bytes of payload sent until then.
    public var octetCount: UInt32?

    /// Details; set what there is.
    public init(ssrc: UInt32) { self.ssrc = ssrc }
}
