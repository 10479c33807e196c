// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletEngine
import SwiftletORTC
import SwiftletRTP
import SwiftletWire
import Testing

@Suite("Direct transports: the host sends and receives")
struct DirectTransportTests {
    /// A rig with the direct transport "host" and a data producer "d" on it.
    private func rig() throws -> Rig {
        let rig = try Rig()
        try rig.ask(.createDirectTransport(.init(id: "host", routerId: "router", maxReceiveMessageSize: 1000)))
        try rig.ask(.produceData(.init(id: "d", transportId: "host", label: "chat")))
        return rig
    }

    private func code(_ rig: Rig, _ request: ControlRequest) -> ControlError.Code? {
        if case .failure(let error) = rig.engine.handle(request, now: rig.now) { return error.code }
        return nil
    }

    /// Messages for the host, by data consumer.
    private func messages(_ rig: Rig) -> [String: [[UInt8]]] {
        rig.settle()
        var found: [String: [[UInt8]]] = [:]
        for case .dataConsumerMessage(let id, _, let payload) in rig.notifications {
            found[id, default: []].append(payload)
        }
        return found
    }

    @Test("A message reaches every data consumer, and none is copied for it")
    func fanOut() throws {
        let rig = try rig()
        for id in ["a", "b"] { try rig.ask(.consumeData(.init(id: id, transportId: "host", dataProducerId: "d"))) }
        let payload = [UInt8](repeating: 7, count: 1000)
        try rig.ask(.sendFromDataProducer(.init(dataProducerId: "d", ppid: 53, payload: payload)))
        let got = messages(rig)
        #expect(got == ["a": [payload], "b": [payload]])
        let places = got.values.map { messages in
            unsafe messages[0].withUnsafeBytes { UInt(bitPattern: $0.baseAddress) }
        }
        #expect(Set(places).count == 1, "both share the bytes")
    }

    @Test("Empty messages have no bytes here, whatever travels for them")
    func emptyMessages() throws {
        let rig = try rig()
        try rig.ask(.consumeData(.init(id: "a", transportId: "host", dataProducerId: "d")))
        for ppid: UInt32 in [51, 53, 56, 57] {
            try rig.ask(.sendFromDataProducer(.init(dataProducerId: "d", ppid: ppid, payload: [])))
        }
        rig.settle()
        let told = rig.notifications.compactMap { notification -> UInt32? in
            if case .dataConsumerMessage(_, let ppid, let payload) = notification, payload.isEmpty { ppid } else { nil }
        }
        #expect(told == [56, 57, 56, 57])
    }

    @Test(
        "A message goes to who has subscribed to one of its subchannels, to the required and not to the ignored one",
        arguments: [
            (nil, nil, nil, ["none", "one", "both"]),
            ([], nil, nil, ["none", "one", "both"]),
            ([1, 9], nil, nil, ["one", "both"]),
            ([2], nil, nil, ["both"]),
            (nil, 2, nil, ["both"]),
            ([1], 2, nil, ["both"]),
            ([3], 2, nil, []),
            (nil, nil, 2, ["none", "one"]),
            ([1], nil, 2, ["one"]),
            ([1], 1, 1, []),
        ] as [([UInt16]?, UInt16?, UInt16?, [String])]
    )
    func subchannels(any: [UInt16]?, required: UInt16?, ignored: UInt16?, expected: [String]) throws {
        let rig = try rig()
        for (id, subscribed) in [("none", []), ("one", [1]), ("both", [1, 2])] as [(String, [UInt16])] {
            let request = ControlRequest.ConsumeData(
                id: id,
                transportId: "host",
                dataProducerId: "d",
                subchannels: subscribed
            )
            try rig.ask(.consumeData(request))
        }
        let message = ControlRequest.SendFromDataProducer(
            dataProducerId: "d",
            ppid: 51,
            payload: [1],
            subchannels: any,
            requiredSubchannel: required,
            ignoredSubchannel: ignored
        )
        try rig.ask(.sendFromDataProducer(message))
        #expect(Set(messages(rig).keys) == Set(expected))
    }

