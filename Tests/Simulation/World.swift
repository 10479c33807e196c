// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletCrypto
import SwiftletDTLS
import SwiftletEngine
import SwiftletORTC
import SwiftletWire
import Testing

/// An engine and its clients on a virtual network.
final class World {
    let engine: Engine
    var network: VirtualNetwork
    var now = Instant(nanoseconds: 1_000_000_000_000)
    let wall: WallClockAnchor
    private(set) var clients: [SimulatedClient] = []
    private var incoming = ReceiveBatch(capacity: 1 << 16)
    private var outgoing = TransmitBatch(capacity: 1 << 17)
    private(set) var notifications: [ControlNotification] = []
    private let seed: UInt64
    let address = SocketAddress(ipv4: 0x0A00_0001, port: 44_444)
    static let socket = SocketID(rawValue: 1)

    private static let certificates = (0..<3).map { _ in Result { try Certificate.generate(unixSeconds: 1_760_000_000) }
    }

    init(seed: UInt64, weather: VirtualNetwork.Weather) throws {
        self.seed = seed
        wall = WallClockAnchor(instant: now, unixNanoseconds: 1_760_000_000_000_000_000)
        var limits = EngineLimits()
        limits.storedBytes = 8 << 20
        engine = try Engine(
            certificate: try Self.certificates[0].get(),
            limits: limits,
            wall: wall,
            random: SeededRandom(seed: seed)
        )
        network = VirtualNetwork(weather, seed: seed &+ 1)
        let info = TransportListenInfo(protocol: .udp, ip: "10.0.0.1", port: 44_444)
        try ask(
            .createWebRtcServer(.init(id: "server", listenInfos: [info])),
            sockets: [BoundSocket(id: Self.socket, kind: .udp, local: address)]
        )
        try ask(.createRouter(id: "router"))
    }

    @discardableResult
    func ask(_ request: ControlRequest, sockets: [BoundSocket] = []) throws -> ControlReply {
        try engine.handle(request, sockets: sockets, now: now).get()
    }

    /// A new client, whose transport knows its fingerprint and it the transport's.
    func join(_ name: String, sctp: SctpOptions? = nil) throws -> SimulatedClient {
        let request = ControlRequest.CreateWebRtcTransport(
            id: name,
            routerId: "router",
            listen: .server(id: "server"),
            sctp: sctp
        )
        guard case .webRtcTransport(let reply) = try ask(.createWebRtcTransport(request)) else {
            throw ControlError(.internal, "no transport")
        }
        let certificate = try Self.certificates[1 + clients.count % 2].get()
        let client = try SimulatedClient(
            name: name,
            address: SocketAddress(ipv4: 0x0B00_0001 + UInt32(clients.count), port: 5000),
            server: address,
            remote: reply.iceParameters,
            seed: seed &* 31 &+ UInt64(clients.count),
            certificate: certificate,
            wall: wall,
            now: now
        )
        if let sctp {
            client.data = DataPeer(
                seed: seed &* 17 &+ UInt64(clients.count),
                longest: Int(sctp.maxReceiveMessageSize)
            )
        }
        let own = certificate.fingerprints.map { DtlsFingerprint(algorithm: $0.algorithm.rawValue, value: $0.value) }
        try ask(.connectWebRtcTransport(id: name, dtlsParameters: DtlsParameters(role: .client, fingerprints: own)))
        let remote = reply.dtlsParameters.fingerprints.compactMap {
            Fingerprint(algorithm: $0.algorithm, value: $0.value)
        }
        client.connect(try #require(RemoteFingerprint(remote)), now: now)
        clients.append(client)
        return client
    }

    /// Lets time pass: datagrams arrive and deadlines fire in their order.
    func run(for duration: Duration) {
        let end = now + duration
        flush()
        while true {
            var next = earliest(network.nextArrival, engine.nextDeadline)
            for client in clients { next = earliest(next, client.nextDeadline) }
            guard let next, next <= end else { break }
            now = max(now, next)
            while let datagram = network.receive(now: now) { deliver(datagram) }
            if let due = engine.nextDeadline, due <= now { engine.advance(to: now) }
            for client in clients {
                if let due = client.nextDeadline, due <= now { client.advance(to: now) }
            }
            flush()
        }
        now = end
    }

    private func deliver(_ datagram: VirtualNetwork.Datagram) {
        guard datagram.to == address else {
            clients.first { $0.address == datagram.to }?.receive(datagram.bytes, now: now)
            return
        }
        incoming.removeAll()
        _ = incoming.append(
            datagram.bytes.span,
            at: 0,
            socket: Self.socket,
            source: datagram.from,
            arrival: datagram.due
        )
        engine.receive(&incoming, now: now)
    }

    private func flush() {
        var more = true
        while more {
            more = engine.transmit(into: &outgoing, now: now)
            for message in outgoing.messages {
                var start = message.offset
                let end = message.offset + message.length
                while start < end {
                    let stop = message.segmentSize == 0 ? end : min(end, start + message.segmentSize)
                    network.send(
                        outgoing.bytes.extracting(start..<stop).copied(),
                        from: address,
                        to: message.destination,
                        now: now
                    )
                    start = stop
                }
            }
            outgoing.removeAll()
        }
        for client in clients {
            for bytes in client.outbox { network.send(bytes, from: client.address, to: address, now: now) }
            client.outbox.removeAll(keepingCapacity: true)
        }
        while let output = engine.poll() {
            if case .notify(let notification) = output { notifications.append(notification) }
        }
    }
}
