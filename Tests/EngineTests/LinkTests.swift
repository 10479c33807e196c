// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletCrypto
import SwiftletDTLS
import SwiftletEngine
import SwiftletICE
import SwiftletORTC
import SwiftletPeerLink
import SwiftletSRTP
import SwiftletWire
import Testing

@Suite("Links of real handshakes: UDP, TCP, reload, restart")
struct LinkTests {
    /// An engine on UDP and TCP, and clients whose handshakes are real.
    final class House {
        static let certificates = (0..<2).map { _ in Result { try Certificate.generate(unixSeconds: 1_760_000_000) } }
        static let udp = SocketID(rawValue: 1)
        static let tcp = SocketID(rawValue: 2)
        let engine: Engine
        let address = SocketAddress(ipv4: 0x7F00_0001, port: 4444)
        var now = Instant(nanoseconds: 1_000_000_000)
        var clients: [Client] = []
        var notifications: [ControlNotification] = []
        var closed: [SocketID] = []
        private var incoming = ReceiveBatch(capacity: 1 << 16)
        private var outgoing = TransmitBatch(capacity: 1 << 17)

        init() throws {
            let wall = WallClockAnchor(instant: now, unixNanoseconds: 1_760_000_000_000_000_000)
            var limits = EngineLimits()
            limits.storedBytes = 4 << 20
            engine = try Engine(
                certificate: try Self.certificates[0].get(),
                limits: limits,
                wall: wall,
                random: SeededRandom(seed: 5)
            )
            let infos = [
                TransportListenInfo(protocol: .udp, ip: "127.0.0.1", port: 4444),
                TransportListenInfo(protocol: .tcp, ip: "127.0.0.1", port: 4444),
            ]
            let bound = [
                BoundSocket(id: Self.udp, kind: .udp, local: address),
                BoundSocket(id: Self.tcp, kind: .tcpListener, local: address),
            ]
            _ = try engine.handle(
                .createWebRtcServer(.init(id: "server", listenInfos: infos)),
                sockets: bound,
                now: now
            ).get()
            _ = try engine.handle(.createRouter(id: "router"), now: now).get()
        }

        func ask(_ request: ControlRequest) throws -> ControlReply { try engine.handle(request, now: now).get() }

        /// A transport and the client for it; `connection` is the id of its TCP connection.
        func join(_ id: String, port: UInt16, connection: SocketID? = nil) throws -> Client {
            let request = ControlRequest.CreateWebRtcTransport(
                id: id,
                routerId: "router",
                listen: .server(id: "server"),
                enableTcp: true
            )
            guard case .webRtcTransport(let reply) = try ask(.createWebRtcTransport(request)) else {
                throw ControlError(.internal, "no transport")
            }
            let own = SocketAddress(ipv4: 0x0A00_0009, port: port)
            let certificate = try Self.certificates[1].get()
            var random = SeededRandom(seed: UInt64(port) &+ UInt64(clients.count))
            var agent = ICEControllingAgent(credentials: ICECredentials(using: &random), random: random)
            let transport: ICETransport = connection == nil ? .udp : .tcp
            agent.add(
                .init(
                    socket: connection ?? Self.udp,
                    address: own,
                    transport: transport,
                    connectedTo: connection == nil ? nil : address
                ),
                now: now
            )
            agent.start(
                remote: ICECredentials(
                    usernameFragment: reply.iceParameters.usernameFragment,
                    password: reply.iceParameters.password
                ),
                candidates: [.init(address: address, transport: transport, priority: 9)],
                now: now
            )
            let link = PeerLink(controlling: agent, context: try DTLSContext(certificate: certificate))
            let fingerprints = certificate.fingerprints.map {
                DtlsFingerprint(algorithm: $0.algorithm.rawValue, value: $0.value)
            }
            _ = try ask(
                .connectWebRtcTransport(
                    id: id,
                    dtlsParameters: DtlsParameters(role: .client, fingerprints: fingerprints)
                )
            )
            let remote = reply.dtlsParameters.fingerprints.compactMap {
                Fingerprint(algorithm: $0.algorithm, value: $0.value)
            }
            _ = link.connect(remoteRole: .server, fingerprint: try #require(RemoteFingerprint(remote)), now: now)
            let client = Client(link: link, address: own, connection: connection)
            clients.append(client)
            if let connection { event(.streamOpened, [], connection, own) }
            return client
        }

        /// One event or datagram for the engine.
        func event(_ kind: ReceiveBatch.Kind, _ bytes: [UInt8], _ socket: SocketID, _ source: SocketAddress) {
            incoming.removeAll()
            var target = incoming.mutableBytes
            target.store(bytes.span, at: 0)
            incoming.append(
                ReceiveBatch.Entry(
                    range: 0..<bytes.count,
                    socket: socket,
                    listener: kind == .datagram ? socket : Self.tcp,
                    source: source,
                    arrival: now,
                    kind: kind
                )
            )
            engine.receive(&incoming, now: now)
        }

        func run(for duration: Duration) {
            let end = now + duration
            while true {
                while exchange() {}
                var next = engine.nextDeadline
                for client in clients { next = earliest(next, client.link.nextDeadline) }
                guard let next, next <= end else { break }
                now = max(now, next)
                engine.advance(to: now)
                for client in clients { client.link.handleTimeout(now: now) }
            }
            now = end
        }

        private func exchange() -> Bool {
            var busy = false
            for client in clients {
                while let output = client.link.poll() {
                    guard case .send(let bytes, _) = output else { continue }
                    busy = true
                    send(bytes, from: client)
                }
            }
            var more = true
            while more {
                more = engine.transmit(into: &outgoing, now: now)
                for message in outgoing.messages {
                    busy = true
                    let bytes = outgoing.bytes.extracting(message.offset..<message.offset + message.length).copied()
                    clients.last { $0.isReached(by: message) }?.receive(
                        bytes,
                        message.segmentSize,
                        from: address,
                        now: now
                    )
                }
                outgoing.removeAll()
            }
            while let output = engine.poll() {
                switch output {
                case .notify(let notification): notifications.append(notification)
                case .closeSocket(let id), .closeConnection(let id): closed.append(id)
                }
            }
            return busy
        }

        /// As a datagram, or framed and in dribbles of seven bytes.
        func send(_ bytes: [UInt8], from client: Client) {
            guard let connection = client.connection else { return event(.datagram, bytes, Self.udp, client.address) }
            let framed = [UInt8(bytes.count >> 8), UInt8(bytes.count & 0xFF)] + bytes
            for start in stride(from: 0, to: framed.count, by: 7) {
                event(.streamBytes, Array(framed[start..<min(framed.count, start + 7)]), connection, client.address)
            }
        }
    }

