// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import RawWebSocket
import SwiftletORTC
import SwiftletServer
import SwiftletSignaling
import Testing

@Suite("Rooms and peers, over real workers", .timeLimit(.minutes(2))) struct RoomTests {
    @Test("Who joins hears of the others, and they of it") func join() async throws {
        let server = try await TestServer()
        let (alice, first) = try await TestPeer.joined(server, peer: "alice")
        #expect(first.others.isEmpty)
        let (bob, second) = try await TestPeer.joined(server, peer: "bob")
        #expect(second.others == ["alice"])
        let peer: PeerInfo = try await alice.notification("newPeer")
        #expect(peer == PeerInfo(id: "bob", displayName: "BOB", device: ["name": "test"]))
        try await bob.ask("changeDisplayName", ChangeDisplayNameRequest(displayName: "Bobby"))
        let change: DisplayNameNotice = try await alice.notification("peerDisplayNameChanged")
        #expect(change == DisplayNameNotice(peerId: "bob", displayName: "Bobby", oldDisplayName: "BOB"))
        await bob.socket.close()
        let gone: PeerNotice = try await alice.notification("peerClosed")
        #expect(gone.peerId == "bob")
        await server.stop()
    }

    @Test("Rooms know nothing of each other") func otherRoom() async throws {
        let server = try await TestServer()
        let (alice, _) = try await TestPeer.joined(server, room: "a", peer: "alice")
        let (_, second) = try await TestPeer.joined(server, room: "b", peer: "bob")
        #expect(second.others.isEmpty)
        #expect(try await alice.methodsSoFar().isEmpty)
        await server.stop()
    }

    @Test("A transport has what a browser needs") func transport() async throws {
        let server = try await TestServer { settings in
            settings.iceServers = [try? .init(parsing: "turn:turn.example.org:3478,u,p")].compactMap(\.self)
        }
        let (alice, joined) = try await TestPeer.joined(server, peer: "alice")
        let transport = joined.sending
        #expect(transport.iceParameters.iceLite == true)
        #expect(
            transport.iceServers == [IceServer(urls: ["turn:turn.example.org:3478"], username: "u", credential: "p")]
        )
        #expect(Set(transport.iceCandidates.map(\.protocol)) == [.udp, .tcp])
        #expect(transport.iceCandidates.allSatisfy { $0.address == "127.0.0.1" && Int($0.port) == server.mediaPort })
        #expect(transport.dtlsParameters.role == .auto)
        #expect(transport.dtlsParameters.fingerprints.contains { $0.algorithm == "sha-256" })
        let tcp: CreateWebRtcTransportAnswer = try await alice.ask(
            "createWebRtcTransport",
            CreateWebRtcTransportRequest(forceTcp: true, producing: true, consuming: false)
        )
        #expect(Set(tcp.iceCandidates.map(\.protocol)) == [.tcp])
        let restarted: IceParameters = try await alice.ask("restartIce", TransportRequest(transportId: tcp.id))
        #expect(restarted.usernameFragment != tcp.iceParameters.usernameFragment)
        let fingerprint = DtlsFingerprint(
            algorithm: "sha-256",
            value: Array(repeating: "AB", count: 32).joined(separator: ":")
        )
        let connect = ConnectWebRtcTransportRequest(
            transportId: tcp.id,
            dtlsParameters: DtlsParameters(role: .client, fingerprints: [fingerprint])
        )
        try await alice.ask("connectWebRtcTransport", connect)
        await #expect(throws: SignalingError.self) { try await alice.ask("connectWebRtcTransport", connect) }
        await server.stop()
    }

    @Test("What is produced is offered to everybody, to those who come later too, and only once") func offers()
        async throws
    {
        let server = try await TestServer()
        let (alice, joined) = try await TestPeer.joined(server, peer: "alice")
        let (bob, _) = try await TestPeer.joined(server, peer: "bob")
        let producer = try await alice.produce(on: joined.sending)
        let offer = try await bob.takeConsumer()
        #expect(offer.peerId == "alice")
        #expect(offer.producerId == producer)
        #expect(offer.kind == .video)
        #expect(offer.type == .simple)
        #expect(offer.appData == ["source": "camera", "peerId": "alice"])
        #expect(!offer.producerPaused)
        let score: ScoreNotice<JSONValue> = try await bob.notification("consumerScore")
        #expect(score.consumerId == offer.id)
        let (carol, _) = try await TestPeer.joined(server, peer: "carol")
        #expect(try await carol.takeConsumer().producerId == producer)
        #expect(try await !bob.methodsSoFar().contains("newConsumer"))
        #expect(try await !alice.methodsSoFar().contains("newConsumer"))
        await server.stop()
    }

    @Test("Who makes the receiving transport after the join is offered everything then") func lateTransport()
        async throws
    {
        let server = try await TestServer()
        let (alice, joined) = try await TestPeer.joined(server, peer: "alice")
        let producer = try await alice.produce(on: joined.sending)
        let bob = try await TestPeer(server, room: "r", peer: "bob")
        let capabilities: RtpCapabilities = try await bob.ask("getRouterRtpCapabilities", Nothing())
        let _: JoinAnswer = try await bob.ask("join", JoinRequest(displayName: "Bob", rtpCapabilities: capabilities))
        #expect(try await !bob.methodsSoFar().contains("newConsumer"))
        let _: CreateWebRtcTransportAnswer = try await bob.ask(
            "createWebRtcTransport",
            CreateWebRtcTransportRequest(consuming: true)
        )
        #expect(try await bob.takeConsumer().producerId == producer)
        await server.stop()
    }

    @Test("Who cannot receive a codec, or anything, is not offered it") func cannotConsume() async throws {
        let server = try await TestServer()
        let (alice, joined) = try await TestPeer.joined(server, peer: "alice")
        _ = try await alice.produce(on: joined.sending)
        let opus = RtpCodecCapability(kind: .audio, mimeType: "audio/opus", clockRate: 48_000, channels: 2)
        for (peer, capabilities) in [("deaf", nil), ("blind", RtpCapabilities(codecs: [opus]))]
            as [(String, RtpCapabilities?)]
        {
            let client = try await TestPeer(server, room: "r", peer: peer)
            let _: CreateWebRtcTransportAnswer = try await client.ask(
                "createWebRtcTransport",
                CreateWebRtcTransportRequest(consuming: true)
            )
            let _: JoinAnswer = try await client.ask(
                "join",
                JoinRequest(displayName: peer, rtpCapabilities: capabilities)
            )
            try await Task.sleep(for: .milliseconds(100))
            #expect(try await !client.methodsSoFar().contains("newConsumer"))
        }
        await server.stop()
    }

    @Test("Pausing, resuming and closing a producer is told to its consumers") func producerChanges() async throws {
        let server = try await TestServer()
        let (alice, joined) = try await TestPeer.joined(server, peer: "alice")
        let (bob, _) = try await TestPeer.joined(server, peer: "bob")
        let producer = ProducerRequest(producerId: try await alice.produce(on: joined.sending))
        let consumer = try await bob.takeConsumer().id
        try await alice.ask("pauseProducer", producer)
        let paused: ConsumerNotice = try await bob.notification("consumerPaused")
        #expect(paused.consumerId == consumer)
        try await alice.ask("resumeProducer", producer)
        let resumed: ConsumerNotice = try await bob.notification("consumerResumed")
        #expect(resumed.consumerId == consumer)
        try await alice.ask("closeProducer", producer)
        let closed: ConsumerNotice = try await bob.notification("consumerClosed")
        #expect(closed.consumerId == consumer)
        await #expect(throws: SignalingError(404, "producer with id \"\(producer.producerId)\" not found")) {
            try await alice.ask("pauseProducer", producer)
        }
        await server.stop()
    }

    @Test("What happens between an offer and its answer is told after the answer") func changesWhileOffered()
        async throws
    {
        let server = try await TestServer()
        let (alice, joined) = try await TestPeer.joined(server, peer: "alice")
        let (bob, _) = try await TestPeer.joined(server, peer: "bob")
        let producer = ProducerRequest(producerId: try await alice.produce(on: joined.sending))
        var id = 0
        while id == 0 {
            let frame = try SignalingFrame.parse(try await bob.socket.readMessage().text)
            if case .request(let number, "newConsumer", _) = frame { id = number }
        }
        try await alice.ask("pauseProducer", producer)
        #expect(try await !bob.methodsSoFar().contains("consumerPaused"))
        try await bob.socket.send(message: SignalingFrame.success(id: id, Nothing()))
        let _: ConsumerNotice = try await bob.notification("consumerPaused")
        let second = ProducerRequest(producerId: try await alice.produce(on: joined.sending, ssrc: 2_222, mid: "1"))
        id = 0
        while id == 0 {
            let frame = try SignalingFrame.parse(try await bob.socket.readMessage().text)
            if case .request(let number, "newConsumer", _) = frame { id = number }
        }
        try await alice.ask("closeProducer", second)
        #expect(try await !bob.methodsSoFar().contains("consumerClosed"))
        try await bob.socket.send(message: SignalingFrame.success(id: id, Nothing()))
        let _: ConsumerNotice = try await bob.notification("consumerClosed")
        await server.stop()
    }

    @Test("A consumer answers to its owner, and one that the client refused is gone") func consumerRequests()
        async throws
    {
        let server = try await TestServer()
        let (alice, joined) = try await TestPeer.joined(server, peer: "alice")
        let (bob, _) = try await TestPeer.joined(server, peer: "bob")
        _ = try await alice.produce(on: joined.sending)
        let consumer = ConsumerRequest(consumerId: try await bob.takeConsumer().id)
        for method in ["pauseConsumer", "resumeConsumer", "requestConsumerKeyFrame"] {
            try await bob.ask(method, consumer)
        }
        let stats: [RtpStreamStat] = try await bob.ask("getConsumerStats", consumer)
        #expect(stats.contains { $0.type == .outboundRtp })
        await #expect(throws: SignalingError.self) { try await alice.ask("pauseConsumer", consumer) }
        _ = try await alice.produce(on: joined.sending, ssrc: 2_222, mid: "1")
        let refused = ConsumerRequest(consumerId: try await bob.takeConsumer(refusing: true).id)
        // The refusal is handled beside this connection's requests.
        for _ in 0..<100 {
            do { try await bob.ask("pauseConsumer", refused) } catch let error as SignalingError {
                #expect(error.code == 404)
                break
            }
            try await Task.sleep(for: .milliseconds(10))
        }
        await #expect(throws: SignalingError.self) { try await bob.ask("pauseConsumer", refused) }
        await server.stop()
    }

    @Test("A peer that leaves takes its media along") func leaving() async throws {
        let server = try await TestServer()
        let (alice, joined) = try await TestPeer.joined(server, peer: "alice")
        let (bob, _) = try await TestPeer.joined(server, peer: "bob")
        _ = try await alice.produce(on: joined.sending)
        let consumer = try await bob.takeConsumer().id
        await alice.socket.close()
        let gone: PeerNotice = try await bob.notification("peerClosed")
        #expect(gone.peerId == "alice")
        let closed: ConsumerNotice = try await bob.notification("consumerClosed")
        #expect(closed.consumerId == consumer)
        await server.stop()
    }

    @Test("A newer connection of the same peer replaces the older one for good") func replaced() async throws {
        let server = try await TestServer()
        let (bob, _) = try await TestPeer.joined(server, peer: "bob")
        let (alice, _) = try await TestPeer.joined(server, peer: "alice")
        let (_, again) = try await TestPeer.joined(server, peer: "alice")
        #expect(again.others == ["bob"])
        await #expect { try await alice.methodsSoFar() } throws: { ($0 as? TestPeer.Closed)?.code == 4000 }
        let _: PeerInfo = try await bob.notification("newPeer")
        let _: PeerNotice = try await bob.notification("peerClosed")
        let _: PeerInfo = try await bob.notification("newPeer")
        #expect(try await !bob.methodsSoFar().contains("peerClosed"))
        await server.stop()
    }

    @Test("Peers that come, produce and break off at any moment leave nothing behind") func churn() async throws {
        let server = try await TestServer()
        let (watcher, _) = try await TestPeer.joined(server, peer: "watcher")
        try await withThrowingTaskGroup { group in
            for index in 0..<12 {
                group.addTask {
                    let (peer, joined) = try await TestPeer.joined(server, peer: "p\(index)")
                    if index % 3 != 0 { _ = try await peer.produce(on: joined.sending, ssrc: UInt32(5_000 + index)) }
                    if index % 2 == 0 {
                        try await peer.socket.send(
                            message: SignalingFrame.request(
                                id: 99,
                                "createWebRtcTransport",
                                CreateWebRtcTransportRequest(consuming: true)
                            )
                        )
                    }
                    await peer.socket.close()
                }
            }
            try await group.waitForAll()
        }
        var gone = 0
        while gone < 12 {
            let _: PeerNotice = try await watcher.notification("peerClosed")
            gone += 1
        }
        #expect(try await server.get("/healthz").contains(#""rooms":1,"peers":1}"#))
        let (_, late) = try await TestPeer.joined(server, peer: "late")
        #expect(late.others == ["watcher"])
        await server.stop()
    }
}
