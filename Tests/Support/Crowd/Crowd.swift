// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletCrypto
import SwiftletDTLS
import SwiftletEngine
import SwiftletORTC
import SwiftletSRTP
import SwiftletWire

/// An engine with many transports and consumers in virtual time, whose other ends are gone before its memory is looked
/// at: what is in use afterwards is the engine's.
package final class Crowd {
    /// What went wrong in setting it up.
    package struct Failure: Error { let text: String }

    private static let socket = SocketID(rawValue: 1)
    private static let server = SocketAddress(ipv4: 0x0A00_0001, port: 44_444)
    private static let publisher = SocketAddress(ipv4: 0x0A00_0002, port: 5000)
    /// Where the publisher's consumers are.
    private static let viewer = SocketAddress(ipv4: 0x0A00_0003, port: 5000)

    private let engine: Engine
    private let peerCertificate: Certificate
    private let peerContext: DTLSContext
    private var now = Instant(nanoseconds: 1_000_000_000_000)
    private var received = ReceiveBatch(capacity: 1 << 16)
    private var transmitted = TransmitBatch()
    /// How many of the transports have been connected to their peers, the first ones.
    private var connected = 0
    private var parameters: [(ice: IceParameters, dtls: DtlsParameters)] = []
    private var media: SRTPSender?
    private var sequence: UInt64 = 1000
    private var consumers = 0
    private let hasData: Bool

    /// - Parameter hasData: Whether transports have data channels.
    /// - Throws: What the engine refuses.
    package init(hasData: Bool = false) throws {
        self.hasData = hasData
        let wall = WallClockAnchor(instant: now, unixNanoseconds: 1_760_000_000_000_000_000)
        let own = try Certificate.generate(unixSeconds: 1_760_000_000)
        peerCertificate = try Certificate.generate(unixSeconds: 1_760_000_000)
        peerContext = try DTLSContext(certificate: peerCertificate)
        engine = try Engine(certificate: own, wall: wall, random: SeededRandom(seed: 1))
        let info = TransportListenInfo(protocol: .udp, ip: "10.0.0.1", port: 44_444)
        let bound = BoundSocket(id: Self.socket, kind: .udp, local: Self.server)
        _ = try ask(.createWebRtcServer(.init(id: "server", listenInfos: [info])), [bound])
        _ = try ask(.createRouter(id: "router"))
    }

    private func ask(_ request: ControlRequest, _ sockets: [BoundSocket] = []) throws -> ControlReply {
        defer { while engine.poll() != nil {} }
        return try engine.handle(request, sockets: sockets, now: now).get()
    }

    // MARK: Transports

    /// Makes transports, which wait for their peers.
    package func addTransports(_ count: Int) throws {
        for _ in 0..<count {
            let request = ControlRequest.CreateWebRtcTransport(
                id: "t\(parameters.count)",
                routerId: "router",
                listen: .server(id: "server"),
                sctp: hasData ? SctpOptions() : nil
            )
            guard case .webRtcTransport(let reply) = try ask(.createWebRtcTransport(request)) else {
                throw Failure(text: "no transport")
            }
            parameters.append((reply.iceParameters, reply.dtlsParameters))
        }
    }

    /// Connects all that wait to peers, one after the other, which then disappear without a word.
    package func connectAll() throws {
        for number in connected..<parameters.count { try connect(number) }
        connected = parameters.count
        // What handshakes left behind is done with.
        for _ in 0..<20 { pass(.milliseconds(100), nil, Self.publisher) }
    }

    private func connect(_ number: Int) throws {
        let address = SocketAddress(ipv4: 0x0B00_0001 + UInt32(number), port: 5000)
        let peer = CrowdPeer(
            number,
            address: address,
            server: Self.server,
            remote: parameters[number].ice,
            context: peerContext,
            hasData: hasData,
            now: now
        )
        let own = peerCertificate.fingerprints.map {
            DtlsFingerprint(algorithm: $0.algorithm.rawValue, value: $0.value)
        }
        let request = DtlsParameters(role: .client, fingerprints: own)
        _ = try ask(.connectWebRtcTransport(id: "t\(number)", dtlsParameters: request))
        let remote = parameters[number].dtls.fingerprints.compactMap {
            Fingerprint(algorithm: $0.algorithm, value: $0.value)
        }
        guard let fingerprint = RemoteFingerprint(remote) else { throw Failure(text: "no fingerprint") }
        peer.connect(fingerprint, now: now)
        for _ in 0..<200 where !peer.isConnected { pass(.milliseconds(5), peer, address) }
        guard peer.isConnected else { throw Failure(text: "a peer did not connect") }
        for _ in 0..<4 { pass(.milliseconds(5), peer, address) }
    }

    /// Closes all of them.
    package func closeAll() throws {
        for number in parameters.indices { _ = try ask(.closeTransport(id: "t\(number)")) }
        (parameters, connected) = ([], 0)
        while engine.transmit(into: &transmitted, now: now) { transmitted.removeAll() }
        transmitted.removeAll()
    }

    /// Lets time pass, and carries datagrams both ways until there are none.
    private func pass(_ duration: Duration, _ peer: CrowdPeer?, _ address: SocketAddress) {
        now = now + duration
        peer?.runTimers(now: now)
        var isMoving = true
        while isMoving {
            received.removeAll()
            var offset = 0
            for datagram in peer?.takeOutbox() ?? [] { offset = add(datagram, from: address, at: offset) }
            isMoving = turn(peer)
        }
    }

    private func add(_ datagram: [UInt8], from address: SocketAddress, at offset: Int) -> Int {
        received.append(datagram.span, at: offset, socket: Self.socket, source: address, arrival: now) ?? offset
    }

    /// One turn of a worker; says whether the peer got anything.
    @discardableResult
    private func turn(_ peer: CrowdPeer?) -> Bool {
        engine.receive(&received, now: now)
        if let due = engine.nextDeadline, due <= now { engine.advance(to: now) }
        var isAnswered = false
        var hasMore = true
        while hasMore {
            hasMore = engine.transmit(into: &transmitted, now: now)
            if let peer {
                for message in transmitted.messages {
                    let range = message.offset..<message.offset + message.length
                    peer.receive(transmitted.bytes.extracting(range), now: now)
                    isAnswered = true
                }
            }
            transmitted.removeAll()
        }
        while engine.poll() != nil {}
        return isAnswered
    }

    // MARK: Consumers

    /// Adds consumers of one producer's video, all on one transport; both transports begin with keys.
    package func addConsumers(_ count: Int) throws {
        if media == nil { try publish() }
        for _ in 0..<count {
            consumers += 1
            _ = try ask(.consume(CrowdMedia.consume(consumers, on: CrowdMedia.viewer)))
        }
    }

    private func publish() throws {
        let keys = CrowdMedia.keys(0)
        media = try SRTPSender(keys.reversed)
        try join(CrowdMedia.publisher, keys, Self.publisher)
        try join(CrowdMedia.viewer, CrowdMedia.keys(1), Self.viewer)
        _ = try ask(.produce(CrowdMedia.produce))
    }

    private func join(_ id: String, _ keys: SRTPKeyingMaterial, _ address: SocketAddress) throws {
        _ = try ask(.createWebRtcTransport(.init(id: id, routerId: "router", listen: .server(id: "server"))))
        let tuple = Tuple(socket: Self.socket, remote: address)
        engine.startWithKeys(transportId: id, keys: keys, tuple: tuple, now: now)
    }

    /// Adds consumers of that video, each on a transport of its own, which begins with keys.
    package func addViewers(_ count: Int) throws {
        if media == nil { try publish() }
        for _ in 0..<count {
            consumers += 1
            let id = "viewer\(consumers)"
            let address = SocketAddress(ipv4: 0x0C00_0000 + UInt32(consumers), port: 5000)
            try join(id, CrowdMedia.keys(UInt8(truncatingIfNeeded: consumers)), address)
            _ = try ask(.consume(CrowdMedia.consume(consumers, on: id)))
        }
    }

    /// Forwards so many packets, at `rate` a second.
    package func forward(_ count: Int, rate: Int) throws {
        guard let media else { throw Failure(text: "nobody publishes") }
        for _ in 0..<count {
            now = now + .nanoseconds(1_000_000_000 / rate)
            received.removeAll()
            _ = add(CrowdMedia.packet(sequence, sealedBy: media), from: Self.publisher, at: 0)
            sequence += 1
            turn(nil)
        }
    }
}