    @Test("Subscriptions change one by one and all at once")
    func subscriptions() throws {
        let rig = try rig()
        try rig.ask(.consumeData(.init(id: "a", transportId: "host", dataProducerId: "d", subchannels: [5])))
        #expect(try rig.ask(.addSubchannel(dataConsumerId: "a", subchannel: 2)) == .subchannels([2, 5]))
        #expect(try rig.ask(.addSubchannel(dataConsumerId: "a", subchannel: 2)) == .subchannels([2, 5]))
        #expect(try rig.ask(.removeSubchannel(dataConsumerId: "a", subchannel: 5)) == .subchannels([2]))
        #expect(try rig.ask(.setSubchannels(dataConsumerId: "a", subchannels: [9, 8, 9])) == .subchannels([8, 9]))
        let many = (0..<2000).map { UInt16($0) }
        #expect(code(rig, .setSubchannels(dataConsumerId: "a", subchannels: many)) == .limitReached)
        #expect(try rig.ask(.addSubchannel(dataConsumerId: "a", subchannel: 1)) == .subchannels([1, 8, 9]))
    }

    @Test("Paused here or there, messages are dropped, and the consumers are told of the producer's pause")
    func pauses() throws {
        let rig = try rig()
        for id in ["a", "b"] { try rig.ask(.consumeData(.init(id: id, transportId: "host", dataProducerId: "d"))) }
        func send(_ byte: UInt8) throws {
            try rig.ask(.sendFromDataProducer(.init(dataProducerId: "d", ppid: 53, payload: [byte])))
        }
        try rig.ask(.pauseDataConsumer(id: "a"))
        try send(1)
        try rig.ask(.resumeDataConsumer(id: "a"))
        try rig.ask(.pauseDataProducer(id: "d"))
        try rig.ask(.pauseDataProducer(id: "d"))
        try send(2)
        try rig.ask(.resumeDataProducer(id: "d"))
        try send(3)
        #expect(messages(rig) == ["a": [[3]], "b": [[1], [3]]])
        let told = rig.notifications.filter {
            switch $0 {
            case .dataConsumerProducerPaused, .dataConsumerProducerResumed: true
            default: false
            }
        }
        #expect(told.count == 4, "each consumer once of each")
        guard case .dataProducerStats(let stats) = try rig.ask(.getDataProducerStats(id: "d")),
            case .dataConsumerStats(let own) = try rig.ask(.getDataConsumerStats(id: "a"))
        else {
            Issue.record("answers of another kind")
            return
        }
        #expect(stats.messagesReceived == 3 && stats.bytesReceived == 3 && stats.label == "chat")
        #expect(own.messagesSent == 1 && own.bytesSent == 1 && own.bufferedAmount == 0)
    }

