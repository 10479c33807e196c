// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// How the numbers of one producer become those of its router.
public struct RtpMapping: Codable, Hashable, Sendable {
    /// Payload types.
    public var codecs: [RtpCodecMapping]
    /// Streams, in the order of the producer's encodings.
    public var encodings: [RtpEncodingMapping]

    /// Makes a mapping.
    public init(codecs: [RtpCodecMapping] = [], encodings: [RtpEncodingMapping] = []) {
        (self.codecs, self.encodings) = (codecs, encodings)
    }
}

/// How one payload type becomes another: a producer's the router's, or the router's a consumer's.
public struct RtpCodecMapping: Codable, Hashable, Sendable {
    /// The payload type on the side that packets come from.
    public var payloadType: UInt8
    /// The payload type on the side that they go to.
    public var mappedPayloadType: UInt8

    /// Makes a mapping of payload types.
    public init(payloadType: UInt8, mappedPayloadType: UInt8) {
        (self.payloadType, self.mappedPayloadType) = (payloadType, mappedPayloadType)
    }
}

/// How one stream of a producer is known in its router.
public struct RtpEncodingMapping: Codable, Hashable, Sendable {
    /// The producer's synchronisation source, when it is known beforehand.
    public var ssrc: UInt32?
    /// The producer's name of the stream, when it has one.
    public var rid: String?
    /// Layers inside the stream.
    public var scalabilityMode: String?
    /// The synchronisation source in the router.
    public var mappedSsrc: UInt32

    /// Makes a mapping of streams.
    public init(ssrc: UInt32? = nil, rid: String? = nil, scalabilityMode: String? = nil, mappedSsrc: UInt32) {
        (self.ssrc, self.rid, self.scalabilityMode, self.mappedSsrc) = (ssrc, rid, scalabilityMode, mappedSsrc)
    }
}
