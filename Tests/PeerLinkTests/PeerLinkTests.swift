// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCrypto
import SwiftletDTLS
import SwiftletICE
import SwiftletPeerLink
import SwiftletSRTP
import SwiftletWire
import Testing

@Suite("One peer's link: ICE, DTLS, SRTP")
struct PeerLinkTests {
    /// A client and a server on a wire that loses nothing but what a test takes away.
    final class Pair {
        static let certificates = (0..<3).map { _ in Result { try Certificate.generate(unixSeconds: 1_760_000_000) } }
        let server: PeerLink
        let client: PeerLink
        let serverCertificate: Certificate
        let clientCertificate: Certificate
        let serverAddress = SocketAddress(ipv4: 0x7F00_0001, port: 1)
        let clientAddress = SocketAddress(ipv4: 0x7F00_0001, port: 2)
        let socket = SocketID(rawValue: 1)
        var now = Instant(nanoseconds: 1_000_000_000)
        var serverStates: [DTLSState] = []
        var clientStates: [DTLSState] = []

        init() throws {
            serverCertificate = try Self.certificates[0].get()
            clientCertificate = try Self.certificates[1].get()
            var random = SeededRandom(seed: 7)
            let lite = ICELiteAgent(credentials: ICECredentials(using: &random))
            var agent = ICEControllingAgent(credentials: ICECredentials(using: &random), random: random)
            agent.add(ICEControllingAgent.LocalCandidate(socket: socket, address: clientAddress), now: now)
            agent.start(
                remote: lite.credentials,
                candidates: [.init(address: serverAddress, priority: 1)],
                now: now
            )
            server = PeerLink(lite: lite, context: try DTLSContext(certificate: serverCertificate))
            client = PeerLink(controlling: agent, context: try DTLSContext(certificate: clientCertificate))
        }

        func connectServer(_ role: PeerLink.RemoteRole = .client, certificate: Certificate? = nil) throws {
            let fingerprint = try #require(RemoteFingerprint((certificate ?? clientCertificate).fingerprints))
            _ = server.connect(remoteRole: role, fingerprint: fingerprint, now: now)
        }

        func connectClient(_ role: PeerLink.RemoteRole = .server) throws {
            let fingerprint = try #require(RemoteFingerprint(serverCertificate.fingerprints))
            _ = client.connect(remoteRole: role, fingerprint: fingerprint, now: now)
        }

        func deliver(_ bytes: [UInt8], to link: PeerLink, from address: SocketAddress) {
            let tuple = Tuple(socket: socket, remote: address)
            switch PacketClass(of: bytes.span, in: 0..<bytes.count) {
            case .stun: link.receiveSTUN(bytes.span, from: tuple, transport: .udp, now: now)
            case .dtls: link.receiveDTLS(bytes.span, from: tuple, now: now)
            case .rtp, .rtcp, .other: break
            }
        }

        func run(for duration: Duration) {
            let end = now + duration
            while now <= end {
                var quiet = true
                while let output = server.poll() {
                    quiet = false
                    switch output {
                    case .send(let bytes, _): deliver(bytes, to: client, from: serverAddress)
                    case .dtlsStateChanged(let state): serverStates.append(state)
                    default: break
                    }
                }
                while let output = client.poll() {
                    quiet = false
                    switch output {
                    case .send(let bytes, _): deliver(bytes, to: server, from: clientAddress)
                    case .dtlsStateChanged(let state): clientStates.append(state)
                    default: break
                    }
                }
                guard quiet else { continue }
                guard let next = earliest(server.nextDeadline, client.nextDeadline), next <= end else { return }
                now = max(now, next)
                server.handleTimeout(now: now)
                client.handleTimeout(now: now)
            }
        }
    }

