// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletEngine
import SwiftletORTC
import SwiftletWire
import Testing

@Suite("Requests that are refused, and answers")
struct RequestTests {
    private func code(_ rig: Rig, _ request: ControlRequest, sockets: [BoundSocket] = []) -> ControlError.Code? {
        if case .failure(let error) = rig.engine.handle(request, sockets: sockets, now: rig.now) { return error.code }
        return nil
    }

    @Test("Unknown ids, ids in use and full tables have their codes")
    func codes() throws {
        var limits = EngineLimits()
        limits.transports = 2
        limits.consumersPerTransport = 1
        let rig = try Rig(limits: limits)
        _ = try rig.join("alice")
        _ = try rig.join("bob")
        try rig.ask(.produce(Media.produceVideo("p", on: "alice")))
        try rig.ask(.consume(Media.consumeVideo("c", of: "p", on: "bob")))
        #expect(code(rig, .dumpTransport(id: "nobody")) == .notFound)
        #expect(code(rig, .createRouter(id: "router")) == .alreadyExists)
        #expect(code(rig, .createRouter(id: "p")) == .alreadyExists, "ids are unique across kinds")
        #expect(code(rig, .createRouter(id: "")) == .invalidArgument)
        let third = ControlRequest.CreateWebRtcTransport(id: "carol", routerId: "router", listen: .server(id: "server"))
        #expect(code(rig, .createWebRtcTransport(third)) == .limitReached)
        #expect(code(rig, .consume(Media.consumeVideo("d", of: "p", on: "bob", ssrc: 5, rtx: 6))) == .limitReached)
        #expect(code(rig, .consume(Media.consumeVideo("d", of: "q", on: "alice"))) == .notFound)
    }

    @Test("Of a batch each consumer is made or refused by itself, in order")
    func batch() throws {
        let rig = try Rig()
        _ = try rig.join("alice")
        _ = try rig.join("bob")
        try rig.ask(.produce(Media.produceVideo("p", on: "alice")))
        let batch = [
            Media.consumeVideo("c1", of: "p", on: "bob", ssrc: 5, rtx: 6),
            Media.consumeVideo("c2", of: "nobody", on: "bob", ssrc: 7, rtx: 8),
            Media.consumeVideo("c3", of: "p", on: "bob", ssrc: 5, rtx: 9),
            Media.consumeVideo("c4", of: "p", on: "bob", ssrc: 10, rtx: 11),
        ]
        let reply = try rig.engine.handle(.consumeBatch(batch), now: rig.now).get()
        guard case .consumedBatch(let results) = reply else {
            Issue.record("answered \(reply)")
            return
        }
        let codes = results.map { result -> ControlError.Code? in
            if case .failure(let error) = result { error.code } else { nil }
        }
        #expect(codes == [nil, .notFound, .alreadyExists, nil])
        #expect(code(rig, .dumpConsumer(id: "c4")) == nil && code(rig, .dumpConsumer(id: "c3")) == .notFound)
    }

    @Test("A batch of more than 32 consumers is refused whole")
    func longBatch() throws {
        let rig = try Rig()
        _ = try rig.join("alice")
        _ = try rig.join("bob")
        try rig.ask(.produce(Media.produceVideo("p", on: "alice")))
        let batch = (0..<33).map { (number: Int) -> ControlRequest.Consume in
            let ssrc = UInt32(100 + 2 * number)
            return Media.consumeVideo("c\(number)", of: "p", on: "bob", ssrc: ssrc, rtx: ssrc + 1)
        }
        #expect(code(rig, .consumeBatch(batch)) == .limitReached)
        #expect(code(rig, .dumpConsumer(id: "c0")) == .notFound)
        #expect(code(rig, .consumeBatch(Array(batch.dropLast()))) == nil)
        #expect(code(rig, .dumpConsumer(id: "c31")) == nil)
    }

    @Test("What two producers of a transport may not share is refused, and leaves nothing behind")
    func producers() throws {
        let rig = try Rig()
        _ = try rig.join("alice")
        try rig.ask(.produce(Media.produceVideo("p", on: "alice")))
        var other = Media.produceVideo("q", on: "alice", ssrc: 2222, rtx: 1001)
        #expect(code(rig, .produce(other)) == .alreadyExists, "RTX SSRC in use")
        other = Media.produceVideo("q", on: "alice", ssrc: 2222, rtx: nil)
        other.rtpParameters.mid = "v1000"
        #expect(code(rig, .produce(other)) == .alreadyExists, "MID in use")
        other = Media.produceVideo("q", on: "alice", ssrc: 2222, rtx: nil)
        other.rtpParameters.headerExtensions[0].id = 3
        #expect(code(rig, .produce(other)) == .invalidArgument, "an extension id of another meaning")
        other.rtpParameters.headerExtensions[0].id = 1
        other.rtpMapping.encodings = []
        #expect(code(rig, .produce(other)) == .invalidArgument)
        try rig.ask(.produce(Media.produceVideo("q", on: "alice", ssrc: 2222, rtx: nil)))
    }

