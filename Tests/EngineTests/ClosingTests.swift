// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletEngine
import SwiftletORTC
import SwiftletWire
import Testing

@Suite("Closing cascades")
struct ClosingTests {
    enum Step: Int, CaseIterable {
        case consumer, ownConsumer, producer, alice, bob, router, server

        var request: ControlRequest {
            switch self {
            case .consumer: .closeConsumer(id: "c")
            case .ownConsumer: .closeConsumer(id: "own")
            case .producer: .closeProducer(id: "p")
            case .alice: .closeTransport(id: "alice")
            case .bob: .closeTransport(id: "bob")
            case .router: .closeRouter(id: "router")
            case .server: .closeWebRtcServer(id: "server")
            }
        }
    }

    private func call() throws -> (Rig, Peer, Peer) {
        let rig = try Rig()
        let alice = try rig.join("alice")
        let bob = try rig.join("bob")
        try rig.ask(.produce(Media.produceVideo("p", on: "alice")))
        try rig.ask(.produce(Media.produceAudio("q", on: "bob")))
        try rig.ask(.consume(Media.consumeVideo("c", of: "p", on: "bob")))
        try rig.ask(.consume(Media.consumeVideo("own", of: "p", on: "alice")))
        try rig.ask(.consume(Media.consumeAudio("a", of: "q", on: "alice")))
        media(alice, bob)
        rig.settle()
        rig.notifications.removeAll()
        return (rig, alice, bob)
    }

    private func media(_ alice: Peer, _ bob: Peer) {
        alice.send(
            alice.rtp(1, ssrc: 1000, payloadType: 96, timestamp: 0, marker: true, payload: Media.vp8Payload(key: true))
        )
        bob.send(bob.rtp(1, ssrc: 2000, payloadType: 111, timestamp: 0, payload: [1]))
    }

    /// Media, requests and time after every step: whatever was closed stays closed, and nothing traps.
    @Test("Whatever the order, everything ends, and nothing is left", arguments: 0..<300 as Range<UInt64>)
    func orders(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let (rig, alice, bob) = try call()
        for step in Step.allCases.shuffled(using: &random) {
            // Half of the time packets wait to be sent when the step comes.
            if Bool.random(using: &random) {
                var batch = ReceiveBatch(capacity: 4096)
                let packet = alice.rtp(
                    UInt16.random(in: 2...900, using: &random),
                    ssrc: 1000,
                    payloadType: 96,
                    timestamp: 9,
                    payload: Media.vp8Payload(key: true)
                )
                _ = batch.append(packet.span, at: 0, socket: Rig.socket, source: alice.address, arrival: rig.now)
                rig.engine.receive(&batch, now: rig.now)
            }
            _ = rig.engine.handle(step.request, now: rig.now)
            media(alice, bob)
            bob.pli(7000)
            bob.nack(7000, [1, 2, 3])
            rig.advance(by: .milliseconds(700))
        }
        for name in ["transports", "producers", "consumers", "tuples", "connections"] {
            #expect(rig.counter(name) == 0)
        }
        #expect(rig.closedSockets == [Rig.socket])
        #expect(rig.engine.nextDeadline == nil)
        #expect(rig.counter("storedBytes") == 0)
    }

    @Test("A producer's end is told for its consumers, once")
    func producerCloses() throws {
        let (rig, alice, bob) = try call()
        try rig.ask(.closeProducer(id: "p"))
        rig.settle()
        #expect(
            rig.notifications == [.consumerProducerClosed(consumerId: "c"), .consumerProducerClosed(consumerId: "own")]
        )
        #expect(throws: ControlError.self) { try rig.ask(.dumpConsumer(id: "c")) }
        let before = bob.packets.count
        media(alice, bob)
        #expect(bob.packets.count == before)
    }

    @Test("A transport's end is told for consumers elsewhere, not for its own")
    func transportCloses() throws {
        let (rig, _, _) = try call()
        try rig.ask(.closeTransport(id: "alice"))
        rig.settle()
        #expect(rig.notifications == [.consumerProducerClosed(consumerId: "c")])
        #expect(rig.counter("consumers") == 0 && rig.counter("producers") == 1)
    }

    @Test("A router falls in silence")
    func routerCloses() throws {
        let (rig, _, _) = try call()
        try rig.ask(.closeRouter(id: "router"))
        rig.settle()
        #expect(rig.notifications.isEmpty)
        #expect(rig.counter("transports") == 0)
        #expect(throws: ControlError.self) { try rig.ask(.dumpTransport(id: "bob")) }
    }

    @Test("A server's end is told for each of its transports, and gives its socket back")
    func serverCloses() throws {
        let (rig, _, _) = try call()
        try rig.ask(.closeWebRtcServer(id: "server"))
        rig.settle()
        #expect(
            rig.notifications == [.listenServerClosed(transportId: "alice"), .listenServerClosed(transportId: "bob")]
        )
        #expect(rig.closedSockets == [Rig.socket])
    }

    @Test("A closed id may be used again, and its slot forgets its predecessor")
    func reuse() throws {
        let (rig, _, _) = try call()
        for _ in 0..<20 {
            try rig.ask(.closeTransport(id: "alice"))
            try rig.ask(.createWebRtcTransport(.init(id: "alice", routerId: "router", listen: .server(id: "server"))))
        }
        guard case .transportDump(let dump) = try rig.ask(.dumpTransport(id: "alice")) else { return }
        #expect(dump.producerIds.isEmpty && dump.consumerIds.isEmpty && dump.iceState == .new)
        #expect(rig.counter("transports") == 2)
    }
}
