// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// What one producer sends, or one consumer is sent.
public struct RtpParameters: Codable, Hashable, Sendable {
    /// The media section's id, as on packets (RFC 9143).
    public var mid: String?
    /// Codecs, each RTX codec pointing at its media codec by `apt`.
    public var codecs: [RtpCodecParameters]
    /// Header extensions on the packets.
    public var headerExtensions: [RtpHeaderExtensionParameters]
    /// The streams, the lowest quality first.
    public var encodings: [RtpEncodingParameters]
    /// RTCP settings.
    public var rtcp: RtcpParameters
    /// The media stream and track that the sender names (RFC 8830).
    public var msid: String?

    /// Makes parameters.
    public init(
        mid: String? = nil,
        codecs: [RtpCodecParameters] = [],
        headerExtensions: [RtpHeaderExtensionParameters] = [],
        encodings: [RtpEncodingParameters] = [],
        rtcp: RtcpParameters = RtcpParameters(),
        msid: String? = nil
    ) {
        (self.mid, self.codecs, self.headerExtensions) = (mid, codecs, headerExtensions)
        (self.encodings, self.rtcp, self.msid) = (encodings, rtcp, msid)
    }

    /// Reads parameters; an ``ORTCError`` names the field that was refused.
    public init(from decoder: any Decoder) throws {
        let fields = try ObjectFields(of: Self.self, decoder, keyedBy: CodingKeys.self)
        mid = fields.text(.mid)
        if mid == nil, !fields.isAbsent(.mid) { throw ORTCError.invalid("params.mid is not a string") }
        guard let codecs = try fields.list(.codecs, of: RtpCodecParameters.self, otherTypesAllowed: true) else {
            throw fields.error("missing", .codecs)
        }
        self.codecs = codecs
        headerExtensions = try fields.list(.headerExtensions, of: RtpHeaderExtensionParameters.self) ?? []
        encodings = try fields.list(.encodings, of: RtpEncodingParameters.self) ?? []
        let rtcp = try fields.object(.rtcp, as: RtcpParameters.self, else: "params.rtcp is not an object")
        self.rtcp = rtcp ?? RtcpParameters()
        msid = try fields.optionalText(.msid)
    }
}

/// One codec in use.
public struct RtpCodecParameters: Codable, Hashable, Sendable {
    /// Kind and name, such as "video/VP8"; compared without regard to case.
    public var mimeType: String
    /// The number on packets, 0 to 127 without 64 to 95 (RFC 5761 §4).
    public var payloadType: UInt8
    /// RTP timestamp units per second.
    public var clockRate: UInt32
    /// Channels of an audio codec, 1 where absent; absent for video.
    public var channels: UInt8?
    /// Format parameters, as in an SDP `fmtp` line.
    public var parameters: [String: CodecParameterValue]
    /// Feedback that the codec's receiver gives.
    public var rtcpFeedback: [RtcpFeedback]

    /// Makes codec parameters.
    public init(
        mimeType: String,
        payloadType: UInt8,
        clockRate: UInt32,
        channels: UInt8? = nil,
        parameters: [String: CodecParameterValue] = [:],
        rtcpFeedback: [RtcpFeedback] = []
    ) {
        (self.mimeType, self.payloadType, self.clockRate) = (mimeType, payloadType, clockRate)
        (self.channels, self.parameters, self.rtcpFeedback) = (channels, parameters, rtcpFeedback)
    }

    /// Reads codec parameters; an ``ORTCError`` names the field that was refused.
    public init(from decoder: any Decoder) throws {
        let fields = try ObjectFields(of: Self.self, decoder, keyedBy: CodingKeys.self)
        mimeType = try fields.requiredText(.mimeType)
        guard let kind = MediaKind(mimeType: mimeType) else { throw fields.error("invalid", .mimeType) }
        payloadType = try fields.requiredInteger(.payloadType, as: UInt8.self)
        clockRate = try fields.requiredInteger(.clockRate, as: UInt32.self)
        channels = kind == .audio ? fields.integer(.channels).flatMap { UInt8(exactly: $0) } ?? 1 : nil
        parameters = try fields.parameters(.parameters)
        rtcpFeedback = try fields.list(.rtcpFeedback, of: RtcpFeedback.self, otherTypesAllowed: true) ?? []
    }
}

/// One RTP header extension (RFC 8285) in use.
public struct RtpHeaderExtensionParameters: Codable, Hashable, Sendable {
    /// The extension's name.
    public var uri: String
    /// The id on packets, 1 to 255 without 15.
    public var id: UInt8
    /// Whether its value is encrypted (RFC 6904), which is not supported.
    public var encrypt: Bool
    /// Settings of the extension.
    public var parameters: [String: CodecParameterValue]

    /// Makes header extension parameters.
    public init(uri: String, id: UInt8, encrypt: Bool = false, parameters: [String: CodecParameterValue] = [:]) {
        (self.uri, self.id, self.encrypt, self.parameters) = (uri, id, encrypt, parameters)
    }

