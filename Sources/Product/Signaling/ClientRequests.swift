// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletORTC

/// Data of `join`: who comes in, and what can be received.
package struct JoinRequest: Codable, Hashable, Sendable {
    package var displayName: String?
    /// What the client says of itself: flag, name, version.
    package var device: JSONValue?
    /// What the client can receive; without it nothing is consumed.
    package var rtpCapabilities: RtpCapabilities?
    /// What the client can do in SCTP; without it no data channel is consumed.
    package var sctpCapabilities: SctpCapabilities?

    package init(
        displayName: String?,
        device: JSONValue? = nil,
        rtpCapabilities: RtpCapabilities? = nil,
        sctpCapabilities: SctpCapabilities? = nil
    ) {
        (self.displayName, self.device) = (displayName, device)
        (self.rtpCapabilities, self.sctpCapabilities) = (rtpCapabilities, sctpCapabilities)
    }
}

/// Data of `createWebRtcTransport`.
package struct CreateWebRtcTransportRequest: Codable, Hashable, Sendable {
    /// Whether only TCP candidates are wanted.
    package var forceTcp: Bool?
    /// Whether the client sends through it.
    package var producing: Bool?
    /// Whether the client receives through it.
    package var consuming: Bool?
    /// What the client can do in SCTP; without it the transport carries no data channels.
    package var sctpCapabilities: SctpCapabilities?

    package init(
        forceTcp: Bool? = nil,
        producing: Bool? = nil,
        consuming: Bool? = nil,
        sctpCapabilities: SctpCapabilities? = nil
    ) {
        (self.forceTcp, self.producing, self.consuming) = (forceTcp, producing, consuming)
        self.sctpCapabilities = sctpCapabilities
    }
}

/// Data of `connectWebRtcTransport`.
package struct ConnectWebRtcTransportRequest: Codable, Hashable, Sendable {
    package var transportId: String
    package var dtlsParameters: DtlsParameters

    package init(transportId: String, dtlsParameters: DtlsParameters) {
        (self.transportId, self.dtlsParameters) = (transportId, dtlsParameters)
    }
}

/// Data of requests that name a transport.
package struct TransportRequest: Codable, Hashable, Sendable {
    package var transportId: String

    package init(transportId: String) { self.transportId = transportId }
}

/// Data of `produce`.
package struct ProduceRequest: Codable, Hashable, Sendable {
    package var transportId: String
    package var kind: MediaKind
    package var rtpParameters: RtpParameters
    /// The client's own data, told to everybody who consumes.
    package var appData: JSONValue?

    package init(transportId: String, kind: MediaKind, rtpParameters: RtpParameters, appData: JSONValue? = nil) {
        (self.transportId, self.kind) = (transportId, kind)
        (self.rtpParameters, self.appData) = (rtpParameters, appData)
    }
}

/// Data of requests that name a producer.
package struct ProducerRequest: Codable, Hashable, Sendable {
    package var producerId: String

    package init(producerId: String) { self.producerId = producerId }
}

/// Data of requests that name a consumer.
package struct ConsumerRequest: Codable, Hashable, Sendable {
    package var consumerId: String

    package init(consumerId: String) { self.consumerId = consumerId }
}

/// Data of `setConsumerPreferredLayers`: which layers the client wants at most.
package struct SetConsumerPreferredLayersRequest: Codable, Hashable, Sendable {
    package var consumerId: String
    /// The size of the picture, 0 for the smallest.
    package var spatialLayer: Int
    /// The frame rate, 0 for the lowest; absent for the highest.
    package var temporalLayer: Int?

    package init(consumerId: String, spatialLayer: Int, temporalLayer: Int? = nil) {
        (self.consumerId, self.spatialLayer, self.temporalLayer) = (consumerId, spatialLayer, temporalLayer)
    }
}

/// Data of `setConsumerPriority`: who is served first where not all fits.
package struct SetConsumerPriorityRequest: Codable, Hashable, Sendable {
    package var consumerId: String
    /// From 1 to 255, the most important.
    package var priority: Int

    package init(consumerId: String, priority: Int) { (self.consumerId, self.priority) = (consumerId, priority) }
}

/// Data of `changeDisplayName`.
package struct ChangeDisplayNameRequest: Codable, Hashable, Sendable {
    package var displayName: String

    package init(displayName: String) { self.displayName = displayName }
}
