// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletCrypto
import SwiftletDTLS
import SwiftletEngine
import SwiftletORTC
import SwiftletSCTP
import SwiftletWire

/// One data producer's messages through the engine to many data consumers, each on a transport of its own.
///
/// The peers are in this process, with ICE, DTLS and SCTP; what they do is not timed, and there is neither kernel nor
/// network. Messages come one at a time, each when the last has arrived everywhere and been acknowledged.
struct EngineFanOut {
    /// What was measured.
    struct Result {
        /// Engine time for each message that a consumer's peer got, in microseconds.
        var microseconds: Double
        /// Engine time from the arrival of a message's first datagram until the last of a consumer's copy was written.
        var median: Double
        var percentile99: Double
    }

    var consumers = 50
    /// Bytes of a message.
    var size: Int
    var rounds: Int

    func run() throws -> Result {
        let world = try FanOutWorld(consumers: consumers)
        let message = SCTPMessage(
            stream: 0,
            payloadProtocol: .binary,
            payload: [UInt8](repeating: 0x5A, count: size)
        )
        for _ in 0..<rounds / 10 { try world.send(message) }
        world.startMeasuring()
        for _ in 0..<rounds { try world.send(message) }
        let delays = world.delays.map { Double($0) / 1000 }.sorted()
        guard delays.count == rounds * consumers else { throw Refusal(text: "messages got lost in the engine") }
        return Result(
            microseconds: Double(world.engineNanoseconds) / 1000 / Double(delays.count),
            median: percentile(0.5, of: delays),
            percentile99: percentile(0.99, of: delays)
        )
    }
}

/// The engine, its peers, and a virtual clock.
final class FanOutWorld {
    private static let socket = SocketID(rawValue: 1)
    private static let server = SocketAddress(ipv4: 0x0A00_0001, port: 44_444)
    /// Datagrams that the loop hands over at once.
    private static let batch = 64

    private let engine: Engine
    /// The first one produces.
    private var clients: [DataClient] = []
    private var byAddress: [SocketAddress: Int] = [:]
    private var now = Instant(nanoseconds: 1_000_000_000_000)
    private var incoming = ReceiveBatch(capacity: 1 << 18)
    private var outgoing = TransmitBatch()
    /// Processor time that the engine has used.
    private(set) var engineNanoseconds: Int64 = 0
    /// Engine time for each message that arrived.
    private(set) var delays: [Int64] = []

    init(consumers: Int) throws {
        let certificates = try (0..<2).map { _ in try Certificate.generate(unixSeconds: 1_760_000_000) }
        let wall = WallClockAnchor(instant: now, unixNanoseconds: 1_760_000_000_000_000_000)
        engine = try Engine(certificate: certificates[0], wall: wall, random: SeededRandom(seed: 1))
        let info = TransportListenInfo(protocol: .udp, ip: "10.0.0.1", port: 44_444)
        let bound = BoundSocket(id: Self.socket, kind: .udp, local: Self.server)
        _ = try ask(.createWebRtcServer(.init(id: "server", listenInfos: [info])), [bound])
        _ = try ask(.createRouter(id: "router"))
        for place in 0...consumers { try join(place, certificates[1]) }
        let stream = SctpStreamParameters(streamId: 0)
        _ = try ask(.produceData(.init(id: "d", transportId: "t0", sctpStreamParameters: stream)))
        for place in 1...consumers {
            _ = try ask(.consumeData(.init(id: "c\(place)", transportId: "t\(place)", dataProducerId: "d")))
        }
        for _ in 0..<2000 where !clients.allSatisfy({ $0.association.state == .connected }) {
            pass(.milliseconds(5))
        }
        guard clients.allSatisfy({ $0.association.state == .connected }) else {
            throw Refusal(text: "peers did not connect to the engine")
        }
        for _ in 0..<100 { pass(.milliseconds(10)) }
    }

    private func ask(_ request: ControlRequest, _ sockets: [BoundSocket] = []) throws -> ControlReply {
        try engine.handle(request, sockets: sockets, now: now).get()
    }

