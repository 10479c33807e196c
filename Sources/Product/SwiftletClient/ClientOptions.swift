// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

public import SwiftletORTC

/// How a client connects and what it does.
public struct ClientOptions: Sendable {
    /// Whether it receives what others publish; without it nothing is offered to it.
    public var receives = true
    /// What it takes of what it is offered.
    public var kinds: Set<MediaKind> = [.audio, .video]
    /// Whether it takes what others send by data channels.
    public var receivesData = true
    /// Whether messages of data channels are kept for their reader; else they are counted alone.
    public var keepsMessages = true
    /// Whether synthetic video is checked frame by frame, which takes some 50 kB for each subscription.
    ///
    /// Without it losses, repairs, key frames, frames, freezes and delays are counted all the same, but
    /// ``SubscriptionStatistics/undecodableFrames`` and ``SubscriptionStatistics/faults`` of video stay 0, and layers are
    /// unknown.
    public var checksMedia = true
    /// Whether lost video packets are asked for.
    public var requestsRepairs = true
    /// Decides what it takes of those kinds, by who sends it; `nil` for everything.
    public var accepts: (@Sendable (_ peer: String, _ kind: MediaKind) -> Bool)?
    /// What stands between it and the server, from the beginning.
    public var network = NetworkProfile.clear
    /// Where the network's losses and all that need not be secret come from; `nil` for something new each time.
    public var seed: UInt64?
    /// What is added to the URL's query, such as a token.
    public var query: [String: String] = [:]
    /// What is added to the request that opens the WebSocket.
    public var headers: [String: String] = [:]
    /// A PEM file of certificates to trust beside those that this machine trusts, as for a server that signed its own.
    public var trustedCertificates: String?
    /// Whether the server's certificate must be a trusted one for its name; for `wss` alone.
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
