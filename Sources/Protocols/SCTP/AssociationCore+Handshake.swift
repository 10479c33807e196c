// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCrypto
import SwiftletWire

extension AssociationCore {
    /// Begins the handshake; does nothing when it is under way or over.
    mutating func connect(now: Instant) {
        guard phase == .idle else { return }
        phase = .cookieWait
        attempts = 0
        enter(.connecting)
        sendInitiation(now: now)
    }

    private mutating func sendInitiation(now: Instant) {
        attempts += 1
        reply(.initiation(initiation(tag: ownTag, tsn: ownTSN)), to: 0)
        timers.handshake = now + RetransmissionTimeout.handshake(attempts: attempts)
    }

    /// What INIT and INIT ACK say of us.
    private func initiation(tag: UInt32, tsn: UInt32) -> InitChunk {
        InitChunk(
            initiateTag: tag,
            advertisedWindow: UInt32(clamping: max(1500, configuration.receiveWindow)),
            outgoingStreams: max(1, configuration.outgoingStreams),
            incomingStreams: max(1, configuration.incomingStreams),
            initialTSN: tsn,
            capabilities: capabilities
        )
    }

    private var capabilities: SCTPCapabilities {
        var capabilities: SCTPCapabilities = [.partialReliability, .streamReset]
        if configuration.offersInterleaving { capabilities.insert(.interleaving) }
        if configuration.offersZeroChecksum { capabilities.insert(.zeroChecksum) }
        return capabilities
    }

    /// Sends INIT or COOKIE ECHO again.
    mutating func handshakeTimedOut(now: Instant) {
        guard countTimeout(now: now) else { return }
        switch phase {
        case .cookieWait: sendInitiation(now: now)
        case .cookieEchoed:
            // What went with the cookie goes with it again.
            outstanding.loseAll(now: now)
            dropAbandoned(now: now)
            sendCookie(now: now)
        default: break
        }
    }

    private mutating func sendCookie(now: Instant) {
        attempts += 1
        pending.insert(.cookieEcho)
        congestion.allowPacket()
        timers.handshake = now + RetransmissionTimeout.handshake(attempts: attempts)
    }

    // MARK: INIT and INIT ACK

    /// Answers an INIT, whatever stands already, RFC 9260 §5.1 and §5.2.
    mutating func receiveInitiation(_ chunk: borrowing ChunkView, now: Instant) {
        guard phase != .ended else { return }
        guard let peer = try? InitChunk(chunk), peer.initiateTag != 0, peer.advertisedWindow >= 1500
        else {
            return breach()
        }
        guard peer.outgoingStreams > 0, peer.incomingStreams > 0 else {
            breach()
            return reply(.abort([ErrorCause(.invalidParameter)]), to: peer.initiateTag)
        }
        if phase == .shutdownAckSent { return reply(.shutdownAck, to: peerTag) }
        var (tag, tsn) = (ownTag, ownTSN)
        if mayExchangeData { (tag, tsn) = (drawTag(), drawTag()) }
        let isKnown = hasPeer
        let cookie = StateCookie(
            created: now,
            localTag: tag,
            localInitialTSN: tsn,
            peer: peer,
            localTieTag: isKnown ? ownTag : 0,
            peerTieTag: isKnown ? peerTag : 0
        )
        var answer = initiation(tag: tag, tsn: tsn)
        answer.cookie = cookie.sealed(with: cookieKey)
        // What does not fit is not reported.
        var room = packetSize - 256
        answer.unrecognized = peer.unrecognized.filter {
            room -= $0.count + 8
            return room > 0
        }
        reply(.initiation(answer), to: peer.initiateTag)
    }

    /// A number other than zero that is new.
    private mutating func drawTag() -> UInt32 {
        tagSeed &+= 1
        var mac = cookieKey.begin()
        mac.update(UInt32(truncatingIfNeeded: tagSeed))
        mac.update(UInt32(truncatingIfNeeded: tagSeed >> 32))
        return max(1, mac.finish().prefix(4).reduce(0) { $0 << 8 | UInt32($1) })
    }

    /// Takes the cookie of an INIT ACK, RFC 9260 §5.1 C.
    mutating func receiveInitiationAck(_ chunk: borrowing ChunkView, now: Instant) {
        guard phase == .cookieWait else { return }
        guard let peer = try? InitChunk(chunk), peer.advertisedWindow >= 1500 else { return breach() }
        guard peer.initiateTag != 0 else {
            breach()
            return fail(now: now)
        }
        peerTag = peer.initiateTag
        guard peer.outgoingStreams > 0, peer.incomingStreams > 0 else {
            return abort(with: ErrorCause(.invalidParameter), now: now)
        }
        guard !peer.cookie.isEmpty, peer.cookie.count <= packetSize - Self.headerLength - 4 else {
            return abort(with: ErrorCause(.missingParameter, value: [0, 0, 0, 1, 0, 7]), now: now)
        }
        cookie = peer.cookie
        phase = .cookieEchoed
        attempts = 0
        timeouts = 0
        adopt(
            tsn: peer.initialTSN,
            window: peer.advertisedWindow,
            streams: (outgoing: peer.outgoingStreams, incoming: peer.incomingStreams),
            capabilities: peer.capabilities
        )
        let reported = peer.unrecognized.flatMap { $0 }
        if !reported.isEmpty, reported.count <= ErrorCause.maximumValueLength {
            enqueue(.error([ErrorCause(.unrecognizedParameters, value: reported)]))
        }
        sendCookie(now: now)
    }

    // MARK: COOKIE ECHO and COOKIE ACK