    private func join(_ place: Int, _ certificate: Certificate) throws {
        let request = ControlRequest.CreateWebRtcTransport(
            id: "t\(place)",
            routerId: "router",
            listen: .server(id: "server"),
            sctp: SctpOptions()
        )
        guard case .webRtcTransport(let reply) = try ask(.createWebRtcTransport(request)) else {
            throw Refusal(text: "no transport")
        }
        let client = try DataClient(
            address: SocketAddress(ipv4: 0x0B00_0001 + UInt32(place), port: 5000),
            server: Self.server,
            remote: reply.iceParameters,
            certificate: certificate,
            seed: UInt64(place) + 10,
            now: now
        )
        let own = certificate.fingerprints.map { DtlsFingerprint(algorithm: $0.algorithm.rawValue, value: $0.value) }
        let parameters = DtlsParameters(role: .client, fingerprints: own)
        _ = try ask(.connectWebRtcTransport(id: "t\(place)", dtlsParameters: parameters))
        let remote = reply.dtlsParameters.fingerprints.compactMap {
            Fingerprint(algorithm: $0.algorithm, value: $0.value)
        }
        guard let fingerprint = RemoteFingerprint(remote) else { throw Refusal(text: "no fingerprint") }
        client.connect(fingerprint, now: now)
        byAddress[client.address] = clients.count
        clients.append(client)
    }

    func startMeasuring() {
        engineNanoseconds = 0
        delays.removeAll()
    }

    /// Has the producer's peer send a message, and lets it arrive everywhere.
    func send(_ message: SCTPMessage) throws {
        try clients[0].send(message, now: now)
        let start = engineNanoseconds
        settle(from: start)
        pass(.milliseconds(1))
    }

    /// Lets virtual time pass.
    private func pass(_ duration: Duration) {
        now = now + duration
        for client in clients { client.runTimers(now: now) }
        settle(from: engineNanoseconds)
    }

    /// Carries datagrams both ways until there are none.
    private func settle(from start: Int64) {
        var isMoving = true
        while isMoving {
            isMoving = false
            var waiting: [(SocketAddress, [UInt8])] = []
            for client in clients {
                for datagram in client.takeOutbox() { waiting.append((client.address, datagram)) }
            }
            for first in stride(from: 0, to: max(1, waiting.count), by: Self.batch) {
                fill(waiting[min(first, waiting.count)..<min(first + Self.batch, waiting.count)])
                isMoving = turn(from: start) || isMoving
            }
        }
    }

    private func fill(_ datagrams: ArraySlice<(SocketAddress, [UInt8])>) {
        incoming.removeAll()
        var offset = 0
        for (source, datagram) in datagrams {
            let end = incoming.append(datagram.span, at: offset, socket: Self.socket, source: source, arrival: now)
            offset = end ?? offset
        }
    }

    /// One turn of the loop, timed, and what it sent, delivered.
    private func turn(from start: Int64) -> Bool {
        var sent: [(client: Int, datagram: [UInt8], at: Int64)] = []
        var begun = Clock.processorNanoseconds
        engine.receive(&incoming, now: now)
        if let due = engine.nextDeadline, due <= now { engine.advance(to: now) }
        var hasMore = true
        while hasMore {
            hasMore = engine.transmit(into: &outgoing, now: now)
            engineNanoseconds += Clock.processorNanoseconds - begun
            take(into: &sent)
            begun = Clock.processorNanoseconds
        }
        while engine.poll() != nil {}
        engineNanoseconds += Clock.processorNanoseconds - begun
        for one in sent {
            let client = clients[one.client]
            let before = client.messages
            client.receive(one.datagram, now: now)
            for _ in before..<client.messages { delays.append(one.at - start) }
        }
        return !sent.isEmpty
    }

    private func take(into sent: inout [(client: Int, datagram: [UInt8], at: Int64)]) {
        for message in outgoing.messages {
            guard let client = byAddress[message.destination] else { continue }
            var place = message.offset
            let end = message.offset + message.length
            while place < end {
                let stop = message.segmentSize == 0 ? end : min(end, place + message.segmentSize)
                sent.append((client, outgoing.bytes.extracting(place..<stop).copied(), engineNanoseconds))
                place = stop
            }
        }
        outgoing.removeAll()
    }
}
