// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
public import SwiftletORTC

/// What a transport is made with.
public struct WebRtcTransportOptions: Sendable {
    /// Where a transport receives.
    public enum Listen: Sendable {
        /// On the ports of a server, shared with other transports; the server is of the router's worker.
        case server(WebRtcServer)
        /// On ports of its own; one entry for each, the preferred first, 1 to 32.
        case infos([TransportListenInfo])
    }

    /// Where it receives.
    public var listen: Listen
    /// Whether a server's UDP ports become candidates; with ports of its own the protocols come from those.
    public var enableUdp: Bool
    /// Whether a server's TCP ports become candidates.
    public var enableTcp: Bool
    /// Whether UDP candidates get a higher priority.
    public var preferUdp: Bool
    /// Whether TCP candidates get a higher priority.
    public var preferTcp: Bool
    /// Seconds without a valid check until the peer counts as gone; 0 for never, otherwise held to 10 to 60.
    public var iceConsentTimeout: Int
    /// Where the estimate of what the peer can receive starts, in bits per second.
    public var initialAvailableOutgoingBitrate: UInt32
    /// Whether there can be data channels; without them the options below mean nothing.
    public var enableSctp: Bool
    /// The longest message that is sent to the peer, in bytes, from 1 to 16 MiB.
    public var maxSendMessageSize: Int
    /// The longest message that the peer may send, in bytes, from 1 to 16 MiB; it is told to the peer.
    public var maxReceiveMessageSize: Int
    /// Bytes that may wait to be sent to the peer, over all data channels: 1 to 256 MiB, and one whole message at least.
    public var sctpSendBufferSize: Int
    /// Bytes that may wait to be sent on one data channel: 1 to 256 MiB, and one whole message at least.
    public var sctpPerStreamSendQueueLimit: Int
    /// Bytes that are held for messages of which parts are missing: 1 to 256 MiB, and one whole message at least.
    public var sctpMaxReceiverWindowBufferSize: Int
    /// The application's own data.
    public var appData: JSONValue

    /// Options for a transport; everything but where it receives has a default.
    public init(
        listen: Listen,
        enableUdp: Bool = true,
        enableTcp: Bool = false,
        preferUdp: Bool = false,
        preferTcp: Bool = false,
        iceConsentTimeout: Int = 30,
        initialAvailableOutgoingBitrate: UInt32 = 600_000,
        enableSctp: Bool = false,
        maxSendMessageSize: Int = 262_144,
        maxReceiveMessageSize: Int = 262_144,
        sctpSendBufferSize: Int = 2_000_000,
        sctpPerStreamSendQueueLimit: Int = 2_000_000,
        sctpMaxReceiverWindowBufferSize: Int = 5_242_880,
        appData: JSONValue = [:]
    ) {
        (self.listen, self.enableUdp, self.enableTcp) = (listen, enableUdp, enableTcp)
        (self.preferUdp, self.preferTcp) = (preferUdp, preferTcp)
        (self.iceConsentTimeout, self.appData) = (iceConsentTimeout, appData)
        self.initialAvailableOutgoingBitrate = initialAvailableOutgoingBitrate
        (self.enableSctp, self.maxSendMessageSize) = (enableSctp, maxSendMessageSize)
        (self.maxReceiveMessageSize, self.sctpSendBufferSize) = (maxReceiveMessageSize, sctpSendBufferSize)
        self.sctpPerStreamSendQueueLimit = sctpPerStreamSendQueueLimit
        self.sctpMaxReceiverWindowBufferSize = sctpMaxReceiverWindowBufferSize
    }

    /// The consent timeout as the worker takes it.
    var clampedConsentTimeout: UInt8 { iceConsentTimeout <= 0 ? 0 : UInt8(min(max(iceConsentTimeout, 10), 60)) }
}

/// The sizes that options of transports give.
extension SctpOptions {
    /// The largest buffer that can be asked for, in bytes.
    static let maximumBufferSize = 256 << 20

    /// How data channels are to work, or `nil` where they are not enabled.
    init?(_ options: WebRtcTransportOptions) throws(SwiftletError) {
        guard options.enableSctp else { return nil }
        let longestSent = try Self.messageSize(options.maxSendMessageSize, "maxSendMessageSize")
        let longestReceived = try Self.messageSize(options.maxReceiveMessageSize, "maxReceiveMessageSize")
        self.init(
            maxSendMessageSize: longestSent,
            maxReceiveMessageSize: longestReceived,
            sendBufferSize: max(
                try Self.size(options.sctpSendBufferSize, "sctpSendBufferSize", atMost: Self.maximumBufferSize),
                longestSent
            ),
            perStreamSendQueueLimit: max(
                try Self.size(
                    options.sctpPerStreamSendQueueLimit,
                    "sctpPerStreamSendQueueLimit",
                    atMost: Self.maximumBufferSize
                ),
                longestSent
            ),
            maxReceiverWindowBufferSize: max(
                try Self.size(
                    options.sctpMaxReceiverWindowBufferSize,
                    "sctpMaxReceiverWindowBufferSize",
                    atMost: Self.maximumBufferSize
                ),
                longestReceived
            )
        )
    }

    /// The longest message, as the worker takes it.
    static func messageSize(_ size: Int, _ name: String) throws(SwiftletError) -> UInt32 {
        try Self.size(size, name, atMost: DataMessage.maximumSize)
    }

    private static func size(_ size: Int, _ name: String, atMost limit: Int) throws(SwiftletError) -> UInt32 {
        guard (1...limit).contains(size), let size = UInt32(exactly: size) else {
            throw SwiftletError(.invalidArgument, "\(name) is \(size), not within 1 to \(limit)")
        }
        return size
    }
}
