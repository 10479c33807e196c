// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

public import SwiftletControl
public import SwiftletORTC

/// What a consumer is made with.
public struct ConsumerOptions: Sendable {
    /// Consumers that may be asked for at once.
    public static var maximumCount: Int { 1024 }

    /// The producer to consume.
    public var producerId: String
    /// What the peer can receive; payload types and extension ids are the peer's own.
    public var rtpCapabilities: RtpCapabilities
    /// Whether it starts paused; better so, until the peer is ready to receive.
    public var paused: Bool
    /// Which layers the peer wants at most, of a producer with several; `nil` for the highest.
    public var preferredLayers: ConsumerLayers?
    /// Whether lost packets are sent again; `nil` for video alone.
    public var enableRtx: Bool?
    /// Whether Opus packets of silence are left out.
    public var ignoreDtx: Bool
    /// Whether the dependency descriptor stays on the packets, where the producer sends one and the peer can read it.
    ///
    /// By default it is stripped: the worker reads it to choose layers, and browsers do not need it. Peers that take
    /// packets of encrypted frames apart do.
    public var forwardDependencyDescriptor: Bool
    /// The media section's id, unique in the transport; without one it is the next free number.
    public var mid: String?
    /// The application's own data.
    public var appData: JSONValue

    /// Options for a consumer; everything but what is received has a default.
    public init(
        producerId: String,
        rtpCapabilities: RtpCapabilities,
        paused: Bool = false,
        preferredLayers: ConsumerLayers? = nil,
        enableRtx: Bool? = nil,
        ignoreDtx: Bool = false,
        forwardDependencyDescriptor: Bool = false,
        mid: String? = nil,
        appData: JSONValue = [:]
    ) {
        (self.producerId, self.rtpCapabilities, self.paused) = (producerId, rtpCapabilities, paused)
        (self.preferredLayers, self.enableRtx, self.ignoreDtx) = (preferredLayers, enableRtx, ignoreDtx)
        self.forwardDependencyDescriptor = forwardDependencyDescriptor
        (self.mid, self.appData) = (mid, appData)
    }
}

extension ConsumerLayers {
    /// Refuses layers below 0, before a worker is asked; those above the producer's mean its highest.
    func check() throws(SwiftletError) {
        guard spatialLayer >= 0 else {
            throw SwiftletError(.invalidArgument, "preferredLayers.spatialLayer is \(spatialLayer), below 0")
        }
        guard let temporalLayer, temporalLayer < 0 else { return }
        throw SwiftletError(.invalidArgument, "preferredLayers.temporalLayer is \(temporalLayer), below 0")
    }
}
