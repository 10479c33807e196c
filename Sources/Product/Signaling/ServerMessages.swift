// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletORTC

/// A peer as others are told of it; also the data of `newPeer`.
package struct PeerInfo: Codable, Hashable, Sendable {
    package var id: String
    package var displayName: String
    package var device: JSONValue

    package init(id: String, displayName: String, device: JSONValue) {
        (self.id, self.displayName, self.device) = (id, displayName, device)
    }
}

/// The answer to `join`: who is there already.
package struct JoinAnswer: Codable, Hashable, Sendable {
    package var peers: [PeerInfo]
    /// Our own addition: what was written before, the oldest first.
    package var chatHistory: [ChatMessage]

    package init(peers: [PeerInfo], chatHistory: [ChatMessage] = []) {
        (self.peers, self.chatHistory) = (peers, chatHistory)
    }
}

/// A STUN or TURN server, as browsers take it.
package struct IceServer: Codable, Hashable, Sendable {
    package var urls: [String]
    package var username: String?
    package var credential: String?

    package init(urls: [String], username: String? = nil, credential: String? = nil) {
        (self.urls, self.username, self.credential) = (urls, username, credential)
    }
}

/// The answer to `createWebRtcTransport`.
package struct CreateWebRtcTransportAnswer: Codable, Hashable, Sendable {
    package var id: String
    package var iceParameters: IceParameters
    package var iceCandidates: [IceCandidate]
    package var dtlsParameters: DtlsParameters
    /// Absent without data channels.
    package var sctpParameters: SctpParameters?
    /// Our own addition: what the client may relay through.
    package var iceServers: [IceServer]

    package init(
        id: String,
        iceParameters: IceParameters,
        iceCandidates: [IceCandidate],
        dtlsParameters: DtlsParameters,
        sctpParameters: SctpParameters? = nil,
        iceServers: [IceServer]
    ) {
        (self.id, self.iceParameters, self.iceCandidates) = (id, iceParameters, iceCandidates)
        (self.dtlsParameters, self.sctpParameters, self.iceServers) = (dtlsParameters, sctpParameters, iceServers)
    }
}

/// The answer to `produce` and `produceData`.
package struct ProduceAnswer: Codable, Hashable, Sendable {
    package var id: String

    package init(id: String) { self.id = id }
}

/// Data of the server's request `newConsumer`: media that comes once the client has accepted it.
package struct NewConsumerRequest: Codable, Hashable, Sendable {
    /// Who sends it.
    package var peerId: String
    package var producerId: String
    /// The consumer's id.
    package var id: String
    package var kind: MediaKind
    package var rtpParameters: RtpParameters
    package var type: ConsumerType
    /// What the producer's client said of it, with its `peerId`.
    package var appData: JSONValue
    package var producerPaused: Bool

    package init(
        peerId: String,
        producerId: String,
        id: String,
        kind: MediaKind,
        rtpParameters: RtpParameters,
        type: ConsumerType,
        appData: JSONValue,
        producerPaused: Bool
    ) {
        (self.peerId, self.producerId, self.id, self.kind) = (peerId, producerId, id, kind)
        (self.rtpParameters, self.type) = (rtpParameters, type)
        (self.appData, self.producerPaused) = (appData, producerPaused)
    }
}

/// Data of `peerClosed`.
package struct PeerNotice: Codable, Hashable, Sendable {
    package var peerId: String

    package init(peerId: String) { self.peerId = peerId }
}

/// Data of `peerDisplayNameChanged`.
package struct DisplayNameNotice: Codable, Hashable, Sendable {
    package var peerId: String
    package var displayName: String
    package var oldDisplayName: String

    package init(peerId: String, displayName: String, oldDisplayName: String) {
        (self.peerId, self.displayName, self.oldDisplayName) = (peerId, displayName, oldDisplayName)
    }
}

/// Data of `consumerClosed`, `consumerPaused` and `consumerResumed`.
package struct ConsumerNotice: Codable, Hashable, Sendable {
    package var consumerId: String

    package init(consumerId: String) { self.consumerId = consumerId }
}

