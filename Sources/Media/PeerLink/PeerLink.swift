// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletCrypto
package import SwiftletDTLS
package import SwiftletICE
package import SwiftletSRTP
package import SwiftletWire

/// One peer's link: ICE, then DTLS over the pair that ICE chose, then SRTP under the keys that DTLS made.
///
/// The server's links answer checks (lite), a client's make them (controlling). DTLS is heard only from tuples that ICE
/// has validated. As server the handshake may run before ``connect(remoteRole:fingerprint:now:)``, but no key is
/// installed, and ``Output/dtlsStateChanged(_:)`` does not say connected, until the peer's fingerprint is known and
/// fits. After each call its owner drains ``poll()`` and reads ``nextDeadline``.
package final class PeerLink {
    /// What a link wants done or known.
    package enum Output: Sendable {
        /// Send these bytes as one datagram, or as one frame of a TCP connection.
        case send([UInt8], Tuple)
        case iceStateChanged(ICELiteAgent.State)
        /// Where media goes from now on; `nil` for nowhere.
        case selectedTupleChanged(Tuple?)
        /// Packets from this tuple belong to this link from now on.
        case tupleAdded(Tuple)
        case tupleRemoved(Tuple)
        /// No check with this fragment will be accepted any more.
        case usernameFragmentRetired(String)
        case dtlsStateChanged(DTLSState)
        /// A message of the peer, after its fingerprint proved right.
        case applicationData([UInt8])
    }

    /// Who we are in the handshake once the peer has said who it is.
    package enum RemoteRole: Sendable {
        case auto
        case client
        case server
    }

    /// DTLS datagrams that wait until ICE has chosen where to send them; more are dropped, DTLS repeats them.
    package static let heldDatagrams = 16
    /// Bytes of a message that fit one datagram under every cipher suite we offer: 1200, of which AES-GCM takes 37 (13 of
    /// header, 8 of nonce, 16 of tag, RFC 5288 §3); a multiple of 4, as SCTP wants it.
    package static let maximumMessageLength = 1160
    /// Outputs that wait to be polled; more are dropped.
    package static let maximumOutputs = 256

    private var lite: ICELiteAgent?
    private var controlling: ICEControllingAgent?
    private let context: DTLSContext
    private var dtls: DTLSEndpoint?
    private var remoteFingerprint: RemoteFingerprint?
    private var completed: (keys: SRTPKeyingMaterial?, certificate: [UInt8])?
    private var held: [[UInt8]] = []
    private var outputs: [Output] = []
    private var nextOutput = 0

    /// How far DTLS has come; connected only with the right fingerprint.
    package private(set) var dtlsState = DTLSState.new
    /// Where media goes, or `nil`.
    package private(set) var selectedTuple: Tuple?
    /// The peer's certificate, DER, once it proved right.
    package private(set) var remoteCertificate: [UInt8]?
    /// The same as PEM.
    package var remoteCertificatePEM: String? { remoteCertificate.map { Certificate.pem(certificateDER: $0) } }
    /// The role taken, once one is.
    package private(set) var localRole: DTLSRole?
    /// Opens what the peer sends, once there are keys.
    package private(set) var receiver: SRTPReceiver?
    /// Seals what we send, once there are keys.
    package private(set) var sender: SRTPSender?
    /// Datagrams that ICE or DTLS had no business with: unvalidated sources, unknown classes.
    package private(set) var dropped: UInt64 = 0

    private init(lite: ICELiteAgent?, controlling: ICEControllingAgent?, context: DTLSContext) {
        (self.lite, self.controlling, self.context) = (lite, controlling, context)
    }

    /// A server's link, which waits to be checked.
    package convenience init(lite agent: ICELiteAgent, context: DTLSContext) {
        self.init(lite: agent, controlling: nil, context: context)
    }

    /// A client's link, which makes the checks.
    package convenience init(controlling agent: ICEControllingAgent, context: DTLSContext) {
        self.init(lite: nil, controlling: agent, context: context)
    }

    // MARK: State

    /// How far ICE has come.
    package var iceState: ICELiteAgent.State {
        lite?.state ?? controlling.map { Self.state($0.state) } ?? .closed
    }

    /// Our ICE credentials.
    package var credentials: ICECredentials? { lite?.credentials ?? controlling?.credentials }

    /// The fragments that checks may come with; after a restart two of them.
    package var usernameFragments: [String] { lite?.usernameFragments ?? [] }

    /// The tuples that passed a check.
    package var tuples: [Tuple] { lite?.tuples ?? selectedTuple.map { [$0] } ?? [] }

    /// Whether media may be sent and received.
    package var isReady: Bool { dtlsState == .connected && sender != nil && selectedTuple != nil }

    /// The SRTP profile in use.
    package var profile: SRTPProfile? { sender?.profile }

    // MARK: Control

    /// Takes the peer's role and fingerprint, once: a remote client makes us server, anything else client.
    ///
    /// - Returns: The role that we take.
    package func connect(remoteRole: RemoteRole, fingerprint: RemoteFingerprint, now: Instant) -> DTLSRole {
        let role: DTLSRole = remoteRole == .client ? .server : .client
        remoteFingerprint = fingerprint
        localRole = role
        if let dtls, dtls.role != role {
            self.dtls = nil
            (completed, held) = (nil, [])
        }
        if dtls == nil { dtls = DTLSEndpoint(context: context, role: role) }
        startHandshake(now: now)
        if dtlsState == .new { enter(.connecting) }
        if let completed { finish(completed.keys, completed.certificate) }
        drain(now: now)
        return role
    }

    /// Takes new ICE credentials; media stays where it is.
    package func restartICE(credentials: ICECredentials, now: Instant) {
        lite?.restart(credentials: credentials, now: now)
        drain(now: now)
    }

    /// Restarts ICE as a client, towards new credentials and candidates of the server; media stays where it is.
    package func restartICE(
        credentials: ICECredentials,
        remote: ICECredentials,
        candidates: [ICEControllingAgent.RemoteCandidate],
        now: Instant
    ) {
        controlling?.restart(credentials: credentials, remote: remote, candidates: candidates, now: now)
        drain(now: now)
    }

    /// Installs keys without ICE or DTLS, for simulations in which handshakes do not matter.
    package func startWithKeys(_ keys: SRTPKeyingMaterial, tuple: Tuple) {
        guard install(keys) else { return }
        selectedTuple = tuple
        emit(.tupleAdded(tuple))
        emit(.selectedTupleChanged(tuple))
        enter(.connected)
    }

    /// Says farewell and forgets everything.
    package func close(now: Instant) {
        dtls?.close(now: now)
        drain(now: now)
        lite?.close()
        controlling?.close()
        drain(now: now)
        (receiver, sender, selectedTuple) = (nil, nil, nil)
        if dtlsState != .failed { enter(.closed) }
    }

    // MARK: Packets

    /// Takes a datagram that may be STUN.
    package func receiveSTUN(_ datagram: Span<UInt8>, from tuple: Tuple, transport: ICETransport, now: Instant) {
        if lite != nil {
            lite?.receive(datagram, from: tuple, transport: transport, now: now)
        } else {
            controlling?.receive(datagram, from: tuple, transport: transport, now: now)
        }
        drain(now: now)
    }

    /// Takes a DTLS datagram; dropped unless its source passed a check.
    package func receiveDTLS(_ datagram: Span<UInt8>, from tuple: Tuple, now: Instant) {
        guard isValid(tuple), dtlsState != .failed, dtlsState != .closed else {
            dropped &+= 1
            return
        }
        if dtls == nil {
            // Before connect() we can only be the server of a handshake that the peer begins.
            dtls = DTLSEndpoint(context: context, role: .server)
            dtls?.start(now: now)
        }
        dtls?.receive(datagram, now: now)
        drain(now: now)
    }

    /// Opens the RTP packet in `range` in place.
    @inline(__always)
    package func openRTP(_ bytes: inout MutableSpan<UInt8>, _ range: Range<Int>) throws(SRTPError) -> SRTPOpened {
        guard let receiver else { throw .invalidKeys }
        return try receiver.open(&bytes, range)
    }

    /// Opens the RTCP compound in `range` in place.
    @inline(__always)
    package func openRTCP(_ bytes: inout MutableSpan<UInt8>, _ range: Range<Int>) throws(SRTPError) -> SRTPOpened {
        guard let receiver else { throw .invalidKeys }
        return try receiver.openRTCP(&bytes, range)
    }

    /// Notes that an authentic packet came from `tuple`, which may move the selection there.
    @inline(__always)
    package func noteAuthenticated(from tuple: Tuple, now: Instant) {
        guard lite != nil else { return }
        lite?.noteAuthenticated(from: tuple, now: now)
        if tuple != selectedTuple { drain(now: now) }
    }

    /// Forgets a tuple whose connection ended, or which another link took over.
    package func remove(_ tuple: Tuple, now: Instant) {
        lite?.remove(tuple, now: now)
        drain(now: now)
    }

    /// Sends a message over DTLS.
    ///
    /// - Returns: Whether it was sent.
    package func sendApplicationData(_ message: Span<UInt8>, now: Instant) -> Bool {
        guard dtlsState == .connected, let dtls else { return false }
        let sent = dtls.send(message, now: now)
        drain(now: now)
        return sent
    }

    // MARK: Time

    /// When to call ``handleTimeout(now:)``.
    package var nextDeadline: Instant? {
        earliest(earliest(lite?.nextDeadline, controlling?.nextDeadline), dtls?.nextDeadline)
    }

    /// Does what is due.
    package func handleTimeout(now: Instant) {
        lite?.handleTimeout(now: now)
        controlling?.handleTimeout(now: now)
        if let deadline = dtls?.nextDeadline, deadline <= now { dtls?.handleTimeout(now: now) }
        drain(now: now)
    }

    /// The next output, or `nil`.
    package func poll() -> Output? {
        guard nextOutput < outputs.count else {
            outputs.removeAll(keepingCapacity: true)
            nextOutput = 0
            return nil
        }
        defer { nextOutput += 1 }
        return outputs[nextOutput]
    }
}

