// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import RawWebSocket
import SwiftletORTC
import SwiftletServer
import SwiftletSignaling
import Testing

@Suite("Data channels in rooms, over real workers", .timeLimit(.minutes(2))) struct DataTests {
    @Test("A transport has SCTP where the client asked for it, and only there") func transports() async throws {
        let server = try await TestServer { $0.limits.messageBytes = 100_000 }
        let (_, with) = try await TestPeer.joined(server, peer: "with", data: true)
        let wanted = SctpParameters(port: 5_000, OS: 65_535, MIS: 65_535, maxMessageSize: 100_000)
        #expect(with.sending.sctpParameters == wanted)
        #expect(with.receiving.sctpParameters == wanted)
        let (_, without) = try await TestPeer.joined(server, peer: "without")
        #expect(without.sending.sctpParameters == nil)
        await server.stop()
    }

    @Test("What is produced is offered to everybody, to those who come later too, and only once") func offers()
        async throws
    {
        let server = try await TestServer()
        let (alice, joined) = try await TestPeer.joined(server, peer: "alice", data: true)
        let (bob, _) = try await TestPeer.joined(server, peer: "bob", data: true)
        let producer = try await alice.produceData(on: joined.sending, stream: 7, label: "reactions", takenBy: bob)
        let offer = try #require(bob.taken.last)
        #expect(offer.peerId == "alice")
        #expect(offer.dataProducerId == producer)
        #expect((offer.label, offer.protocol) == ("reactions", "p"))
        #expect(offer.appData == ["info": "x", "peerId": "alice"])
        #expect(offer.sctpStreamParameters.ordered == false)
        #expect(offer.sctpStreamParameters.maxRetransmits == 0)
        let (carol, _) = try await TestPeer.joined(server, peer: "carol", data: true)
        #expect(try await carol.takeDataConsumer().dataProducerId == producer)
        #expect(try await !bob.methodsSoFar().contains("newDataConsumer"))
        #expect(try await !alice.methodsSoFar().contains("newDataConsumer"))
        await server.stop()
    }

    @Test("Every channel of a receiver has a stream of its own") func streams() async throws {
        let server = try await TestServer()
        let (alice, first) = try await TestPeer.joined(server, peer: "alice", data: true)
        let (bob, second) = try await TestPeer.joined(server, peer: "bob", data: true)
        for stream in [0, 1, 2] as [UInt16] {
            _ = try await alice.produceData(on: first.sending, stream: stream)
            _ = try await bob.produceData(on: second.sending, stream: stream)
        }
        let (carol, _) = try await TestPeer.joined(server, peer: "carol", data: true)
        var streams: Set<UInt16> = []
        for _ in 0..<6 { streams.insert(try await carol.takeDataConsumer().sctpStreamParameters.streamId) }
        #expect(streams.count == 6)
        await server.stop()
    }

    @Test("Who makes the receiving transport after the join is offered everything then") func lateTransport()
        async throws
    {
        let server = try await TestServer()
        let (alice, joined) = try await TestPeer.joined(server, peer: "alice", data: true)
        let producer = try await alice.produceData(on: joined.sending)
        let bob = try await TestPeer(server, room: "r", peer: "bob")
        let _: JoinAnswer = try await bob.ask(
            "join",
            JoinRequest(displayName: "Bob", sctpCapabilities: TestPeer.sctpCapabilities)
        )
        // One without data channels is no place to receive any.
        let _: CreateWebRtcTransportAnswer = try await bob.ask(
            "createWebRtcTransport",
            CreateWebRtcTransportRequest(consuming: true)
        )
        #expect(try await !bob.methodsSoFar().contains("newDataConsumer"))
        let _: CreateWebRtcTransportAnswer = try await bob.ask(
            "createWebRtcTransport",
            CreateWebRtcTransportRequest(consuming: true, sctpCapabilities: TestPeer.sctpCapabilities)
        )
        #expect(try await bob.takeDataConsumer().dataProducerId == producer)
        await server.stop()
    }

    @Test("Who did not say in join that data channels can be received is offered none") func cannotReceive()
        async throws
    {
        let server = try await TestServer()
        let (alice, joined) = try await TestPeer.joined(server, peer: "alice", data: true)
        _ = try await alice.produceData(on: joined.sending)
        let bob = try await TestPeer(server, room: "r", peer: "bob")
        let _: CreateWebRtcTransportAnswer = try await bob.ask(
            "createWebRtcTransport",
            CreateWebRtcTransportRequest(consuming: true, sctpCapabilities: TestPeer.sctpCapabilities)
        )
        let _: JoinAnswer = try await bob.ask("join", JoinRequest(displayName: "Bob"))
        _ = try await alice.produceData(on: joined.sending, stream: 1)
        #expect(try await !bob.methodsSoFar().contains("newDataConsumer"))
        await server.stop()
    }

    @Test("The answer to produceData comes once the others have taken the channel, or soon without them")
    func answerWaits()
        async throws
    {
        let server = try await TestServer()
        let (alice, joined) = try await TestPeer.joined(server, peer: "alice", data: true)
        let (bob, _) = try await TestPeer.joined(server, peer: "bob", data: true)
        let clock = ContinuousClock()
        // Nobody answers the offer.
        let silent = try await clock.measure { _ = try await alice.produceData(on: joined.sending, stream: 0) }
        #expect(silent >= .milliseconds(450))
        try await bob.takeDataConsumer()
        let id = try await alice.send("produceData", TestPeer.channel(on: joined.sending, stream: 1))
        let offer = try await bob.takeDataConsumer()
        let answer: ProduceAnswer = try await alice.answer(to: id)
        #expect(answer.id == offer.dataProducerId)
        await server.stop()
    }

    @Test("Closing a data producer is told to its consumers, and ends both") func closing() async throws {
        let server = try await TestServer()
        let (alice, joined) = try await TestPeer.joined(server, peer: "alice", data: true)
        let (bob, _) = try await TestPeer.joined(server, peer: "bob", data: true)
        let producer = DataProducerRequest(
            dataProducerId: try await alice.produceData(on: joined.sending, takenBy: bob)
        )
        let consumer = try #require(bob.taken.last).id
        try await alice.ask("closeDataProducer", producer)
        let closed: DataConsumerRequest = try await bob.notification("dataConsumerClosed")
        #expect(closed.dataConsumerId == consumer)
        await #expect(
            throws: SignalingError(404, "data producer with id \"\(producer.dataProducerId)\" not found")
        ) {
            try await alice.ask("closeDataProducer", producer)
        }
        await #expect(throws: SignalingError(404, "data consumer with id \"\(consumer)\" not found")) {
            let _: [DataConsumerStat] = try await bob.ask(
                "getDataConsumerStats",
                DataConsumerRequest(dataConsumerId: consumer)
            )
        }
        // Its stream can be used again.
        _ = try await alice.produceData(on: joined.sending)
        await server.stop()
    }

    @Test("A peer that leaves takes its channels along") func leaving() async throws {
        let server = try await TestServer()
        let (alice, joined) = try await TestPeer.joined(server, peer: "alice", data: true)
        let (bob, _) = try await TestPeer.joined(server, peer: "bob", data: true)
        _ = try await alice.produceData(on: joined.sending, takenBy: bob)
        let consumer = try #require(bob.taken.last).id
        await alice.socket.close()
        let gone: PeerNotice = try await bob.notification("peerClosed")
        #expect(gone.peerId == "alice")
        let closed: DataConsumerRequest = try await bob.notification("dataConsumerClosed")
        #expect(closed.dataConsumerId == consumer)
        await server.stop()
    }

    @Test("Statistics answer to their owner, with the members that mediasoup's users know") func statistics()
        async throws
    {
        let server = try await TestServer()
        let (alice, joined) = try await TestPeer.joined(server, peer: "alice", data: true)
        let (bob, _) = try await TestPeer.joined(server, peer: "bob", data: true)
        let producer = DataProducerRequest(
            dataProducerId: try await alice.produceData(on: joined.sending, label: "reactions", takenBy: bob)
        )
        let consumer = DataConsumerRequest(dataConsumerId: try #require(bob.taken.last).id)
        let sent: [JSONValue] = try await alice.ask("getDataProducerStats", producer)
        #expect(sent.first?["type"] == "data-producer")
        #expect(sent.first?["label"] == "reactions")
        #expect(sent.first?["protocol"] == "p")
        #expect(sent.first?["messagesReceived"] == 0)
        #expect(sent.first?["bytesReceived"] == 0)
        let received: [JSONValue] = try await bob.ask("getDataConsumerStats", consumer)
        #expect(received.first?["type"] == "data-consumer")
        #expect(received.first?["label"] == "reactions")
        #expect(received.first?["messagesSent"] == 0)
        #expect(received.first?["bytesSent"] == 0)
        #expect(received.first?["bufferedAmount"] == 0)
        await #expect(throws: SignalingError.self) {
            let _: [JSONValue] = try await bob.ask("getDataProducerStats", producer)
        }
        await #expect(throws: SignalingError.self) {
            let _: [JSONValue] = try await alice.ask("getDataConsumerStats", consumer)
        }
        await server.stop()
    }

    @Test("Who answers no offers while others open and close is offered what there is in the end") func churn()
        async throws
    {
        let server = try await TestServer { settings in
            (settings.limits.peersPerRoom, settings.limits.producersPerPeer) = (2, 1)
            settings.limits.dataProducersPerPeer = 3
        }
        let (alice, joined) = try await TestPeer.joined(server, peer: "alice", data: true)
        let (bob, _) = try await TestPeer.joined(server, peer: "bob", data: true)
        // More than are offered at once, 32, and than may wait, 2 × (1 + 3).
        for _ in 0..<15 {
            var asked: [Int] = []
            for stream in [0, 1, 2] as [UInt16] {
                asked.append(try await alice.send("produceData", TestPeer.channel(on: joined.sending, stream: stream)))
            }
            for id in asked {
                let answer: ProduceAnswer = try await alice.answer(to: id)
                try await alice.ask("closeDataProducer", DataProducerRequest(dataProducerId: answer.id))
            }
        }
        let last = try await alice.produceData(on: joined.sending)
        var offered = 0
        repeat { offered += 1 } while try await bob.takeDataConsumer().dataProducerId != last
        #expect(offered == 33)
        await server.stop()
    }

    @Test("A data consumer that the client refused is gone") func refusing() async throws {
        let server = try await TestServer()
        let (alice, joined) = try await TestPeer.joined(server, peer: "alice", data: true)
        let (bob, _) = try await TestPeer.joined(server, peer: "bob", data: true)
        _ = try await alice.produceData(on: joined.sending)
        let refused = DataConsumerRequest(dataConsumerId: try await bob.takeDataConsumer(refusing: true).id)
        // The refusal is handled beside this connection's requests.
        var code = 0
        for _ in 0..<200 where code == 0 {
            do { let _: [JSONValue] = try await bob.ask("getDataConsumerStats", refused) } catch let error
                as SignalingError
            { code = error.code }
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(code == 404)
        await server.stop()
    }

    @Test("What closes before it was taken is told after the answer") func closedWhileOffered() async throws {
        let server = try await TestServer()
        let (alice, joined) = try await TestPeer.joined(server, peer: "alice", data: true)
        let (bob, _) = try await TestPeer.joined(server, peer: "bob", data: true)
        let producer = try await alice.produceData(on: joined.sending)
        let (id, offer) = try await bob.dataOffer()
        try await alice.ask("closeDataProducer", DataProducerRequest(dataProducerId: producer))
        #expect(try await !bob.methodsSoFar().contains("dataConsumerClosed"))
        try await bob.socket.send(message: SignalingFrame.success(id: id, Nothing()))
        let closed: DataConsumerRequest = try await bob.notification("dataConsumerClosed")
        #expect(closed.dataConsumerId == offer.id)
        await server.stop()
    }

    @Test("A join brings the chat, which is empty at first, and getChatHistory reads it, not too often")
    func history() async throws {
        let server = try await TestServer()
        let client = try await TestPeer(server, room: "r", peer: "p")
        await #expect(throws: SignalingError(400, "Peer not yet joined")) {
            let _: ChatHistoryAnswer = try await client.ask("getChatHistory", Nothing())
        }
        let joined: JSONValue = try await client.ask("join", JoinRequest(displayName: "P"))
        #expect(joined == ["peers": [], "chatHistory": []])
        var answers = 0
        await #expect(throws: SignalingError(400, "getChatHistory comes too often")) {
            while answers < 50 {
                let answer: JSONValue = try await client.ask("getChatHistory", Nothing())
                #expect(answer == ["chatHistory": []])
                answers += 1
            }
        }
        #expect((4...6).contains(answers))
        await server.stop()
    }
}
