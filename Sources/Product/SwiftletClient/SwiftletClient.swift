// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

public import SwiftletORTC

/// One participant of a room without a browser: it publishes from packet sources, and receives and checks what others
/// publish.
///
/// ```swift
/// let client = try await SwiftletClient.connect(
///     to: "wss://media.example", room: "lobby", peer: "bot-1", displayName: "Bot")
/// let camera = try await client.publish(.video(codec: .vp8, layers: .simulcast()))
/// try await Task.sleep(for: .seconds(10))
/// for subscription in client.subscriptions {
///     let seen = await subscription.statistics()
///     print(subscription.peer, seen.packetsLost, seen.delay.percentile(0.99) ?? .zero)
/// }
/// await client.leave()
/// ```
///
/// A client lives until ``leave()`` or until the connection breaks; it does not come back by itself. Its media runs on
/// ``MediaThreads``, of which a few serve thousands of clients.
public final class SwiftletClient: Sendable {
    /// Something that befell a client.
    @nonexhaustive public enum Event: Sendable {
        /// Somebody came in.
        case peerJoined(String)
        /// Somebody left.
        case peerLeft(String)
        /// Something is received from now on.
        case subscribed(Subscription)
        /// Something is received no more.
        case unsubscribed(Subscription)
        /// A data channel brings messages from now on.
        case dataSubscribed(DataSubscription)
        /// A data channel brings messages no more.
        case dataUnsubscribed(DataSubscription)
        /// What is published can reach the server.
        case sendingConnected
        /// What others publish can reach the client.
        case receivingConnected
        /// The last event: `nil` after ``SwiftletClient/leave()``, else why it ended.
        case ended(SwiftletClientError?)
    }

    /// The room's id.
    public var room: String { core.room }
    /// The client's id in it.
    public var peer: String { core.peer }
    private let core: ClientCore

    private init(_ core: ClientCore) { self.core = core }

    /// Joins a room.
    ///
    /// - Parameters:
    ///   - url: The server: `wss://host:port`, or `ws`, `https` or `http`.
    ///   - room: The room's id, 1 to 128 bytes; it comes into being with its first peer.
    ///   - peer: This participant's id, 1 to 128 bytes; another connection with the same id is replaced.
    ///   - displayName: What others see, at most 256 bytes.
    ///   - options: How to connect and what to receive.
    /// - Returns: A client that is in the room; its media is on the way of being connected.
    /// - Throws: ``SwiftletClientError`` with `invalidURL`, `unreachable`, `refused`, `rejected`, `timeout`,
    ///   `connectionLost` or `resources`.
    public static func connect(
        to url: String,
        room: String,
        peer: String,
        displayName: String,
        options: ClientOptions = ClientOptions()
    ) async throws(SwiftletClientError) -> SwiftletClient {
        SwiftletClient(
            try await ClientCore.connect(
                to: url,
                room: room,
                peer: peer,
                displayName: displayName,
                options: options
            )
        )
    }

    /// Begins to publish.
    ///
    /// The first publication makes the transport to send by; packets leave once that is connected. Streams of a
    /// simulcast, and spatial layers of a synthetic stream, that nobody watches are left out as the server asks.
    ///
    /// - Throws: ``SwiftletClientError`` with `unsupported` when the room does not carry the codec, `invalidSource` for
    ///   files that cannot be sent, `rejected`, `timeout`, `connectionLost`, `closed` or `resources`.
    public func publish(_ media: OutgoingMedia) async throws(SwiftletClientError) -> Publication {
        try await core.publish(media)
    }

    /// Opens a data channel to everybody in the room.
    ///
    /// It returns once those who are there have taken the channel, after half a second at the latest: what is sent then
    /// reaches them. A client has at most 8 such channels, unless the server is set otherwise.
    ///
    /// - Parameters:
    ///   - label: What it is for, at most 256 bytes.
    ///   - protocol: The sub-protocol, at most 256 bytes.
    ///   - ordered: Whether messages arrive in the order they were sent; `nil` for yes unless there is a limit, with
    ///     which they cannot.
    ///   - maxRetransmits: How often a message is sent again before it is given up; `nil` for as often as it takes.
    ///   - maxPacketLifeTime: How long a message is tried, in steps of a millisecond; `nil` for as long as it takes. At
    ///     most one of both limits may be given.
    /// - Returns: The channel.
    /// - Throws: ``SwiftletClientError`` with `unsupported` when the server has no data channels, `rejected`, `timeout`,
    ///   `connectionLost`, `mediaLost`, `closed` or `resources`.
    public func publishData(
        label: String,
        protocol: String = "",
        ordered: Bool? = nil,
        maxRetransmits: Int? = nil,
        maxPacketLifeTime: Duration? = nil
    ) async throws(SwiftletClientError) -> DataPublication {
        try await core.publishData(label, `protocol`, ordered, maxRetransmits, maxPacketLifeTime)
    }