    final class Client {
        let link: PeerLink
        let address: SocketAddress
        let connection: SocketID?
        private var deframer = StreamDeframer()
        var media: [[UInt8]] = []
        /// Frames per message on TCP: always one.
        var frames: [Int] = []

        init(link: PeerLink, address: SocketAddress, connection: SocketID?) {
            (self.link, self.address, self.connection) = (link, address, connection)
        }

        func isReached(by message: TransmitBatch.Message) -> Bool {
            message.destination == address && message.socket == connection ?? House.udp
        }

        func receive(_ bytes: [UInt8], _ segment: Int, from server: SocketAddress, now: Instant) {
            guard let connection else {
                var start = 0
                while start < bytes.count {
                    let stop = segment == 0 ? bytes.count : min(bytes.count, start + segment)
                    take(Array(bytes[start..<stop]), Tuple(socket: House.udp, remote: server), .udp, now: now)
                    start = stop
                }
                return
            }
            var count = 0
            var rest = bytes.span
            var deframer = StreamDeframer()
            swap(&deframer, &self.deframer)
            defer { swap(&deframer, &self.deframer) }
            while !rest.isEmpty {
                rest = rest.extracting(droppingFirst: deframer.append(rest))
                while let frame = try? deframer.nextFrame() {
                    count += 1
                    let frames = deframer.bytes
                    let packet = frames.span.extracting(frame).copied()
                    take(packet, Tuple(socket: connection, remote: server), .tcp, now: now)
                }
            }
            frames.append(count)
        }

        private func take(_ bytes: [UInt8], _ tuple: Tuple, _ transport: ICETransport, now: Instant) {
            switch PacketClass(of: bytes.span, in: 0..<bytes.count) {
            case .stun: link.receiveSTUN(bytes.span, from: tuple, transport: transport, now: now)
            case .dtls: link.receiveDTLS(bytes.span, from: tuple, now: now)
            case .rtp:
                var copy = bytes
                var span = copy.mutableSpan
                if let opened = try? link.openRTP(&span, 0..<bytes.count) {
                    media.append(span.span.extracting(0..<opened.length).copied())
                }
            case .rtcp, .other: break
            }
        }

