// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import RawWebSocket
import SwiftletORTC
import SwiftletServer
import SwiftletSignaling
import Testing

@Suite("What is refused, and how", .timeLimit(.minutes(2))) struct RefusalTests {
    @Test("A connection that is not welcome gets a status and a reason") func atTheDoor() async throws {
        let server = try await TestServer { settings in
            (settings.limits.rooms, settings.limits.peersPerRoom) = (1, 2)
            settings.allowedOrigins = ["https://meet.example.org"]
        }
        func open(
            _ target: String,
            subprotocol: String? = "protoo",
            origin: String? = nil
        ) async throws -> (RawWebSocket, String) {
            let client = try await RawWebSocket(port: server.port)
            try await client.send(
                RawWebSocket.head(
                    target,
                    host: "localhost:\(server.port)",
                    subprotocol: subprotocol,
                    adding: origin.map { ["Origin: \($0)"] } ?? []
                )
            )
            return (client, try await client.readHead().split(separator: " ").dropFirst().first.map(String.init) ?? "")
        }
        #expect(try await open("/?roomId=r").1 == "400")
        #expect(try await open("/?peerId=p").1 == "400")
        #expect(try await open("/?roomId=&peerId=p").1 == "400")
        #expect(try await open("/?roomId=r&peerId=\(String(repeating: "x", count: 129))").1 == "400")
        #expect(try await open("/?roomId=r&peerId=a%0Ab").1 == "400")
        #expect(try await open("/?roomId=r&peerId=p", subprotocol: nil).1 == "400")
        #expect(try await open("/?roomId=r&peerId=p", subprotocol: "chat").1 == "400")
        #expect(try await open("/other?roomId=r&peerId=p").1 == "404")
        #expect(try await open("/?roomId=r&peerId=p", origin: "https://evil.example").1 == "403")
        #expect(try await open("/?roomId=r&peerId=p", origin: "null").1 == "403")
        let own = try await open("/?roomId=r&peerId=p1", origin: "http://LOCALHOST:\(server.port)")
        let other = try await open("/?roomId=r&peerId=p2", origin: "https://meet.example.org")
        #expect([own.1, other.1] == ["101", "101"])
        #expect(try await open("/?roomId=r&peerId=p3").1 == "503")
        #expect(try await open("/?roomId=s&peerId=p1").1 == "503")
        // A place that was given up is free again.
        await other.0.close()
        for _ in 0..<200 where try await !server.get("/healthz").contains(#""peers":1"#) {
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(try await open("/?roomId=r&peerId=p3").1 == "101")
        await server.stop()
    }

    @Test("A request that is wrong gets an error response, and the next one works") func wrongRequests() async throws {
        let server = try await TestServer()
        let (alice, joined) = try await TestPeer.joined(server, peer: "alice")
        let wrong: [(method: String, data: JSONValue, code: Int)] = [
            ("noSuchMethod", [:], 500), ("join", ["displayName": "again"], 400), ("produce", [:], 400),
            ("produce", ["transportId": "none", "kind": "video", "rtpParameters": ["codecs": []]], 404),
            ("connectWebRtcTransport", ["transportId": .string(joined.sending.id)], 400),
            ("connectWebRtcTransport", "text", 400), ("restartIce", ["transportId": "none"], 404),
            ("pauseConsumer", ["consumerId": "none"], 404), ("closeProducer", ["producerId": 7], 400),
            ("getTransportStats", [:], 400), ("getConsumerStats", ["consumerId": "x"], 404), ("produceData", [:], 400),
            ("applyNetworkThrottle", ["secret": "x"], 403),
            ("changeDisplayName", ["displayName": .string(String(repeating: "x", count: 257))], 400),
        ]
        for (method, data, code) in wrong {
            do {
                try await alice.ask(method, data)
                Issue.record("\(method) was granted")
            } catch let error as SignalingError {
                #expect(error.code == code, "\(method) \(data): \(error)")
                #expect(!error.reason.isEmpty)
            }
        }
        let bigData: JSONValue = ["x": .string(String(repeating: "x", count: 10_000))]
        await #expect(throws: SignalingError(400, "appData is longer than 8192 bytes of JSON")) {
            let _: ProduceAnswer = try await alice.ask(
                "produce",
                ProduceRequest(
                    transportId: joined.sending.id,
                    kind: .video,
                    rtpParameters: RtpParameters(codecs: []),
                    appData: bigData
                )
            )
        }
        try await alice.socket.send(message: "no JSON")
        let notice: ReasonNotice = try await alice.notification("protocolError")
        #expect(notice.reason == "not a JSON object")
        let _: [WebRtcTransportStat] = try await alice.ask(
            "getTransportStats",
            TransportRequest(transportId: joined.sending.id)
        )
        await server.stop()
    }

    @Test("Nobody produces before the join") func beforeJoin() async throws {
        let server = try await TestServer()
        let peer = try await TestPeer(server, room: "r", peer: "p")
        let transport: CreateWebRtcTransportAnswer = try await peer.ask(
            "createWebRtcTransport",
            CreateWebRtcTransportRequest(producing: true)
        )
        await #expect(throws: SignalingError(400, "Peer not yet joined")) { _ = try await peer.produce(on: transport) }
        await server.stop()
    }

    @Test("A peer has as many transports and producers as it may, and no more") func tables() async throws {
        let server = try await TestServer { ($0.limits.transportsPerPeer, $0.limits.producersPerPeer) = (3, 2) }
        let (alice, joined) = try await TestPeer.joined(server, peer: "alice")
        let _: CreateWebRtcTransportAnswer = try await alice.ask(
            "createWebRtcTransport",
            CreateWebRtcTransportRequest()
        )
        await #expect(throws: SignalingError(400, "a peer has at most 3 transports")) {
            let _: CreateWebRtcTransportAnswer = try await alice.ask(
                "createWebRtcTransport",
                CreateWebRtcTransportRequest()
            )
        }
        let producer = try await alice.produce(on: joined.sending, ssrc: 1, mid: "1")
        _ = try await alice.produce(on: joined.sending, ssrc: 2, mid: "2")
        await #expect(throws: SignalingError(400, "a peer has at most 2 producers")) {
            _ = try await alice.produce(on: joined.sending, ssrc: 3, mid: "3")
        }
        try await alice.ask("closeProducer", ProducerRequest(producerId: producer))
        _ = try await alice.produce(on: joined.sending, ssrc: 4, mid: "4")
        await server.stop()
    }

    @Test("Who does not join in time is sent away for good") func joinTimeout() async throws {
        let server = try await TestServer { $0.limits.joinTime = .milliseconds(1_500) }
        let (joined, _) = try await TestPeer.joined(server, peer: "prompt")
        let slow = try await TestPeer(server, room: "r", peer: "slow")
        await #expect {
            let _: Nothing = try await slow.notification("never")
        } throws: { error in
            (error as? TestPeer.Closed).map { $0.code == 4000 && $0.reason.contains("join") } ?? false
        }
        #expect(try await joined.methodsSoFar().isEmpty)
        await server.stop()
    }
}
