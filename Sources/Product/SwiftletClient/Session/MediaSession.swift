// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCongestion
package import SwiftletDTLS
package import SwiftletICE
import SwiftletPeerLink
package import SwiftletStreams
package import SwiftletWire

/// The media of one client as a machine: it is told the time and handed datagrams, and knows no socket, clock or thread.
///
/// It has up to two links, one to publish by and one to receive by. After each call its owner sends what is in
/// ``outbox``, drains ``poll()`` and reads ``nextDeadline``.
package final class MediaSession {
    /// What happened.
    package enum Output: Equatable, Sendable {
        /// Media can flow.
        case connected(TransportSide)
        /// Nothing comes any more; ``restartICE(_:remote:now:)`` may help.
        case disconnected(TransportSide)
        /// It comes again.
        case recovered(TransportSide)
        /// The link is gone for good; the reason is for people.
        case lost(TransportSide, String)
        /// A message came by a data channel, under the subscription's id.
        case message(String, DataMessage)
        /// The association of a link that is still there has ended: its data channels are gone.
        case channelsLost(TransportSide)
    }

    /// Between two rounds of reports.
    package static let reportInterval = Duration.seconds(1)
    /// What sending may be late before frames are left out.
    static let longestLag = Duration.seconds(1)
    /// Streams that a session receives at most.
    package static let maximumSubscriptions = 4096

    /// Datagrams to send; shared with other sessions of the same thread.
    package let outbox: DatagramQueue
    let wall: WallClockAnchor
    private let pool: PacketPool
    var random: SeededRandom
    private var secrets: any RandomNumberGenerator & Sendable
    var links: [SessionLink?] = [nil, nil]
    private var outputs: [Output] = []
    private var nextOutput = 0

    var publications: [String: OutgoingMediaStreams] = [:]
    var subscriptions: [String: IncomingStream] = [:]
    /// Streams received, by either of their SSRCs.
    var incoming: [UInt32: IncomingStream] = [:]
    /// Streams sent, by SSRC.
    var outgoing: [UInt32: OutgoingStream] = [:]
    /// As whom receiver reports and feedback are sent.
    let reporter: UInt32
    var transportSequenceID: UInt8 = 0
    var roundTrip: Duration?

    /// When a frame is due.
    var nextFrame: Instant?
    /// When a received stream has something to do; never late, at times early.
    var nextRepair: Instant?
    private var nextReport: Instant?

    /// What is done to packets.
    package var profile = NetworkProfile.clear
    var heldUp = DelayLine()
    var heldDown = DelayLine()
    var counts = ClientStatistics()

    /// - Parameters:
    ///   - outbox: Where datagrams go.
    ///   - pool: Memory that streams would keep packets in; none is used.
    ///   - wall: Wall time, for reports and for the clock in payloads.
    ///   - seed: Of numbers that need not be secret.
    ///   - secrets: Of those that must be.
    package init(
        outbox: DatagramQueue,
        pool: PacketPool,
        wall: WallClockAnchor,
        seed: UInt64,
        secrets: any RandomNumberGenerator & Sendable
    ) {
        (self.outbox, self.pool, self.wall, self.secrets) = (outbox, pool, wall, secrets)
        random = SeededRandom(seed: seed)
        reporter = UInt32.random(in: 1...UInt32.max, using: &random)
    }

    /// The next thing that happened, or `nil`.
    package func poll() -> Output? {
        guard nextOutput < outputs.count else {
            outputs.removeAll(keepingCapacity: true)
            nextOutput = 0
            return nil
        }
        defer { nextOutput += 1 }
        return outputs[nextOutput]
    }

    /// Whether media can flow.
    package func isConnected(_ side: TransportSide) -> Bool { links[side.rawValue]?.link.isReady ?? false }

    // MARK: Links

    /// Begins to connect to a transport of the server, as the DTLS client.
    ///
    /// - Parameters:
    ///   - side: Which of the two; once each.
    ///   - plan: Where it is.
    ///   - locals: Our sockets.
    ///   - context: What our certificate is in.
    ///   - now: The time.
    package func open(
        _ side: TransportSide,
        _ plan: TransportPlan,
        locals: [ICEControllingAgent.LocalCandidate],
        context: DTLSContext,
        now: Instant
    ) {
        guard links[side.rawValue] == nil else { return }
        var agent = ICEControllingAgent(
            credentials: freshCredentials(),
            random: SeededRandom(seed: secrets.next())
        )
        for local in locals { agent.add(local, now: now) }
        agent.start(remote: plan.remote, candidates: plan.candidates, now: now)
        let one = SessionLink(
            side: side,
            link: PeerLink(controlling: agent, context: context),
            candidates: plan.candidates,
            maximumMessageSize: plan.maximumMessageSize,
            reporter: reporter,
            now: now
        )
        links[side.rawValue] = one
        _ = one.link.connect(remoteRole: .server, fingerprint: plan.fingerprint, now: now)
        if nextReport == nil { nextReport = now + Self.reportInterval }
        drain(one, now: now)
    }

    /// Looks for the way anew, after the server has given new credentials.
    package func restartICE(_ side: TransportSide, remote: ICECredentials, now: Instant) {
        guard let one = links[side.rawValue] else { return }
        counts.iceRestarts &+= 1
        one.link.restartICE(
            credentials: freshCredentials(),
            remote: remote,
            candidates: one.candidates,
            now: now
        )
        drain(one, now: now)
    }

    /// Says good-bye on all links.
    package func close(now: Instant) {
        for one in links {
            guard let one, !one.isLost else { continue }
            one.isLost = true
            loseData(one, SwiftletClientError(.closed, "the client has left"))
            one.link.close(now: now)
            drain(one, now: now)
        }
    }

    /// A number that nobody can guess.
    func secretSeed() -> UInt64 { secrets.next() }

    private func freshCredentials() -> ICECredentials {
        var generator = Borrowed(base: secrets)
        defer { secrets = generator.base }
        return ICECredentials(using: &generator)
    }

    /// A generator behind an existential, for generic functions.
    private struct Borrowed: RandomNumberGenerator {
        var base: any RandomNumberGenerator & Sendable
        mutating func next() -> UInt64 { base.next() }
    }

    /// Takes what a link wants done, and lets its data channels act on it.
    func drain(_ one: SessionLink, now: Instant) {
        drainOutputs(one, now: now)
        settleData(one, now: now)
    }

    /// Takes what a link wants done.
    func drainOutputs(_ one: SessionLink, now: Instant) {
        while let output = one.link.poll() {
            if one.iceTime == nil, one.link.selectedTuple != nil { one.iceTime = now - one.opened }
            switch output {
            case .send(let bytes, let tuple):
                outbox.append(bytes, to: tuple)
                shape(now: now)
            case .iceStateChanged(.disconnected):
                one.isDisconnected = true
                tell(.disconnected(one.side))
            case .iceStateChanged(.completed) where one.isDisconnected:
                one.isDisconnected = false
                tell(.recovered(one.side))
            case .dtlsStateChanged(let state): handle(state, one, now: now)
            case .applicationData(let packet): takeData(one, packet, now: now)
            case .iceStateChanged, .selectedTupleChanged, .tupleAdded, .tupleRemoved, .usernameFragmentRetired: break
            }
        }
    }

    private func handle(_ state: DTLSState, _ one: SessionLink, now: Instant) {
        switch state {
        case .new, .connecting: break
        case .connected:
            one.connectTime = now - one.opened
            tell(.connected(one.side))
            if one.side == .sending { startStreams(now: now) }
        case .failed: lose(one, "DTLS failed: the server is not who it said, or speaks otherwise")
        case .closed: lose(one, "the server closed the transport")
        }
    }

    private func lose(_ one: SessionLink, _ reason: String) {
        guard !one.isLost else { return }
        one.isLost = true
        loseData(one, SwiftletClientError(.mediaLost, reason))
        tell(.lost(one.side, reason))
    }

    func tell(_ output: Output) { outputs.append(output) }

    // MARK: Streams

    /// Publishes, from now on or from when the link is there.
    ///
    /// - Parameters:
    ///   - id: The caller's name for it; one that is in use is ignored.
    ///   - plan: Its streams.
    ///   - now: The time.
    package func publish(_ id: String, _ plan: PublicationPlan, now: Instant) {
        guard publications[id] == nil else { return }
        let media = OutgoingMediaStreams(plan, random: &random)
        publications[id] = media
        for stream in media.streams { outgoing[stream.plan.ssrc] = stream }
        if isConnected(.sending) { start(media, now: now) }
    }

    /// Stops publishing.
    package func unpublish(_ id: String) {
        guard let media = publications.removeValue(forKey: id) else { return }
        for stream in media.streams { outgoing[stream.plan.ssrc] = nil }
        updateNextFrame()
    }

    /// Pauses or goes on.
    package func setPaused(_ id: String, _ isPaused: Bool, now: Instant) {
        guard let media = publications[id], media.isPaused != isPaused else { return }
        media.isPaused = isPaused
        if isConnected(.sending) { start(media, now: now) }
    }

    /// Follows what viewers want: streams nobody watches are stopped, but for the smallest, and so are layers.
    package func setDemand(_ id: String, encodings: [Bool], spatialLayer: Int, now: Instant) {
        guard let media = publications[id] else { return }
        if media.streams.count == 1 {
            media.streams[0].setActiveSpatialLayers(max(1, spatialLayer + 1))
            return
        }
        for index in media.streams.indices {
            let isWanted = index == 0 || index < encodings.count && encodings[index]
            guard media.isWanted[index] != isWanted else { continue }
            media.isWanted[index] = isWanted
            if !isWanted {
                media.streams[index].stop()
            } else if isConnected(.sending), !media.isPaused {
                media.streams[index].start(now: now)
            }
        }
        updateNextFrame()
    }

    /// Receives a stream from now on; an id that is in use is ignored.
    ///
    /// - Returns: Whether there was room.
    @discardableResult
    package func subscribe(_ id: String, _ plan: SubscriptionPlan, now: Instant) -> Bool {
        guard subscriptions[id] == nil, subscriptions.count < Self.maximumSubscriptions else { return false }
        let stream = IncomingStream(id: id, plan: plan, pool: pool, now: now)
        subscriptions[id] = stream
        incoming[plan.ssrc] = stream
        if let rtx = plan.rtxSSRC { incoming[rtx] = stream }
        if plan.transportSequence != 0 { transportSequenceID = plan.transportSequence }
        if let roundTrip { stream.stream.setRoundTrip(roundTrip) }
        return true
    }

    /// Ends a stream.
    package func unsubscribe(_ id: String) {
        guard let stream = subscriptions.removeValue(forKey: id) else { return }
        incoming[stream.plan.ssrc] = nil
        if let rtx = stream.plan.rtxSSRC { incoming[rtx] = nil }
    }

    /// Notes that a stream's producer pauses or goes on.
    package func notePaused(_ id: String, _ isPaused: Bool) { subscriptions[id]?.setPaused(isPaused) }

    private func startStreams(now: Instant) { for media in publications.values { start(media, now: now) } }

    private func start(_ media: OutgoingMediaStreams, now: Instant) {
        for (index, stream) in media.streams.enumerated() {
            if media.isWanted[index], !media.isPaused {
                stream.start(now: now)
            } else {
                stream.stop()
            }
        }
        updateNextFrame()
    }

    func updateNextFrame() {
        nextFrame = nil
        for stream in outgoing.values { nextFrame = earliest(nextFrame, stream.nextFrame) }
    }

    // MARK: Time

    /// When to call ``handleTimeout(now:)``.
    package var nextDeadline: Instant? {
        var next = earliest(nextFrame, earliest(nextRepair, nextReport))
        for one in links {
            guard let one, !one.isLost else { continue }
            next = earliest(next, earliest(one.link.nextDeadline, one.feedback.nextDeadline))
            next = earliest(next, one.data?.nextDeadline)
        }
        return earliest(next, earliest(heldUp.nextDeadline, heldDown.nextDeadline))
    }

    /// Does what is due.
    package func handleTimeout(now: Instant) {
        release(now: now)
        for one in links {
            guard let one, !one.isLost else { continue }
            if let due = one.link.nextDeadline, due <= now {
                one.link.handleTimeout(now: now)
                drain(one, now: now)
            }
            if let due = one.data?.nextDeadline, due <= now { advanceData(one, now: now) }
            if let due = one.feedback.nextDeadline, due <= now { sendFeedback(one, now: now) }
        }
        if let nextFrame, nextFrame <= now { sendFrames(now: now) }
        if let nextRepair, nextRepair <= now { repair(now: now) }
        if let due = nextReport, due <= now {
            nextReport = now + Self.reportInterval
            report(now: now)
        }
    }

    /// Everything that was counted.
    package func statistics(now: Instant) -> ClientStatistics {
        var statistics = counts
        for (id, media) in publications { statistics.publications[id] = media.statistics }
        for (id, stream) in subscriptions { statistics.subscriptions[id] = stream.statistics(now: now) }
        addData(to: &statistics)
        statistics.sendingICETime = links[TransportSide.sending.rawValue]?.iceTime
        statistics.receivingICETime = links[TransportSide.receiving.rawValue]?.iceTime
        statistics.sendingConnectTime = links[TransportSide.sending.rawValue]?.connectTime
        statistics.receivingConnectTime = links[TransportSide.receiving.rawValue]?.connectTime
        return statistics
    }
}