        /// A sealed audio packet.
        func audio(_ sequence: UInt16) -> [UInt8] {
            guard let sender = link.sender else { return [] }
            var bytes: [UInt8] = [
                0x80, 111, UInt8(sequence >> 8), UInt8(sequence & 0xFF), 0, 0, 0, 1, 0, 0, 0x07, 0xD0,
            ]
            bytes += [UInt8](repeating: 0, count: 40)
            let payload: [UInt8] = [1, 2, 3]
            var span = bytes.mutableSpan
            let length = sender.seal(
                into: &span,
                at: 0,
                headerLength: 12,
                prefix: Span(),
                body: payload.span,
                padding: 0,
                ssrc: 2000,
                index: UInt64(sequence)
            )
            return Array(bytes.prefix(length))
        }
    }

    @Test("Media flows between a client on UDP and one on TCP, framed both ways", arguments: [false, true])
    func tcp(publisherOnTCP: Bool) throws {
        let house = try House()
        let connection = SocketID(rawValue: 77)
        let alice = try house.join("alice", port: 1001, connection: publisherOnTCP ? connection : nil)
        let bob = try house.join("bob", port: 1002, connection: publisherOnTCP ? nil : connection)
        house.run(for: .seconds(2))
        #expect(alice.link.isReady && bob.link.isReady)
        #expect(house.engine.counters["connections"] == 1)
        _ = try house.ask(.produce(Media.produceAudio("p", on: "alice")))
        _ = try house.ask(.consume(Media.consumeAudio("c", of: "p", on: "bob")))
        for number in 1...20 as ClosedRange<UInt16> { house.send(alice.audio(number), from: alice) }
        house.run(for: .milliseconds(100))
        #expect(bob.media.count == 20)
        #expect(bob.frames.allSatisfy { $0 == 1 })
        guard case .transportStats(let stats) = try house.ask(.getTransportStats(id: publisherOnTCP ? "alice" : "bob"))
        else {
            return
        }
        #expect(stats.iceSelectedTuple?.protocol == .tcp && stats.iceSelectedTuple?.localPort == 4444)
    }

    @Test("A TCP connection that ends takes the path with it, and the engine's own end closes the connection")
    func tcpEnds() throws {
        let house = try House()
        let alice = try house.join("alice", port: 1001, connection: SocketID(rawValue: 77))
        let bob = try house.join("bob", port: 1002, connection: SocketID(rawValue: 78))
        house.run(for: .seconds(2))
        #expect(alice.link.isReady && bob.link.isReady)
        house.event(.streamClosed, [], SocketID(rawValue: 77), alice.address)
        _ = try house.ask(.closeTransport(id: "bob"))
        house.run(for: .milliseconds(10))
        #expect(house.notifications.contains(.iceStateChanged(transportId: "alice", state: .disconnected)))
        #expect(house.closed == [SocketID(rawValue: 78)])
        #expect(house.engine.counters["connections"] == 0 && house.engine.counters["tuples"] == 0)
    }

    @Test("A page that was loaded again takes its address along to its new transport")
    func reload() throws {
        let house = try House()
        let before = try house.join("before", port: 1001)
        house.run(for: .seconds(2))
        #expect(before.link.isReady)
        house.clients.removeAll()
        let after = try house.join("after", port: 1001)
        house.run(for: .seconds(2))
        #expect(after.link.isReady)
        #expect(house.notifications.contains(.iceStateChanged(transportId: "before", state: .disconnected)))
        #expect(house.engine.counters["tuples"] == 1)
        _ = try house.ask(.closeTransport(id: "before"))
        house.run(for: .milliseconds(1))
        #expect(house.engine.counters["tuples"] == 1, "its successor keeps the address")
    }

    @Test("After an ICE restart both credentials hold until the first check with the new ones")
    func restart() throws {
        let house = try House()
        let alice = try house.join("alice", port: 1001)
        house.run(for: .seconds(2))
        guard case .iceParameters(let fresh) = try house.ask(.restartIce(transportId: "alice")),
            case .webRtcServerDump(let dump) = try house.ask(.dumpWebRtcServer(id: "server"))
        else { return }
        #expect(dump.localIceUsernameFragments.count == 2)
        house.run(for: .seconds(6))
        #expect(alice.link.isReady, "media and consent go on")
        var random = SeededRandom(seed: 1)
        alice.link.restartICE(
            credentials: ICECredentials(using: &random),
            remote: ICECredentials(usernameFragment: fresh.usernameFragment, password: fresh.password),
            candidates: [.init(address: house.address, priority: 9)],
            now: house.now
        )
        house.run(for: .seconds(6))
        guard case .webRtcServerDump(let later) = try house.ask(.dumpWebRtcServer(id: "server")) else { return }
        #expect(later.localIceUsernameFragments.keys.elementsEqual([fresh.usernameFragment]))
        #expect(alice.link.isReady && house.engine.counters["tuples"] == 1)
    }
}
