// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Swiftlet
import SwiftletEmbedded
import Testing

@Suite("Messages and packets of the application, over a real worker", .serialized, .timeLimit(.minutes(2)))
struct DirectTransportTests {
    /// A data producer and a data consumer of the application, and what the latter hears.
    private struct Loop {
        let worker: Worker
        let router: Router
        let direct: DirectTransport
        let producer: DataProducer
        let consumer: DataConsumer

        init(_ kind: RealWorker, longest: Int = 262_144) async throws {
            worker = try await kind.start()
            router = try await worker.createRouter(mediaCodecs: RealWorker.codecs)
            direct = try await router.createDirectTransport(
                .init(maxSendMessageSize: longest, maxReceiveMessageSize: longest)
            )
            producer = try await direct.produceData(.init(label: "news", protocol: "json"))
            consumer = try await direct.consumeData(.init(dataProducerId: producer.id))
        }
    }

    @Test("Text, bytes and empty messages arrive as they were sent, and are counted", arguments: RealWorker.allCases)
    func messages(kind: RealWorker) async throws {
        let loop = try await Loop(kind)
        let events = loop.consumer.events()
        let sent: [DataMessage] = [
            "hello", .binary([0, 1, 255]), "", .binary([]), .string(String(repeating: "é", count: 100_000)),
        ]
        for message in sent { try await loop.producer.send(message) }
        await loop.producer.close()
        #expect(await all(events) == sent.map { .message($0) } + [.dataProducerClose])
        await loop.worker.close()
    }

