// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletORTC
import SwiftletPeerLink
import SwiftletSCTP
import SwiftletWire
import Testing

@Suite("Data channels through the engine, over SCTP and DTLS on a virtual network")
struct DataChannelTests {
    private func text(_ string: String) -> [UInt8] { Array(string.utf8) }

    private static func opening(_ message: SCTPMessage) -> DataChannelOpen? {
        guard case .open(let opening)? = try? DataChannelControl(parsing: message.payload.span) else { return nil }
        return opening
    }

    /// Two clients with data channels, connected; alice's stream 4 is the data producer "d".
    private func meeting(
        seed: UInt64,
        _ weather: VirtualNetwork.Weather,
        _ options: SctpOptions = SctpOptions()
    ) throws -> (World, SimulatedClient, SimulatedClient) {
        let world = try World(seed: seed, weather: weather)
        let alice = try world.join("alice", sctp: options)
        let bob = try world.join("bob", sctp: options)
        let stream = SctpStreamParameters(streamId: 4)
        try world.ask(.produceData(.init(id: "d", transportId: "alice", sctpStreamParameters: stream, label: "chat")))
        return (world, alice, bob)
    }

    private func connect(_ world: World, _ clients: SimulatedClient...) {
        for _ in 0..<400 where !clients.allSatisfy({ $0.data?.association.state == .connected }) {
            world.run(for: .milliseconds(100))
        }
    }

    /// Consumes "d" to bob and gives the stream.
    private func consume(_ world: World, _ request: ControlRequest.ConsumeData) throws -> UInt16 {
        guard case .dataConsumed(let reply) = try world.ask(.consumeData(request)) else { return .max }
        return try #require(reply.sctpStreamParameters).streamId
    }

