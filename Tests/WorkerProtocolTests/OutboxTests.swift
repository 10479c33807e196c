// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletWorkerProtocol
import Testing

@Suite("What a worker has to say while its host does not read")
struct OutboxTests {
    private static func score(_ value: Int, of id: String = "p") -> ControlNotification {
        .producerScore(producerId: id, scores: [.init(encodingIdx: 0, ssrc: 1, score: value)])
    }

    private static func log(bytes: Int = 1000) -> ControlNotification {
        .log(level: .error, tag: nil, text: String(repeating: "x", count: bytes))
    }

    private static func drain(_ outbox: inout Outbox, atMost chunk: Int = .max) throws -> [WorkerProtocol.FromWorker] {
        var decoder = FrameDecoder()
        var said: [WorkerProtocol.FromWorker] = []
        while !outbox.isEmpty {
            outbox.drain { bytes in
                let taken = min(chunk, bytes.count)
                decoder.append(bytes.extracting(0..<taken))
                return taken
            }
        }
        while let message = try decoder.next() { said.append(try WorkerProtocol.decodeFromWorker(message)) }
        return said
    }

    @Test("A newer score replaces one that waits, in its place")
    func scoresCoalesce() throws {
        var outbox = Outbox()
        outbox.append(Self.score(1))
        outbox.append(.consumerProducerPaused(consumerId: "c"))
        outbox.append(Self.score(2, of: "q"))
        for value in 3...9 { outbox.append(Self.score(value)) }
        #expect(
            try Self.drain(&outbox) == [
                .notification(Self.score(9)), .notification(.consumerProducerPaused(consumerId: "c")),
                .notification(Self.score(2, of: "q")),
            ]
        )
        outbox.append(Self.score(4))
        #expect(try Self.drain(&outbox) == [.notification(Self.score(4))])
        #expect(outbox.queuedBytes == 0)
    }

    @Test("A score of which bytes are sent already is not replaced", arguments: 1...12)
    func halfSent(bytes: Int) throws {
        var outbox = Outbox()
        var decoder = FrameDecoder()
        outbox.append(Self.score(1))
        outbox.drain { span in
            decoder.append(span.extracting(0..<min(bytes, span.count)))
            return min(bytes, span.count)
        }
        outbox.append(Self.score(2))
        outbox.drain { span in
            decoder.append(span)
            return span.count
        }
        var said: [WorkerProtocol.FromWorker] = []
        while let message = try decoder.next() { said.append(try WorkerProtocol.decodeFromWorker(message)) }
        #expect(said == [.notification(Self.score(1)), .notification(Self.score(2))])
    }

    @Test("Log lines and scores beyond 1 MiB are dropped and counted; the rest is kept")
    func drops() throws {
        var outbox = Outbox()
        for _ in 0..<2000 { outbox.append(Self.log()) }
        #expect(outbox.dropped > 900)
        #expect(outbox.queuedBytes < Outbox.droppingBytes + 2000)
        let dropped = outbox.dropped
        outbox.append(Self.score(1))
        #expect(outbox.dropped == dropped + 1)
        outbox.append(.consumerProducerClosed(consumerId: "c"))
        outbox.append(.success(.done), to: 3)
        let said = try Self.drain(&outbox)
        #expect(
            Array(said.suffix(3)) == [
                .notification(.notificationsDropped(count: dropped + 1)),
                .notification(.consumerProducerClosed(consumerId: "c")), .reply(.success(.done), to: 3),
            ]
        )
        #expect(!outbox.isOverfull)
    }

    private static func layers(_ spatialLayer: Int, of id: String = "c") -> ControlNotification {
        .consumerLayersChanged(consumerId: id, layers: ConsumerLayers(spatialLayer: spatialLayer))
    }

    private static func demand(_ spatialLayer: Int) -> ControlNotification {
        .producerDemand(
            producerId: "p",
            demand: ProducerDemand(encodings: [true], spatialLayer: spatialLayer, temporalLayer: 0)
        )
    }

    private static func orientation(_ rotation: Int) -> ControlNotification {
        .producerVideoOrientationChanged(
            producerId: "p",
            orientation: ProducerVideoOrientation(camera: false, flip: false, rotation: rotation)
        )
    }

    @Test("Layers, demand, orientation and score of one object each replace their own kind alone")
    func aspectsCoalesce() throws {
        var outbox = Outbox()
        for value in 0...3 {
            outbox.append(Self.score(value))
            outbox.append(Self.demand(value))
            outbox.append(Self.orientation(value * 90))
            outbox.append(Self.layers(value))
            outbox.append(Self.layers(value, of: "d"))
        }
        #expect(
            try Self.drain(&outbox) == [
                .notification(Self.score(3)), .notification(Self.demand(3)), .notification(Self.orientation(270)),
                .notification(Self.layers(3)), .notification(Self.layers(3, of: "d")),
            ]
        )
    }

    @Test("The latest of an object is replaced in its place however much was sent before it")
    func coalesceAfterMuch() throws {
        var outbox = Outbox()
        for index in 0..<3000 { outbox.append(.consumerProducerPaused(consumerId: "\(index)")) }
        outbox.append(Self.layers(0))
        var whole = 0
        // As a host that stops reading between two messages: 2500 of them are gone, the list has been cut.
        outbox.drain { bytes in
            whole += 1
            return whole <= 2500 ? bytes.count : 0
        }
        outbox.append(Self.layers(1))
        outbox.append(Self.demand(1))
        let said = try Self.drain(&outbox)
        #expect(said.count == 502)
        #expect(Array(said.suffix(2)) == [.notification(Self.layers(1)), .notification(Self.demand(1))])
    }

    @Test("What passes by is dropped and counted beyond 1 MiB; layers, demand and orientation are kept")
    func passingDrops() throws {
        let trace = TraceEvent(type: .rtp, timestamp: 1, direction: .incoming, info: TraceInfo(ssrc: 1))
        let passing: [ControlNotification] = [
            .producerTrace(producerId: "p", event: trace), .consumerTrace(consumerId: "c", event: trace),
            .audioLevels(observerId: "o", volumes: [AudioLevel(producerId: "p", volume: -20)]),
            .audioSilence(observerId: "o"), .dominantSpeaker(observerId: "o", producerId: "p"),
        ]
        var outbox = Outbox()
        // Read in time, all of them arrive.
        for notification in passing { outbox.append(notification) }
        #expect(try Self.drain(&outbox) == passing.map { .notification($0) })
        while outbox.queuedBytes <= Outbox.droppingBytes { outbox.append(passing[0]) }
        #expect(outbox.dropped == 0)
        for notification in passing { outbox.append(notification) }
        #expect(outbox.dropped == UInt64(passing.count))
        let kept = [Self.layers(1), Self.demand(1), Self.orientation(90)]
        for notification in kept { outbox.append(notification) }
        #expect(
            Array(try Self.drain(&outbox).suffix(4)) == [
                .notification(.notificationsDropped(count: UInt64(passing.count)))
            ] + kept.map { .notification($0) }
        )
    }

    @Test("Replies are never dropped; past 4 MiB the worker has to end")
    func repliesStay() throws {
        var outbox = Outbox()
        let refusal = ControlError(.internal, String(repeating: "x", count: 10_000))
        var count: UInt64 = 0
        while !outbox.isOverfull {
            outbox.append(.failure(refusal), to: count)
            count += 1
        }
        #expect(count > 400)
        #expect(outbox.queuedBytes > Outbox.maximumBytes)
        #expect(try Self.drain(&outbox, atMost: 4096).count == Int(count))
        #expect(!outbox.isOverfull)
    }

    private static func message(bytes: Int) -> ControlNotification {
        .dataConsumerMessage(dataConsumerId: "d", ppid: 53, payload: [UInt8](repeating: 1, count: bytes))
    }

    @Test(
        "Messages, RTP and RTCP are dropped and counted beyond 16 MiB, and neither end the worker nor drop anything else"
    )
    func payloadDrops() throws {
        var outbox = Outbox()
        var kept = 0
        while outbox.payloadBytes <= Outbox.maximumPayloadBytes {
            outbox.append(Self.message(bytes: 262_144))
            kept += 1
        }
        #expect(kept >= 64 && outbox.dropped == 0)
        outbox.append(Self.message(bytes: 1))
        outbox.append(.consumerRtp(consumerId: "c", packet: [0x80]))
        outbox.append(.transportRtcp(transportId: "t", packet: [0x80]))
        #expect(outbox.dropped == 3)
        #expect(!outbox.isOverfull)
        outbox.append(Self.log())
        outbox.append(.dataConsumerProducerClosed(dataConsumerId: "d"))
        #expect(outbox.dropped == 3)
        let said = try Self.drain(&outbox, atMost: 100_000)
        #expect(
            Array(said.dropFirst(kept)) == [
                .notification(.notificationsDropped(count: 3)), .notification(Self.log()),
                .notification(.dataConsumerProducerClosed(dataConsumerId: "d")),
            ]
        )
        #expect(outbox.payloadBytes == 0 && outbox.queuedBytes == 0)
        outbox.append(.consumerRtp(consumerId: "c", packet: [0x80]))
        #expect(outbox.payloadBytes > 0 && outbox.dropped == 3)
    }

    @Test("A message of 16 MiB waits where none does")
    func longestMessage() throws {
        var outbox = Outbox()
        outbox.append(Self.message(bytes: 16 << 20))
        outbox.append(Self.message(bytes: 1))
        #expect(outbox.dropped == 1 && !outbox.isOverfull)
        #expect(try Self.drain(&outbox).first == .notification(Self.message(bytes: 16 << 20)))
    }

    @Test("Buffers full and low of one data consumer each replace their own kind alone")
    func buffersCoalesce() throws {
        var outbox = Outbox()
        for amount in [5, 3] {
            outbox.append(.dataConsumerBufferedAmountLow(dataConsumerId: "d", amount: amount))
            outbox.append(.dataConsumerSendBufferFull(dataConsumerId: "d"))
            outbox.append(.dataConsumerSendBufferFull(dataConsumerId: "e"))
        }
        #expect(
            try Self.drain(&outbox) == [
                .notification(.dataConsumerBufferedAmountLow(dataConsumerId: "d", amount: 3)),
                .notification(.dataConsumerSendBufferFull(dataConsumerId: "d")),
                .notification(.dataConsumerSendBufferFull(dataConsumerId: "e")),
            ]
        )
    }

    @Test("The longest reply alone does not end the worker")
    func longestReply() {
        var outbox = Outbox()
        let text = String(repeating: "x", count: Outbox.maximumReplyBytes - 100)
        outbox.append(.failure(ControlError(.notFound, text)), to: 8)
        #expect(outbox.queuedBytes > Outbox.maximumReplyBytes - 100)
        #expect(!outbox.isOverfull)
    }

    @Test("A reply longer than a message may be becomes a refusal")
    func tooLong() throws {
        var outbox = Outbox()
        outbox.append(.failure(ControlError(.notFound, String(repeating: "x", count: 5 << 20))), to: 8)
        let said = try Self.drain(&outbox)
        #expect(said.count == 1)
        guard case .reply(.failure(let error), to: 8) = said.first else {
            Issue.record("said \(said)")
            return
        }
        #expect(error.code == .internal)
    }
}