    @Test("Statistics and dumps tell of messages, names and kinds", arguments: RealWorker.allCases)
    func inside(kind: RealWorker) async throws {
        let loop = try await Loop(kind)
        try await loop.producer.send("hello")
        let produced = try #require(try await loop.producer.getStats().first)
        #expect(produced.messagesReceived == 1 && produced.bytesReceived == 5 && produced.label == "news")
        let consumed = try #require(try await loop.consumer.getStats().first)
        #expect(consumed.messagesSent == 1 && consumed.bytesSent == 5 && consumed.bufferedAmount == 0)
        #expect(try await loop.consumer.getBufferedAmount() == 0)
        let stat = try #require(try await loop.direct.getStats().first)
        #expect(stat.bytesReceived == 5 && stat.bytesSent == 5 && stat.transportId == loop.direct.id)
        let dump = try await loop.direct.dump()
        #expect(dump.dataProducerIds == [loop.producer.id] && dump.dataConsumerIds == [loop.consumer.id])
        #expect(try await loop.producer.dump().type == .direct)
        #expect(try await loop.consumer.dump().dataProducerId == loop.producer.id)
        #expect(
            try await loop.router.dump().dataConsumerIdsByDataProducerId == [loop.producer.id: [loop.consumer.id]]
        )
        await loop.worker.close()
    }

    /// Whom a message is for, and whether one that has subscribed to 1 and 2 gets it.
    struct Subchannels: Sendable {
        var any: Set<UInt16>?
        var required: UInt16?
        var ignored: UInt16?
        var arrives: Bool
    }

    static let rules: [Subchannels] = [
        .init(arrives: true),
        .init(any: [], arrives: true),
        .init(any: [1], arrives: true),
        .init(any: [2, 9], arrives: true),
        .init(any: [9], arrives: false),
        .init(required: 1, arrives: true),
        .init(required: 9, arrives: false),
        .init(any: [1], required: 2, arrives: true),
        .init(any: [1], required: 9, arrives: false),
        .init(any: [9], required: 2, arrives: false),
        .init(ignored: 9, arrives: true),
        .init(ignored: 1, arrives: false),
        .init(any: [1], required: 2, ignored: 9, arrives: true),
        .init(any: [1], required: 2, ignored: 2, arrives: false),
    ]

    @Test("A message goes to who has subscribed to what it names")
    func subchannels() async throws {
        let loop = try await Loop(.thread)
        try await loop.consumer.setSubchannels([2, 1])
        #expect(loop.consumer.subchannels == [1, 2])
        let events = loop.consumer.events()
        for (index, rule) in Self.rules.enumerated() {
            try await loop.producer.send(
                .string("\(index)"),
                subchannels: rule.any,
                requiredSubchannel: rule.required,
                ignoredSubchannel: rule.ignored
            )
        }
        try await loop.consumer.removeSubchannel(1)
        try await loop.producer.send("not any more", subchannels: [1])
        try await loop.consumer.addSubchannel(7)
        try await loop.producer.send("now", requiredSubchannel: 7)
        await loop.producer.close()
        let expected = Self.rules.indices.filter { Self.rules[$0].arrives }.map { "\($0)" } + ["now"]
        #expect(await all(events) == expected.map { .message(.string($0)) } + [.dataProducerClose])
        await loop.worker.close()
    }

    @Test("What is paused loses messages, and tells what is paused", arguments: RealWorker.allCases)
    func pauses(kind: RealWorker) async throws {
        let loop = try await Loop(kind)
        let events = loop.consumer.events()
        try await loop.producer.send("1")
        try await loop.producer.pause()
        try await loop.producer.send("2")
        let late = try await loop.direct.consumeData(.init(dataProducerId: loop.producer.id, paused: true))
        #expect(late.dataProducerPaused && late.paused)
        try await loop.producer.resume()
        try await loop.producer.send("3")
        try await loop.consumer.pause()
        try await loop.producer.send("4")
        try await loop.consumer.resume()
        try await loop.producer.send("5")
        let heardLate = late.events()
        try await late.resume()
        try await loop.producer.send("6")
        await loop.producer.close()
        #expect(
            await all(events) == [
                .message("1"), .dataProducerPause, .dataProducerResume, .message("3"), .message("5"), .message("6"),
                .dataProducerClose,
            ]
        )
        // It was resumed of the data producer's pause before anybody listened, and of its own after.
        #expect(await all(heardLate) == [.message("6"), .dataProducerClose])
        await loop.worker.close()
    }

    @Test("A message of 16 MiB passes, and one byte more is refused", arguments: RealWorker.allCases)
    func longest(kind: RealWorker) async throws {
        let loop = try await Loop(kind, longest: DataMessage.maximumSize)
        let events = loop.consumer.events()
        var bytes = [UInt8](repeating: 7, count: DataMessage.maximumSize)
        (bytes[0], bytes[bytes.count - 1]) = (1, 2)
        try await loop.producer.send(.binary(bytes))
        #expect(await first(events) == .message(.binary(bytes)))
        bytes.append(0)
        #expect(await failure { try await loop.producer.send(.binary(bytes)) }?.code == .invalidArgument)
        #expect(!loop.worker.closed)
        await loop.worker.close()
    }

    @Test("Ten thousand messages arrive once each, in order", arguments: RealWorker.allCases)
    func many(kind: RealWorker) async throws {
        let loop = try await Loop(kind)
        let events = loop.consumer.events()
        async let heard = all(events)
        for number in 0..<10_000 { try await loop.producer.send(.string("\(number)")) }
        await loop.producer.close()
        #expect(await heard == (0..<10_000).map { .message(.string("\($0)")) } + [.dataProducerClose])
        #expect(loop.worker.droppedNotifications == 0)
        await loop.worker.close()
    }

    @Test("Thousands of messages at once are all answered and all arrive", arguments: RealWorker.allCases)
    func burst(kind: RealWorker) async throws {
        let loop = try await Loop(kind)
        let (producer, events) = (loop.producer, loop.consumer.events())
        let refused = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<3000 {
                group.addTask { await failure { try await producer.send(.string("\(number)")) } != nil }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(refused == 0)
        await loop.producer.close()
        let numbers = await all(events).compactMap { event -> Int? in
            if case .message(.string(let text)) = event { Int(text) } else { nil }
        }
        #expect(numbers.sorted() == Array(0..<3000))
        await loop.worker.close()
    }

    @Test("Closing cascades as on every transport", arguments: RealWorker.allCases)
    func cascades(kind: RealWorker) async throws {
        let loop = try await Loop(kind)
        let second = try await loop.router.createDirectTransport()
        let far = try await second.consumeData(.init(dataProducerId: loop.producer.id))
        let (near, distant, produced) = (loop.consumer.events(), far.events(), loop.producer.events())
        await loop.direct.close()
        #expect(await all(near) == [.transportClose])
        #expect(await all(produced) == [.transportClose])
        #expect(await all(distant) == [.dataProducerClose])
        #expect(try await second.dump().dataConsumerIds == [])
        let told = second.events()
        await loop.router.close()
        #expect(await all(told) == [.routerClose])
        await loop.worker.close()
    }

    @Test("Data channels of WebRTC transports are made and refused as asked", arguments: RealWorker.allCases)
    func streams(kind: RealWorker) async throws {
        let loop = try await Loop(kind)
        let options = WebRtcTransportOptions(listen: .infos([RealWorker.loopback]), enableSctp: true)
        let peer = try await loop.router.createWebRtcTransport(options)
        #expect(peer.sctpParameters == SctpParameters() && peer.sctpState == .new)
        let stream = SctpStreamParameters(streamId: 3, ordered: false, maxRetransmits: 0)
        let producer = try await peer.produceData(.init(sctpStreamParameters: stream, label: "reactions"))
        #expect(
            await failure { _ = try await peer.produceData(.init(sctpStreamParameters: stream)) }?.code
                == .alreadyExists
        )
        // The lowest stream that nobody sends on is taken, and what is asked for twice is refused.
        let first = try await peer.consumeData(.init(dataProducerId: loop.producer.id))
        #expect(first.sctpStreamParameters == SctpStreamParameters(streamId: 0, ordered: true))
        let second = try await peer.consumeData(.init(dataProducerId: producer.id, streamId: 9))
        #expect(
            second.sctpStreamParameters == SctpStreamParameters(streamId: 9, ordered: false, maxRetransmits: 0)
        )
        #expect(
            await failure { _ = try await peer.consumeData(.init(dataProducerId: producer.id, streamId: 9)) }?.code
                == .alreadyExists
        )
        let inBand = await failure {
            _ = try await peer.consumeData(.init(dataProducerId: producer.id, isNegotiated: false))
        }
        #expect(inBand?.code == .invalidState)
        let dump = try await peer.dump()
        #expect(dump.dataProducerIds == [producer.id] && dump.dataConsumerIds == [first.id, second.id])
        #expect(dump.sctpState == .new && dump.sctpParameters == peer.sctpParameters)
        #expect(try await peer.getStats().first?.sctpState == .new)
        await loop.worker.close()
    }

    @Test("What waits for a peer that is not there fills a buffer, and says so")
    func bufferFull() async throws {
        let loop = try await Loop(.thread)
        let options = WebRtcTransportOptions(listen: .infos([RealWorker.loopback]), enableSctp: true)
        let peer = try await loop.router.createWebRtcTransport(options)
        let consumer = try await peer.consumeData(.init(dataProducerId: loop.producer.id))
        let events = consumer.events()
        let message = DataMessage.binary([UInt8](repeating: 0, count: 10_000))
        var waiting = 0
        let refused = await failure { while waiting < 3_000_000 { waiting = try await consumer.send(message) } }
        #expect(refused?.code == .sendBufferFull && waiting >= 10_000)
        #expect(try await consumer.getBufferedAmount() == waiting)
        try await loop.producer.send(message)
        #expect(try await consumer.getStats().first?.messagesDropped == 1)
        await loop.producer.close()
        #expect(await all(events) == [.sctpSendBufferFull, .dataProducerClose])
        await loop.worker.close()
    }
}