    @Test("connect() is heard once, and wants a usable fingerprint")
    func connect() throws {
        let rig = try Rig()
        try rig.ask(.createWebRtcTransport(.init(id: "t", routerId: "router", listen: .server(id: "server"))))
        let wrong = DtlsParameters(role: .client, fingerprints: [.init(algorithm: "md5", value: "00")])
        #expect(code(rig, .connectWebRtcTransport(id: "t", dtlsParameters: wrong)) == .invalidArgument)
        let digest = Array(repeating: "AB", count: 32).joined(separator: ":")
        let right = DtlsParameters(role: .client, fingerprints: [.init(algorithm: "sha-256", value: digest)])
        let reply = try rig.ask(.connectWebRtcTransport(id: "t", dtlsParameters: right))
        #expect(reply == .connected(localRole: .server))
        #expect(code(rig, .connectWebRtcTransport(id: "t", dtlsParameters: right)) == .invalidState)
    }

    @Test("A transport's candidates are in the order of its sockets, announced addresses first")
    func candidates() throws {
        let rig = try Rig()
        let infos = [
            TransportListenInfo(
                protocol: .udp,
                ip: "10.0.0.1",
                announcedAddress: "media.example.org",
                exposeInternalIp: true,
                port: 7000
            ),
            TransportListenInfo(protocol: .tcp, ip: "10.0.0.1", port: 7000),
        ]
        let address = SocketAddress(ipv4: 0x0A00_0001, port: 7000)
        let bound = [
            BoundSocket(id: SocketID(rawValue: 8), kind: .udp, local: address),
            BoundSocket(id: SocketID(rawValue: 9), kind: .tcpListener, local: address),
        ]
        let request = ControlRequest.CreateWebRtcTransport(id: "t", routerId: "router", listen: .infos(infos))
        guard case .webRtcTransport(let reply) = try rig.ask(.createWebRtcTransport(request), sockets: bound) else {
            return
        }
        #expect(reply.iceCandidates.map(\.address) == ["media.example.org", "10.0.0.1", "10.0.0.1"])
        #expect(
            reply.iceCandidates.map(\.protocol) == [.udp, .udp, .tcp] && reply.iceCandidates[2].tcpType == .passive
        )
        #expect(reply.iceCandidates[0].priority > reply.iceCandidates[1].priority)
        #expect(reply.iceParameters.iceLite == true && reply.iceParameters.usernameFragment.utf8.count == 32)
        #expect(reply.dtlsParameters.fingerprints.contains { $0.algorithm == "sha-256" })
        try rig.ask(.closeTransport(id: "t"))
        rig.settle()
        #expect(rig.closedSockets == [SocketID(rawValue: 8), SocketID(rawValue: 9)])
    }

    @Test("Dumps and statistics tell what is there")
    func dumps() throws {
        let rig = try Rig()
        let alice = try rig.join("alice")
        _ = try rig.join("bob")
        try rig.ask(.produce(Media.produceVideo("p", on: "alice")))
        try rig.ask(.consume(Media.consumeVideo("c", of: "p", on: "bob")))
        alice.send(
            alice.rtp(1, ssrc: 1000, payloadType: 96, timestamp: 0, marker: true, payload: Media.vp8Payload(key: true))
        )
        guard case .transportDump(let transport) = try rig.ask(.dumpTransport(id: "bob")),
            case .producerStats(let stats) = try rig.ask(.getProducerStats(id: "p")),
            case .transportStats(let sums) = try rig.ask(.getTransportStats(id: "bob")),
            case .routerDump(let router) = try rig.ask(.dumpRouter(id: "router")),
            case .webRtcServerDump(let server) = try rig.ask(.dumpWebRtcServer(id: "server")),
            case .workerDump(let worker) = try rig.ask(.dumpWorker),
            case .consumerDump(let consumer) = try rig.ask(.dumpConsumer(id: "c")),
            case .producerDump(let producer) = try rig.ask(.dumpProducer(id: "p"))
        else {
            Issue.record("an answer of the wrong kind")
            return
        }
        #expect(transport.consumerIdsBySsrc == ["7000": "c", "7001": "c"] && transport.dtlsState == .connected)
        #expect(transport.srtpProfile == "AEAD_AES_128_GCM" && transport.webRtcServerId == "server")
        #expect(stats.count == 1 && stats[0].packetCount == 1 && stats[0].ssrc == 1000 && stats[0].rtxSsrc == 1001)
        #expect(sums.rtpBytesSent > 100 && sums.bytesSent >= sums.rtpBytesSent)
        #expect(router.consumerIdsByProducerId == ["p": ["c"]] && router.transportIds == ["alice", "bob"])
        #expect(server.webRtcTransportIds == ["alice", "bob"] && server.localIceUsernameFragments.count == 2)
        #expect(worker.routerIds == ["router"] && worker.counters["packetsForwarded"] == 1)
        #expect(consumer.producerId == "p" && producer.rtpStreams.count == 1)
    }
}
