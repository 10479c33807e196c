// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCongestion
import SwiftletRTP
import SwiftletWire
import Testing

@Suite("REMB generator, draft-alvestrand-rmcat-remb-03")
struct RembGeneratorTests {
    /// Polls every 10 ms and notes when which rate was told.
    private struct Listener {
        var generator: RembGenerator
        var told: [(milliseconds: Int64, bitrate: UInt64)] = []
        var streams: [UInt32] = []

        mutating func run(from start: Int64, to end: Int64) {
            for time in stride(from: start, to: end, by: 10) { poll(at: time) }
        }

        mutating func poll(at time: Int64) {
            var bytes = [UInt8](repeating: 0, count: 200)
            var span = bytes.mutableSpan
            let now = Instant(nanoseconds: time * 1_000_000)
            while let length = generator.poll(now: now, into: &span, in: 0..<200) {
                var compound = RTCPCompound(span.span.extracting(first: length))
                guard case .receiverEstimate(let view) = compound.next() else { continue }
                told.append((time, view.bitrate))
                streams = []
                for index in 0..<view.count { streams.append(view[index]) }
            }
        }
    }

    private func instant(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

    @Test("A limit is told at once and every 1500 ms")
    func limit() {
        var listener = Listener(generator: RembGenerator(measures: false))
        listener.run(from: 0, to: 1000)
        #expect(listener.told.isEmpty && listener.generator.nextDeadline == nil)
        listener.generator.setMaxIncomingBitrate(400_000, now: instant(1000))
        listener.run(from: 1000, to: 6000)
        #expect(listener.told.map(\.milliseconds) == [1000, 2500, 4000, 5500])
        #expect(listener.told.allSatisfy { $0.bitrate == 400_000 })
        #expect(listener.generator.availableIncomingBitrate == nil)
    }

    @Test("A lifted limit is told by four REMBs of 0, then no more")
    func lifted() {
        var listener = Listener(generator: RembGenerator(measures: false))
        listener.generator.setMaxIncomingBitrate(400_000, now: instant(0))
        listener.run(from: 0, to: 100)
        listener.generator.setMaxIncomingBitrate(0, now: instant(100))
        listener.run(from: 100, to: 10_000)
        #expect(listener.told.map(\.bitrate) == [400_000, 0, 0, 0, 0])
        #expect(listener.told.map(\.milliseconds) == [0, 100, 300, 500, 700])
        #expect(listener.generator.nextDeadline == nil)
    }

    @Test("Setting the limit that already holds says nothing anew; a new one is said at once")
    func changes() {
        var listener = Listener(generator: RembGenerator(measures: false))
        listener.generator.setMaxIncomingBitrate(0, now: instant(0))
        listener.generator.setMaxIncomingBitrate(500_000, now: instant(100))
        listener.run(from: 100, to: 200)
        listener.generator.setMaxIncomingBitrate(500_000, now: instant(200))
        listener.generator.setMaxIncomingBitrate(300_000, now: instant(300))
        listener.run(from: 200, to: 400)
        #expect(listener.told.map(\.milliseconds) == [100, 300])
        #expect(listener.told.map(\.bitrate) == [500_000, 300_000])
    }

    @Test("A measured estimate is told each second with its streams, within the limit, and stops with the stream")
    func measured() {
        var listener = Listener(generator: RembGenerator(measures: true))
        func send(from start: Int64, to end: Int64) {
            for time in stride(from: start, to: end, by: 10) {
                let sendTime = UInt32(truncatingIfNeeded: time * (1 << 18) / 1000) & 0xFF_FFFF
                listener.generator.record(
                    sendTime: sendTime,
                    arrival: instant(time + 30),
                    size: 1250,
                    ssrc: time % 20 == 0 ? 5 : 6
                )
                listener.poll(at: time + 30)
            }
        }
        send(from: 0, to: 5000)
        let estimate = listener.generator.availableIncomingBitrate ?? 0
        #expect(estimate > 900_000 && estimate < 2_000_000)
        #expect(listener.streams == [5, 6] && (4...6).contains(listener.told.count))
        listener.generator.setMaxIncomingBitrate(200_000, now: instant(5000))
        send(from: 5000, to: 7000)
        #expect(listener.told.last?.bitrate == 200_000 && (listener.generator.availableIncomingBitrate ?? 0) > 200_000)
        listener.generator.setMaxIncomingBitrate(0, now: instant(7000))
        send(from: 7000, to: 8000)
        #expect((listener.told.last?.bitrate ?? 0) > 900_000)
        let count = listener.told.count
        listener.run(from: 11_000, to: 30_000)
        #expect(listener.told.count <= count + 1 && listener.generator.nextDeadline == nil)
    }
}
