// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import Swiftlet
import SwiftletSignaling

/// A meeting: its peers, and the router that their media meets in.
///
/// Everything about its peers happens here, one step at a time; whatever waited for a worker or a client looks again
/// whether its peer is still there.
actor Room {
    /// Names the room.
    let id: String
    let settings: ServerSettings
    let logger: Logger
    /// What was written here, also before the present router.
    let chat: ChatHistory
    private let pool: WorkerPool
    private(set) var peers: [String: Peer] = [:]
    private var hosting: Task<WorkerPool.Hosting, any Error>?
    private var hosted: WorkerPool.Hosting?
    /// Who is loud and who speaks in the present router.
    var voices = Voices()
    /// Listens to the chat in the present router.
    var recorder: ChatRecorder?
    private var isClosed = false

    init(id: String, chat: ChatHistory, pool: WorkerPool, settings: ServerSettings, logger: Logger) {
        (self.id, self.chat, self.pool, self.settings) = (id, chat, pool, settings)
        var logger = logger
        logger[metadataKey: "room"] = "\(id)"
        self.logger = logger
    }

    // MARK: - Peers

    /// Takes a peer in; one with the same id has to go.
    ///
    /// - Returns: `false` when the room is closed, and another has to be made.
    func enter(_ session: SignalingSession) async -> Bool {
        guard !isClosed else { return false }
        if let old = peers[session.peerId] {
            old.session.close(code: SignalingCloseCode.ended, reason: "replaced by a newer connection of this peer")
            remove(old)
        }
        let peer = Peer(session: session)
        peers[session.peerId] = peer
        session.logger.info("peer connected")
        let limit = settings.limits.joinTime
        peer.joinTimeout = Task { [weak self] in
            guard (try? await Task.sleep(for: limit)) != nil else { return }
            await self?.joinTimedOut(session, limit)
        }
        return true
    }

    /// Lets a peer go whose connection ended.
    ///
    /// - Returns: Whether the room is empty, and closed by that.
    func leave(_ session: SignalingSession) async -> Bool {
        if let peer = peer(of: session) { remove(peer) }
        guard peers.isEmpty else { return false }
        isClosed = true
        let ignored = chat.outcomes.filter { $0.key != .kept }
        if !ignored.isEmpty {
            logger.info("messages of the chat were not kept", metadata: ["counts": "\(ignored)"])
        }
        if let hosted {
            self.hosted = nil
            await hosted.router.close()
            await pool.release(hosted.lease)
        }
        return true
    }

    /// The peer of a connection, unless it has left or was replaced.
    func peer(of session: SignalingSession) -> Peer? {
        guard let peer = peers[session.peerId], peer.session === session else { return nil }
        return peer
    }

    /// How much of each there is here.
    var census: RoomCensus { RoomCensus(of: peers.values) }

    /// Everybody who joined, but one.
    func others(than peer: Peer) -> [Peer] { peers.values.filter { $0 !== peer && $0.isJoined } }

    /// Tells several the same: it is written once.
    func tell(_ peers: some Sequence<Peer>, _ method: String, _ data: some Encodable) {
        let text = SignalingFrame.notification(method, data)
        for peer in peers { peer.session.send(text) }
    }

    /// Takes a peer out, tells the others, and closes its media.
    private func remove(_ peer: Peer) {
        guard peers[peer.session.peerId] === peer else { return }
        peers[peer.session.peerId] = nil
        peer.joinTimeout?.cancel()
        for entry in peer.transports.values { entry.loss?.cancel() }
        let transports = peer.transports.values.map(\.transport)
        for entry in peer.untaken.values { entry.timeout.cancel() }
        (peer.transports, peer.producers, peer.consumers) = ([:], [:], [:])
        peer.waiting.removeAll()
        (peer.dataProducers, peer.dataConsumers, peer.untaken) = ([:], [:], [:])
        if peer.isJoined {
            tell(others(than: peer), "peerClosed", PeerNotice(peerId: peer.info.id))
        }
        // Producers and consumers close with their transports; those of others hear it from their consumers.
        Task { for transport in transports { await transport.close() } }
        updateLoad()
    }

    private func joinTimedOut(_ session: SignalingSession, _ limit: Duration) {
        guard let peer = peer(of: session), !peer.isJoined else { return }
        session.logger.notice("peer did not join in time")
        session.close(code: SignalingCloseCode.ended, reason: "no join within \(limit)")
        remove(peer)
    }

    /// Ends a peer whose media did not come back.
    func mediaLost(_ session: SignalingSession, transportId: String) {
        guard let peer = peer(of: session), let transport = peer.transports[transportId]?.transport, !transport.closed,
            transport.iceState == .disconnected || transport.dtlsState == .failed
        else { return }
        session.logger.notice("peer's media is lost", metadata: ["transport": "\(transportId)"])
        session.close(code: SignalingCloseCode.mediaLost, reason: "the media connection is lost")
        remove(peer)
    }

    // MARK: - The router

    /// The room's router, made for the first who needs it.
    func host() async throws -> WorkerPool.Hosting {
        if let hosted { return hosted }
        if let hosting { return try await hosting.value }
        let task = Task { [pool] in try await pool.host(mediaCodecs: MediaCodecs.offered) }
        hosting = task
        defer { hosting = nil }
        let hosted = try await task.value
        guard !isClosed else {
            await hosted.router.close()
            await pool.release(hosted.lease)
            throw SignalingError(500, "the room is closed")
        }
        self.hosted = hosted
        (voices, recorder) = (Voices(), nil)
        logger.info("room opened", metadata: ["worker": "\(hosted.pid)", "router": "\(hosted.router.id)"])
        updateLoad()
        let events = hosted.router.events()
        // Ends with the router.
        Task { [weak self] in
            for await event in events {
                if case .workerClose = event { await self?.routerLost(hosted) }
            }
        }
        return hosted
    }

    /// The worker ended: everybody has to come back, and meets in a new router.
    private func routerLost(_ lost: WorkerPool.Hosting) async {
        guard hosted?.router.id == lost.router.id else { return }
        hosted = nil
        logger.error("room lost its worker", metadata: ["worker": "\(lost.pid)", "peers": "\(peers.count)"])
        let reason = "the media worker of this room ended; please reconnect"
        for peer in peers.values {
            peer.session.notify("routerClosed", ReasonNotice(reason: reason))
            peer.session.close(code: SignalingCloseCode.routerClosed, reason: reason)
            peer.isJoined = false
            remove(peer)
        }
        await pool.release(lost.lease)
    }

    private func updateLoad() {
        guard let hosted else { return }
        let count = peers.count
        Task { [pool] in await pool.update(hosted.lease, peers: count) }
    }
}
