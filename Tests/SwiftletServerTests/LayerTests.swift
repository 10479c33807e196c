// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletORTC
import SwiftletServer
import SwiftletSignaling
import Testing

@Suite("Layers and voices, over real workers", .timeLimit(.minutes(2))) struct LayerTests {
    @Test("Layers are taken as far as there are any, and the answer says so") func preferredLayers() async throws {
        let server = try await TestServer()
        let (alice, joined) = try await TestPeer.joined(server, peer: "alice")
        let (bob, _) = try await TestPeer.joined(server, peer: "bob")
        _ = try await alice.produceSimulcast(on: joined.sending)
        let offer = try await bob.takeConsumer()
        #expect(offer.type == .simulcast)
        #expect(offer.rtpParameters.encodings.first?.scalabilityMode == "L3T3")
        let wishes: [(Int, Int?, [Int])] = [
            (0, 1, [0, 1]), (1, nil, [1, 2]), (99, 99, [2, 2]), (Int.max, nil, [2, 2]),
        ]
        for (asked, temporal, taken) in wishes {
            let answer: PreferredLayersAnswer = try await bob.ask(
                "setConsumerPreferredLayers",
                SetConsumerPreferredLayersRequest(consumerId: offer.id, spatialLayer: asked, temporalLayer: temporal)
            )
            #expect(answer == PreferredLayersAnswer(spatialLayer: taken[0], temporalLayer: taken[1]))
        }
        try await bob.ask("setConsumerPriority", SetConsumerPriorityRequest(consumerId: offer.id, priority: 255))
        await server.stop()
    }

    @Test("A stream without layers has none to take") func noLayers() async throws {
        let server = try await TestServer()
        let (alice, joined) = try await TestPeer.joined(server, peer: "alice")
        let (bob, _) = try await TestPeer.joined(server, peer: "bob")
        _ = try await alice.produce(on: joined.sending)
        let offer = try await bob.takeConsumer()
        let answer: PreferredLayersAnswer = try await bob.ask(
            "setConsumerPreferredLayers",
            SetConsumerPreferredLayersRequest(consumerId: offer.id, spatialLayer: 0)
        )
        #expect(answer == PreferredLayersAnswer(spatialLayer: nil, temporalLayer: nil))
        await server.stop()
    }

    @Test("A wish that makes no sense is refused by name, and the next one works") func wrongWishes() async throws {
        let server = try await TestServer()
        let (alice, joined) = try await TestPeer.joined(server, peer: "alice")
        let (bob, _) = try await TestPeer.joined(server, peer: "bob")
        _ = try await alice.produceSimulcast(on: joined.sending)
        let consumer = try await bob.takeConsumer().id
        let layers = "setConsumerPreferredLayers"
        let wrong: [(String, JSONValue, Int)] = [
            (layers, ["consumerId": .string(consumer)], 400),
            (layers, ["consumerId": .string(consumer), "spatialLayer": -1], 400),
            (layers, ["consumerId": .string(consumer), "spatialLayer": 0, "temporalLayer": -1], 400),
            (layers, ["consumerId": .string(consumer), "spatialLayer": "1"], 400),
            (layers, ["consumerId": .string(consumer), "spatialLayer": 0.5], 400),
            (layers, ["consumerId": "nobody", "spatialLayer": 0], 404),
            ("setConsumerPriority", ["consumerId": .string(consumer)], 400),
            ("setConsumerPriority", ["consumerId": .string(consumer), "priority": 0], 400),
            ("setConsumerPriority", ["consumerId": .string(consumer), "priority": 256], 400),
            ("setConsumerPriority", ["consumerId": "nobody", "priority": 1], 404),
        ]
        for (method, data, code) in wrong {
            let error = await #expect(throws: SignalingError.self) { try await bob.ask(method, data) }
            #expect(error?.code == code, "\(method) \(data): \(error?.reason ?? "")")
        }
        try await bob.ask("requestConsumerKeyFrame", ConsumerRequest(consumerId: consumer))
        // Somebody else's consumer does not exist for others.
        await #expect(throws: SignalingError.self) {
            try await alice.ask("requestConsumerKeyFrame", ConsumerRequest(consumerId: consumer))
        }
        await server.stop()
    }

    @Test("Several sizes of AV1 in one stream go to those who can join them, the smallest alone to others")
    func describedLayers() async throws {
        let server = try await TestServer()
        let (alice, joined) = try await TestPeer.joined(server, peer: "alice")
        _ = try await alice.produceLayered(on: joined.sending)
        let (bob, _) = try await TestPeer.joined(server, peer: "bob")
        let carol = try await TestPeer(server, room: "r", peer: "carol")
        var capabilities: RtpCapabilities = try await carol.ask("getRouterRtpCapabilities", Nothing())
        capabilities.headerExtensions.removeAll { $0.uri == RtpHeaderExtensionURI.dependencyDescriptor }
        let _: CreateWebRtcTransportAnswer = try await carol.ask(
            "createWebRtcTransport",
            CreateWebRtcTransportRequest(consuming: true)
        )
        let request = JoinRequest(displayName: "Carol", rtpCapabilities: capabilities)
        let _: JoinAnswer = try await carol.ask("join", request)
        for (peer, isDescribed, highest) in [(bob, true, 2), (carol, false, 0)] {
            let offer = try await peer.takeConsumer()
            let uris = offer.rtpParameters.headerExtensions.map(\.uri)
            #expect(uris.contains(RtpHeaderExtensionURI.dependencyDescriptor) == isDescribed)
            let answer: PreferredLayersAnswer = try await peer.ask(
                "setConsumerPreferredLayers",
                SetConsumerPreferredLayersRequest(consumerId: offer.id, spatialLayer: 2)
            )
            #expect(answer == PreferredLayersAnswer(spatialLayer: highest, temporalLayer: 2))
        }
        await server.stop()
    }

    @Test("Sound is listened to, redundant sound too, and those who do not have it get what is inside")
    func sound() async throws {
        let server = try await TestServer()
        let (alice, joined) = try await TestPeer.joined(server, peer: "alice")
        let (bob, _) = try await TestPeer.joined(server, peer: "bob")
        let red = try await alice.produceSound(on: joined.sending, isRedundant: true)
        let offer = try await bob.takeConsumer()
        #expect(offer.producerId == red)
        #expect(offer.rtpParameters.codecs.map(\.mimeType).contains("audio/red"))
        let carol = try await TestPeer(server, room: "r", peer: "carol")
        var capabilities: RtpCapabilities = try await carol.ask("getRouterRtpCapabilities", Nothing())
        capabilities.codecs.removeAll { $0.mimeType == "audio/red" }
        let _: CreateWebRtcTransportAnswer = try await carol.ask(
            "createWebRtcTransport",
            CreateWebRtcTransportRequest(consuming: true)
        )
        let request = JoinRequest(displayName: "Carol", rtpCapabilities: capabilities)
        let _: JoinAnswer = try await carol.ask("join", request)
        let plain = try await carol.takeConsumer()
        #expect(plain.rtpParameters.codecs.map(\.mimeType) == ["audio/opus"])
        // Nothing was sent: nobody has the word.
        #expect(try await !bob.methodsSoFar().contains("activeSpeaker"))
        await server.stop()
    }
}
