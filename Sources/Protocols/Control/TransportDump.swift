// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

public import SwiftletORTC

/// The inside of a transport, for people who debug.
public struct TransportDump: Codable, Hashable, Sendable {
    /// The transport.
    public var id: String
    /// The router it is in.
    public var routerId: String
    /// The server it listens on, or `nil` with sockets of its own.
    public var webRtcServerId: String?
    /// Its own sockets; empty on a server.
    public var sockets: [ListenAddress]
    /// Its producers.
    public var producerIds: [String]
    /// Its consumers.
    public var consumerIds: [String]
    /// Consumers by the SSRCs they send, RTX included.
    public var consumerIdsBySsrc: [String: String]
    /// How received packets find their producer.
    public var rtpListener: RtpListenerDump
    /// Ids of the header extensions that are read on receipt, by uri.
    public var recvRtpHeaderExtensions: [String: UInt8]
    /// Our ICE credentials.
    public var iceParameters: IceParameters
    /// Our candidates.
    public var iceCandidates: [IceCandidate]
    /// The ICE state.
    public var iceState: IceState
    /// The pair that media leaves by.
    public var iceSelectedTuple: TransportTuple?
    /// Our fingerprints and role.
    public var dtlsParameters: DtlsParameters
    /// The DTLS state.
    public var dtlsState: DtlsState
    /// The SRTP suite in use, under its IANA name.
    public var srtpProfile: String?
    /// What the peer has to know to open SCTP; `nil` without it.
    public var sctpParameters: SctpParameters?
    /// How far SCTP has come; `nil` without it.
    public var sctpState: SctpState?
    /// Its data producers.
    public var dataProducerIds: [String]
    /// Its data consumers.
    public var dataConsumerIds: [String]
    /// The cap on what the peer may send, in bits per second; 0 for none.
    public var maxIncomingBitrate: UInt32
    /// What the transport counts, by name.
    public var counters: [String: UInt64]

    /// A value made of its parts.
    public init(
        id: String,
        routerId: String,
        webRtcServerId: String? = nil,
        sockets: [ListenAddress],
        producerIds: [String],
        consumerIds: [String],
        consumerIdsBySsrc: [String: String],
        rtpListener: RtpListenerDump,
        recvRtpHeaderExtensions: [String: UInt8],
        iceParameters: IceParameters,
        iceCandidates: [IceCandidate],
        iceState: IceState,
        iceSelectedTuple: TransportTuple? = nil,
        dtlsParameters: DtlsParameters,
        dtlsState: DtlsState,
        srtpProfile: String? = nil,
        sctpParameters: SctpParameters? = nil,
        sctpState: SctpState? = nil,
        dataProducerIds: [String] = [],
        dataConsumerIds: [String] = [],
        maxIncomingBitrate: UInt32,
        counters: [String: UInt64]
    ) {
        self.id = id
        self.routerId = routerId
        self.webRtcServerId = webRtcServerId
        self.sockets = sockets
        self.producerIds = producerIds
        self.consumerIds = consumerIds
        self.consumerIdsBySsrc = consumerIdsBySsrc
        self.rtpListener = rtpListener
        self.recvRtpHeaderExtensions = recvRtpHeaderExtensions
        self.iceParameters = iceParameters
        self.iceCandidates = iceCandidates
        self.iceState = iceState
        self.iceSelectedTuple = iceSelectedTuple
        self.dtlsParameters = dtlsParameters
        self.dtlsState = dtlsState
        self.srtpProfile = srtpProfile
        self.sctpParameters = sctpParameters
        self.sctpState = sctpState
        self.dataProducerIds = dataProducerIds
        self.dataConsumerIds = dataConsumerIds
        self.maxIncomingBitrate = maxIncomingBitrate
        self.counters = counters
    }
}

/// How received packets find their producer; ids of producers by what names them.
public struct RtpListenerDump: Codable, Hashable, Sendable {
    /// By SSRC, in decimal.
    public var ssrcTable: [String: String]
    /// By MID.
    public var midTable: [String: String]
    /// By RID.
    public var ridTable: [String: String]

    /// A value made of its parts.
    public init(ssrcTable: [String: String], midTable: [String: String], ridTable: [String: String]) {
        self.ssrcTable = ssrcTable
        self.midTable = midTable
        self.ridTable = ridTable
    }
}
