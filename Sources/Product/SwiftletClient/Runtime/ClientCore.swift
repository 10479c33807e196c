// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletORTC
import SwiftletSignaling
import SwiftletWebSockets
import SwiftletWire

/// What a client is made of: signalling here, media in a session on one of the media threads.
actor ClientCore {
    nonisolated let room: String
    nonisolated let peer: String
    nonisolated let board = ClientBoard()
    nonisolated let options: ClientOptions
    nonisolated let signaling: SignalingLink
    nonisolated let session: SessionHandle
    var roomCapabilities = RtpCapabilities()
    var transports: [TransportSide: String] = [:]
    var opening: [TransportSide: Task<Result<Void, SwiftletClientError>, Never>] = [:]
    /// Sides that have to be connected by some time.
    var patience: [TransportSide: Task<Void, Never>] = [:]
    /// Producers, by their ids.
    var published: Set<String> = []
    /// Data producers, by their ids.
    var dataPublished: Set<String> = []
    /// What viewers want of producers that we do not know yet, 64 at most.
    var demands: [String: ProducerDemandNotice] = [:]
    var lastMid = 0
    let began: ContinuousClock.Instant
    var joinTime = Duration.zero
    /// From the beginning until a side was connected.
    var readyTimes: [TransportSide: Duration] = [:]
    var isEnded = false
    /// What the session tells; finished at the end, so that its reader ends too.
    var outputs: AsyncStream<MediaSession.Output>.Continuation?
    /// What was counted, once the session is gone.
    var finalStatistics: ClientStatistics?
    var random = SeededRandom(seed: UInt64.random(in: 0...UInt64.max))

    private init(
        room: String,
        peer: String,
        options: ClientOptions,
        signaling: SignalingLink,
        session: SessionHandle,
        began: ContinuousClock.Instant
    ) {
        self.began = began
        (self.room, self.peer, self.options) = (room, peer, options)
        (self.signaling, self.session) = (signaling, session)
    }

    // MARK: Joining

    static func connect(
        to url: String,
        room: String,
        peer: String,
        displayName: String,
        options: ClientOptions
    ) async throws(SwiftletClientError) -> ClientCore {
        let began = ContinuousClock.now
        let place = try options.threads.place()
        let signaling = try await SignalingLink.open(url, room: room, peer: peer, options)
        let core = ClientCore(
            room: room,
            peer: peer,
            options: options,
            signaling: signaling,
            session: SessionHandle(id: place.id, mailbox: place.mailbox),
            began: began
        )
        await core.start()
        do throws(SwiftletClientError) {
            try await core.join(displayName)
        } catch {
            await core.end(error)
            throw error
        }
        return core
    }

    private func start() async {
        let (outputs, continuation) = AsyncStream<MediaSession.Output>.makeStream()
        self.outputs = continuation
        let (network, seed, board) = (options.network, options.seed, board)
        await session.perform { loop, id in
            loop.add(id, seed: seed) { output in
                // Messages go straight to their reader, where their number is bounded.
                if case .message(let id, let message) = output {
                    board.deliver(message, to: id)
                } else {
                    continuation.yield(output)
                }
            }
            _ = loop.with(id) { session, _ in session.profile = network }
        }
        Task { [weak self, signaling] in
            await signaling.run { [weak self] incoming in await self?.handle(incoming) }
            await self?.signalingEnded()
        }
        Task { [weak self] in
            for await output in outputs {
                guard let self else { return }
                await self.handle(output)
            }
        }
    }

    private func join(_ displayName: String) async throws(SwiftletClientError) {
        roomCapabilities = try await signaling.ask("getRouterRtpCapabilities", Nothing())
        let own = options.receives ? Negotiation.capabilities(of: roomCapabilities) : nil
        if options.receives { try await openTransport(.receiving) }
        let answer: JoinAnswer = try await signaling.ask(
            "join",
            JoinRequest(
                displayName: displayName,
                device: ["flag": "swiftlet", "name": "SwiftletClient", "version": "1"],
                rtpCapabilities: own,
                sctpCapabilities: receivingSctpCapabilities
            )
        )
        for other in answer.peers { board.tell(.peerJoined(other.id)) }
        joinTime = ContinuousClock.now - began
    }

    // MARK: The whole

    func statistics() async -> ClientStatistics {
        if let finalStatistics { return finalStatistics }
        var statistics = await session.perform { loop, id in
            loop.with(id) { session, now in session.statistics(now: now) } ?? ClientStatistics()
        }
        complete(&statistics)
        return statistics
    }

    /// Adds what the session does not know.
    private func complete(_ statistics: inout ClientStatistics) {
        for subscription in board.dataSubscriptions {
            statistics.dataSubscriptions[subscription.id]?.dropped = subscription.inbox.dropped
        }
        statistics.joinTime = joinTime
        statistics.sendingReadyTime = readyTimes[.sending]
        statistics.receivingReadyTime = readyTimes[.receiving]
    }

    func setNetwork(_ profile: NetworkProfile) async {
        await session.perform { loop, id in _ = loop.with(id) { session, _ in session.profile = profile } }
    }

    func checkOpen() throws(SwiftletClientError) {
        if isEnded { throw SwiftletClientError(.closed, "the client has left") }
    }

    private func signalingEnded() async {
        let closure = signaling.closure
        let text = "the server closed the connection: \(closure?.code ?? 1006) \(closure?.reason ?? "")"
        switch closure?.code {
        case SignalingCloseCode.ended: await end(SwiftletClientError(.ended, text))
        case SignalingCloseCode.routerClosed: await end(SwiftletClientError(.roomLost, text))
        case SignalingCloseCode.mediaLost: await end(SwiftletClientError(.mediaLost, text))
        default: await end(SwiftletClientError(.connectionLost, text))
        }
    }

    /// Ends everything, once.
    func end(_ error: SwiftletClientError?) async {
        guard !isEnded else { return }
        isEnded = true
        for task in patience.values { task.cancel() }
        var final = await session.perform { loop, id in
            defer { loop.remove(id) }
            return loop.with(id) { session, now in session.statistics(now: now) } ?? ClientStatistics()
        }
        complete(&final)
        finalStatistics = final
        outputs?.finish()
        signaling.close()
        board.tell(.ended(error))
    }
}