    /// Data channels of others that are open now, in the order in which they were offered; further ones come as
    /// ``Event/dataSubscribed(_:)``.
    public var dataSubscriptions: [DataSubscription] { core.board.dataSubscriptions }

    /// What is received now, in the order in which it was offered.
    public var subscriptions: [Subscription] { core.board.subscriptions }

    /// The other participants' ids.
    public var peers: Set<String> { core.board.peers }

    /// Events from now on, in a sequence of the caller's own; one that falls 256 events behind loses the oldest.
    public func events() -> AsyncStream<Event> { core.board.events() }

    /// What was sent and received so far.
    public func statistics() async -> ClientStatistics { await core.statistics() }

    /// Changes what stands between the client and the server.
    public func setNetwork(_ profile: NetworkProfile) async { await core.setNetwork(profile) }

    /// Looks for the way to the server anew on all transports, as after a change of networks.
    ///
    /// - Throws: ``SwiftletClientError`` with `rejected`, `timeout`, `connectionLost` or `closed`.
    public func restartIce() async throws(SwiftletClientError) {
        for side in TransportSide.allCases { try await core.restartIce(side) }
    }

    /// Leaves the room, and waits until the server has been told; leaving again does nothing.
    public func leave() async { await core.end(nil) }

    /// Waits for the end.
    ///
    /// - Throws: Why, unless it was ``leave()``.
    public func closed() async throws(SwiftletClientError) {
        for await event in core.board.events() {
            guard case .ended(let error) = event else { continue }
            if let error { throw error }
            return
        }
    }
}

/// Something that a client publishes.
public final class Publication: Sendable {
    /// The producer's id.
    public let id: String
    /// Sound or video.
    public let kind: MediaKind
    private let core: ClientCore

    init(id: String, kind: MediaKind, core: ClientCore) { (self.id, self.kind, self.core) = (id, kind, core) }

    /// What was sent so far.
    public func statistics() async -> PublicationStatistics {
        await core.statistics().publications[id] ?? PublicationStatistics()
    }

    /// Sends nothing until ``resume()``.
    ///
    /// - Throws: ``SwiftletClientError`` with `rejected`, `timeout`, `connectionLost` or `closed`.
    public func pause() async throws(SwiftletClientError) { try await core.setPaused(id, true) }

    /// Sends again.
    ///
    /// - Throws: As ``pause()``.
    public func resume() async throws(SwiftletClientError) { try await core.setPaused(id, false) }

    /// Ends it; ending again does nothing.
    ///
    /// - Throws: As ``pause()``.
    public func close() async throws(SwiftletClientError) { try await core.unpublish(id) }
}

/// Something that a client receives.
public final class Subscription: Sendable {
    /// The consumer's id.
    public let id: String
    /// The producer's id.
    public let producerId: String
    /// Who sends it.
    public let peer: String
    /// Sound or video.
    public let kind: MediaKind
    /// As in `mimeType`.
    public let codec: String
    /// One stream, several sizes in streams of their own, or layers in one.
    public let type: ConsumerType
    private let core: ClientCore

    init(
        id: String,
        producerId: String,
        peer: String,
        kind: MediaKind,
        codec: String,
        type: ConsumerType,
        core: ClientCore
    ) {
        (self.id, self.producerId, self.peer, self.kind) = (id, producerId, peer, kind)
        (self.codec, self.type, self.core) = (codec, type, core)
    }

    /// What was received so far.
    public func statistics() async -> SubscriptionStatistics {
        await core.statistics().subscriptions[id] ?? SubscriptionStatistics()
    }

    /// Asks for layers at most: 0 is the smallest size, and the lowest frame rate.
    ///
    /// - Throws: ``SwiftletClientError`` with `rejected`, `timeout`, `connectionLost` or `closed`.
    public func setPreferredLayers(spatial: Int, temporal: Int? = nil) async throws(SwiftletClientError) {
        try await core.setPreferredLayers(id, spatial: spatial, temporal: temporal)
    }

    /// Receives nothing until ``resume()``.
    ///
    /// - Throws: As ``setPreferredLayers(spatial:temporal:)``.
    public func pause() async throws(SwiftletClientError) { try await core.setReceiving(id, false) }

    /// Receives again.
    ///
    /// - Throws: As ``setPreferredLayers(spatial:temporal:)``.
    public func resume() async throws(SwiftletClientError) { try await core.setReceiving(id, true) }
}
