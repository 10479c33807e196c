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
