// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

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
        appData: JSONValue = [:]
    ) {
        (self.listen, self.enableUdp, self.enableTcp) = (listen, enableUdp, enableTcp)
        (self.preferUdp, self.preferTcp) = (preferUdp, preferTcp)
        (self.iceConsentTimeout, self.appData) = (iceConsentTimeout, appData)
        self.initialAvailableOutgoingBitrate = initialAvailableOutgoingBitrate
    }

    /// The consent timeout as the worker takes it.
    var clampedConsentTimeout: UInt8 { iceConsentTimeout <= 0 ? 0 : UInt8(min(max(iceConsentTimeout, 10), 60)) }
}