// MARK: - Inside

extension PeerLink {
    private func isValid(_ tuple: Tuple) -> Bool {
        lite?.isValid(tuple) ?? controlling?.isValid(tuple) ?? false
    }

    private func emit(_ output: Output) {
        guard outputs.count - nextOutput < Self.maximumOutputs else {
            dropped &+= 1
            return
        }
        outputs.append(output)
    }

    private func enter(_ state: DTLSState) {
        guard dtlsState != state else { return }
        dtlsState = state
        emit(.dtlsStateChanged(state))
    }

    /// A client speaks as soon as ICE is connected, not only when it has completed: waiting longer stalls some peers.
    private func startHandshake(now: Instant) {
        guard let dtls, dtls.state == .new, selectedTuple != nil, dtls.role == .server || localRole != nil else {
            return
        }
        dtls.start(now: now)
    }

    /// Moves what the parts said into ``poll()``, and lets it act on each other.
    private func drain(now: Instant) {
        while true {
            var quiet = true
            while let output = lite?.poll() {
                handle(output, now: now)
                quiet = false
            }
            while let output = controlling?.poll() {
                handle(output, now: now)
                quiet = false
            }
            while let output = dtls?.poll() {
                handle(output)
                quiet = false
            }
            if quiet { return }
        }
    }

