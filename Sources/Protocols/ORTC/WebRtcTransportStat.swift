// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// What a WebRTC transport has seen so far.
public struct WebRtcTransportStat: Codable, Hashable, Sendable {
    /// Always "webrtc-transport".
    public var type: String
    /// The transport's id.
    public var transportId: String
    /// When this was read, in milliseconds of the worker's clock.
    public var timestamp: Int
    /// Our role in ICE.
    public var iceRole: IceRole
    /// How far ICE has come.
    public var iceState: IceState
    /// The path in use.
    public var iceSelectedTuple: TransportTuple?
    /// How far DTLS has come.
    public var dtlsState: DtlsState
    /// How far SCTP has come; `nil` without it.
    public var sctpState: SctpState?
    /// Bytes received, of every kind.
    public var bytesReceived: Int
    /// Bit/s received, of every kind.
    public var recvBitrate: Int
    /// Bytes sent, of every kind.
    public var bytesSent: Int
    /// Bit/s sent, of every kind.
    public var sendBitrate: Int
    /// Bytes of media received.
    public var rtpBytesReceived: Int
    /// Bit/s of media received.
    public var rtpRecvBitrate: Int
    /// Bytes of media sent.
    public var rtpBytesSent: Int
    /// Bit/s of media sent.
    public var rtpSendBitrate: Int
    /// Bytes of retransmissions received.
    public var rtxBytesReceived: Int
    /// Bit/s of retransmissions received.
    public var rtxRecvBitrate: Int
    /// Bytes of retransmissions sent.
    public var rtxBytesSent: Int
    /// Bit/s of retransmissions sent.
    public var rtxSendBitrate: Int
    /// Bytes of probes sent.
    public var probationBytesSent: Int
    /// Bit/s of probes sent.
    public var probationSendBitrate: Int
    /// The estimate of what can be sent, in bit/s.
    public var availableOutgoingBitrate: Int?
    /// The estimate of what can be received, in bit/s.
    public var availableIncomingBitrate: Int?
    /// The limit asked for by `setMaxIncomingBitrate`.
    public var maxIncomingBitrate: Int?
    /// The limit asked for by `setMaxOutgoingBitrate`.
    public var maxOutgoingBitrate: Int?
    /// The floor asked for by `setMinOutgoingBitrate`.
    public var minOutgoingBitrate: Int?
    /// The share of packets lost on their way here, from 0 to 1.
    public var rtpPacketLossReceived: Double?
    /// The share of packets lost on their way to the peer, from 0 to 1.
    public var rtpPacketLossSent: Double?

    /// Makes a statistic with counters at zero, to be filled in.
    public init(
        transportId: String,
        timestamp: Int,
        iceRole: IceRole = .controlled,
        iceState: IceState = .new,
        iceSelectedTuple: TransportTuple? = nil,
        dtlsState: DtlsState = .new,
        sctpState: SctpState? = nil,
        bytesReceived: Int = 0,
        recvBitrate: Int = 0,
        bytesSent: Int = 0,
        sendBitrate: Int = 0,
        rtpBytesReceived: Int = 0,
        rtpRecvBitrate: Int = 0,
        rtpBytesSent: Int = 0,
        rtpSendBitrate: Int = 0,
        rtxBytesReceived: Int = 0,
        rtxRecvBitrate: Int = 0,
        rtxBytesSent: Int = 0,
        rtxSendBitrate: Int = 0,
        probationBytesSent: Int = 0,
        probationSendBitrate: Int = 0,
        availableOutgoingBitrate: Int? = nil,
        availableIncomingBitrate: Int? = nil,
        maxIncomingBitrate: Int? = nil,
        maxOutgoingBitrate: Int? = nil,
        minOutgoingBitrate: Int? = nil,
        rtpPacketLossReceived: Double? = nil,
        rtpPacketLossSent: Double? = nil
    ) {
        type = "webrtc-transport"
        (self.transportId, self.timestamp, self.iceRole) = (transportId, timestamp, iceRole)
        (self.iceState, self.iceSelectedTuple, self.dtlsState) = (iceState, iceSelectedTuple, dtlsState)
        self.sctpState = sctpState
        (self.bytesReceived, self.recvBitrate) = (bytesReceived, recvBitrate)
        (self.bytesSent, self.sendBitrate) = (bytesSent, sendBitrate)
        (self.rtpBytesReceived, self.rtpRecvBitrate) = (rtpBytesReceived, rtpRecvBitrate)
        (self.rtpBytesSent, self.rtpSendBitrate) = (rtpBytesSent, rtpSendBitrate)
        (self.rtxBytesReceived, self.rtxRecvBitrate) = (rtxBytesReceived, rtxRecvBitrate)
        (self.rtxBytesSent, self.rtxSendBitrate) = (rtxBytesSent, rtxSendBitrate)
        (self.probationBytesSent, self.probationSendBitrate) = (probationBytesSent, probationSendBitrate)
        self.availableOutgoingBitrate = availableOutgoingBitrate
        self.availableIncomingBitrate = availableIncomingBitrate
        (self.maxIncomingBitrate, self.maxOutgoingBitrate) = (maxIncomingBitrate, maxOutgoingBitrate)
        self.minOutgoingBitrate = minOutgoingBitrate
        (self.rtpPacketLossReceived, self.rtpPacketLossSent) = (rtpPacketLossReceived, rtpPacketLossSent)
    }
}