    @Test("Messages of every size arrive once and in order, whatever is lost", arguments: 1...6 as ClosedRange<UInt64>)
    func reliable(seed: UInt64) throws {
        let loss = [0, 0.01, 0.05, 0.1, 0.2, 0.3][Int(seed - 1)]
        let weather = VirtualNetwork.Weather(loss: loss, delay: .milliseconds(30), jitter: .milliseconds(20))
        // Seeds under which, at 30 % loss, no consent to send runs out: ICE would end the link, as it should.
        let (world, alice, bob) = try meeting(seed: seed &+ 20, weather)
        let stream = try consume(world, .init(id: "c", transportId: "bob", dataProducerId: "d"))
        connect(world, alice, bob)
        var random = SeededRandom(seed: seed)
        var sent: [[UInt8]] = []
        for index in 0..<150 {
            // A quarter of a megabyte through 30 % loss is a matter of many minutes for any congestion control.
            let size =
                index % 50 == 49
                ? (loss < 0.2 ? 262_144 : 65_536) : index % 10 == 0 ? 20_000 : Int.random(in: 1...1500, using: &random)
            let payload = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ index) }
            sent.append(payload)
            try alice.send(payload, .binary, on: 4, now: world.now)
            world.run(for: .milliseconds(20))
        }
        for _ in 0..<900 where bob.data?.received[stream]?.count != sent.count { world.run(for: .seconds(1)) }
        let got = bob.data?.received[stream] ?? []
        let isWhole = got.map(\.payload) == sent
        #expect(isWhole, "\(got.count) of \(sent.count)")
        #expect(got.allSatisfy { $0.payloadProtocol == .binary })
    }

    @Test("A message of 16 MiB passes where that is allowed, and none that is longer")
    func longest() throws {
        let longest: UInt32 = 16 << 20
        let options = SctpOptions(maxSendMessageSize: longest, maxReceiveMessageSize: longest)
        let (world, alice, bob) = try meeting(seed: 19, .init(loss: 0.0005, delay: .milliseconds(5)), options)
        let stream = try consume(world, .init(id: "c", transportId: "bob", dataProducerId: "d"))
        connect(world, alice, bob)
        let payload = (0..<Int(longest)).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 11) }
        #expect(throws: SCTPSendError.messageTooLong) {
            try alice.send(payload + [1], .binary, on: 4, now: world.now)
        }
        try alice.send(payload, .binary, on: 4, now: world.now)
        for _ in 0..<300 where bob.data?.received[stream] == nil { world.run(for: .seconds(1)) }
        let isWhole = bob.data?.received[stream]?.map(\.payload) == [payload]
        #expect(isWhole)
        let text = ControlRequest.sendFromDataConsumer(dataConsumerId: "c", ppid: 53, payload: payload + [1])
        #expect(throws: ControlError.self) { try world.ask(text) }
    }

    @Test("A channel opened in band is answered and told; what came before it was taken is kept")
    func openedByPeer() throws {
        let world = try World(seed: 7, weather: .init(loss: 0.05, delay: .milliseconds(20)))
        let alice = try world.join("alice", sctp: SctpOptions())
        connect(world, alice)
        let opening = DataChannelOpen(
            label: "game",
            protocol: "v1",
            isUnordered: true,
            reliability: .retransmissions(3)
        )
        try alice.send(opening.bytes, .dataChannelControl, on: 0, now: world.now)
        world.run(for: .seconds(5))
        for word in ["one", "two"] { try alice.send(text(word), on: 0, now: world.now) }
        world.run(for: .seconds(5))
        let channels = world.notifications.compactMap { notification -> InBandDataChannel? in
            if case .dataChannelOpened("alice", let channel) = notification { channel } else { nil }
        }
        let parameters = SctpStreamParameters(streamId: 0, ordered: false, maxRetransmits: 3)
        #expect(channels == [InBandDataChannel(sctpStreamParameters: parameters, label: "game", protocol: "v1")])
        #expect(alice.data?.received[0]?.first?.payload == [2], "DATA_CHANNEL_ACK, RFC 8832 §5.2")
        // The application sends everything back on the same channel.
        try world.ask(.produceData(.init(id: "in", transportId: "alice", sctpStreamParameters: parameters)))
        let back = ControlRequest.ConsumeData(id: "out", transportId: "alice", dataProducerId: "in", streamId: 0)
        guard case .dataConsumed = try world.ask(.consumeData(back)) else { return }
        try alice.send(text("three"), on: 0, now: world.now)
        world.run(for: .seconds(5))
        #expect(alice.data?.texts(on: 0) == ["three"], "what was held went to nobody")
        guard case .dataProducerStats(let stats) = try world.ask(.getDataProducerStats(id: "in")) else { return }
        #expect(stats.messagesReceived == 3)
        // The peer closes it: the host hears of it, and our side follows.
        alice.data?.association.resetStream(0, now: world.now)
        alice.drain(now: world.now)
        world.run(for: .seconds(10))
        let isClosed = world.notifications.contains(.dataChannelClosed(transportId: "alice", streamId: 0))
        #expect(isClosed)
        #expect(alice.data?.resetByServer == [0] && alice.data?.resetDone.contains(0) == true)
        // The application lets go of it only now, data consumer included: nothing is reset a second time, and the stream is free.
        try world.ask(.closeDataProducer(id: "in"))
        world.run(for: .seconds(5))
        #expect(alice.data?.resetByServer == [0])
        try world.ask(.produceData(.init(id: "in again", transportId: "alice", sctpStreamParameters: parameters)))
        try world.ask(
            .consumeData(.init(id: "again", transportId: "alice", dataProducerId: "in again", streamId: 0))
        )
        try alice.send(text("four"), on: 0, now: world.now)
        world.run(for: .seconds(5))
        #expect(alice.data?.texts(on: 0) == ["three", "four"])
    }

    @Test("A channel that the engine opens in band is announced before its messages, in order until it is answered")
    func openedByUs() throws {
        let (world, alice, bob) = try meeting(seed: 9, .init(loss: 0.02, delay: .milliseconds(20)))
        connect(world, alice, bob)
        let request = ControlRequest.ConsumeData(
            id: "c",
            transportId: "bob",
            dataProducerId: "d",
            ordered: false,
            maxRetransmits: 0,
            label: "chat",
            protocol: "p",
            isNegotiated: false
        )
        let stream = try consume(world, request)
        #expect(stream == 1, "the peer is DTLS client and opens channels under even ids")
        try alice.send(text("hello"), on: 4, now: world.now)
        world.run(for: .seconds(5))
        let got = bob.data?.received[stream] ?? []
        let opening = try #require(got.first.flatMap(Self.opening))
        #expect(opening.label == "chat" && opening.protocol == "p" && opening.isUnordered)
        #expect(opening.reliability == .retransmissions(0))
        #expect(got.first?.payloadProtocol == .dataChannelControl)
        #expect(got.dropFirst().allSatisfy { !$0.isUnordered }, "not before the answer")
        try bob.send(DataChannelControl.acknowledgement.bytes, .dataChannelControl, on: stream, now: world.now)
        world.run(for: .seconds(2))
        for _ in 0..<20 {
            try alice.send(text("x"), on: 4, now: world.now)
            world.run(for: .milliseconds(50))
        }
        world.run(for: .seconds(2))
        #expect(bob.data?.received[stream]?.last?.isUnordered == true)
    }

    @Test("A stream that was closed is used again once both sides have reset it")
    func reuse() throws {
        let (world, alice, bob) = try meeting(seed: 11, .init(loss: 0.1, delay: .milliseconds(50)))
        connect(world, alice, bob)
        let first = try consume(world, .init(id: "c1", transportId: "bob", dataProducerId: "d"))
        try alice.send(text("one"), on: 4, now: world.now)
        world.run(for: .seconds(5))
        try world.ask(.closeDataConsumer(id: "c1"))
        let second = try consume(world, .init(id: "c2", transportId: "bob", dataProducerId: "d"))
        #expect(second != first, "still being closed")
        world.run(for: .seconds(20))
        #expect(bob.data?.resetByServer == [first])
        let third = try consume(world, .init(id: "c3", transportId: "bob", dataProducerId: "d"))
        #expect(third == first)
        try alice.send(text("two"), on: 4, now: world.now)
        world.run(for: .seconds(10))
        #expect(bob.data?.texts(on: third) == ["one", "two"] && bob.data?.texts(on: second) == ["two"])
    }

    @Test("An unreliable channel goes on at 30 % loss, and a full buffer is told instead of grown")
    func unreliable() throws {
        let weather = VirtualNetwork.Weather(loss: 0.3, delay: .milliseconds(40))
        let (world, alice, bob) = try meeting(seed: 13, weather)
        let request = ControlRequest.ConsumeData(
            id: "c",
            transportId: "bob",
            dataProducerId: "d",
            ordered: false,
            maxRetransmits: 0
        )
        let stream = try consume(world, request)
        connect(world, alice, bob)
        for index in 0..<1200 {
            try alice.send(text("\(index)"), on: 4, isUnordered: true, reliability: .retransmissions(0), now: world.now)
            world.run(for: .milliseconds(50))
        }
        world.run(for: .seconds(5))
        let got = bob.data?.texts(on: stream) ?? []
        // Two ways with 30 % loss each leave about half.
        #expect(Set(got).count == got.count && (400...800).contains(got.count), "\(got.count)")
        #expect(got.contains { (Int($0) ?? 0) > 1150 }, "to the end")
        guard case .bufferedAmount(let waiting) = try world.ask(.getBufferedAmount(dataConsumerId: "c")) else { return }
        #expect(waiting == 0)
    }

    @Test("What waits for a peer that never opens SCTP is bounded")
    func neverConnected() throws {
        let (world, alice, bob) = try meeting(seed: 15, .init(loss: 0, delay: .milliseconds(10)))
        bob.data = nil
        _ = try consume(world, .init(id: "c", transportId: "bob", dataProducerId: "d"))
        connect(world, alice)
        for _ in 0..<100 {
            try alice.send([UInt8](repeating: 1, count: 10_000), .binary, on: 4, now: world.now)
            world.run(for: .milliseconds(50))
        }
        guard case .dataConsumerStats(let stats) = try world.ask(.getDataConsumerStats(id: "c")) else { return }
        #expect(stats.bufferedAmount <= 65_536 && stats.messagesDropped > 80)
        let isTold = world.notifications.contains(.dataConsumerSendBufferFull(dataConsumerId: "c"))
        #expect(isTold)
        #expect(throws: ControlError.self) {
            try world.ask(
                .sendFromDataConsumer(dataConsumerId: "c", ppid: 51, payload: [UInt8](repeating: 0, count: 60_000))
            )
        }
    }

    @Test("With its link an association ends: the host is told, timers stop, and sending is refused")
    func linkGone() throws {
        let (world, alice, bob) = try meeting(seed: 21, .init(loss: 0, delay: .milliseconds(10)))
        _ = try consume(world, .init(id: "c", transportId: "bob", dataProducerId: "d"))
        connect(world, alice, bob)
        try alice.send(text("on its way"), on: 4, now: world.now)
        bob.link.close(now: world.now)
        bob.drain(now: world.now)
        world.run(for: .seconds(1))
        let states = world.notifications.compactMap { notification -> SctpState? in
            if case .sctpStateChanged("bob", let state, _) = notification { state } else { nil }
        }
        #expect(states == [.connecting, .connected, .closed])
        guard case .transportStats(let stats) = try world.ask(.getTransportStats(id: "bob")) else { return }
        #expect(stats.sctpState == .closed)
        #expect(throws: ControlError.self) {
            try world.ask(.sendFromDataConsumer(dataConsumerId: "c", ppid: 51, payload: [1]))
        }
        try world.ask(.closeDataConsumer(id: "c"))
        try world.ask(.closeTransport(id: "bob"))
    }

    @Test("A flood of channels that nobody takes is refused, and one that overflows is closed")
    func floods() throws {
        let world = try World(seed: 17, weather: .init(loss: 0, delay: .milliseconds(5)))
        let alice = try world.join("alice", sctp: SctpOptions())
        connect(world, alice)
        let opening = DataChannelOpen(label: "x")
        for stream in stride(from: 0, to: 1000, by: 2) {
            try alice.send(opening.bytes, .dataChannelControl, on: UInt16(stream), now: world.now)
            world.run(for: .milliseconds(5))
        }
        world.run(for: .seconds(2))
        let opened = world.notifications.count { if case .dataChannelOpened = $0 { true } else { false } }
        #expect(opened == 256)
        for _ in 0..<1100 {
            // From some point on it is closed.
            try? alice.send([1], .binary, on: 0, now: world.now)
            world.run(for: .milliseconds(5))
        }
        world.run(for: .seconds(2))
        let isClosed = world.notifications.contains(.dataChannelClosed(transportId: "alice", streamId: 0))
        #expect(isClosed)
        // The rest of the transport is well.
        try world.ask(.produceData(.init(id: "d", transportId: "alice", sctpStreamParameters: .init(streamId: 2))))
        try alice.send(text("fine"), on: 2, now: world.now)
        world.run(for: .seconds(1))
        guard case .dataProducerStats(let stats) = try world.ask(.getDataProducerStats(id: "d")) else { return }
        #expect(stats.messagesReceived == 1)
    }
}
