// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletSTUN
package import SwiftletWire

/// The server's side of ICE: it answers checks, learns the peer's addresses from them and picks one to send to.
///
/// It never checks anything itself and is always controlled, RFC 8445 §2.5. Answers go to whoever proves that it knows
/// the password, and nothing at all to anyone who does not even know the username fragment; so it reflects nothing.
///
/// In ``State/connected`` and ``State/completed`` there is a selected tuple and in other states there are no tuples.
///
/// - Note: RFC 8445 §7.3, consent as seen by its receiver per RFC 7675 §5.1, and the renomination of libwebrtc.
package struct ICELiteAgent: Sendable {
    package enum State: String, Sendable {
        /// No valid check yet.
        case new
        /// Checked, not yet nominated: we may send.
        case connected
        /// The peer has nominated a pair.
        case completed
        /// Consent expired, or the last tuple was closed; a valid check revives it.
        case disconnected
        /// Closed by its owner.
        case closed
    }

    package enum Output: Equatable, Sendable {
        /// Send this datagram, or this frame.
        case send([UInt8], Tuple)
        case stateChanged(State)
        /// From now on send here; `nil` means nowhere.
        case selectedTupleChanged(Tuple?)
        /// Packets from this tuple belong to this agent now.
        case tupleAdded(Tuple)
        /// They no longer do.
        case tupleRemoved(Tuple)
        /// No request with this local username fragment will be accepted any more.
        case localUsernameFragmentRetired(String)
    }

    /// What became of the datagrams; all but `accepted` are reasons to look closer, none is worth a line of log each.
    package struct Statistics: Equatable, Sendable {
        /// Requests answered with success.
        package var accepted: UInt64 = 0
        /// Requests by those who do not know the username fragment: dropped.
        package var unknown: UInt64 = 0
        /// Requests answered with an error.
        package var refused: UInt64 = 0
        /// Datagrams that are not well-formed STUN: dropped.
        package var malformed: UInt64 = 0
        /// Indications, responses, and whatever came after the close or faster than outputs were polled: dropped.
        package var ignored: UInt64 = 0
    }

    /// Most tuples at a time; one more evicts the oldest that is not selected.
    package static let maximumTuples = 8
    /// Consent timeout unless said otherwise, RFC 7675 §5.1.
    package static let defaultConsentTimeout = Duration.seconds(30)
    /// A selected tuple that was neither nominated nor used for this long gives way to any other that is nominated: some
    /// three check intervals of Chrome (2.5 s), more than one of Firefox (4 to 6 s).
    package static let silenceBeforeReselection = Duration.milliseconds(7500)
    /// For this long after a change of tuple, media elsewhere counts as still in flight from before.
    package static let settlingTime = Duration.seconds(1)
    /// Media elsewhere takes over when the selected tuple had none for this long.
    package static let mediaGap = Duration.milliseconds(500)

    package private(set) var state = State.new
    /// Where to send.
    package var selectedTuple: Tuple? { selected }
    /// What the selected tuple runs over.
    package var selectedTransport: ICETransport? { flows.first { $0.tuple == selected }?.transport }
    /// The tuples that passed a check, newest first.
    package var tuples: [Tuple] { flows.map(\.tuple) }
    /// The credentials to signal.
    package var credentials: ICECredentials { current.credentials }
    /// The fragments that requests may come with: the current one, and after a restart the one before.
    package var usernameFragments: [String] {
        state == .closed ? [] : [current, previous].compactMap { $0?.credentials.usernameFragment }
    }
    /// When to call ``handleTimeout(now:)``.
    package var nextDeadline: Instant? { consentDeadline }
    package var statistics = Statistics()

    /// One way that the peer reaches us.
    struct Flow: Sendable {
        let tuple: Tuple
        let transport: ICETransport
        /// PRIORITY of its newest check.
        var priority: UInt32
        /// The credentials of its newest check, counted.
        var generation: UInt64
        /// When something authentic last came this way.
        var lastHeard: Instant
        /// When it was last nominated, or carried media: a mere keep-alive does not tell that the peer still uses it.
        var lastUsed: Instant
        /// Media moved the selection away from here, so the priority of a check alone does not bring it back.
        var isOverruled = false
    }

    var flows: [Flow] = []
    var current: ICEKey
    /// Valid until the first request with ``current``.
    var previous: ICEKey?
    /// No longer valid, but its owner is told so.
    var retired: ICEKey?
    var generation: UInt64 = 0
    var remoteNomination: UInt32 = 0
    private let consentTimeout: Duration?
    private var consentDeadline: Instant?
    @usableFromInline
    var selected: Tuple?
    @usableFromInline
    var selectedLastMedia: Instant?
    private var selectedAt: Instant?
    var outputs = OutputQueue<Output>()

    /// - Parameters:
    ///   - credentials: Its own.
    ///   - consentTimeout: How long to go on without a check: 0 for ever, else kept between 10 and 60 s.
    package init(credentials: ICECredentials, consentTimeout: Duration = defaultConsentTimeout) {
        current = ICEKey(credentials)
        self.consentTimeout = consentTimeout <= .zero ? nil : min(max(consentTimeout, .seconds(10)), .seconds(60))
    }

    /// The next output, or `nil` when there is none; to be drained after every other call.
    package mutating func poll() -> Output? { outputs.popFirst() }

    /// Whether `tuple` has passed a check: only then may packets other than STUN be taken from it.
    package func isValid(_ tuple: Tuple) -> Bool { flows.contains { $0.tuple == tuple } }

    /// Takes in one STUN datagram, or what may be one.
    package mutating func receive(
        _ datagram: Span<UInt8>,
        from tuple: Tuple,
        transport: ICETransport,
        now: Instant
    ) {
        guard state != .closed, !outputs.isFull else {
            statistics.ignored &+= 1
            return
        }
        do {
            let message = try STUNMessageView(parsing: datagram)
            guard message.messageClass == .request else {
                statistics.ignored &+= 1
                return
            }
            handle(message, from: tuple, transport: transport, now: now)
        } catch {
            statistics.malformed &+= 1
        }
    }

    /// Notes that media or DTLS that proved authentic came from `tuple`: a peer that sends elsewhere than it nominated
    /// is followed, unless the selected tuple carries media too.
    ///
    /// Cheap for the selected tuple, so it may be called for every packet.
    @inlinable @inline(__always)
    package mutating func noteAuthenticated(from tuple: Tuple, now: Instant) {
        if tuple == selected {
            selectedLastMedia = now
        } else {
            noteMediaElsewhere(from: tuple, now: now)
        }
    }

    /// Forgets `tuple`, since its TCP connection closed or another transport took its address over.
    package mutating func remove(_ tuple: Tuple, now: Instant) {
        guard let index = flows.firstIndex(where: { $0.tuple == tuple }) else { return }
        flows.remove(at: index)
        outputs.append(.tupleRemoved(tuple))
        guard tuple == selected else { return }
        if let next = flows.indices.max(by: { flows[$0].lastHeard < flows[$1].lastHeard }) {
            select(next, now: now)
            restartConsent(now: now)
        } else {
            disconnect()
        }
    }

    /// Begins an ICE restart, RFC 8445 §9: media goes on where it is, and the credentials so far stay valid until the
    /// first request with the new ones, those from before them no longer.
    package mutating func restart(credentials: ICECredentials, now: Instant) {
        guard state != .closed else { return }
        retirePrevious()
        previous = current
        current = ICEKey(credentials)
        generation &+= 1
        remoteNomination = 0
        if consentDeadline != nil { restartConsent(now: now) }
    }

    /// Ends consent when ``nextDeadline`` has passed.
    package mutating func handleTimeout(now: Instant) {
        guard let consentDeadline, consentDeadline <= now else { return }
        disconnect()
    }

    /// Forgets everything and stays silent; closing again does nothing.
    package mutating func close() {
        guard state != .closed else { return }
        removeAll()
        retirePrevious()
        outputs.append(.localUsernameFragmentRetired(current.credentials.usernameFragment))
        enter(.closed)
    }
}

