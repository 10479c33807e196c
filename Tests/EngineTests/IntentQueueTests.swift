// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletEngine
import SwiftletStreams
import SwiftletWire
import Testing

@Suite("What leaves as one run")
struct IntentQueueTests {
    private func intent(_ number: UInt64, length: Int, consumer: UInt16 = 0) -> SendIntent {
        SendIntent(
            packet: PacketID(ordinal: number),
            index: number,
            timestamp: 0,
            consumer: consumer,
            length: UInt16(length),
            payloadType: 96
        )
    }

    private func queue(_ intents: [SendIntent]) -> IntentQueue {
        let queue = IntentQueue(capacity: 1024)
        for intent in intents { #expect(queue.append(intent)) }
        return queue
    }

    @Test("Packets of nearly one size form one run, as large as its largest")
    func nearSizes() {
        let queue = queue([intent(0, length: 1190), intent(1, length: 1200), intent(2, length: 1150)])
        queue.chooseRun(segments: 64, bytes: 65_507)
        #expect(queue.run.map(\.index) == [0, 1, 2])
        #expect(queue.segmentSize == 1200)
        #expect(queue.isEmpty)
    }

    @Test("A small packet of another stream goes last, wherever it stood", arguments: [0, 1, 2])
    func smallLast(position: Int) {
        var intents = [intent(0, length: 1200), intent(1, length: 1200)]
        intents.insert(intent(9, length: 100, consumer: 1), at: position)
        let queue = queue(intents)
        queue.chooseRun(segments: 64, bytes: 65_507)
        #expect(queue.run.map(\.index) == [0, 1, 9])
        #expect(queue.segmentSize == 1200)
    }

    @Test("A small packet of the same stream ends the run, a large one behind it waits")
    func sameStreamKeepsOrder() {
        let queue = queue([intent(0, length: 1200), intent(1, length: 300), intent(2, length: 1200)])
        queue.chooseRun(segments: 64, bytes: 65_507)
        #expect(queue.run.map(\.index) == [0, 1])
        queue.chooseRun(segments: 64, bytes: 65_507)
        #expect(queue.run.map(\.index) == [2])
    }

    @Test("Not regrouped, neighbours of one stream and one size leave as they came, a shorter one last")
    func neighbours() {
        let queue = queue([
            intent(0, length: 1200), intent(1, length: 1200), intent(2, length: 300), intent(3, length: 1200),
            intent(9, length: 1200, consumer: 1), intent(4, length: 1199), intent(5, length: 1200),
        ])
        var runs: [[UInt64]] = []
        while !queue.isEmpty {
            queue.chooseNeighbours(segments: 64, bytes: 65_507)
            runs.append(queue.run.map(\.index))
        }
        #expect(runs == [[0, 1, 2], [3], [9], [4], [5]])
    }

    @Test("A run has at most so many segments and bytes")
    func bounds() {
        let queue = queue((0..<200).map { intent($0, length: 1200) })
        queue.chooseRun(segments: 64, bytes: 65_507)
        #expect(queue.run.count == 54)
        queue.chooseRun(segments: 8, bytes: 65_507)
        #expect(queue.run.count == 8)
        queue.chooseRun(segments: 1, bytes: 65_507)
        #expect(queue.run.count == 1)
        #expect(queue.count == 200 - 63)
    }

    @Test("A full queue refuses, and counts what waits")
    func full() {
        let queue = IntentQueue(capacity: 16)
        for number in 0..<16 { #expect(queue.append(intent(UInt64(number), length: 100))) }
        #expect(!queue.append(intent(16, length: 100)))
        #expect(queue.count == 16 && queue.bytes == 1600)
        queue.removeAll(of: 0)
        #expect(queue.isEmpty && queue.bytes == 0)
    }

    @Test("A queue grows to its capacity while packets wait, and keeps their order")
    func growth() {
        let queue = IntentQueue(capacity: 1000)
        for number in 0..<40 { #expect(queue.append(intent(UInt64(number), length: 100))) }
        queue.chooseRun(segments: 30, bytes: 65_507)
        for number in 40..<1034 { #expect(queue.append(intent(UInt64(number), length: 100))) }
        var order = queue.run.map(\.index)
        while !queue.isEmpty {
            queue.chooseRun(segments: 64, bytes: 65_507)
            order += queue.run.map(\.index)
        }
        #expect(order == Array(0..<1034))
        for number in 0..<1024 { #expect(queue.append(intent(UInt64(number), length: 100))) }
        #expect(!queue.append(intent(1024, length: 100)))
    }

    @Test(
        "Every packet leaves once, in order within its stream, in runs that are lawful",
        arguments: 0..<50 as Range<UInt64>
    )
    func property(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let queue = IntentQueue(capacity: 512)
        var waiting: [UInt16: [UInt64]] = [:]
        var number: UInt64 = 0
        for _ in 0..<200 {
            for _ in 0..<Int.random(in: 0...12, using: &random) {
                let consumer = UInt16.random(in: 0...5, using: &random)
                let sizes = [90, 120, 700, 1100, 1150, 1199, 1200]
                let length = sizes[Int.random(in: 0..<sizes.count, using: &random)]
                if queue.append(intent(number, length: length, consumer: consumer)) {
                    waiting[consumer, default: []].append(number)
                }
                number += 1
            }
            queue.chooseRun(segments: Int.random(in: 1...16, using: &random), bytes: 16_000)
            for (position, intent) in queue.run.enumerated() {
                #expect(waiting[intent.consumer]?.first == intent.index)
                waiting[intent.consumer]?.removeFirst()
                let isLast = position == queue.run.count - 1
                #expect(Int(intent.length) <= queue.segmentSize)
                #expect(isLast || queue.segmentSize - Int(intent.length) <= IntentQueue.paddingLimit)
            }
            #expect(queue.run.isEmpty || queue.segmentSize * queue.run.count <= 16_000)
            #expect(queue.count == waiting.values.reduce(0) { $0 + $1.count })
        }
    }
}