    /// Takes in a COOKIE ECHO, RFC 9260 §5.1.5 and §5.2.4.
    ///
    /// - Returns: Whether the chunks behind it are of this association.
    mutating func receiveCookie(_ chunk: borrowing ChunkView, tag: UInt32, now: Instant) -> Bool {
        guard phase != .ended else { return false }
        switch StateCookie.open(
            chunk.value,
            key: cookieKey,
            now: now,
            lifetime: configuration.cookieLifetime
        )
        {
        case .forged:
            breach()
            return false
        case .stale(let cookie, let staleness):
            if cookie.localTag == ownTag, cookie.peerTag == peerTag {
                return take(cookie, tag: tag, now: now)
            }
            guard tag == cookie.localTag, errorBudget.take(now: now) else { return false }
            reply(.error([.staleCookie(by: staleness)]), to: cookie.peerTag)
            return false
        case .valid(let cookie): return take(cookie, tag: tag, now: now)
        }
    }

    /// Decides by the tags, RFC 9260 §5.2.4, table 12.
    private mutating func take(_ cookie: StateCookie, tag: UInt32, now: Instant) -> Bool {
        guard tag == cookie.localTag else { return false }
        let isOwn = cookie.localTag == ownTag
        let isPeers = hasPeer && cookie.peerTag == peerTag
        switch (isOwn, isPeers) {
        case (true, true):  // D: it comes again, or both opened at once.
            if phase == .cookieEchoed { becomeEstablished(now: now) }
            pending.insert(.cookieAck)
            return true
        case (true, false):  // B: both opened at once, or the peer thought better of its first INIT.
            guard !mayExchangeData else { return restart(cookie, now: now) }
            peerTag = cookie.peerTag
            adopt(cookie)
            outstanding.loseAll(now: now)
            becomeEstablished(now: now)
            pending.insert(.cookieAck)
            return true
        case (false, false):  // A: the peer began anew.
            guard hasPeer, cookie.localTieTag == ownTag, cookie.peerTieTag == peerTag else {
                return false
            }
            return restart(cookie, now: now)
        case (false, true): return false  // C: it comes too late.
        }
    }

    /// Takes in a COOKIE ACK.
    mutating func receiveCookieAck(now: Instant) {
        if phase == .cookieEchoed { becomeEstablished(now: now) }
    }

    private mutating func becomeEstablished(now: Instant) {
        phase = wantsShutdown ? .shutdownPending : .established
        timers.handshake = nil
        pending.remove(.cookieEcho)
        (cookie, attempts, timeouts) = ([], 0, 0)
        timers.heartbeat = configuration.heartbeatInterval.map { now + $0 }
        if !outstanding.isEmpty { timers.retransmission = now + timeout.current }
        enter(.connected)
        // What was to begin anew before there was anyone to tell.
        requestReset(now: now)
        proceedWithShutdown(now: now)
    }

    private mutating func adopt(_ cookie: StateCookie) {
        adopt(
            tsn: cookie.peerInitialTSN,
            window: cookie.peerWindow,
            streams: (outgoing: cookie.peerOutgoingStreams, incoming: cookie.peerIncomingStreams),
            capabilities: cookie.peerCapabilities
        )
    }

    /// Begins with what the peer said of itself.
    private mutating func adopt(
        tsn: UInt32,
        window: UInt32,
        streams: (outgoing: UInt16, incoming: UInt16),
        capabilities peers: SCTPCapabilities
    ) {
        let both = capabilities.intersection(peers)
        let agreed = SCTPNegotiated(
            outgoingStreams: min(max(1, configuration.outgoingStreams), streams.incoming),
            incomingStreams: min(max(1, configuration.incomingStreams), streams.outgoing),
            interleaving: both.contains(.interleaving),
            partialReliability: both.contains(.partialReliability),
            streamReset: both.contains(.streamReset),
            zeroChecksum: peers.contains(.zeroChecksum)
        )
        negotiated = agreed
        queue.isInterleaving = agreed.interleaving
        queue.interleavingLimit = Int(window) / 2
        queue.drop(from: agreed.outgoingStreams)
        if !agreed.partialReliability { queue.makeReliable() }
        peerWindow = Int(window)
        beginReceiving(tsn: tsn)
        resets = StreamResets(nextRequest: ownTSN, expected: tsn)
    }

    // MARK: Restart

    /// Begins anew with a peer that did, RFC 9260 §5.2.4.1; once a second at most.
    private mutating func restart(_ cookie: StateCookie, now: Instant) -> Bool {
        if phase == .shutdownAckSent {
            pending.insert(.shutdownAck)
            if errorBudget.take(now: now) { enqueue(.error([ErrorCause(.cookieWhileShuttingDown)])) }
            return false
        }
        if let lastRestart, now - lastRestart < .seconds(1) { return false }
        lastRestart = now
        counters.restarts += 1
        (ownTag, ownTSN, peerTag) = (cookie.localTag, cookie.localInitialTSN, cookie.peerTag)
        outstanding = OutstandingData(firstTSN: ownTSN)
        congestion = CongestionControl(packetSize: packetSize)
        timeout = RetransmissionTimeout()
        (timers, pending, control, isProbing, lastSent, lastForward) = (
            Timers(), [], Fifo(), false, nil, nil
        )
        heartbeatSentAt = nil
        queue.restart()
        adopt(cookie)
        becomeEstablished(now: now)
        pending.insert(.cookieAck)
        return true
    }

    /// Begins the handshake over when our cookie was too old, RFC 9260 §5.2.6.
    mutating func receiveError(_ chunk: borrowing ChunkView, now: Instant) {
        guard phase == .cookieEchoed,
            ErrorCause.parse(chunk).contains(where: { $0.code == .staleCookie })
        else {
            return
        }
        outstanding.loseAll(now: now)
        pending.remove(.cookieEcho)
        (phase, peerTag, attempts) = (.cookieWait, 0, 0)
        sendInitiation(now: now)
    }
}
