// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

public import SwiftletORTC

/// The inside of a producer, for people who debug.
public struct ProducerDump: Codable, Hashable, Sendable {
    /// The producer.
    public var id: String
    /// The transport it is on.
    public var transportId: String
    /// Audio or video.
    public var kind: MediaKind
    /// How many streams and layers.
    public var type: ProducerType
    /// As the peer sends.
    public var rtpParameters: RtpParameters
    /// From the peer's numbers to the router's.
    public var rtpMapping: RtpMapping
    /// Whether it is paused.
    public var paused: Bool
    /// The streams that have been received.
    public var rtpStreams: [RtpStreamDump]
    /// What the producer counts, by name.
    public var counters: [String: UInt64]

    /// A value made of its parts.
    public init(
        id: String,
        transportId: String,
        kind: MediaKind,
        type: ProducerType,
        rtpParameters: RtpParameters,
        rtpMapping: RtpMapping,
        paused: Bool,
        rtpStreams: [RtpStreamDump],
        counters: [String: UInt64]
    ) {
        self.id = id
        self.transportId = transportId
        self.kind = kind
        self.type = type
        self.rtpParameters = rtpParameters
        self.rtpMapping = rtpMapping
        self.paused = paused
        self.rtpStreams = rtpStreams
        self.counters = counters
    }
}

/// The inside of a consumer, for people who debug.
public struct ConsumerDump: Codable, Hashable, Sendable {
    /// The consumer.
    public var id: String
    /// The transport it is on.
    public var transportId: String
    /// The producer it shows.
    public var producerId: String
    /// Audio or video.
    public var kind: MediaKind
    /// How it treats the producer's streams.
    public var type: ConsumerType
    /// As the peer receives.
    public var rtpParameters: RtpParameters
    /// The producer's encodings under the router's SSRCs.
    public var consumableRtpEncodings: [RtpEncodingParameters]
    /// Whether it is paused.
    public var paused: Bool
    /// Whether its producer is paused.
    public var producerPaused: Bool
    /// How well it sends and its producer receives.
    public var score: ConsumerScore
    /// The streams that it sends.
    public var rtpStreams: [RtpStreamDump]
    /// What the consumer counts, by name.
    public var counters: [String: UInt64]

    /// A value made of its parts.
    public init(
        id: String,
        transportId: String,
        producerId: String,
        kind: MediaKind,
        type: ConsumerType,
        rtpParameters: RtpParameters,
        consumableRtpEncodings: [RtpEncodingParameters],
        paused: Bool,
        producerPaused: Bool,
        score: ConsumerScore,
        rtpStreams: [RtpStreamDump],
        counters: [String: UInt64]
    ) {
        self.id = id
        self.transportId = transportId
        self.producerId = producerId
        self.kind = kind
        self.type = type
        self.rtpParameters = rtpParameters
        self.consumableRtpEncodings = consumableRtpEncodings
        self.paused = paused
        self.producerPaused = producerPaused
        self.score = score
        self.rtpStreams = rtpStreams
        self.counters = counters
    }
}

/// One SSRC, received or sent.
public struct RtpStreamDump: Codable, Hashable, Sendable {
    /// The SSRC on the wire.
    public var ssrc: UInt32
    /// The SSRC of retransmissions.
    public var rtxSsrc: UInt32?
    /// The RID.
    public var rid: String?
    /// The payload type on the wire.
    public var payloadType: UInt8
    /// The codec.
    public var mimeType: String
    /// The clock rate.
    public var clockRate: UInt32
    /// Quality from 0 to 10.
    public var score: Int
    /// Whether lost packets are asked for again.
    public var useNack: Bool
    /// Whether key frames may be asked for by PLI.
    public var usePli: Bool
    /// Whether key frames may be asked for by FIR.
    public var useFir: Bool

    /// A value made of its parts.
    public init(
        ssrc: UInt32,
        rtxSsrc: UInt32? = nil,
        rid: String? = nil,
        payloadType: UInt8,
        mimeType: String,
        clockRate: UInt32,
        score: Int,
        useNack: Bool,
        usePli: Bool,
        useFir: Bool
    ) {
        self.ssrc = ssrc
        self.rtxSsrc = rtxSsrc
        self.rid = rid
        self.payloadType = payloadType
        self.mimeType = mimeType
        self.clockRate = clockRate
        self.score = score
        self.useNack = useNack
        self.usePli = usePli
        self.useFir = useFir
    }
}
