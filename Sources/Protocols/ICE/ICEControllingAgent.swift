// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletWire

/// The client's side of ICE: it checks every pair of its sockets with the server's candidates, nominates the best and
/// keeps asking on it whether media is still wanted.
///
/// A full agent that starts out controlling. Towards a lite server it stays so; towards another full agent it answers
/// checks, and gives the role up where the tie-breakers say so. Of one component, host candidates and those that checks
/// reveal.
///
/// - Note: RFC 8445 §6 to §8, consent per RFC 7675 §5.1.
package struct ICEControllingAgent: Sendable {
    package enum State: String, Sendable {
        /// Not started.
        case new
        /// Looking for a pair that works.
        case checking
        /// The selected pair works.
        case connected
        /// It has been silent for a while; other pairs are tried, and it may come back.
        case disconnected
        /// No pair works, or consent expired; only a restart helps.
        case failed
        /// Closed by its owner.
        case closed
    }

    package enum Output: Equatable, Sendable {
        /// Send this datagram, or this frame.
        case send([UInt8], Tuple)
        case stateChanged(State)
        /// From now on send here; `nil` means nowhere.
        case selectedTupleChanged(Tuple?)
    }

    /// Who nominates.
    package enum Role: Sendable {
        case controlling
        case controlled
    }

    /// A socket of ours that can reach candidates of its transport and family.
    package struct LocalCandidate: Hashable, Sendable {
        package let socket: SocketID
        package let address: SocketAddress
        package let transport: ICETransport
        /// For a TCP connection that we opened: the remote end, the only one it reaches.
        package let connectedTo: SocketAddress?
        /// 0 to 65535; larger is better.
        package let preference: UInt32

        package init(
            socket: SocketID,
            address: SocketAddress,
            transport: ICETransport = .udp,
            connectedTo: SocketAddress? = nil,
            preference: UInt32 = 65_535
        ) {
            (self.socket, self.address, self.transport) = (socket, address, transport)
            (self.connectedTo, self.preference) = (connectedTo, preference)
        }

        /// Host candidates over UDP come first, RFC 8445 §5.1.2.2 and RFC 6544 §4.2.
        var priority: UInt32 {
            ICECandidate.priority(typePreference: transport == .udp ? 126 : 90, localPreference: preference)
        }

        /// What its checks give as PRIORITY: that of the peer-reflexive candidate they may reveal, RFC 8445 §7.1.1.
        var checkPriority: UInt32 {
            ICECandidate.priority(typePreference: transport == .udp ? 110 : 80, localPreference: preference)
        }

        func reaches(_ remote: RemoteCandidate) -> Bool {
            guard transport == remote.transport, address.isIPv6 == remote.address.isIPv6 else { return false }
            return connectedTo.map { $0 == remote.address } ?? (transport == .udp)
        }
    }

    /// An address of the peer, its name resolved.
    package struct RemoteCandidate: Hashable, Sendable {
        package let address: SocketAddress
        package let transport: ICETransport
        package let priority: UInt32

        package init(address: SocketAddress, transport: ICETransport = .udp, priority: UInt32) {
            (self.address, self.transport, self.priority) = (address, transport, priority)
        }
    }

    /// Most local candidates; more are left out.
    package static let maximumLocalCandidates = 8
    /// Most remote candidates; more are left out.
    package static let maximumRemoteCandidates = 32
    /// Most pairs, where RFC 8445 §6.1.2.5 asks for a limit and names 100; more are left out.
    package static let maximumPairs = 64
    /// Between the first transmissions of two checks, RFC 8445 §14.2: Ta.
    package static let pacing = Duration.milliseconds(50)
    /// Until a check is sent again for the first time; it doubles each time, RFC 8489 §6.2.1: RTO.
    package static let retransmission = Duration.milliseconds(500)
    /// Longest wait between two transmissions of a check.
    ///
    /// The doubling of RFC 8489 spares a server that many ask; this is one path, which is lost with the check. Seven tries
    /// in 39.5 s are all lost about once in a thousand at 20 % each way, a try every 2 s as good as never; browsers try more often.
    package static let longestRetransmission = Duration.seconds(2)
    /// After how long without an answer a check has failed, over UDP and TCP, RFC 8489 §6.2.1 and §6.2.2: Ti.
    package static let checkTimeout = Duration.milliseconds(39_500)
    /// How long better pairs are waited for once one works.
    package static let nominationPatience = Duration.milliseconds(500)
    /// Between consent checks on the selected pair, ± 20 %, RFC 7675 §5.1.
    package static let consentInterval = Duration.seconds(5)
    /// Without an answer for this long we must stop sending, RFC 7675 §5.1.
    package static let consentTimeout = Duration.seconds(30)
    /// Between checks on pairs that work and are not selected, ± 20 %, RFC 8445 §11: Tr.
    package static let keepaliveInterval = Duration.seconds(15)
    /// When the selected pair is silent for this long, others are tried: two consent checks at their slowest went
    /// unanswered.
    package static let disconnectedAfter = Duration.seconds(13)

    package internal(set) var state = State.new
    /// Where to send.
    package internal(set) var selectedTuple: Tuple?
    package internal(set) var role = Role.controlling
    /// The credentials to signal.
    package var credentials: ICECredentials { localKey.credentials }

    var localKey: ICEKey
    var remoteKey: ICEKey?
    var locals: [LocalCandidate] = []
    var remotes: [RemoteCandidate] = []
    var pairs: [CandidatePair] = []
    var isRemoteLite = true
    let usesRenomination: Bool
    var nominationCount: UInt32 = 0
    var tieBreaker: UInt64
    /// Whether the selected pair is of the current credentials.
    var isNominated = false
    var firstSuccess: Instant?
    var nextPacedCheck: Instant?
    var consentExpiry: Instant?
    /// When ``State/disconnected`` or ``State/checking`` began: a pair that answered since works.
    var searchingSince: Instant?
    var random: any RandomNumberGenerator & Sendable
    var outputs = OutputQueue<Output>()

    /// - Parameters:
    ///   - credentials: Its own.
    ///   - usesRenomination: Whether to nominate by libwebrtc's counter, which lets better pairs take over later.
    ///   - random: Where transactions, tie-breaker and jitter come from; seeded in tests, else unpredictable.
    package init(
        credentials: ICECredentials,
        usesRenomination: Bool = false,
        random: any RandomNumberGenerator & Sendable
    ) {
        localKey = ICEKey(credentials)
        self.usesRenomination = usesRenomination
        self.random = random
        tieBreaker = self.random.next()
    }

    /// The next output, or `nil` when there is none; to be drained after every other call.
    package mutating func poll() -> Output? { outputs.popFirst() }

    /// Whether an answer has come from `tuple`, so that packets other than STUN may be taken from it.
    package func isValid(_ tuple: Tuple) -> Bool {
        tuple == selectedTuple || pairs.contains { $0.tuple == tuple && $0.lastAnswer != nil }
    }

    /// Begins to check the candidates of a peer.
    ///
    /// - Parameters:
    ///   - remote: The peer's credentials.
    ///   - isLite: Whether the peer only answers, and so cannot control.
    ///   - candidates: Those known so far.
    ///   - now: The time.
    package mutating func start(
        remote: ICECredentials,
        isLite: Bool = true,
        candidates: [RemoteCandidate],
        now: Instant
    ) {
        guard state == .new else { return }
        isRemoteLite = isLite
        remoteKey = ICEKey(remote)
        begin(candidates, now: now)
    }

    /// Begins an ICE restart with new credentials on both sides; media goes on where it is until a pair is nominated.
    package mutating func restart(
        credentials: ICECredentials,
        remote: ICECredentials,
        candidates: [RemoteCandidate],
        now: Instant
    ) {
        guard state != .closed, state != .new else { return }
        localKey = ICEKey(credentials)
        remoteKey = ICEKey(remote)
        pairs.removeAll()
        remotes.removeAll()
        isNominated = false
        firstSuccess = nil
        nominationCount = 0
        if selectedTuple != nil { consentExpiry = now + Self.consentTimeout }
        begin(candidates, now: now)
    }

    /// Adds a socket, or a TCP connection that has been opened.
    package mutating func add(_ local: LocalCandidate, now: Instant) {
        guard state != .closed, locals.count < Self.maximumLocalCandidates,
            !locals.contains(where: { $0.socket == local.socket })
        else { return }
        locals.append(local)
        for remote in remotes { pair(local, remote, now: now) }
    }

    /// Adds a candidate that was signalled later.
    package mutating func add(_ remote: RemoteCandidate, now: Instant) {
        guard state != .closed, remotes.count < Self.maximumRemoteCandidates, !remotes.contains(remote) else { return }
        remotes.append(remote)
        pairAll(with: remote, now: now)
    }

    /// Forgets a socket that was closed; when it carried the selected pair, another is looked for.
    package mutating func remove(_ socket: SocketID, now: Instant) {
        locals.removeAll { $0.socket == socket }
        pairs.removeAll { $0.tuple.socket == socket }
        guard selectedTuple?.socket == socket else { return }
        unselect()
        if state == .connected || state == .checking { search(as: .disconnected, now: now) }
        nominateIfDue(now: now)
    }

    /// Stops for good; closing again does nothing.
    package mutating func close() {
        guard state != .closed else { return }
        pairs.removeAll()
        unselect()
        consentExpiry = nil
        nextPacedCheck = nil
        enter(.closed)
    }

    // MARK: Parts

    private mutating func begin(_ candidates: [RemoteCandidate], now: Instant) {
        searchingSince = now
        nextPacedCheck = now
        for remote in remotes { pairAll(with: remote, now: now) }
        for candidate in candidates { add(candidate, now: now) }
        if selectedTuple == nil { enter(.checking) }
    }

    private mutating func pairAll(with remote: RemoteCandidate, now: Instant) {
        for local in locals { pair(local, remote, now: now) }
    }

    private mutating func pair(_ local: LocalCandidate, _ remote: RemoteCandidate, now: Instant) {
        let tuple = Tuple(socket: local.socket, remote: remote.address)
        guard remoteKey != nil, local.reaches(remote), pairs.count < Self.maximumPairs,
            !pairs.contains(where: { $0.tuple == tuple })
        else { return }
        pairs.append(
            CandidatePair(
                tuple: tuple,
                transport: local.transport,
                localPriority: local.priority,
                remotePriority: remote.priority
            )
        )
        nextPacedCheck = nextPacedCheck ?? now
    }

    /// Looks for a pair that works, beginning with all of them anew.
    mutating func search(as state: State, now: Instant) {
        searchingSince = now
        for index in pairs.indices where pairs[index].tuple != selectedTuple {
            pairs[index].state = .waiting
            pairs[index].check = nil
        }
        nextPacedCheck = nextPacedCheck ?? now
        enter(state)
    }

    mutating func select(_ index: Int, now: Instant) {
        isNominated = true
        searchingSince = nil
        consentExpiry = now + Self.consentTimeout
        pairs[index].nextConsentCheck = now + jittered(Self.consentInterval)
        if selectedTuple != pairs[index].tuple {
            selectedTuple = pairs[index].tuple
            outputs.append(.selectedTupleChanged(selectedTuple))
        }
        enter(.connected)
    }

    mutating func unselect() {
        isNominated = false
        guard selectedTuple != nil else { return }
        selectedTuple = nil
        outputs.append(.selectedTupleChanged(nil))
    }

    mutating func enter(_ next: State) {
        guard state != next else { return }
        state = next
        outputs.append(.stateChanged(next))
    }

    mutating func jittered(_ interval: Duration) -> Duration {
        .milliseconds(Int64((interval.inSeconds * 1000 * Double.random(in: 0.8...1.2, using: &random)).rounded()))
    }
}
