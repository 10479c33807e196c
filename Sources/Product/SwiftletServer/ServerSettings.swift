// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

public import Logging
import SwiftletSignaling

/// How a server is run; every setting has a default, so that it runs with none given.
public struct ServerSettings: Sendable {
    /// Where TLS gets its certificate.
    public enum TLS: Hashable, Sendable {
        /// No TLS.
        case off
        /// A certificate made at start, that browsers warn about.
        case selfSigned
        /// PEM files: the chain, own certificate first, and its key.
        case files(certificate: String, key: String)
    }

    /// A STUN or TURN server that clients are told of.
    public struct IceServerSetting: Hashable, Sendable {
        /// Such as `turn:turn.example.org:3478`.
        public var url: String
        /// The user name, for TURN.
        public var username: String?
        /// The password, for TURN.
        public var credential: String?

        /// Reads `URL[,username,credential]`.
        ///
        /// - Throws: ``SettingsError`` for anything else.
        public init(parsing text: String) throws(SettingsError) {
            let parts = text.split(separator: ",", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
            guard ["stun:", "stuns:", "turn:", "turns:"].contains(where: parts[0].hasPrefix), parts.count != 2 else {
                throw SettingsError(
                    "ice-server \"\(text)\": it has the form URL or URL,username,credential, with a URL such as "
                        + "turn:turn.example.org:3478"
                )
            }
            url = parts[0]
            if parts.count == 3 { (username, credential) = (parts[1], parts[2]) }
        }

        var forClients: IceServer { IceServer(urls: [url], username: username, credential: credential) }
    }

    /// The address that HTTP listens on.
    public var host = "127.0.0.1"
    /// The port of HTTP, with WebSockets and TLS on it; 0 takes a free one.
    public var port = 8080
    /// The port of metrics, on a listener of their own; 0 takes a free one, `nil` for none.
    public var metricsPort: Int?
    /// The address that metrics listen on; they are open to whoever reaches it.
    public var metricsHost = "127.0.0.1"
    /// Whether and how TLS is spoken.
    public var tls = TLS.off
    /// Whether other machines may come in, though there are no access tokens yet.
    public var insecure = false
    /// Origins of pages that may connect, beside the server's own; `*` for all.
    public var allowedOrigins: [String] = []
    /// The UDP and TCP port of the first worker's media; each further worker has the next one.
    public var mediaPort = 44_444
    /// Addresses that media listens on; empty for every one of this machine.
    public var mediaAddresses: [String] = []
    /// Addresses or host names to tell clients, in the order of the addresses that media listens on.
    public var announcedAddresses: [String] = []
    /// How many workers; `nil` for one per core.
    public var workers: Int?
    /// Microseconds that a packet may wait for others to the same viewer, 0 to 5000: spares work, costs delay.
    public var flushWindow = 0
    /// The path of the worker program; `nil` to look for it.
    public var workerBinary: String?
    /// What clients are told to gather relayed candidates from.
    public var iceServers: [IceServerSetting] = []
    /// How much is logged.
    public var logLevel = Logger.Level.info
    /// What is allowed at most.
    public var limits = ServerLimits()

    /// The defaults.
    public init() {}

    /// Serves the local network: every address, TLS with a certificate made at start.
    public mutating func openToLocalNetwork() {
        (host, insecure) = ("0.0.0.0", true)
        if tls == .off { tls = .selfSigned }
    }

    /// Whether the server can only be reached from this machine.
    var isLoopback: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }

    /// Refuses settings that contradict each other or are unsafe.
    ///
    /// - Throws: ``SettingsError`` with what to change.
    public func validate() throws(SettingsError) {
        guard (0...65_535).contains(port) else { throw SettingsError("port \(port) is not from 0 to 65535") }
        if let metricsPort, !(0...65_535).contains(metricsPort) {
            throw SettingsError("metrics-port \(metricsPort) is not from 0 to 65535")
        }
        guard !metricsHost.isEmpty else { throw SettingsError("metrics-host is empty") }
        let count = workers ?? 1
        guard (1...256).contains(count) else { throw SettingsError("workers: \(count) is not from 1 to 256") }
        guard mediaPort >= 1, mediaPort + count - 1 <= 65_535 else {
            throw SettingsError("media-port \(mediaPort) with \(count) workers leaves the range from 1 to 65535")
        }
        guard (0...5_000).contains(flushWindow) else {
            throw SettingsError("flush-window: \(flushWindow) is not from 0 to 5000 microseconds")
        }
        try limits.validate()
        guard !isLoopback else { return }
        guard tls != .off else {
            throw SettingsError(
                "host \(host) can be reached from other machines: browsers only give cameras to secure pages, so use "
                    + "--tls-cert and --tls-key or --tls-self-signed, or serve on 127.0.0.1 behind a proxy"
            )
        }
        guard insecure else {
            throw SettingsError(
                "host \(host) can be reached from other machines, and there are no access tokens yet: everybody who "
                    + "reaches it can join every room; say --insecure if that is what you want"
            )
        }
    }
}

/// What a server allows at most, with its numbers.
public struct ServerLimits: Hashable, Sendable {
    /// Rooms at once.
    public var rooms = 1_000
    /// Peers in a room.
    public var peersPerRoom = 100
    /// Peers in all rooms.
    public var peers = 5_000
    /// Transports of a peer.
    public var transportsPerPeer = 8
    /// Producers of a peer.
    public var producersPerPeer = 16
    /// Data producers of a peer.
    public var dataProducersPerPeer = 8
    /// Bytes of a message on a data channel, from 1,024 to 16 MiB.
    public var messageBytes = 262_144
    /// Seconds that a room's chat is kept once everybody has left; 0 for not at all.
    public var chatRetention = 60
    /// TCP connections at once, pages and files included.
    public var connections = 20_000
    /// Consumers of a peer that are offered to it at once; more wait their turn.
    let offersAtOnce = 32
    /// What may wait to be offered to a peer: all that the others may produce.
    var waitingOffers: Int {
        min(peersPerRoom, 1 << 16) * (min(producersPerPeer, 1 << 16) + min(dataProducersPerPeer, 1 << 16))
    }
    /// Bytes of a display name.
    let displayNameBytes = 256
    /// Bytes of the label of a data channel, and of its protocol.
    let labelBytes = 256
    /// Bytes of JSON that a client may attach to itself, to a producer or to a data producer.
    let attachedBytes = 8_192
    /// Peers that are told of as loud at once.
    let loudPeers = 8
    /// Milliseconds between two messages about who is loud.
    let levelInterval = 300
    /// The mean level in dBov from which on somebody is loud.
    let loudnessThreshold = -70
    /// The highest layer that a client may name.
    let highestLayer = 15
    /// How long the answer to `produceData` waits for others to take the channel.
    let takingTime = Duration.milliseconds(500)
    /// How long a peer may take for its `join`.
    package var joinTime = Duration.seconds(10)
    /// How long a peer's media may be gone before the peer is.
    package var mediaLossTime = Duration.seconds(15)

    /// The defaults.
    public init() {}

    func validate() throws(SettingsError) {
        let named = [
            ("max-rooms", rooms), ("max-peers-per-room", peersPerRoom), ("max-peers", peers),
            ("max-transports-per-peer", transportsPerPeer), ("max-producers-per-peer", producersPerPeer),
            ("max-data-producers-per-peer", dataProducersPerPeer), ("max-connections", connections),
        ]
        for (name, value) in named where value < 1 {
            throw SettingsError("\(name) is \(value), and has to be 1 or more")
        }
        guard (1_024...(16 << 20)).contains(messageBytes) else {
            throw SettingsError("max-message-size: \(messageBytes) is not from 1024 to \(16 << 20)")
        }
        guard (0...86_400).contains(chatRetention) else {
            throw SettingsError("chat-retention: \(chatRetention) is not from 0 to 86400 seconds")
        }
    }
}

/// A setting that cannot be used.
public struct SettingsError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong and what to do about it, for people.
    public let message: String

    /// The message.
    public var description: String { message }

    init(_ message: String) { self.message = message }
}