/// Data of `producerScore` and `consumerScore`, whose scores are values of the API.
package struct ScoreNotice<Score: Codable & Hashable & Sendable>: Codable, Hashable, Sendable {
    package var producerId: String?
    package var consumerId: String?
    package var score: Score

    package init(producerId: String? = nil, consumerId: String? = nil, score: Score) {
        (self.producerId, self.consumerId, self.score) = (producerId, consumerId, score)
    }
}

/// The answer to `setConsumerPreferredLayers`, our own addition: what became of the wish, or nothing without layers.
package struct PreferredLayersAnswer: Codable, Hashable, Sendable {
    package var spatialLayer: Int?
    package var temporalLayer: Int?

    package init(spatialLayer: Int?, temporalLayer: Int?) {
        (self.spatialLayer, self.temporalLayer) = (spatialLayer, temporalLayer)
    }
}

/// Data of `consumerLayersChanged`: which layers come now; both are null for none.
package struct ConsumerLayersNotice: Codable, Hashable, Sendable {
    package var consumerId: String
    package var spatialLayer: Int?
    package var temporalLayer: Int?

    package init(consumerId: String, spatialLayer: Int?, temporalLayer: Int?) {
        (self.consumerId, self.spatialLayer, self.temporalLayer) = (consumerId, spatialLayer, temporalLayer)
    }

    package func encode(to encoder: any Encoder) throws {
        // Clients look for null, not for absence.
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(consumerId, forKey: .consumerId)
        try container.encode(spatialLayer, forKey: .spatialLayer)
        try container.encode(temporalLayer, forKey: .temporalLayer)
    }
}

/// Data of `producerDemand`, our own addition: what viewers want of a producer, so that the rest need not be sent.
package struct ProducerDemandNotice: Codable, Hashable, Sendable {
    package var producerId: String
    /// For each encoding, the smallest first, whether anybody watches it.
    package var encodings: [Bool]
    /// The highest layers that anybody watches, −1 for none.
    package var spatialLayer: Int
    package var temporalLayer: Int

    package init(producerId: String, encodings: [Bool], spatialLayer: Int, temporalLayer: Int) {
        (self.producerId, self.encodings) = (producerId, encodings)
        (self.spatialLayer, self.temporalLayer) = (spatialLayer, temporalLayer)
    }
}

/// How loud a peer was just now.
package struct PeerVolume: Codable, Hashable, Sendable {
    package var peerId: String
    /// Our own addition: which of its producers it was.
    package var producerId: String
    /// From −127 to 0 dBov.
    package var volume: Int

    package init(peerId: String, producerId: String, volume: Int) {
        (self.peerId, self.producerId, self.volume) = (peerId, producerId, volume)
    }
}

/// Data of `speakingPeers`: the loudest, the loudest first; empty once nobody is.
package struct SpeakingPeersNotice: Codable, Hashable, Sendable {
    package var peerVolumes: [PeerVolume]

    package init(peerVolumes: [PeerVolume]) { self.peerVolumes = peerVolumes }
}

/// Data of `activeSpeaker`: who has the word; null for nobody.
package struct ActiveSpeakerNotice: Codable, Hashable, Sendable {
    package var peerId: String?
    /// How loud, where it is known.
    package var volume: Int?

    package init(peerId: String?, volume: Int? = nil) { (self.peerId, self.volume) = (peerId, volume) }

    package func encode(to encoder: any Encoder) throws {
        // Clients look for null, not for absence.
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(peerId, forKey: .peerId)
        try container.encodeIfPresent(volume, forKey: .volume)
    }
}

/// Data of `routerClosed` and `protocolError`, our own additions.
package struct ReasonNotice: Codable, Hashable, Sendable {
    package var reason: String

    package init(reason: String) { self.reason = reason }
}

/// Close codes of the WebSocket, beside those of RFC 6455 §7.4.1.
package enum SignalingCloseCode {
    /// The server ended the session for good: replaced by a newer connection of the same peer, or no `join` in time.
    package static let ended: UInt16 = 4000
    /// The room's media is gone, because its worker ended; come back.
    package static let routerClosed: UInt16 = 4001
    /// The peer's media has not come back in time; come back.
    package static let mediaLost: UInt16 = 4002
}