// MARK: Tuples

extension ICELiteAgent {
    /// Finds or adds the flow of `tuple`, evicting another when there are too many, and returns where it is.
    mutating func note(
        _ tuple: Tuple,
        transport: ICETransport,
        priority: UInt32,
        generation: UInt64,
        now: Instant
    ) -> Int {
        if let index = flows.firstIndex(where: { $0.tuple == tuple }) {
            flows[index].priority = priority
            flows[index].generation = max(flows[index].generation, generation)
            flows[index].lastHeard = now
            return index
        }
        if flows.count >= Self.maximumTuples, let oldest = flows.lastIndex(where: { $0.tuple != selected }) {
            outputs.append(.tupleRemoved(flows.remove(at: oldest).tuple))
        }
        let flow = Flow(
            tuple: tuple,
            transport: transport,
            priority: priority,
            generation: generation,
            lastHeard: now,
            lastUsed: now
        )
        flows.insert(flow, at: 0)
        outputs.append(.tupleAdded(tuple))
        return 0
    }

    mutating func select(_ index: Int, now: Instant) {
        let tuple = flows[index].tuple
        guard tuple != selected else { return }
        if let old = flows.firstIndex(where: { $0.tuple == selected }), let selectedLastMedia {
            flows[old].lastHeard = max(flows[old].lastHeard, selectedLastMedia)
            flows[old].lastUsed = max(flows[old].lastUsed, selectedLastMedia)
        }
        flows[index].isOverruled = false
        flows[index].lastUsed = now
        (selected, selectedAt, selectedLastMedia) = (tuple, now, nil)
        outputs.append(.selectedTupleChanged(tuple))
    }

    @usableFromInline
    mutating func noteMediaElsewhere(from tuple: Tuple, now: Instant) {
        guard let index = flows.firstIndex(where: { $0.tuple == tuple }), !outputs.isFull else { return }
        (flows[index].lastHeard, flows[index].lastUsed) = (now, now)
        guard let selectedAt, now - selectedAt >= Self.settlingTime else { return }
        if let selectedLastMedia, now - selectedLastMedia < Self.mediaGap { return }
        if let old = flows.firstIndex(where: { $0.tuple == selected }) { flows[old].isOverruled = true }
        select(index, now: now)
        selectedLastMedia = now
    }

    mutating func removeAll() {
        for flow in flows { outputs.append(.tupleRemoved(flow.tuple)) }
        flows.removeAll()
        remoteNomination = 0
        consentDeadline = nil
        (selectedAt, selectedLastMedia) = (nil, nil)
        guard selected != nil else { return }
        selected = nil
        outputs.append(.selectedTupleChanged(nil))
    }

    mutating func disconnect() {
        removeAll()
        enter(.disconnected)
    }

    mutating func enter(_ next: State) {
        guard state != next else { return }
        state = next
        outputs.append(.stateChanged(next))
    }

    mutating func restartConsent(now: Instant) {
        consentDeadline = consentTimeout.map { now + $0 }
    }

    mutating func retirePrevious() {
        guard let previous else { return }
        retired = previous
        self.previous = nil
        outputs.append(.localUsernameFragmentRetired(previous.credentials.usernameFragment))
    }
}
