// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCrypto
import SwiftletDTLS
import SwiftletICE
import SwiftletORTC
import SwiftletPeerLink
import SwiftletSCTP
import SwiftletWire

/// A peer with a data channel, in this process: ICE, DTLS and SCTP as a client has them.
final class DataClient {
    let address: SocketAddress
    let association: SCTPAssociation
    /// Datagrams that it wants sent.
    private(set) var outbox: [[UInt8]] = []
    /// Messages that it has received.
    private(set) var messages = 0
    private let link: PeerLink
    private let server: SocketAddress
    private static let socket = SocketID(rawValue: 900)
    private var packet = [UInt8](repeating: 0, count: 2048)

    init(
        address: SocketAddress,
        server: SocketAddress,
        remote: IceParameters,
        certificate: Certificate,
        seed: UInt64,
        now: Instant
    ) throws {
        (self.address, self.server) = (address, server)
        var random = SeededRandom(seed: seed)
        var agent = ICEControllingAgent(credentials: ICECredentials(using: &random), random: random)
        agent.add(ICEControllingAgent.LocalCandidate(socket: Self.socket, address: address), now: now)
        agent.start(
            remote: ICECredentials(usernameFragment: remote.usernameFragment, password: remote.password),
            candidates: [.init(address: server, priority: 1)],
            now: now
        )
        link = PeerLink(controlling: agent, context: try DTLSContext(certificate: certificate))
        var configuration = SCTPConfiguration()
        configuration.maximumPacketSize = PeerLink.maximumMessageLength
        association = SCTPAssociation(configuration, random: random)
    }

    func connect(_ fingerprint: RemoteFingerprint, now: Instant) {
        _ = link.connect(remoteRole: .server, fingerprint: fingerprint, now: now)
        settle(now: now)
    }

    func runTimers(now: Instant) {
        if let due = link.nextDeadline, due <= now { link.handleTimeout(now: now) }
        if let due = association.nextDeadline, due <= now { association.handleTimeout(now: now) }
        settle(now: now)
    }

    /// Takes in a datagram of the engine's.
    func receive(_ datagram: [UInt8], now: Instant) {
        let tuple = Tuple(socket: Self.socket, remote: server)
        switch PacketClass(of: datagram.span, in: 0..<datagram.count) {
        case .stun: link.receiveSTUN(datagram.span, from: tuple, transport: .udp, now: now)
        case .dtls: link.receiveDTLS(datagram.span, from: tuple, now: now)
        default: break
        }
        settle(now: now)
    }

    func send(_ message: SCTPMessage, now: Instant) throws {
        _ = try association.send(message, now: now)
        settle(now: now)
    }

    func takeOutbox() -> [[UInt8]] {
        defer { outbox.removeAll(keepingCapacity: true) }
        return outbox
    }

    private func settle(now: Instant) {
        repeat {
            while let output = link.poll() {
                switch output {
                case .send(let bytes, _): outbox.append(bytes)
                case .applicationData(let bytes): association.receive(bytes.span, now: now)
                default: break
                }
            }
            while let output = association.poll() { if case .message = output { messages += 1 } }
        } while transmit(now: now)
    }

    /// Moves packets into DTLS; false when there are none.
    private func transmit(now: Instant) -> Bool {
        guard link.dtlsState == .connected else { return false }
        if association.state == .new { association.connect(now: now) }
        var isAny = false
        while true {
            var room = packet.mutableSpan
            let count = association.transmit(into: &room, now: now)
            guard count > 0 else { return isAny }
            isAny = link.sendApplicationData(packet.span.extracting(0..<count), now: now) || isAny
        }
    }
}
