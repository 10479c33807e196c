// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Swiftlet
import Testing

@Suite("Options of data channels, and what is refused before a worker hears of it")
struct DataOptionTests {
    /// What `body` is refused with; the worker must hear nothing.
    private static func refusal(_ call: DataCall, _ body: () async throws -> Void) async -> SwiftletError? {
        let asked = call.channel.requests.count
        let error = await failure(body)
        #expect(call.channel.requests.count == asked)
        return error
    }

    private static func options(_ change: (inout WebRtcTransportOptions) -> Void = { _ in }) -> WebRtcTransportOptions {
        var options = WebRtcTransportOptions(listen: .infos([DataCall.loopback]), enableSctp: true)
        change(&options)
        return options
    }

    @Test("Without enableSctp there is no SCTP, whatever the sizes")
    func disabled() async throws {
        let call = try await DataCall()
        let options = WebRtcTransportOptions(listen: .infos([DataCall.loopback]), maxSendMessageSize: -1)
        #expect(!options.enableSctp)
        let transport = try await call.router.createWebRtcTransport(options)
        #expect(transport.sctpParameters == nil && transport.sctpState == nil)
        guard case .createWebRtcTransport(let asked) = call.channel.requests.last else {
            Issue.record("asked something else")
            return
        }
        #expect(asked.sctp == nil)
        let produced = await Self.refusal(call) { _ = try await transport.produceData(DataCall.chat()) }
        #expect(produced?.code == .unsupported && produced?.message.contains("enableSctp") == true)
        let producer = try await call.sending.produceData(DataCall.chat())
        let consumed = await Self.refusal(call) {
            _ = try await transport.consumeData(.init(dataProducerId: producer.id))
        }
        #expect(consumed?.code == .unsupported && consumed?.message.contains("enableSctp") == true)
    }