    @Test("Both sides end with matching keys, GCM-128 first")
    func connects() throws {
        let pair = try Pair()
        try pair.connectServer()
        try pair.connectClient()
        pair.run(for: .seconds(2))
        #expect(pair.serverStates == [.connecting, .connected] && pair.clientStates == [.connecting, .connected])
        #expect(pair.server.profile == .gcm128 && pair.client.profile == .gcm128)
        #expect(pair.server.isReady && pair.client.isReady)
        let sender = try #require(pair.client.sender)
        var packet: [UInt8] = [0x80, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3] + [UInt8](repeating: 0, count: 40)
        let body: [UInt8] = [1, 2, 3, 4]
        var span = packet.mutableSpan
        let length = sender.seal(
            into: &span,
            at: 0,
            headerLength: 12,
            prefix: Span(),
            body: body.span,
            padding: 0,
            ssrc: 3,
            index: 1
        )
        let opened = try pair.server.openRTP(&span, 0..<length)
        #expect(opened.length == 16 && opened.ssrc == 3)
        #expect(packet[12..<16].elementsEqual(body))
    }

    @Test("The handshake may run before connect(), but nothing is connected until the fingerprint fits")
    func handshakeBeforeConnect() throws {
        let pair = try Pair()
        try pair.connectClient()
        pair.run(for: .seconds(2))
        #expect(pair.clientStates == [.connecting, .connected])
        #expect(pair.serverStates.isEmpty && pair.server.sender == nil)
        try pair.connectServer()
        pair.run(for: .seconds(1))
        #expect(pair.serverStates == [.connecting, .connected] && pair.server.isReady)
    }

    @Test("A wrong fingerprint fails the link, and no key is installed")
    func wrongFingerprint() throws {
        let pair = try Pair()
        try pair.connectServer(certificate: try Pair.certificates[2].get())
        try pair.connectClient()
        pair.run(for: .seconds(2))
        #expect(pair.serverStates == [.connecting, .failed])
        #expect(pair.server.sender == nil && pair.server.receiver == nil && !pair.server.isReady)
    }

    @Test("A remote server or auto makes us the client, also when a handshake as server had begun")
    func roles() throws {
        let pair = try Pair()
        try pair.connectServer(.auto)
        try pair.connectClient(.client)
        pair.run(for: .seconds(2))
        #expect(pair.server.localRole == .client && pair.client.localRole == .server)
        #expect(pair.server.isReady && pair.client.isReady)
    }

    @Test("DTLS from an address that passed no check is dropped")
    func unvalidatedDTLS() throws {
        let pair = try Pair()
        try pair.connectServer()
        try pair.connectClient()
        var hello: [UInt8]?
        for _ in 0..<1000 where hello == nil {
            while let output = pair.client.poll() {
                guard case .send(let bytes, _) = output else { continue }
                if bytes.first == 22 {
                    hello = bytes
                } else {
                    pair.deliver(bytes, to: pair.server, from: pair.clientAddress)
                }
            }
            while let output = pair.server.poll() {
                if case .send(let bytes, _) = output { pair.deliver(bytes, to: pair.client, from: pair.serverAddress) }
            }
            guard let next = pair.client.nextDeadline else { continue }
            pair.now = max(pair.now, next)
            pair.client.handleTimeout(now: pair.now)
        }
        let before = pair.server.dropped
        pair.deliver(try #require(hello), to: pair.server, from: SocketAddress(ipv4: 1, port: 1))
        #expect(pair.server.dropped == before + 1)
        #expect(pair.server.poll().map { _ in true } == nil)
    }

    @Test("A farewell closes the other side")
    func farewell() throws {
        let pair = try Pair()
        try pair.connectServer()
        try pair.connectClient()
        pair.run(for: .seconds(2))
        pair.client.close(now: pair.now)
        pair.run(for: .seconds(1))
        #expect(pair.serverStates.last == .closed && !pair.server.isReady)
    }

    @Test(
        "First bytes tell the class, RFC 7983",
        arguments: [
            (UInt8(0), UInt8(1), PacketClass.stun), (3, 0, .stun), (4, 0, .other), (19, 0, .other), (20, 0, .dtls),
            (63, 0, .dtls), (64, 0, .other), (127, 0, .other), (128, 96, .rtp), (191, 224, .rtp), (128, 192, .rtcp),
            (128, 223, .rtcp), (192, 0, .other), (255, 255, .other),
        ]
    )
    func classes(first: UInt8, second: UInt8, expected: PacketClass) {
        let bytes = [first, second] + [UInt8](repeating: 0, count: 30)
        #expect(PacketClass(of: bytes.span, in: 0..<32) == expected)
        #expect(PacketClass(of: bytes.span, in: 0..<7) == .other)
    }
}
