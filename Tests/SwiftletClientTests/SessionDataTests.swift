// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletClient
import SwiftletControl
import SwiftletWire
import Synchronization
import Testing

@Suite("A client's data channels in virtual time, through an engine, RFC 8831")
struct SessionDataTests {
    /// Two clients, a channel from the one to the other, and both ends of it.
    private struct Channel {
        let call: VirtualCall
        let alice: VirtualCall.Party
        let bob: VirtualCall.Party
        let stream: UInt16
        let producer: String
        let consumer: String

        init(seed: UInt64, _ delivery: DataDelivery = DataDelivery(), loss: Double = 0) throws {
            call = try VirtualCall(seed: seed)
            (alice, bob) = (try call.join("alice"), try call.join("bob"))
            call.run(for: .seconds(1))
            alice.session.profile = NetworkProfile(up: .init(loss: loss, delay: .milliseconds(20)))
            bob.session.profile = NetworkProfile(down: .init(loss: loss, delay: .milliseconds(20)))
            (stream, producer) = try call.publishData(delivery, by: alice)
            consumer = try call.consumeData(producer, delivery, by: bob)
        }

        func send(_ bytes: [UInt8], isText: Bool = false) -> SwiftletClientError? {
            alice.session.sendData(bytes, isText: isText, on: stream, now: call.now)
        }

        /// Runs until so many messages have come, at most 10 minutes.
        func run(untilReceived count: Int) {
            for _ in 0..<1200 where bob.messages(consumer).count < count { call.run(for: .milliseconds(500)) }
        }
    }

    /// What those who waited were told.
    private final class Told: Sendable {
        private let state = Mutex<[SwiftletClientError?]>([])
        var errors: [SwiftletClientError?] { state.withLock { $0 } }
        func note(_ error: SwiftletClientError?) { state.withLock { $0.append(error) } }
    }

