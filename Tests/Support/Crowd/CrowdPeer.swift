// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletDTLS
import SwiftletICE
package import SwiftletORTC
import SwiftletPeerLink
import SwiftletSCTP
package import SwiftletWire

/// The other end of a transport, in virtual time: ICE, DTLS, and SCTP where it is asked for.
package final class CrowdPeer {
    private static let socket = SocketID(rawValue: 900)
    private let link: PeerLink
    private let server: SocketAddress
    private let association: SCTPAssociation?
    /// Datagrams for the server.
    private var outbox: [[UInt8]] = []

    package init(
        _ number: Int,
        address: SocketAddress,
        server: SocketAddress,
        remote: IceParameters,
        context: DTLSContext,
        hasData: Bool,
        now: Instant
    ) {
        self.server = server
        var random = SeededRandom(seed: UInt64(number) + 10)
        var agent = ICEControllingAgent(credentials: ICECredentials(using: &random), random: random)
        agent.add(ICEControllingAgent.LocalCandidate(socket: Self.socket, address: address), now: now)
        agent.start(
            remote: ICECredentials(usernameFragment: remote.usernameFragment, password: remote.password),
            candidates: [.init(address: server, priority: 1)],
            now: now
        )
        link = PeerLink(controlling: agent, context: context)
        var configuration = SCTPConfiguration()
        configuration.maximumPacketSize = PeerLink.maximumMessageLength
        association = hasData ? SCTPAssociation(configuration, random: random) : nil
    }

    /// Whether it is where it wants to be.
    package var isConnected: Bool {
        link.isReady && association.map { $0.state == .connected } ?? true
    }

    package func connect(_ fingerprint: RemoteFingerprint, now: Instant) {
        _ = link.connect(remoteRole: .server, fingerprint: fingerprint, now: now)
        settle(now: now)
    }

    package func runTimers(now: Instant) {
        if let due = link.nextDeadline, due <= now { link.handleTimeout(now: now) }
        if let association, let due = association.nextDeadline, due <= now { association.handleTimeout(now: now) }
        settle(now: now)
    }

    package func receive(_ datagram: Span<UInt8>, now: Instant) {
        let tuple = Tuple(socket: Self.socket, remote: server)
        switch PacketClass(of: datagram, in: 0..<datagram.count) {
        case .stun: link.receiveSTUN(datagram, from: tuple, transport: .udp, now: now)
        case .dtls: link.receiveDTLS(datagram, from: tuple, now: now)
        default: break
        }
        settle(now: now)
    }

    package func takeOutbox() -> [[UInt8]] {
        defer { outbox = [] }
        return outbox
    }

    private func settle(now: Instant) {
        repeat {
            while let output = link.poll() {
                switch output {
                case .send(let bytes, _): outbox.append(bytes)
                case .applicationData(let bytes): association?.receive(bytes.span, now: now)
                default: break
                }
            }
            while association?.poll() != nil {}
        } while transmit(now: now)
    }

    /// Moves packets into DTLS; false when there are none.
    private func transmit(now: Instant) -> Bool {
        guard let association, link.dtlsState == .connected else { return false }
        if association.state == .new { association.connect(now: now) }
        var packet = [UInt8](repeating: 0, count: 2048)
        var room = packet.mutableSpan
        let count = association.transmit(into: &room, now: now)
        return count > 0 && link.sendApplicationData(room.span.extracting(0..<count), now: now)
    }
}
