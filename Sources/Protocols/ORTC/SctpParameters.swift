// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// What a peer has to know to open the SCTP association of a transport.
public struct SctpParameters: Codable, Hashable, Sendable {
    /// The SCTP port of both sides.
    public var port: UInt16
    /// Outgoing streams announced.
    public var OS: UInt16
    /// Incoming streams announced.
    public var MIS: UInt16
    /// The longest message that is taken, in bytes.
    public var maxMessageSize: Int

    /// Makes SCTP parameters.
    public init(port: UInt16 = 5000, OS: UInt16 = 65_535, MIS: UInt16 = 65_535, maxMessageSize: Int = 262_144) {
        (self.port, self.OS, self.MIS, self.maxMessageSize) = (port, OS, MIS, maxMessageSize)
    }
}

/// What a client can do in SCTP.
public struct SctpCapabilities: Codable, Hashable, Sendable {
    /// How many streams it can have.
    public var numStreams: NumSctpStreams

    /// Makes SCTP capabilities.
    public init(numStreams: NumSctpStreams) { self.numStreams = numStreams }
}

/// Numbers of SCTP streams.
public struct NumSctpStreams: Codable, Hashable, Sendable {
    /// Outgoing streams.
    public var OS: UInt16
    /// Incoming streams.
    public var MIS: UInt16

    /// Makes numbers of streams.
    public init(OS: UInt16 = 1024, MIS: UInt16 = 1024) { (self.OS, self.MIS) = (OS, MIS) }
}

/// How messages travel on one SCTP stream.
public struct SctpStreamParameters: Codable, Hashable, Sendable {
    /// The highest stream id of a data channel, RFC 8831 §6.5: 65535 is not used.
    public static let maximumStreamId: UInt16 = 65_534

    /// The stream, from 0 to ``maximumStreamId``.
    public var streamId: UInt16
    /// Whether messages arrive in the order they were sent; `nil` for the default, true unless a limit is given.
    public var ordered: Bool?
    /// Milliseconds after which a message is given up; `nil` for never.
    public var maxPacketLifeTime: UInt32?
    /// How many times a message is sent again before it is given up; `nil` for until it arrives.
    public var maxRetransmits: UInt16?

    /// Makes stream parameters.
    public init(
        streamId: UInt16,
        ordered: Bool? = nil,
        maxPacketLifeTime: UInt32? = nil,
        maxRetransmits: UInt16? = nil
    ) {
        (self.streamId, self.ordered) = (streamId, ordered)
        (self.maxPacketLifeTime, self.maxRetransmits) = (maxPacketLifeTime, maxRetransmits)
    }

    /// Reads stream parameters; an ``ORTCError`` names the field that was refused.
    public init(from decoder: any Decoder) throws {
        let fields = try ObjectFields(of: Self.self, decoder, keyedBy: CodingKeys.self)
        streamId = try fields.requiredInteger(.streamId, as: UInt16.self)
        ordered = try fields.optionalFlag(.ordered)
        maxPacketLifeTime = try fields.optionalInteger(.maxPacketLifeTime, as: UInt32.self)
        maxRetransmits = try fields.optionalInteger(.maxRetransmits, as: UInt16.self)
    }

    /// Whether a message can be given up.
    public var isPartiallyReliable: Bool { maxPacketLifeTime != nil || maxRetransmits != nil }
}

/// How far a transport's SCTP association has come.
public enum SctpState: String, Codable, Hashable, Sendable, CaseIterable {
    case new
    case connecting
    case connected
    case failed
    case closed
}

/// What carries the messages of a data producer or consumer.
public enum DataChannelType: String, Codable, Hashable, Sendable, CaseIterable {
    /// A stream of a transport's SCTP association.
    case sctp
    /// The application itself, over a direct transport.
    case direct
}

extension SctpStreamParameters: NamedObject {
    static let objectName = "sctpStreamParameters"
}
