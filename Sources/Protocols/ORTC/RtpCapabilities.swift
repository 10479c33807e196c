// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// What a router, or the receiving side of a client, can do.
public struct RtpCapabilities: Codable, Hashable, Sendable {
    /// Media and RTX codecs, the preferred first.
    public var codecs: [RtpCodecCapability]
    /// RTP header extensions.
    public var headerExtensions: [RtpHeaderExtension]

    /// Makes capabilities.
    public init(codecs: [RtpCodecCapability] = [], headerExtensions: [RtpHeaderExtension] = []) {
        (self.codecs, self.headerExtensions) = (codecs, headerExtensions)
    }

    /// Reads capabilities; an ``ORTCError`` names the field that was refused.
    public init(from decoder: any Decoder) throws {
        let fields = try ObjectFields(of: Self.self, decoder, keyedBy: CodingKeys.self)
        codecs = try fields.list(.codecs, of: RtpCodecCapability.self) ?? []
        headerExtensions = try fields.list(.headerExtensions, of: RtpHeaderExtension.self) ?? []
    }
}

/// One codec that can be received, or that a router is to route.
public struct RtpCodecCapability: Codable, Hashable, Sendable {
    /// Always that of ``mimeType``.
    public var kind: MediaKind
    /// Kind and name, such as "audio/opus"; compared without regard to case.
    public var mimeType: String
    /// The payload type to use; a router without one picks it.
    public var preferredPayloadType: UInt8?
    /// RTP timestamp units per second.
    public var clockRate: UInt32
    /// Channels of an audio codec, 1 where absent; absent for video.
    public var channels: UInt8?
    /// Format parameters, as in an SDP `fmtp` line.
    public var parameters: [String: CodecParameterValue]
    /// Feedback that the codec's receiver gives.
    public var rtcpFeedback: [RtcpFeedback]

    /// Makes a codec capability.
    public init(
        kind: MediaKind,
        mimeType: String,
        preferredPayloadType: UInt8? = nil,
        clockRate: UInt32,
        channels: UInt8? = nil,
        parameters: [String: CodecParameterValue] = [:],
        rtcpFeedback: [RtcpFeedback] = []
    ) {
        (self.kind, self.mimeType, self.preferredPayloadType) = (kind, mimeType, preferredPayloadType)
        (self.clockRate, self.channels, self.parameters) = (clockRate, channels, parameters)
        self.rtcpFeedback = rtcpFeedback
    }

    /// Reads a codec capability; an ``ORTCError`` names the field that was refused.
    public init(from decoder: any Decoder) throws {
        let fields = try ObjectFields(of: Self.self, decoder, keyedBy: CodingKeys.self)
        mimeType = try fields.requiredText(.mimeType)
        guard let kind = MediaKind(mimeType: mimeType) else { throw fields.error("invalid", .mimeType) }
        self.kind = kind
        preferredPayloadType = try fields.optionalInteger(.preferredPayloadType, as: UInt8.self)
        clockRate = try fields.requiredInteger(.clockRate, as: UInt32.self)
        channels = kind == .audio ? fields.integer(.channels).flatMap { UInt8(exactly: $0) } ?? 1 : nil
        parameters = try fields.parameters(.parameters)
        rtcpFeedback = try fields.list(.rtcpFeedback, of: RtcpFeedback.self, otherTypesAllowed: true) ?? []
    }
}

/// One kind of RTCP feedback, such as "nack" with parameter "pli".
public struct RtcpFeedback: Codable, Hashable, Sendable {
    /// The feedback's name: "nack", "ccm", "goog-remb", "transport-cc".
    public var type: String
    /// What specialises it, or empty.
    public var parameter: String

    /// Makes a kind of feedback.
    public init(type: String, parameter: String = "") { (self.type, self.parameter) = (type, parameter) }

    /// Reads a kind of feedback; an ``ORTCError`` names the field that was refused.
    public init(from decoder: any Decoder) throws {
        let fields = try ObjectFields(of: Self.self, decoder, keyedBy: CodingKeys.self)
        type = try fields.requiredText(.type)
        parameter = fields.text(.parameter) ?? ""
    }
}

/// The ways in which a header extension may travel, from the viewpoint of whoever lists it.
public enum RtpHeaderExtensionDirection: String, Codable, Hashable, Sendable, CaseIterable {
    case sendrecv
    case sendonly
    case recvonly
    case inactive

    /// Whether the one who lists it puts it on packets.
    public var sends: Bool { self == .sendrecv || self == .sendonly }
    /// Whether the one who lists it reads it.
    public var receives: Bool { self == .sendrecv || self == .recvonly }
}

/// One RTP header extension (RFC 8285) that can be used.
public struct RtpHeaderExtension: Codable, Hashable, Sendable {
    /// The kind of media that carries it.
    public var kind: MediaKind
    /// The extension's name.
    public var uri: String
    /// The id to use on packets, 1 to 14 for one-byte headers.
    public var preferredId: UInt8
    /// Whether its value should be encrypted (RFC 6904), which is not supported.
    public var preferredEncrypt: Bool
    /// Which way it may travel; a router's `recvonly` one is taken from producers and not offered to consumers.
    public var direction: RtpHeaderExtensionDirection

    /// Makes a header extension capability.
    public init(
        kind: MediaKind,
        uri: String,
        preferredId: UInt8,
        preferredEncrypt: Bool = false,
        direction: RtpHeaderExtensionDirection = .sendrecv
    ) {
        (self.kind, self.uri, self.preferredId) = (kind, uri, preferredId)
        (self.preferredEncrypt, self.direction) = (preferredEncrypt, direction)
    }

    /// Reads a header extension capability; an ``ORTCError`` names the field that was refused.
    public init(from decoder: any Decoder) throws {
        let fields = try ObjectFields(of: Self.self, decoder, keyedBy: CodingKeys.self)
        guard let kind = fields.text(.kind).flatMap(MediaKind.init(rawValue:)) else {
            throw fields.error("invalid", .kind)
        }
        self.kind = kind
        uri = try fields.requiredText(.uri)
        preferredId = try fields.requiredInteger(.preferredId, as: UInt8.self)
        preferredEncrypt = try fields.optionalFlag(.preferredEncrypt) ?? false
        if fields.isAbsent(.direction) {
            direction = .sendrecv
        } else if let direction = fields.text(.direction).flatMap(RtpHeaderExtensionDirection.init(rawValue:)) {
            self.direction = direction
        } else {
            throw fields.error("invalid", .direction)
        }
    }
}

extension RtpCapabilities: NamedObject {
    static let objectName = "caps"
}
extension RtpCodecCapability: NamedObject {
    static let objectName = "codec"
}
extension RtcpFeedback: NamedObject {
    static let objectName = "fb"
}
extension RtpHeaderExtension: NamedObject {
    static let objectName = "ext"
}
