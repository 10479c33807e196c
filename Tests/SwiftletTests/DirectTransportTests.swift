// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Swiftlet
import Testing

@Suite("Direct transports and their messages")
struct DirectTransportTests {
    @Test("A message's kind is its payload protocol identifier, and empty ones have one each, RFC 8831 §8")
    func identifiers() {
        for (message, ppid, payload) in [
            (DataMessage.string("é"), 51, [0xC3, 0xA9]), (.binary([1, 2]), 53, [1, 2]), (.string(""), 56, []),
            (.binary([]), 57, []),
        ] as [(DataMessage, UInt32, [UInt8])] {
            #expect(message.ppid == ppid && message.bytes == payload)
            #expect(DataMessage(ppid: ppid, payload: payload) == message)
        }
        // Empty is empty whatever comes with it; text that is no UTF-8 is repaired; what is unknown is bytes.
        #expect(DataMessage(ppid: 56, payload: [7, 7]) == .string(""))
        #expect(DataMessage(ppid: 57, payload: [0]) == .binary([]))
        #expect(DataMessage(ppid: 51, payload: [0x61, 0xFF]) == .string("a\u{FFFD}"))
        #expect(DataMessage(ppid: 54, payload: [0x61]) == "a")
        for ppid in [0, 50, 52, 55, .max] as [UInt32] {
            #expect(DataMessage(ppid: ppid, payload: [9]) == .binary([9]))
        }
        #expect(DataMessage.string("é").count == 2 && DataMessage.string("").isEmpty)
    }

    @Test("Messages go to a data producer with their subchannels, and come from a data consumer")
    func messages() async throws {
        let call = try await DataCall()
        let producer = try await call.direct.produceData(.init(label: "news"))
        let consumer = try await call.direct.consumeData(.init(dataProducerId: producer.id))
        #expect(producer.type == .direct && producer.sctpStreamParameters == nil)
        #expect(consumer.type == .direct && consumer.sctpStreamParameters == nil && consumer.label == "news")
        try await producer.send("hello")
        #expect(
            call.channel.requests.last
                == .sendFromDataProducer(.init(dataProducerId: producer.id, ppid: 51, payload: Array("hello".utf8)))
        )
        try await producer.send(.binary([]), subchannels: [2, 1], requiredSubchannel: 3, ignoredSubchannel: 4)
        #expect(
            call.channel.requests.last
                == .sendFromDataProducer(
                    .init(
                        dataProducerId: producer.id,
                        ppid: 57,
                        payload: [],
                        subchannels: [1, 2],
                        requiredSubchannel: 3,
                        ignoredSubchannel: 4
                    )
                )
        )
        let events = consumer.events()
        call.channel.say(.dataConsumerMessage(dataConsumerId: consumer.id, ppid: 51, payload: Array("hi".utf8)))
        call.channel.say(.dataConsumerMessage(dataConsumerId: consumer.id, ppid: 57, payload: []))
        await producer.close()
        #expect(await all(events) == [.message("hi"), .message(.binary([])), .dataProducerClose])
    }

    @Test("RTP and RTCP go to the worker and come from it")
    func packets() async throws {
        let call = try await DataCall()
        let producer = try await call.direct.produce(Call.opus())
        let consumer = try await call.direct.consume(
            .init(producerId: producer.id, rtpCapabilities: call.router.rtpCapabilities)
        )
        try await producer.send(rtp: [0x80, 111])
        #expect(call.channel.requests.last == .sendRtp(producerId: producer.id, packet: [0x80, 111]))
        try await call.direct.sendRtcp([0x81, 206])
        #expect(call.channel.requests.last == .sendRtcp(transportId: call.direct.id, packet: [0x81, 206]))
        let (consumed, told) = (consumer.events(), call.direct.events())
        call.channel.say(.consumerRtp(consumerId: consumer.id, packet: [0x80]))
        call.channel.say(.transportRtcp(transportId: call.direct.id, packet: [0x81]))
        await call.router.close()
        #expect(await all(consumed) == [.rtp([0x80]), .transportClose])
        #expect(await all(told) == [.rtcp([0x81]), .routerClose])
    }

    @Test("A reader of messages falls thousands behind before it loses the oldest, and bytes count as well")
    func readers() async throws {
        let call = try await DataCall()
        let producer = try await call.direct.produceData()
        let consumer = try await call.direct.consumeData(.init(dataProducerId: producer.id))
        let limit = EventSource<DataConsumer.Event>.bufferedPayloads
        let many = consumer.events()
        for index in 0..<limit + 10 {
            let payload = Array("\(index)".utf8)
            call.channel.say(.dataConsumerMessage(dataConsumerId: consumer.id, ppid: 51, payload: payload))
        }
        #expect(await first(many) == .message("10"))
        let long = consumer.events()
        let megabyte = [UInt8](repeating: 0, count: 1 << 20)
        for _ in 0..<20 {
            call.channel.say(.dataConsumerMessage(dataConsumerId: consumer.id, ppid: 53, payload: megabyte))
        }
        call.channel.say(
            .dataConsumerMessage(
                dataConsumerId: consumer.id,
                ppid: 53,
                payload: [UInt8](repeating: 1, count: (16 << 20) + 1)
            )
        )
        let longest = consumer.events()
        for _ in 0..<20 {
            call.channel.say(.dataConsumerMessage(dataConsumerId: consumer.id, ppid: 53, payload: megabyte))
        }
        await consumer.close()
        // The longest pushed everything before it out, and then was the oldest itself.
        #expect(await all(long).count == 16)
        #expect(await all(longest).count == 16)
    }

    @Test("A message beyond the bound still waits where nothing else does")
    func oneLong() async throws {
        let call = try await DataCall()
        let producer = try await call.direct.produceData()
        let consumer = try await call.direct.consumeData(.init(dataProducerId: producer.id))
        let events = consumer.events()
        let payload = [UInt8](repeating: 1, count: (16 << 20) + 1)
        call.channel.say(.dataConsumerMessage(dataConsumerId: consumer.id, ppid: 51, payload: [0x61]))
        call.channel.say(.dataConsumerMessage(dataConsumerId: consumer.id, ppid: 53, payload: payload))
        await consumer.close()
        #expect(await all(events) == [.message(.binary(payload))])
    }

    @Test("Router observers hear of direct transports, and theirs of what is made on them")
    func observers() async throws {
        let call = try await DataCall()
        let router = call.router.observer.events()
        let direct = try await call.router.createDirectTransport()
        let seen = direct.observer.events()
        let producer = try await direct.produceData()
        _ = try await direct.consumeData(.init(dataProducerId: producer.id))
        let audio = try await direct.produce(Call.opus())
        _ = try await direct.consume(.init(producerId: audio.id, rtpCapabilities: call.router.rtpCapabilities))
        await call.router.close()
        #expect(
            await all(router).map {
                switch $0 {
                case .newTransport(let new): "\(new.type.rawValue) \(new === direct)"
                case .close: "close"
                default: "?"
                }
            } == ["direct true", "close"]
        )
        #expect(
            await all(seen).map {
                switch $0 {
                case .newProducer(let new): "producer \(new === audio)"
                case .newConsumer: "consumer"
                case .newDataProducer(let new): "data producer \(new === producer)"
                case .newDataConsumer: "data consumer"
                case .close: "close"
                @unknown default: "?"
                }
            } == ["data producer true", "data consumer", "producer true", "consumer", "close"]
        )
    }
}
