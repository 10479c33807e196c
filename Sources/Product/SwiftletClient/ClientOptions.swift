// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

public import SwiftletORTC

/// How a client connects and what it does.
public struct ClientOptions: Sendable {
    /// Whether it receives what others publish; without it nothing is offered to it.
    public var receives = true
    /// What it takes of what it is offered.
    public var kinds: Set<MediaKind> = [.audio, .video]
    /// What stands between it and the server, from the beginning.
    public var network = NetworkProfile.clear
    /// What is added to the URL's query, such as a token.
    public var query: [String: String] = [:]
    /// What is added to the request that opens the WebSocket.
    public var headers: [String: String] = [:]
    /// Whether the server's certificate must be one that this machine trusts; for `wss` alone.
    public var verifiesCertificate = true
    /// How long any answer of the server may take.
    public var requestTimeout = Duration.seconds(15)
    /// How long media may take to connect, and to come back once it broke.
    public var mediaTimeout = Duration.seconds(15)
    /// Where its media runs.
    public var threads = MediaThreads.shared

    /// The defaults.
    public init() {}
}
