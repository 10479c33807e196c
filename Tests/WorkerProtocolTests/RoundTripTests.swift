// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletORTC
import SwiftletWire
import SwiftletWorkerProtocol
import Testing

@Suite("Control on the worker's channel")
struct RoundTripTests {
    private static func message(_ frame: [UInt8]) throws -> [UInt8] {
        var decoder = FrameDecoder()
        decoder.append(frame.span)
        return try #require(try decoder.next())
    }

    @Test("Every request arrives as it was sent, with its number", arguments: 0..<800 as Range<UInt64>)
    func requests(seed: UInt64) throws {
        var values = RandomValues(seed: seed)
        let (id, request): (UInt64, ControlRequest) = (values.uint(), values.request())
        let arrived = try WorkerProtocol.decodeRequest(
            try Self.message(try WorkerProtocol.encode(request: request, id: id))
        )
        #expect(arrived.id == id)
        #expect(arrived.request == .success(request))
    }

    @Test("Every reply and refusal arrives as it was sent", arguments: 0..<800 as Range<UInt64>)
    func replies(seed: UInt64) throws {
        var values = RandomValues(seed: seed)
        let (id, reply): (UInt64, Result<ControlReply, ControlError>) = (values.uint(), values.reply())
        let arrived = try WorkerProtocol.decodeFromWorker(
            try Self.message(try WorkerProtocol.encode(reply: reply, to: id))
        )
        #expect(arrived == .reply(reply, to: id))
    }

    @Test("Every notification arrives as it was sent", arguments: 0..<800 as Range<UInt64>)
    func notifications(seed: UInt64) throws {
        var values = RandomValues(seed: seed)
        let notification = values.notification()
        let frame = try WorkerProtocol.encode(notification: notification)
        #expect(try WorkerProtocol.decodeFromWorker(try Self.message(frame)) == .notification(notification))
    }

    @Test("Zeros and empty texts are not taken for absent", arguments: [0, 1])
    func zeros(payloadType: UInt8) throws {
        var values = RandomValues(seed: 1)
        var parameters = values.rtpParameters()
        parameters.mid = ""
        parameters.encodings = [.init(ssrc: 0, rid: "", codecPayloadType: payloadType, maxBitrate: 0)]
        let request = ControlRequest.produce(
            .init(id: "", transportId: "", kind: .audio, rtpParameters: parameters, rtpMapping: .init())
        )
        let arrived = try WorkerProtocol.decodeRequest(
            try Self.message(try WorkerProtocol.encode(request: request, id: 0))
        )
        #expect(arrived.request == .success(request))
    }