    @Test("The defaults are those of the reference documentation")
    func defaults() async throws {
        let call = try await DataCall()
        guard
            case .createWebRtcTransport(let asked) = call.channel.requests.first(where: {
                if case .createWebRtcTransport = $0 { true } else { false }
            })
        else {
            Issue.record("no transport was asked for")
            return
        }
        #expect(
            asked.sctp
                == SctpOptions(
                    maxSendMessageSize: 262_144,
                    maxReceiveMessageSize: 262_144,
                    sendBufferSize: 2_000_000,
                    perStreamSendQueueLimit: 2_000_000,
                    maxReceiverWindowBufferSize: 5_242_880
                )
        )
        #expect(call.sending.sctpParameters == SctpParameters(port: 5000, OS: 65_535, MIS: 65_535))
        #expect(call.sending.sctpParameters?.maxMessageSize == 262_144)
        #expect(call.sending.sctpState == .new && call.sending.sctpNegotiatedStreams == nil)
    }

    @Test("Buffers hold one whole message at least")
    func buffersGrow() async throws {
        let call = try await DataCall()
        _ = try await call.router.createWebRtcTransport(
            Self.options {
                ($0.maxSendMessageSize, $0.maxReceiveMessageSize) = (16 << 20, 8 << 20)
                $0.sctpPerStreamSendQueueLimit = 1
            }
        )
        guard case .createWebRtcTransport(let asked) = call.channel.requests.last, let sctp = asked.sctp else {
            Issue.record("asked something else")
            return
        }
        #expect(sctp.sendBufferSize == 16 << 20 && sctp.perStreamSendQueueLimit == 16 << 20)
        #expect(sctp.maxReceiverWindowBufferSize == 8 << 20)
    }

    /// An option and a size that it does not take.
    struct Size: Sendable {
        let name: String
        let size: Int

        init(_ name: String, _ size: Int) { (self.name, self.size) = (name, size) }
    }

    static let badSizes = [
        Size("maxSendMessageSize", 0), Size("maxSendMessageSize", 16_777_217), Size("maxReceiveMessageSize", -1),
        Size("maxReceiveMessageSize", 16_777_217), Size("sctpSendBufferSize", 0),
        Size("sctpSendBufferSize", 268_435_457), Size("sctpPerStreamSendQueueLimit", 0),
        Size("sctpMaxReceiverWindowBufferSize", .max),
    ]

    @Test("A size out of range is refused by name", arguments: badSizes)
    func sizes(_ bad: Size) async throws {
        let (name, size) = (bad.name, bad.size)
        let call = try await DataCall()
        let options = Self.options { options in
            switch name {
            case "maxSendMessageSize": options.maxSendMessageSize = size
            case "maxReceiveMessageSize": options.maxReceiveMessageSize = size
            case "sctpSendBufferSize": options.sctpSendBufferSize = size
            case "sctpPerStreamSendQueueLimit": options.sctpPerStreamSendQueueLimit = size
            default: options.sctpMaxReceiverWindowBufferSize = size
            }
        }
        let error = await Self.refusal(call) { _ = try await call.router.createWebRtcTransport(options) }
        #expect(error?.code == .invalidArgument && error?.message.hasPrefix("\(name) is \(size)") == true)
        guard name.hasSuffix("MessageSize") else { return }
        let direct = DirectTransportOptions(
            maxSendMessageSize: name == "maxSendMessageSize" ? size : 1,
            maxReceiveMessageSize: name == "maxReceiveMessageSize" ? size : 1
        )
        let refused = await Self.refusal(call) { _ = try await call.router.createDirectTransport(direct) }
        #expect(refused?.code == .invalidArgument && refused?.message.hasPrefix("\(name) is \(size)") == true)
    }

    @Test("A data producer's stream is needed over SCTP, forbidden on a direct transport, and checked")
    func streams() async throws {
        let call = try await DataCall()
        let missing = await Self.refusal(call) { _ = try await call.sending.produceData(.init(label: "chat")) }
        #expect(missing?.code == .invalidArgument && missing?.message.contains("sctpStreamParameters") == true)
        let surplus = await Self.refusal(call) { _ = try await call.direct.produceData(DataCall.chat()) }
        #expect(surplus?.code == .invalidArgument && surplus?.message.contains("sctpStreamParameters") == true)
        for (parameters, name) in [
            (SctpStreamParameters(streamId: 65_535), "streamId"),
            (SctpStreamParameters(streamId: 1, maxPacketLifeTime: 1, maxRetransmits: 1), "maxRetransmits"),
            (SctpStreamParameters(streamId: 1, ordered: true, maxRetransmits: 1), "ordered"),
        ] {
            let error = await Self.refusal(call) {
                _ = try await call.sending.produceData(.init(sctpStreamParameters: parameters))
            }
            #expect(error?.code == .invalidArgument && error?.message.contains(name) == true)
        }
    }

    @Test("Labels, protocols and ids that are too long are refused by name")
    func names() async throws {
        let call = try await DataCall()
        let long = String(repeating: "x", count: 1025)
        for (options, name) in [
            (DataProducerOptions(label: long), "label"), (DataProducerOptions(protocol: long), "protocol"),
            (DataProducerOptions(id: ""), "id"), (DataProducerOptions(id: String(repeating: "i", count: 129)), "id"),
        ] {
            let error = await Self.refusal(call) { _ = try await call.direct.produceData(options) }
            #expect(error?.code == .invalidArgument && error?.message.hasPrefix(name) == true)
        }
    }

    @Test("An id is used once in a router, and free again behind its data producer or a refusal")
    func ids() async throws {
        let call = try await DataCall()
        let first = try await call.sending.produceData(DataCall.chat(id: "mine"))
        let second = await Self.refusal(call) { _ = try await call.direct.produceData(.init(id: "mine")) }
        #expect(second?.code == .alreadyExists && second?.message.contains("mine") == true)
        await first.close()
        call.channel.refuseNext(SwiftletError(.limitReached, "full"))
        #expect(await failure { _ = try await call.direct.produceData(.init(id: "mine")) }?.code == .limitReached)
        _ = try await call.direct.produceData(.init(id: "mine"))
    }

    @Test("A data producer of another router, or one that is closed, is not found")
    func otherRouter() async throws {
        let call = try await DataCall()
        let other = try await call.worker.createRouter()
        let elsewhere = try await other.createDirectTransport()
        let producer = try await call.sending.produceData(DataCall.chat())
        let foreign = await Self.refusal(call) {
            _ = try await elsewhere.consumeData(.init(dataProducerId: producer.id))
        }
        #expect(foreign?.code == .notFound && foreign?.message.contains(producer.id) == true)
        await producer.close()
        let closed = await Self.refusal(call) {
            _ = try await call.direct.consumeData(.init(dataProducerId: producer.id))
        }
        #expect(closed?.code == .notFound)
    }

    @Test("What only streams have is refused by name on a direct transport")
    func directConsumers() async throws {
        let call = try await DataCall()
        let producer = try await call.direct.produceData()
        for (name, change) in [
            ("ordered", { $0.ordered = true }), ("maxPacketLifeTime", { $0.maxPacketLifeTime = 1 }),
            ("maxRetransmits", { $0.maxRetransmits = 0 }), ("streamId", { $0.streamId = 0 }),
            ("isNegotiated", { $0.isNegotiated = false }),
            ("bufferedAmountLowThreshold", { $0.bufferedAmountLowThreshold = 1 }),
        ] as [(String, (inout DataConsumerOptions) -> Void)] {
            var options = DataConsumerOptions(dataProducerId: producer.id)
            change(&options)
            let error = await Self.refusal(call) { _ = try await call.direct.consumeData(options) }
            #expect(error?.code == .unsupported && error?.message.hasPrefix(name) == true)
        }
    }

    @Test("Options of a data consumer that contradict themselves or are out of range are refused by name")
    func consumers() async throws {
        let call = try await DataCall()
        let producer = try await call.direct.produceData()
        for (name, change) in [
            ("streamId", { $0.streamId = 65_535 }),
            ("ordered", { ($0.ordered, $0.maxRetransmits) = (true, 1) }),
            ("maxPacketLifeTime", { ($0.maxPacketLifeTime, $0.maxRetransmits) = (1, 1) }),
            ("bufferedAmountLowThreshold", { $0.bufferedAmountLowThreshold = -1 }),
        ] as [(String, (inout DataConsumerOptions) -> Void)] {
            var options = DataConsumerOptions(dataProducerId: producer.id)
            change(&options)
            let error = await Self.refusal(call) { _ = try await call.receiving.consumeData(options) }
            #expect(error?.code == .invalidArgument && error?.message.contains(name) == true)
        }
    }

    @Test("More than 1024 subchannels are refused by name, of a message and of a data consumer")
    func subchannels() async throws {
        let call = try await DataCall()
        let many = Set(0...1024 as ClosedRange<UInt16>)
        let producer = try await call.direct.produceData()
        let consumer = try await call.receiving.consumeData(.init(dataProducerId: producer.id))
        for attempt in [
            { try await producer.send("x", subchannels: many) }, { try await consumer.setSubchannels(many) },
            { _ = try await call.direct.consumeData(.init(dataProducerId: producer.id, subchannels: many)) },
        ] as [() async throws -> Void] {
            let error = await Self.refusal(call, attempt)
            #expect(error?.code == .invalidArgument && error?.message.hasPrefix("subchannels has 1025") == true)
        }
        try await producer.send("x", subchannels: many.subtracting([0]))
    }

    @Test("Messages that are too long are refused before they travel")
    func tooLong() async throws {
        let call = try await DataCall()
        let producer = try await call.direct.produceData()
        let consumer = try await call.receiving.consumeData(.init(dataProducerId: producer.id))
        let long = DataMessage.binary([UInt8](repeating: 0, count: 262_145))
        let sent = await Self.refusal(call) { try await producer.send(long) }
        #expect(sent?.code == .invalidArgument && sent?.message.contains("maxReceiveMessageSize") == true)
        let passed = await Self.refusal(call) { try await consumer.send(long) }
        #expect(passed?.code == .invalidArgument && passed?.message.contains("maxSendMessageSize") == true)
        try await producer.send(.binary([UInt8](repeating: 0, count: 262_144)))
    }

    @Test("What needs the other kind of transport is refused as unsupported")
    func wrongKind() async throws {
        let call = try await DataCall()
        let peers = try await call.sending.produceData(DataCall.chat())
        let ours = try await call.direct.consumeData(.init(dataProducerId: peers.id))
        #expect(await Self.refusal(call) { try await peers.send("x") }?.code == .unsupported)
        #expect(await Self.refusal(call) { try await ours.send("x") }?.code == .unsupported)
        #expect(await Self.refusal(call) { try await ours.setBufferedAmountLowThreshold(1) }?.code == .unsupported)
        let producer = try await call.sending.produce(Call.opus())
        #expect(await Self.refusal(call) { try await producer.send(rtp: [0x80]) }?.code == .unsupported)
    }
}