    private func handle(_ output: ICELiteAgent.Output, now: Instant) {
        switch output {
        case .send(let bytes, let tuple): emit(.send(bytes, tuple))
        case .stateChanged(let state): emit(.iceStateChanged(state))
        case .selectedTupleChanged(let tuple): select(tuple, now: now)
        case .tupleAdded(let tuple): emit(.tupleAdded(tuple))
        case .tupleRemoved(let tuple): emit(.tupleRemoved(tuple))
        case .localUsernameFragmentRetired(let fragment): emit(.usernameFragmentRetired(fragment))
        }
    }

    private func handle(_ output: ICEControllingAgent.Output, now: Instant) {
        switch output {
        case .send(let bytes, let tuple): emit(.send(bytes, tuple))
        case .stateChanged(let state): emit(.iceStateChanged(Self.state(state)))
        case .selectedTupleChanged(let tuple): select(tuple, now: now)
        }
    }

    /// A client's state in the words of a server's.
    private static func state(_ state: ICEControllingAgent.State) -> ICELiteAgent.State {
        switch state {
        case .new, .checking: .new
        case .connected: .completed
        case .disconnected, .failed: .disconnected
        case .closed: .closed
        }
    }

    private func select(_ tuple: Tuple?, now: Instant) {
        selectedTuple = tuple
        emit(.selectedTupleChanged(tuple))
        guard let tuple else { return }
        startHandshake(now: now)
        for datagram in held { emit(.send(datagram, tuple)) }
        held.removeAll()
    }

    private func handle(_ output: DTLSOutput) {
        switch output {
        case .send(let bytes):
            if let selectedTuple {
                emit(.send(bytes, selectedTuple))
            } else if held.count < Self.heldDatagrams {
                held.append(bytes)
            }
        case .handshakeComplete(let keys, let certificate):
            completed = (keys, certificate)
            finish(keys, certificate)
        case .applicationData(let bytes):
            if dtlsState == .connected { emit(.applicationData(bytes)) }
        case .closed:
            if dtlsState != .failed { enter(.closed) }
        case .failed:
            enter(.failed)
        }
    }

    /// Ends the handshake: with the right certificate the keys go in, with a wrong one the link has failed.
    private func finish(_ keys: SRTPKeyingMaterial?, _ certificate: [UInt8]) {
        guard let remoteFingerprint, sender == nil else { return }
        guard remoteFingerprint.matches(certificateDER: certificate) else { return enter(.failed) }
        if let keys, !install(keys) { return enter(.failed) }
        remoteCertificate = certificate
        enter(.connected)
    }

    private func install(_ keys: SRTPKeyingMaterial) -> Bool {
        guard let receiver = try? SRTPReceiver(keys), let sender = try? SRTPSender(keys) else { return false }
        (self.receiver, self.sender) = (receiver, sender)
        return true
    }
}
