// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SCTPLink
import SwiftletSCTP
import SwiftletWire
import Testing

@Suite("Associations over paths that lose, delay, double and reorder, RFC 9260")
struct SimulationTests {
    /// One run: what both ends send each other, and what came of it.
    private struct Run {
        let seed: UInt64
        let pair: SCTPPair
        var random: SeededRandom
        /// Messages by side and stream, as sent.
        var sent: [[UInt16: [SCTPMessage]]] = [[:], [:]]
        var serial: UInt32 = 0

        init(seed: UInt64) {
            self.seed = seed
            random = SeededRandom(seed: seed)
            var path = PathConditions(delay: .milliseconds(Int.random(in: 0...200, using: &random)))
            if seed % 7 == 0 { path.delay = .milliseconds(Int.random(in: 200...1000, using: &random)) }
            path.loss = seed % 5 == 0 ? 0 : Double.random(in: 0...0.3, using: &random)
            if seed % 3 == 0 { (path.burstStart, path.burstStay) = (0.02, 0.6) }
            if seed % 2 == 0 { path.jitter = .milliseconds(Int.random(in: 0...100, using: &random)) }
            if seed % 4 == 0 { path.duplication = 0.1 }
            if seed % 11 == 0 { path.bitsPerSecond = 1_000_000 }
            var configuration = SCTPConfiguration()
            configuration.offersInterleaving = Bool.random(using: &random)
            configuration.offersZeroChecksum = Bool.random(using: &random)
            configuration.sendBufferSize = 300_000
            configuration.receiveWindow = seed % 13 == 0 ? 60_000 : 500_000
            if Bool.random(using: &random) { configuration.initialTSN = 0xFFFF_FFF0 }
            pair = SCTPPair(configuration, nil, path, seed: seed)
        }

        /// Streams 0 to 3 are reliable and ordered, 4 and 5 reliable and unordered, 6 to 9 are given up on losses, in
        /// and out of order.
        mutating func sendOne() {
            let side: SCTPPair.Side = Bool.random(using: &random) ? .a : .b
            let stream = UInt16.random(in: 0..<10, using: &random)
            let size =
                Int.random(in: 0..<8, using: &random) == 0
                ? Int.random(in: 4...20_000, using: &random) : Int.random(in: 4...400, using: &random)
            var payload = [UInt8](repeating: UInt8(truncatingIfNeeded: serial), count: size)
            for index in 0..<4 { payload[index] = UInt8(truncatingIfNeeded: serial >> (24 - 8 * UInt32(index))) }
            serial += 1
            let reliability: SCTPReliability =
                switch stream {
                case 6, 7: .retransmissions(Int.random(in: 0...1, using: &random))
                case 8, 9: .lifetime(.milliseconds(Int.random(in: 0...400, using: &random)))
                default: .reliable
                }
            let message = SCTPMessage(
                stream: stream,
                payloadProtocol: .binary,
                payload: payload,
                isUnordered: [4, 5, 7, 9].contains(stream),
                reliability: reliability
            )
            guard (try? pair[side].send(message, now: pair.now)) != nil else { return }
            sent[side.rawValue][stream, default: []].append(message)
        }

        func check(_ side: SCTPPair.Side) {
            var received: [UInt16: [[UInt8]]] = [:]
            for message in pair.messages(side.other) { received[message.stream, default: []].append(message.payload) }
            for (stream, messages) in sent[side.rawValue] {
                let expected = messages.map(\.payload)
                let actual = received[stream] ?? []
                switch stream {
                case 0...3: note(actual == expected, "ordered, seed \(seed), stream \(stream)")
                case 4, 5:
                    let (one, other) = (actual.sorted(by: Self.isBefore), expected.sorted(by: Self.isBefore))
                    note(one == other, "unordered, seed \(seed), stream \(stream)")
                default:
                    let isOrdered = stream == 6 || stream == 8
                    let sorted = isOrdered ? actual : actual.sorted(by: Self.isBefore)
                    note(Self.isSubsequence(sorted, of: expected), "limited, seed \(seed), stream \(stream)")
                }
            }
        }

        /// Says what failed without showing a thousand bytes.
        private func note(_ isTrue: Bool, _ what: String) {
            if !isTrue { Issue.record("\(what)") }
        }

        static func isBefore(_ a: [UInt8], _ b: [UInt8]) -> Bool { a.prefix(4).lexicographicallyPrecedes(b.prefix(4)) }

        static func isSubsequence(_ part: [[UInt8]], of whole: [[UInt8]]) -> Bool {
            var rest = whole[...]
            for one in part {
                guard let index = rest.firstIndex(of: one) else { return false }
                rest = rest[(index + 1)...]
            }
            return true
        }
    }

    @Test("Reliable messages arrive once, in order and unchanged, others not twice, and both ends agree on the end")
    func everythingArrives() throws {
        for seed in 1...1000 as ClosedRange<UInt64> {
            var run = Run(seed: seed)
            let pair = run.pair
            pair.a.connect(now: pair.now)
            if seed % 2 == 0 { pair.b.connect(now: pair.now) }
            for _ in 0..<60 {
                run.sendOne()
                if Int.random(in: 0..<4, using: &run.random) == 0 {
                    pair.run(for: .milliseconds(Int.random(in: 0...50, using: &run.random)))
                }
                for end in [pair.a, pair.b] { #expect(end.bufferedAmount <= 300_000 && end.heldBytes <= 750_000) }
            }
            let isDrained = pair.run(for: .seconds(600)) { pair.a.bufferedAmount == 0 && pair.b.bufferedAmount == 0 }
            #expect(isDrained, "seed \(seed)")
            pair.run(for: .seconds(3))
            run.check(.a)
            run.check(.b)
            #expect(pair.wrongHints == 0, "seed \(seed)")
            guard seed % 3 != 0 else { continue }
            pair.a.shutdown(now: pair.now)
            if seed % 4 == 0 { pair.b.shutdown(now: pair.now) }
            let isOver = pair.run(for: .seconds(1200)) { pair.a.state == .closed && pair.b.state == .closed }
            #expect(isOver, "seed \(seed): \(pair.a.state) and \(pair.b.state)")
        }
    }
}
