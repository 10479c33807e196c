// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Swiftlet
import Testing

@Suite("Data producers and data consumers")
struct DataChannelTests {
    @Test("A data producer is asked for as it was accepted: in order unless messages can be given up")
    func produce() async throws {
        let call = try await DataCall()
        let producer = try await call.sending.produceData(DataCall.chat(stream: 5))
        guard case .produceData(let asked) = call.channel.requests.last else {
            Issue.record("asked something else")
            return
        }
        #expect(asked.id == producer.id && asked.transportId == call.sending.id)
        #expect(asked.label == "chat" && asked.protocol == "json" && !asked.paused)
        #expect(asked.sctpStreamParameters == SctpStreamParameters(streamId: 5, ordered: true))
        #expect(producer.sctpStreamParameters == asked.sctpStreamParameters && producer.type == .sctp)
        let lossy = SctpStreamParameters(streamId: 6, maxRetransmits: 0)
        let reactions = try await call.sending.produceData(.init(sctpStreamParameters: lossy, paused: true))
        #expect(reactions.sctpStreamParameters?.ordered == false && reactions.paused)
    }

    /// How messages travel, as far as is said.
    struct Manner: Hashable, Sendable {
        var ordered: Bool?
        var time: UInt32?
        var count: UInt16?
    }

    /// How a data producer's messages come, what is asked for, and how the data consumer's travel.
    struct Reliability: Sendable {
        /// `nil` from the application.
        let original: Manner?
        let asked: Manner
        let result: Manner

        init(_ original: Manner?, _ asked: Manner, _ result: Manner) {
            (self.original, self.asked, self.result) = (original, asked, result)
        }
    }

    private static let reliable = Manner(ordered: true)
    private static let unordered = Manner(ordered: false)
    private static let once = Manner(ordered: false, count: 0)
    private static let timed = Manner(ordered: false, time: 8)

    static let reliabilities = [
        // From the application: in order and reliably, or as is said.
        Reliability(nil, Manner(), reliable),
        Reliability(nil, unordered, unordered),
        Reliability(nil, Manner(count: 0), once),
        // From a peer: as they come.
        Reliability(Manner(), Manner(), reliable),
        Reliability(unordered, Manner(), unordered),
        Reliability(Manner(count: 0), Manner(), once),
        Reliability(Manner(time: 8), Manner(), timed),
        // What is said replaces what it contradicts.
        Reliability(Manner(), Manner(time: 8), timed),
        Reliability(once, Manner(time: 8), timed),
        Reliability(once, reliable, reliable),
        Reliability(once, unordered, once),
    ]

    @Test("Messages travel as they came, unless something else is said", arguments: reliabilities)
    func reliability(_ row: Reliability) async throws {
        let call = try await DataCall()
        let producer =
            if let original = row.original {
                try await call.sending.produceData(
                    .init(
                        sctpStreamParameters: SctpStreamParameters(
                            streamId: 9,
                            ordered: original.ordered,
                            maxPacketLifeTime: original.time,
                            maxRetransmits: original.count
                        )
                    )
                )
            } else {
                try await call.direct.produceData()
            }
        let consumer = try await call.receiving.consumeData(
            .init(
                dataProducerId: producer.id,
                ordered: row.asked.ordered,
                maxPacketLifeTime: row.asked.time,
                maxRetransmits: row.asked.count
            )
        )
        let parameters = try #require(consumer.sctpStreamParameters)
        #expect(parameters.ordered == row.result.ordered)
        #expect(parameters.maxPacketLifeTime == row.result.time && parameters.maxRetransmits == row.result.count)
        #expect(parameters.streamId == 3 && call.lastConsumeData?.streamId == nil)
    }

    @Test("A data consumer says all that it was asked for, and takes over its data producer's names")
    func consume() async throws {
        let call = try await DataCall()
        let producer = try await call.sending.produceData(DataCall.chat())
        let consumer = try await call.receiving.consumeData(
            .init(
                dataProducerId: producer.id,
                streamId: 12,
                isNegotiated: false,
                paused: true,
                subchannels: [9, 1],
                bufferedAmountLowThreshold: 1000
            )
        )
        let asked = try #require(call.lastConsumeData)
        #expect(asked.id == consumer.id && asked.transportId == call.receiving.id && asked.streamId == 12)
        #expect(asked.label == "chat" && asked.protocol == "json" && !asked.isNegotiated && asked.paused)
        #expect(asked.subchannels == [1, 9] && asked.bufferedAmountLowThreshold == 1000)
        #expect(consumer.label == "chat" && consumer.protocol == "json" && consumer.type == .sctp)
        #expect(consumer.dataProducerId == producer.id && consumer.paused && !consumer.dataProducerPaused)
        #expect(consumer.sctpStreamParameters?.streamId == 12 && consumer.subchannels == [1, 9])
        let plain = try await call.receiving.consumeData(.init(dataProducerId: producer.id))
        #expect(call.lastConsumeData?.isNegotiated == true && !plain.paused && plain.subchannels == [])
    }

    @Test("Subchannels are those that the worker says it has")
    func subchannels() async throws {
        let call = try await DataCall()
        let producer = try await call.direct.produceData()
        let consumer = try await call.receiving.consumeData(.init(dataProducerId: producer.id, subchannels: [1]))
        try await consumer.addSubchannel(5)
        #expect(consumer.subchannels == [1, 5])
        try await consumer.removeSubchannel(1)
        #expect(consumer.subchannels == [5])
        try await consumer.setSubchannels([8, 7])
        #expect(consumer.subchannels == [7, 8])
        #expect(call.channel.requests.last == .setSubchannels(dataConsumerId: consumer.id, subchannels: [7, 8]))
    }