    @Test("Layer 0 and no layer, 0 dBov and no demand are told apart")
    func layersZero() throws {
        let zero = ConsumerLayers(spatialLayer: 0, temporalLayer: 0)
        for layers in [nil, ConsumerLayers(spatialLayer: 0), zero] {
            let notification = ControlNotification.consumerLayersChanged(consumerId: "c", layers: layers)
            let frame = try WorkerProtocol.encode(notification: notification)
            #expect(try WorkerProtocol.decodeFromWorker(try Self.message(frame)) == .notification(notification))
            let request = ControlRequest.setPreferredLayers(consumerId: "c", layers: layers)
            let asked = try WorkerProtocol.encode(request: request, id: 1)
            #expect(try WorkerProtocol.decodeRequest(try Self.message(asked)).request == .success(request))
            let reply = try WorkerProtocol.encode(reply: .success(.preferredLayers(layers)), to: 1)
            #expect(
                try WorkerProtocol.decodeFromWorker(try Self.message(reply))
                    == .reply(.success(.preferredLayers(layers)), to: 1)
            )
        }
        for notification in [
            ControlNotification.audioLevels(observerId: "o", volumes: [AudioLevel(producerId: "p", volume: 0)]),
            .producerDemand(
                producerId: "p",
                demand: ProducerDemand(encodings: [false], spatialLayer: -1, temporalLayer: 0)
            ),
        ] {
            let frame = try WorkerProtocol.encode(notification: notification)
            #expect(try WorkerProtocol.decodeFromWorker(try Self.message(frame)) == .notification(notification))
        }
    }

    @Test("No subchannels and an empty list of them, stream 0 and no stream, are told apart")
    func dataZeros() throws {
        for subchannels in [nil, [], [0, 65_535]] as [[UInt16]?] {
            let message = ControlRequest.SendFromDataProducer(
                dataProducerId: "p",
                ppid: 57,
                payload: [0],
                subchannels: subchannels,
                requiredSubchannel: subchannels?.first,
                ignoredSubchannel: subchannels?.last
            )
            let frame = try WorkerProtocol.encode(request: .sendFromDataProducer(message), id: 1)
            let arrived = try WorkerProtocol.decodeRequest(try Self.message(frame)).request
            #expect(arrived == .success(.sendFromDataProducer(message)))
        }
        for stream in [nil, 0, 65_534] as [UInt16?] {
            let consumer = ControlRequest.ConsumeData(
                id: "c",
                transportId: "t",
                dataProducerId: "p",
                streamId: stream,
                maxPacketLifeTime: stream.map { _ in 0 },
                maxRetransmits: stream.map { _ in 0 }
            )
            let frame = try WorkerProtocol.encode(request: .consumeData(consumer), id: 1)
            let arrived = try WorkerProtocol.decodeRequest(try Self.message(frame)).request
            #expect(arrived == .success(.consumeData(consumer)))
        }
    }

    @Test("A message of 16 MiB passes both ways with the longest names")
    func longestMessage() throws {
        var values = RandomValues(seed: 3)
        let payload = [UInt8](repeating: values.uint(), count: 16 << 20)
        let id = String(repeating: "x", count: 128)
        let request = ControlRequest.sendFromDataProducer(
            .init(
                dataProducerId: id,
                ppid: 53,
                payload: payload,
                subchannels: [UInt16](repeating: 65_535, count: 16_384)
            )
        )
        let asked = try WorkerProtocol.encode(request: request, id: 1)
        #expect(try WorkerProtocol.decodeRequest(try Self.message(asked)).request == .success(request))
        let notification = ControlNotification.dataConsumerMessage(dataConsumerId: id, ppid: 53, payload: payload)
        let said = try WorkerProtocol.encode(notification: notification)
        #expect(try WorkerProtocol.decodeFromWorker(try Self.message(said)) == .notification(notification))
    }

    @Test("A stream or subchannel beyond 16 bits is refused under its request's number")
    func impossibleStream() throws {
        // Field 90, ConsumeData: field 4, varint 65536. Field 99, Subchannel: field 2, varint 65536.
        let stream = try WorkerProtocol.decodeRequest([0x08, 0x07, 0xD2, 0x05, 0x04, 0x20, 0x80, 0x80, 0x04])
        let subchannel = try WorkerProtocol.decodeRequest([0x08, 0x07, 0x9A, 0x06, 0x04, 0x10, 0x80, 0x80, 0x04])
        for arrived in [stream, subchannel] {
            #expect(arrived.id == 7)
            guard case .failure(let error) = arrived.request else {
                Issue.record("taken for \(arrived.request)")
                continue
            }
            #expect(error.code == .invalidArgument)
        }
    }

    @Test("A priority beyond 255 and a trace of something unknown are refused under their request's number")
    func impossibleLayers() throws {
        // Field 58, SetPriority: field 2, varint 256.
        let priority = try WorkerProtocol.decodeRequest([0x08, 0x07, 0xD2, 0x03, 0x03, 0x10, 0x80, 0x02])
        // Field 59, TraceTypes: field 2, text "x".
        let trace = try WorkerProtocol.decodeRequest([0x08, 0x07, 0xDA, 0x03, 0x03, 0x12, 0x01, 0x78])
        for arrived in [priority, trace] {
            #expect(arrived.id == 7)
            guard case .failure(let error) = arrived.request else {
                Issue.record("taken for \(arrived.request)")
                continue
            }
            #expect(error.code == .invalidArgument)
        }
    }

    @Test("A request of a newer host is refused under its number")
    func unknownRequest() throws {
        // Field 1, varint: 7. Field 999, length-delimited: empty.
        let arrived = try WorkerProtocol.decodeRequest([0x08, 0x07, 0xBA, 0x3E, 0x00])
        #expect(arrived.id == 7)
        guard case .failure(let error) = arrived.request else {
            Issue.record("taken for \(arrived.request)")
            return
        }
        #expect(error.code == .unsupported)
    }

    @Test("An impossible field is refused under the request's number")
    func impossibleField() throws {
        // Field 1, varint: 7. Field 13, UpdateSettings: field 1, text "x", which is no level.
        let arrived = try WorkerProtocol.decodeRequest([0x08, 0x07, 0x6A, 0x03, 0x0A, 0x01, 0x78])
        #expect(arrived.id == 7)
        guard case .failure(let error) = arrived.request else {
            Issue.record("taken for \(arrived.request)")
            return
        }
        #expect(error.code == .invalidArgument)
    }

    @Test("Messages cut short or changed anywhere never trap", arguments: 0..<300 as Range<UInt64>)
    func mutations(seed: UInt64) throws {
        var values = RandomValues(seed: seed)
        var random = SeededRandom(seed: seed)
        let message = try values.message()
        var refused = 0
        for _ in 0..<40 {
            var changed = message
            if !changed.isEmpty, Bool.random(using: &random) {
                changed.removeLast(Int.random(in: 1...changed.count, using: &random))
            }
            for _ in 0..<Int.random(in: 0...4, using: &random) where !changed.isEmpty {
                changed[Int.random(in: 0..<changed.count, using: &random)] = UInt8(truncatingIfNeeded: random.next())
            }
            if (try? WorkerProtocol.decodeRequest(changed)) == nil { refused += 1 }
            if (try? WorkerProtocol.decodeFromWorker(changed)) == nil { refused += 1 }
        }
        #expect(refused > 0)
    }
}