    @Test("What makes no sense is refused, and leaves nothing behind")
    func refusals() throws {
        let rig = try rig()
        _ = try rig.join("alice")
        let stream = SctpStreamParameters(streamId: 1)
        let long = [UInt8](repeating: 0, count: 1001)
        func produce(_ id: String, on transport: String, _ parameters: SctpStreamParameters?) -> ControlRequest {
            .produceData(.init(id: id, transportId: transport, sctpStreamParameters: parameters))
        }
        #expect(code(rig, produce("x", on: "host", stream)) == .invalidArgument, "no streams on a direct transport")
        #expect(code(rig, produce("x", on: "alice", stream)) == .unsupported, "SCTP was not enabled")
        #expect(code(rig, produce("d", on: "host", nil)) == .alreadyExists)
        #expect(code(rig, .consumeData(.init(id: "x", transportId: "host", dataProducerId: "?"))) == .notFound)
        #expect(code(rig, .consumeData(.init(id: "x", transportId: "alice", dataProducerId: "d"))) == .unsupported)
        #expect(
            code(rig, .sendFromDataProducer(.init(dataProducerId: "d", ppid: 50, payload: [1]))) == .invalidArgument
        )
        #expect(
            code(rig, .sendFromDataProducer(.init(dataProducerId: "d", ppid: 53, payload: long))) == .invalidArgument
        )
        #expect(code(rig, .restartIce(transportId: "host")) == .unsupported)
        #expect(code(rig, .dumpDirectTransport(id: "alice")) == .unsupported)
        let huge = ControlRequest.CreateDirectTransport(id: "h", routerId: "router", maxSendMessageSize: 1 << 30)
        #expect(code(rig, .createDirectTransport(huge)) == .invalidArgument)
        try rig.ask(.createRouter(id: "other"))
        try rig.ask(.createDirectTransport(.init(id: "far", routerId: "other")))
        #expect(code(rig, .consumeData(.init(id: "x", transportId: "far", dataProducerId: "d"))) == .invalidArgument)
        try rig.ask(produce("x", on: "far", nil))
    }

    @Test("Closing a data producer, a transport or a router closes what hangs on it")
    func closing() throws {
        let rig = try rig()
        try rig.ask(.createDirectTransport(.init(id: "second", routerId: "router")))
        try rig.ask(.consumeData(.init(id: "a", transportId: "second", dataProducerId: "d")))
        try rig.ask(.consumeData(.init(id: "b", transportId: "host", dataProducerId: "d")))
        guard case .routerDump(let router) = try rig.ask(.dumpRouter(id: "router")) else { return }
        #expect(router.dataConsumerIdsByDataProducerId == ["d": ["a", "b"]])
        try rig.ask(.closeDataConsumer(id: "b"))
        try rig.ask(.closeTransport(id: "host"))
        rig.settle()
        #expect(rig.notifications.last == .dataConsumerProducerClosed(dataConsumerId: "a"))
        #expect(
            code(rig, .dumpDataConsumer(id: "a")) == .notFound && code(rig, .dumpDataProducer(id: "d")) == .notFound
        )
        try rig.ask(.closeRouter(id: "router"))
        #expect(
            rig.counter("dataProducers") == 0 && rig.counter("dataConsumers") == 0 && rig.counter("transports") == 0
        )
    }

    @Test("RTP of the host reaches peers, and RTP of peers the host, with RTCP both ways")
    func media() throws {
        let rig = try rig()
        let alice = try rig.join("alice")
        try rig.ask(.produce(Media.produceVideo("hosted", on: "host")))
        try rig.ask(.consume(Media.consumeVideo("c", of: "hosted", on: "alice")))
        try rig.ask(.produce(Media.produceAudio("sent", on: "alice")))
        try rig.ask(.consume(Media.consumeAudio("heard", of: "sent", on: "host")))
        var writer = ByteWriter()
        writer.write(UInt8(0x80))
        writer.write(UInt8(96 | 0x80))
        writer.write(UInt16(77))
        writer.write(UInt32(9000))
        writer.write(UInt32(1000))
        writer.write(Media.vp8Payload(key: true))
        try rig.ask(.sendRtp(producerId: "hosted", packet: writer.bytes))
        alice.send(alice.rtp(5, ssrc: 2000, payloadType: 111, timestamp: 960, payload: [1, 2, 3]))
        #expect(alice.packets.map(\.payload) == [Media.vp8Payload(key: true)] && alice.packets[0].ssrc == 7000)
        let heard = rig.notifications.compactMap { notification -> [UInt8]? in
            if case .consumerRtp("heard", let packet) = notification { packet } else { nil }
        }
        let packet = try #require(heard.first)
        let view = try RTPPacketView(parsing: packet.span)
        #expect(heard.count == 1 && view.ssrc == 8000 && view.payloadType == 109)
        let payload = view.payload.copied()
        #expect(payload == [1, 2, 3])
        alice.pli(7000)
        rig.settle()
        let isAsked = rig.notifications.contains {
            if case .transportRtcp("host", let compound) = $0 { compound[1] == 206 } else { false }
        }
        #expect(isAsked, "a viewer's wish for a key frame reaches the host")
        #expect(code(rig, .sendRtp(producerId: "sent", packet: writer.bytes)) == .unsupported)
        #expect(code(rig, .sendRtp(producerId: "hosted", packet: [1, 2])) == .invalidArgument)
    }
}