    /// Reads header extension parameters; an ``ORTCError`` names the field that was refused.
    public init(from decoder: any Decoder) throws {
        let fields = try ObjectFields(of: Self.self, decoder, keyedBy: CodingKeys.self)
        uri = try fields.requiredText(.uri)
        id = try fields.requiredInteger(.id, as: UInt8.self)
        encrypt = try fields.optionalFlag(.encrypt) ?? false
        parameters = try fields.parameters(.parameters)
    }
}

/// One stream of a producer or consumer.
public struct RtpEncodingParameters: Codable, Hashable, Sendable {
    /// The stream's retransmissions (RFC 4588).
    public struct Rtx: Codable, Hashable, Sendable {
        /// The retransmissions' own synchronisation source.
        public var ssrc: UInt32

        /// Makes retransmission parameters.
        public init(ssrc: UInt32) { self.ssrc = ssrc }

        /// Reads retransmission parameters; an ``ORTCError`` names the field that was refused.
        public init(from decoder: any Decoder) throws {
            guard let container = try? decoder.container(keyedBy: CodingKeys.self) else {
                throw ORTCError.invalid("invalid encoding.rtx")
            }
            guard let ssrc = try? container.decode(UInt32.self, forKey: .ssrc) else {
                throw ORTCError.invalid("missing encoding.rtx.ssrc")
            }
            self.ssrc = ssrc
        }
    }

    /// The stream's synchronisation source, when it is known beforehand.
    public var ssrc: UInt32?
    /// The stream's name on packets (RFC 8852), when there is one.
    public var rid: String?
    /// The payload type of the stream's media codec; absent, the first.
    public var codecPayloadType: UInt8?
    /// The stream's retransmissions.
    public var rtx: Rtx?
    /// Whether the sender stops in silence.
    public var dtx: Bool
    /// Layers inside the stream, such as "L1T3".
    public var scalabilityMode: String?
    /// By how much the sender shrinks the picture.
    public var scaleResolutionDownBy: Double?
    /// The sender's limit in bit/s.
    public var maxBitrate: Int?
    /// The sender's limit in frames per second.
    public var maxFramerate: Double?
    /// Whether the sender adapts the length of its audio packets.
    public var adaptivePtime: Bool?

    /// Makes the parameters of a stream.
    public init(
        ssrc: UInt32? = nil,
        rid: String? = nil,
        codecPayloadType: UInt8? = nil,
        rtx: Rtx? = nil,
        dtx: Bool = false,
        scalabilityMode: String? = nil,
        scaleResolutionDownBy: Double? = nil,
        maxBitrate: Int? = nil,
        maxFramerate: Double? = nil,
        adaptivePtime: Bool? = nil
    ) {
        (self.ssrc, self.rid, self.codecPayloadType, self.rtx, self.dtx) = (ssrc, rid, codecPayloadType, rtx, dtx)
        (self.scalabilityMode, self.scaleResolutionDownBy) = (scalabilityMode, scaleResolutionDownBy)
        (self.maxBitrate, self.maxFramerate, self.adaptivePtime) = (maxBitrate, maxFramerate, adaptivePtime)
    }

    /// Reads the parameters of a stream; an ``ORTCError`` names the field that was refused.
    public init(from decoder: any Decoder) throws {
        let fields = try ObjectFields(of: Self.self, decoder, keyedBy: CodingKeys.self)
        ssrc = try fields.optionalInteger(.ssrc, as: UInt32.self)
        rid = try fields.optionalText(.rid)
        codecPayloadType = try fields.optionalInteger(.codecPayloadType, as: UInt8.self)
        rtx = try fields.object(.rtx, as: Rtx.self, else: "invalid encoding.rtx")
        dtx = fields.flag(.dtx) ?? false
        scalabilityMode = try fields.optionalText(.scalabilityMode)
        scaleResolutionDownBy = fields.number(.scaleResolutionDownBy)
        maxBitrate = try fields.optionalAmount(.maxBitrate)
        maxFramerate = fields.number(.maxFramerate)
        adaptivePtime = fields.flag(.adaptivePtime)
    }
}

/// RTCP settings of a producer or consumer.
public struct RtcpParameters: Codable, Hashable, Sendable {
    /// The sender's canonical name (RFC 3550 §6.5.1).
    public var cname: String?
    /// Whether feedback may travel in packets that are not compound (RFC 5506).
    public var reducedSize: Bool

    /// Makes RTCP settings.
    public init(cname: String? = nil, reducedSize: Bool = true) {
        (self.cname, self.reducedSize) = (cname, reducedSize)
    }

    /// Reads RTCP settings; an ``ORTCError`` names the field that was refused.
    public init(from decoder: any Decoder) throws {
        let fields = try ObjectFields(of: Self.self, decoder, keyedBy: CodingKeys.self)
        cname = try fields.optionalText(.cname)
        reducedSize = fields.flag(.reducedSize) ?? true
    }
}

extension RtpParameters: NamedObject {
    static let objectName = "params"
}
extension RtpCodecParameters: NamedObject {
    static let objectName = "codec"
}
extension RtpHeaderExtensionParameters: NamedObject {
    static let objectName = "ext"
}
extension RtpEncodingParameters: NamedObject {
    static let objectName = "encoding"
}
extension RtcpParameters: NamedObject {
    static let objectName = "rtcp"
}
