// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// The inside of a worker, for people who debug.
public struct WorkerDump: Codable, Hashable, Sendable {
    /// The worker's process.
    public var pid: Int32
    /// Its servers.
    public var webRtcServerIds: [String]
    /// Its routers.
    public var routerIds: [String]
    /// What the worker counts, by name: packets, drops, system calls, the longest turn of its loop.
    public var counters: [String: UInt64]

    /// A value made of its parts.
    public init(pid: Int32, webRtcServerIds: [String], routerIds: [String], counters: [String: UInt64]) {
        self.pid = pid
        self.webRtcServerIds = webRtcServerIds
        self.routerIds = routerIds
        self.counters = counters
    }
}

/// The inside of a server, for people who debug.
public struct WebRtcServerDump: Codable, Hashable, Sendable {
    /// The server.
    public var id: String
    /// Where it listens.
    public var sockets: [ListenAddress]
    /// The transports that listen on it.
    public var webRtcTransportIds: [String]
    /// Transports by the ICE user name fragments they answer to.
    public var localIceUsernameFragments: [String: String]
    /// Transports by the remote addresses that passed an ICE check, as text.
    public var tuples: [String: String]

    /// A value made of its parts.
    public init(
        id: String,
        sockets: [ListenAddress],
        webRtcTransportIds: [String],
        localIceUsernameFragments: [String: String],
        tuples: [String: String]
    ) {
        self.id = id
        self.sockets = sockets
        self.webRtcTransportIds = webRtcTransportIds
        self.localIceUsernameFragments = localIceUsernameFragments
        self.tuples = tuples
    }
}