    private static func payload(_ index: Int) -> [UInt8] {
        (0..<(index % 40 == 39 ? 60_000 : index * 37 % 3000)).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ index) }
    }

    @Test("A reliable channel brings every message once and in order, whatever is lost", arguments: [0, 0.05, 0.2])
    func reliable(loss: Double) throws {
        let channel = try Channel(seed: 21, loss: loss)
        // The first go before there is an association.
        for index in 0..<160 {
            #expect(channel.send(Self.payload(index), isText: index % 2 == 0) == nil)
            if index > 20 { channel.call.run(for: .milliseconds(20)) }
        }
        channel.run(untilReceived: 160)
        let got = channel.bob.messages(channel.consumer)
        let isRight = got.map(\.bytes) == (0..<160).map(Self.payload)
        #expect(isRight, "\(got.count) came")
        #expect(got.enumerated().allSatisfy { $1.isText == ($0 % 2 == 0) }, "an empty text stays text")
        let bytes = UInt64((0..<160).reduce(0) { $0 + Self.payload($1).count })
        let sent = channel.alice.session.statistics(now: channel.call.now)
        let received = channel.bob.session.statistics(now: channel.call.now)
        #expect(sent.dataPublications[channel.producer]?.messages == 160)
        #expect(sent.dataSent.bytes == bytes && received.dataReceived.bytes == bytes)
        #expect(received.dataSubscriptions[channel.consumer]?.messages == 160)
        #expect(sent.dataMessagesAbandoned == 0 && received.strayMessages == 0)
        #expect((sent.dataRetransmissions > 0) == (loss > 0))
    }

    @Test("An unreliable channel brings most messages, none twice, and never waits")
    func unreliable() throws {
        let delivery = DataDelivery(isUnordered: true, maximumRetransmits: 0)
        let channel = try Channel(seed: 22, delivery, loss: 0.1)
        #expect(channel.send([0xFF]) == nil)
        channel.run(untilReceived: 1)
        channel.call.run(for: .seconds(20))
        let before = channel.bob.messages(channel.consumer).count
        for index in 0..<500 {
            #expect(channel.send([UInt8(index >> 8), UInt8(index & 0xFF)]) == nil)
            channel.call.run(for: .milliseconds(20))
        }
        channel.call.run(for: .seconds(10))
        let got = channel.bob.messages(channel.consumer).dropFirst(before).map {
            Int($0.bytes[0]) << 8 | Int($0.bytes[1])
        }
        #expect(Set(got).count == got.count)
        // Two ways lose a tenth each.
        #expect(got.count > 350 && got.count < 460, "\(got.count)")
        let sent = channel.alice.session.statistics(now: channel.call.now)
        #expect(sent.dataMessagesAbandoned > 20)
    }

    @Test("A full buffer and a message too long are typed errors, and draining ends the wait")
    func buffers() throws {
        let channel = try Channel(seed: 23)
        channel.call.run(for: .seconds(1))
        let longest = [UInt8](repeating: 7, count: 262_144)
        #expect(channel.send(longest + [1])?.code == .messageTooLong)
        var taken = 0
        while taken < 100, channel.send(longest) == nil { taken += 1 }
        #expect(taken > 0 && taken <= 7, "2 MB wait at most")
        #expect(channel.send(longest)?.code == .bufferFull)
        let told = Told()
        let wait = { (limit: Int) in
            channel.alice.session.drainChannel(channel.stream, to: limit) { error in told.note(error)
            }
        }
        wait(0)
        #expect(told.errors.isEmpty && channel.alice.session.bufferedAmount(of: channel.stream) > 1_000_000)
        channel.run(untilReceived: taken)
        #expect(told.errors == [nil])
        #expect(channel.alice.session.bufferedAmount(of: channel.stream) == 0)
        // 64 may wait; when the channel closes they are all told.
        #expect(channel.send(longest) == nil)
        for _ in 0..<65 { wait(0) }
        #expect(told.errors.last.flatMap { $0?.code } == .resources)
        channel.alice.session.closeChannel(channel.stream, now: channel.call.now)
        #expect(told.errors.count { $0?.code == .closed } == 64)
        let statistics = channel.alice.session.statistics(now: channel.call.now)
        #expect(statistics.dataSent.messages == UInt64(taken) + 1 && statistics.dataSent.dropped == 3)
    }

    @Test("A channel that is closed ends behind its last message, and its stream can be used again")
    func closing() throws {
        let channel = try Channel(seed: 24, loss: 0.02)
        let (call, alice) = (channel.call, channel.alice)
        call.run(for: .seconds(2))
        for index in 0..<50 { #expect(channel.send(Self.payload(index)) == nil) }
        let isTold = alice.session.closeChannel(channel.stream, now: call.now)
        #expect(isTold && channel.send([1])?.code == .closed)
        channel.run(untilReceived: 50)
        #expect(channel.bob.messages(channel.consumer).count == 50)
        call.run(for: .seconds(5))
        #expect(call.closedStreams == [channel.stream])
        // More channels than there are streams.
        var streams: [UInt16: Int] = [:]
        for _ in 0..<1100 {
            let stream = try #require(alice.session.openChannel(DataDelivery(), now: call.now))
            streams[stream, default: 0] += 1
            let error = alice.session.sendData([1], isText: false, on: stream, now: call.now)
            #expect(error == nil)
            alice.session.closeChannel(stream, now: call.now)
            call.run(for: .milliseconds(20))
        }
        #expect(streams.count == 1024 && streams.values.max() == 2)
    }

    @Test("A data consumer that the server closes leaves its stream to the next one")
    func closedByServer() throws {
        let channel = try Channel(seed: 25)
        #expect(channel.send([1]) == nil)
        channel.run(untilReceived: 1)
        try channel.call.ask(.closeDataConsumer(id: channel.consumer))
        channel.bob.session.unsubscribeData(channel.consumer, isRefused: false, now: channel.call.now)
        channel.call.run(for: .seconds(2))
        #expect(channel.send([2]) == nil)
        channel.call.run(for: .seconds(1))
        let next = try channel.call.consumeData(channel.producer, by: channel.bob)
        #expect(channel.send([3]) == nil)
        channel.call.run(for: .seconds(2))
        #expect(channel.bob.messages(channel.consumer).map(\.bytes) == [[1]])
        #expect(channel.bob.messages(next).map(\.bytes) == [[3]])
        #expect(channel.bob.session.statistics(now: channel.call.now).strayMessages == 0)
    }

    @Test("With the transport its channels end, and those who wait are told")
    func lost() throws {
        let channel = try Channel(seed: 26)
        channel.call.run(for: .seconds(1))
        #expect(channel.send([UInt8](repeating: 1, count: 200_000)) == nil)
        let told = Told()
        channel.alice.session.drainChannel(channel.stream, to: 0) { error in told.note(error) }
        try channel.call.ask(.closeTransport(id: channel.alice.transport(.sending)))
        channel.call.run(for: .seconds(2))
        #expect(told.errors.map { $0?.code } == [.mediaLost])
        #expect(channel.send([1]) != nil)
    }
}