    @Test("Sending to one peer tells what waits; a full buffer is an error of its own")
    func send() async throws {
        let call = try await DataCall()
        let producer = try await call.direct.produceData()
        let consumer = try await call.receiving.consumeData(.init(dataProducerId: producer.id))
        #expect(try await consumer.send("four") == 4)
        #expect(
            call.channel.requests.last
                == .sendFromDataConsumer(dataConsumerId: consumer.id, ppid: 51, payload: Array("four".utf8))
        )
        call.channel.refuseNext(SwiftletError(.sendBufferFull, "2000000 bytes wait"))
        #expect(await failure { try await consumer.send("five") }?.code == .sendBufferFull)
        #expect(try await consumer.getBufferedAmount() == 7)
        try await consumer.setBufferedAmountLowThreshold(5)
        #expect(
            call.channel.requests.last == .setBufferedAmountLowThreshold(dataConsumerId: consumer.id, threshold: 5)
        )
        let range = await failure { try await consumer.setBufferedAmountLowThreshold(1 << 32) }
        #expect(range?.code == .invalidArgument && range?.message.contains("bufferedAmountLowThreshold") == true)
    }

    @Test("What a worker says of a data consumer arrives as its events")
    func events() async throws {
        let call = try await DataCall()
        let producer = try await call.sending.produceData(DataCall.chat())
        let consumer = try await call.receiving.consumeData(.init(dataProducerId: producer.id))
        let events = consumer.events()
        call.channel.say(.dataConsumerSendBufferFull(dataConsumerId: consumer.id))
        call.channel.say(.dataConsumerBufferedAmountLow(dataConsumerId: consumer.id, amount: 3))
        await consumer.close()
        #expect(await all(events) == [.sctpSendBufferFull, .bufferedAmountLow(3)])
    }

    @Test("Observers hear of pauses that change something, whoever paused")
    func pauses() async throws {
        let call = try await DataCall()
        let producer = try await call.sending.produceData(DataCall.chat())
        let consumer = try await call.receiving.consumeData(.init(dataProducerId: producer.id))
        let (events, observed) = (consumer.events(), consumer.observer.events())
        let produced = producer.observer.events()
        try await producer.pause()
        try await producer.pause()
        #expect(producer.paused && consumer.dataProducerPaused)
        try await consumer.pause()
        try await producer.resume()
        #expect(consumer.paused && !consumer.dataProducerPaused)
        try await consumer.resume()
        await consumer.close()
        await producer.close()
        #expect(await all(events) == [.dataProducerPause, .dataProducerPause, .dataProducerResume])
        #expect(await all(observed) == [.pause, .resume, .close])
        #expect(await all(produced) == [.pause, .resume, .close])
    }

    @Test("Statistics are arrays of one, as the reference documentation has them")
    func statistics() async throws {
        let call = try await DataCall()
        let producer = try await call.sending.produceData(DataCall.chat())
        let consumer = try await call.receiving.consumeData(.init(dataProducerId: producer.id))
        let produced = try await producer.getStats()
        #expect(produced.map(\.type) == ["data-producer"] && produced.first?.messagesReceived == 2)
        let consumed = try await consumer.getStats()
        #expect(consumed.map(\.type) == ["data-consumer"] && consumed.first?.messagesDropped == 4)
        let direct = try await call.direct.getStats()
        #expect(direct.map(\.type) == ["direct-transport"] && direct.first?.transportId == call.direct.id)
    }

    @Test("SCTP's states, its streams and in-band channels are told of their transport")
    func sctp() async throws {
        let call = try await DataCall()
        let (events, observed) = (call.sending.events(), call.sending.observer.events())
        let id = call.sending.id
        let opened = InBandDataChannel(sctpStreamParameters: .init(streamId: 4), label: "pointer", protocol: "")
        call.channel.say(.sctpStateChanged(transportId: id, state: .connecting, streams: nil))
        #expect(call.sending.sctpNegotiatedStreams == nil)
        let streams = NumSctpStreams(OS: 1024, MIS: 65_535)
        call.channel.say(.sctpStateChanged(transportId: id, state: .connected, streams: streams))
        #expect(call.sending.sctpState == .connected && call.sending.sctpNegotiatedStreams == streams)
        call.channel.say(.dataChannelOpened(transportId: id, channel: opened))
        call.channel.say(.dataChannelClosed(transportId: id, streamId: 4))
        _ = try await call.sending.produceData(DataCall.chat())
        await call.sending.close()
        #expect(call.sending.sctpState == .closed && call.receiving.sctpState == .new)
        #expect(
            await all(events) == [
                .sctpStateChange(.connecting), .sctpStateChange(.connected), .dataChannelOpened(opened),
                .dataChannelClosed(streamId: 4),
            ]
        )
        #expect(
            await all(observed).map {
                switch $0 {
                case .sctpStateChange(let state): state.rawValue
                case .newDataProducer: "producer"
                case .close: "close"
                default: "?"
                }
            } == ["connecting", "connected", "producer", "close"]
        )
    }
}
