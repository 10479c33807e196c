// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import RawWebSocket
import SwiftletORTC
import SwiftletServer
import SwiftletSignaling
import Testing

@Suite("Data channels that are refused", .timeLimit(.minutes(2))) struct DataRefusalTests {
    @Test("Nobody sends messages before the join") func beforeJoin() async throws {
        let server = try await TestServer()
        let peer = try await TestPeer(server, room: "r", peer: "p")
        let transport: CreateWebRtcTransportAnswer = try await peer.ask(
            "createWebRtcTransport",
            CreateWebRtcTransportRequest(producing: true, sctpCapabilities: TestPeer.sctpCapabilities)
        )
        await #expect(throws: SignalingError(400, "Peer not yet joined")) {
            _ = try await peer.produceData(on: transport)
        }
        await server.stop()
    }

    @Test("A request that is wrong gets an error response, and the next one works") func wrongRequests() async throws {
        let server = try await TestServer()
        let (alice, joined) = try await TestPeer.joined(server, peer: "alice", data: true)
        let plain: CreateWebRtcTransportAnswer = try await alice.ask(
            "createWebRtcTransport",
            CreateWebRtcTransportRequest(producing: true)
        )
        let id = JSONValue.string(joined.sending.id)
        let long = JSONValue.string(String(repeating: "é", count: 129))
        let big: JSONValue = ["x": .string(String(repeating: "x", count: 9_000))]
        let stream: JSONValue = ["streamId": 5]
        let wrong: [(method: String, data: JSONValue, code: Int)] = [
            ("produceData", [:], 400), ("produceData", ["transportId": id], 400),
            ("produceData", ["transportId": "none", "sctpStreamParameters": stream], 404),
            ("produceData", ["transportId": .string(plain.id), "sctpStreamParameters": stream], 400),
            ("produceData", ["transportId": id, "sctpStreamParameters": ["streamId": 65_535]], 400),
            (
                "produceData",
                ["transportId": id, "sctpStreamParameters": ["streamId": 5, "ordered": true, "maxRetransmits": 1]], 400
            ),
            (
                "produceData",
                [
                    "transportId": id,
                    "sctpStreamParameters": ["streamId": 5, "maxPacketLifeTime": 1, "maxRetransmits": 1],
                ], 400
            ),
            ("produceData", ["transportId": id, "sctpStreamParameters": stream, "label": long], 400),
            ("produceData", ["transportId": id, "sctpStreamParameters": stream, "protocol": long], 400),
            ("produceData", ["transportId": id, "sctpStreamParameters": stream, "appData": big], 400),
            ("produceData", ["transportId": id, "sctpStreamParameters": stream, "label": 7], 400),
            ("closeDataProducer", [:], 400), ("closeDataProducer", ["dataProducerId": "none"], 404),
            ("getDataProducerStats", [:], 400), ("getDataProducerStats", ["dataProducerId": "none"], 404),
            ("getDataConsumerStats", ["dataConsumerId": 1], 400),
            ("getDataConsumerStats", ["dataConsumerId": "x"], 404),
            ("createWebRtcTransport", ["sctpCapabilities": ["numStreams": 1]], 400),
        ]
        for (method, data, code) in wrong {
            do {
                let _: JSONValue = try await alice.ask(method, data)
                Issue.record("\(method) \(data) was granted")
            } catch let error as SignalingError {
                #expect(error.code == code, "\(method) \(data): \(error)")
                #expect(!error.reason.isEmpty)
            }
        }
        // Nothing of all that has taken the stream.
        _ = try await alice.produceData(on: joined.sending, stream: 5)
        await #expect { _ = try await alice.produceData(on: joined.sending, stream: 5) } throws: {
            ($0 as? SignalingError)?.code == 400
        }
        await server.stop()
    }

    @Test("A peer has as many data producers as it may, and no more") func table() async throws {
        let server = try await TestServer { $0.limits.dataProducersPerPeer = 2 }
        let (alice, joined) = try await TestPeer.joined(server, peer: "alice", data: true)
        let first = try await alice.produceData(on: joined.sending, stream: 0)
        _ = try await alice.produceData(on: joined.sending, stream: 1)
        await #expect(throws: SignalingError(400, "a peer has at most 2 data producers")) {
            _ = try await alice.produceData(on: joined.sending, stream: 2)
        }
        try await alice.ask("closeDataProducer", DataProducerRequest(dataProducerId: first))
        _ = try await alice.produceData(on: joined.sending, stream: 3)
        await server.stop()
    }
}
