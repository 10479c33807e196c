// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletStreams
import SwiftletWire
import Testing

@Suite("Dominant speaker")
struct DominantSpeakerTests {
    /// What a quiet room sounds like, in −dBov.
    private static let quiet: UInt8 = 115
    private static let voice: UInt8 = 35

    /// A room in which each place says a level every 20 ms, and a decision falls every 300 ms.
    private struct Room {
        var speakers = DominantSpeaker()
        var now = 0.0
        var changes: [Int] = []
        /// −dBov of each place; `nil` for one that sends nothing.
        var levels: [UInt8?] = []

        init(_ count: Int) {
            for _ in 0..<count { _ = speakers.join(now: StreamsTests.at(0)) }
            levels = Array(repeating: quiet, count: count)
        }

        mutating func run(milliseconds: Int) {
            for _ in 0..<milliseconds / 20 {
                now += 20
                for (place, level) in levels.enumerated() {
                    guard let level else { continue }
                    speakers.add(
                        level: level,
                        timestamp: UInt32(now * 48),
                        clockRate: 48_000,
                        of: place,
                        now: StreamsTests.at(now)
                    )
                }
                guard Int(now) % 300 == 0 else { continue }
                if let dominant = speakers.evaluate(now: StreamsTests.at(now)) { changes.append(dominant) }
            }
        }
    }

    @Test("Nobody speaks in an empty room, and who is alone has the floor")
    func alone() {
        var room = Room(0)
        room.run(milliseconds: 3000)
        #expect(room.changes == [])
        room = Room(1)
        room.run(milliseconds: 3000)
        #expect(room.changes == [0])
    }

    @Test("The first has the floor until somebody speaks; then who speaks has it, told once")
    func sentence() {
        var room = Room(3)
        room.run(milliseconds: 1500)
        #expect(room.changes == [0])
        room.levels[2] = Self.voice
        room.run(milliseconds: 3000)
        #expect(room.changes == [0, 2])
        // Silence takes the floor from nobody.
        room.levels[2] = Self.quiet
        room.run(milliseconds: 60_000)
        #expect(room.changes == [0, 2])
        room.levels[1] = Self.voice
        room.run(milliseconds: 1500)
        #expect(room.changes == [0, 2, 1])
    }

    @Test("Who speaks at the first decision has the floor from the start")
    func firstDecision() {
        var room = Room(3)
        room.run(milliseconds: 100)
        room.levels[1] = Self.voice
        room.run(milliseconds: 3000)
        #expect(room.changes == [1])
    }

    @Test("A cough takes no floor")
    func cough() {
        var room = Room(2)
        room.run(milliseconds: 100)
        room.levels[0] = Self.voice
        room.run(milliseconds: 2900)
        for _ in 0..<20 {
            room.levels[1] = 5
            room.run(milliseconds: 60)
            room.levels[1] = Self.quiet
            room.run(milliseconds: 940)
        }
        #expect(room.changes == [0])
    }

    @Test("Who talks over a speaker takes the floor only when that one stops")
    func interruption() {
        var room = Room(2)
        room.run(milliseconds: 100)
        room.levels[0] = Self.voice
        room.run(milliseconds: 2900)
        room.levels[1] = Self.voice
        room.run(milliseconds: 10_000)
        #expect(room.changes == [0])
        room.levels[0] = Self.quiet
        room.run(milliseconds: 2000)
        #expect(room.changes == [0, 1])
    }

    @Test("Of two bidders the one with more speech of late wins")
    func bidders() {
        // Both have a stretch of speech, but one of them a gap in the last 100 ms.
        var room = Room(3)
        room.run(milliseconds: 1300)
        room.levels[1] = Self.voice
        room.run(milliseconds: 100)
        room.levels[1] = Self.quiet
        room.run(milliseconds: 20)
        room.levels[1] = Self.voice
        room.run(milliseconds: 80)
        #expect(room.now == 1500)
        #expect(room.changes == [0, 1])
        room = Room(3)
        room.run(milliseconds: 1300)
        room.levels[1] = Self.voice
        room.run(milliseconds: 100)
        room.levels[1] = Self.quiet
        room.levels[2] = Self.voice
        room.run(milliseconds: 20)
        room.levels[1] = Self.voice
        room.run(milliseconds: 80)
        #expect(room.changes == [0, 2])
    }

    @Test("A steady hum becomes a noise floor, and loses the floor to a voice", arguments: [30, 100])
    func hum(seconds: Int) {
        var room = Room(2)
        room.run(milliseconds: 100)
        room.levels[0] = 45
        room.run(milliseconds: seconds * 1000)
        #expect(room.changes == [0])
        room.levels[1] = Self.voice
        room.run(milliseconds: 2000)
        #expect(room.changes == (seconds == 30 ? [0] : [0, 1]))
    }

    @Test("A speaker whose packets stop falls silent")
    func idle() {
        var room = Room(2)
        room.run(milliseconds: 300)
        room.levels[0] = Self.voice
        room.run(milliseconds: 3000)
        room.levels[0] = nil
        room.levels[1] = Self.voice
        room.run(milliseconds: 2000)
        #expect(room.changes == [0, 1])
    }

    @Test("Who is paused takes no floor, and who leaves gives it up at once")
    func pausing() {
        var room = Room(3)
        room.speakers.setPaused(true, 0)
        room.run(milliseconds: 300)
        #expect(room.changes == [1])
        room.levels[0] = Self.voice
        room.run(milliseconds: 3000)
        #expect(room.changes == [1])
        room.speakers.setPaused(false, 0)
        room.run(milliseconds: 300)
        #expect(room.changes == [1, 0])
        room.speakers.leave(0)
        room.levels[0] = nil
        #expect(room.speakers.dominant == nil)
        let next = room.speakers.evaluate(now: at(room.now))
        #expect(next == 1)
    }

    @Test("Packets that come two at a time, with late ones between, count as if they had come in time")
    func bursts() {
        var random = SeededRandom(seed: 1)
        var (steady, bursty) = (DominantSpeaker(), DominantSpeaker())
        for _ in 0..<2 { _ = (steady.join(now: at(0)), bursty.join(now: at(0))) }
        var changes: ([Int], [Int]) = ([], [])
        var held: [(place: Int, level: UInt8, timestamp: UInt32)] = []
        for step in 1...6000 {
            let now = at(Double(step) * 20)
            for place in 0..<2 {
                let isVoice = place == step / 200 % 2 && Int.random(in: 0..<20, using: &random) > 0
                let level: UInt8 = isVoice ? .random(in: 20...45, using: &random) : 110
                // Media time turns over on the way.
                let timestamp = UInt32(truncatingIfNeeded: 4_294_000_000 + step * 960)
                steady.add(level: level, timestamp: timestamp, clockRate: 48_000, of: place, now: now)
                held.append((place, level, timestamp))
            }
            guard step % 2 == 0 else { continue }
            for (place, level, timestamp) in held {
                bursty.add(level: level, timestamp: timestamp, clockRate: 48_000, of: place, now: now)
                bursty.add(level: 0, timestamp: timestamp &- 2400, clockRate: 48_000, of: place, now: now)
            }
            held = []
            guard step % 30 == 0 else { continue }
            if let one = steady.evaluate(now: now) { changes.0.append(one) }
            if let one = bursty.evaluate(now: now) { changes.1.append(one) }
        }
        #expect(changes.0 == changes.1)
        #expect(changes.0.count > 20)
    }

    @Test("Half packets of 10 ms make whole samples")
    func shortPackets() {
        var (whole, halves) = (DominantSpeaker(), DominantSpeaker())
        for _ in 0..<2 { _ = (whole.join(now: at(0)), halves.join(now: at(0))) }
        var changes: ([Int], [Int]) = ([], [])
        for step in 1...3000 {
            for place in 0..<2 {
                let level: UInt8 = place == step / 200 % 2 ? Self.voice : Self.quiet
                let timestamp = UInt32(step * 960)
                let now = Double(step) * 20
                whole.add(level: level, timestamp: timestamp, clockRate: 48_000, of: place, now: at(now))
                halves.add(level: level, timestamp: timestamp, clockRate: 48_000, of: place, now: at(now))
                halves.add(level: 120, timestamp: timestamp + 480, clockRate: 48_000, of: place, now: at(now + 10))
            }
            guard step % 15 == 0 else { continue }
            if let one = whole.evaluate(now: at(Double(step) * 20)) { changes.0.append(one) }
            if let one = halves.evaluate(now: at(Double(step) * 20 + 10)) { changes.1.append(one) }
        }
        #expect(changes.0 == changes.1)
        #expect(changes.0.count > 10)
    }

    // MARK: Against an oracle

    /// The algorithm as it is written down: lists that are shifted, scores by logarithms.
    private struct Naive {
        struct Speaker {
            var levels = [Int](repeating: 0, count: 50)
            var (floor, nextFloor, count) = (0, 0, 0)

            mutating func add(_ level: Int) {
                levels.insert(level, at: 0)
                levels.removeLast()
                guard level > 0 else { return }
                if floor == 0 || level < floor {
                    (floor, nextFloor, count) = (level, 0, 0)
                } else if nextFloor == 0 {
                    (nextFloor, count) = (level, 1)
                } else {
                    (nextFloor, count) = (min(nextFloor, level), count + 1)
                    if count == 750 { (floor, nextFloor, count) = (Int(sqrt(Double(floor * nextFloor))), 0, 0) }
                }
            }

            var scores: [Double] {
                let immediates = levels.map { $0 < floor + 10 ? 0 : $0 / 10 }
                let mediums = (0..<10).map { unit in immediates[unit * 5..<unit * 5 + 5].count { $0 > 7 } }
                let long = mediums.count { $0 > 4 }
                return [
                    score(immediates[0], of: 13, 0.78), score(mediums[0], of: 5, 24), score(long, of: 10, 47),
                ]
            }

            func score(_ active: Int, of total: Int, _ lambda: Double) -> Double {
                let (v, n) = (Double(active), Double(total))
                let ways = lgamma(n + 1) - lgamma(v + 1) - lgamma(n - v + 1)
                return max(1e-10, ways + v * log(0.5) + (n - v) * log(0.5) - log(lambda) + lambda * v)
            }
        }

        var speakers: [Speaker]
        var dominant: Int?

        mutating func evaluate() -> Int? {
            let floor = dominant ?? 0
            let scores = speakers.map(\.scores)
            var (winner, best) = (floor, 2.0)
            for place in speakers.indices where place != floor {
                let bid = zip(scores[place], scores[floor]).map { log($0 / $1) }
                if bid[0] > 3, bid[1] > best, bid[2] > 0 { (winner, best) = (place, bid[1]) }
            }
            defer { dominant = winner }
            return winner == dominant ? nil : winner
        }
    }

    @Test("Ten minutes of a lively meeting agree with the algorithm as it is written down", arguments: 1...5)
    func oracle(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let count = 6
        var speakers = DominantSpeaker()
        var naive = Naive(speakers: Array(repeating: Naive.Speaker(), count: count))
        for _ in 0..<count { _ = speakers.join(now: at(0)) }
        var speaking = Array(repeating: false, count: count)
        var (changes, expected): ([Int], [Int]) = ([], [])
        for step in 1...30_000 {
            let now = at(Double(step) * 20)
            for place in 0..<count {
                if Int.random(in: 0..<(speaking[place] ? 150 : 900), using: &random) == 0 { speaking[place].toggle() }
                let loud = speaking[place] && Int.random(in: 0..<25, using: &random) > 0
                let level: UInt8 = loud ? .random(in: 15...50, using: &random) : .random(in: 70...127, using: &random)
                speakers.add(
                    level: level,
                    timestamp: UInt32(step * 960),
                    clockRate: 48_000,
                    of: place,
                    now: now
                )
                naive.speakers[place].add(127 - Int(level))
            }
            guard step % 15 == 0 else { continue }
            if let one = speakers.evaluate(now: now) { changes.append(one) }
            if let one = naive.evaluate() { expected.append(one) }
        }
        #expect(changes == expected)
        #expect(changes.count > 20)
    }

    @Test("A jump of media time is no long speech")
    func restart() {
        var room = Room(2)
        room.run(milliseconds: 3000)
        // One loud packet each, with media time anywhere.
        for jump in [1 << 20, 1 << 30, 3 << 30] as [UInt32] {
            room.speakers.add(
                level: 0,
                timestamp: UInt32(room.now * 48) &+ jump,
                clockRate: 48_000,
                of: 1,
                now: at(room.now + 10)
            )
            room.run(milliseconds: 3000)
        }
        #expect(room.changes == [0])
    }

    @Test("Places are bounded, and out of range nothing happens")
    func places() {
        var speakers = DominantSpeaker()
        let places = (0..<DominantSpeaker.producerLimit).compactMap { _ in speakers.join(now: at(0)) }
        #expect(places.count == 1024)
        var place = speakers.join(now: at(0))
        #expect(place == nil)
        speakers.leave(3)
        speakers.leave(9999)
        speakers.setPaused(true, -1)
        speakers.add(level: 1, timestamp: 0, clockRate: 0, of: 9999, now: at(0))
        speakers.add(level: 1, timestamp: 0, clockRate: 0, of: 4, now: at(0))
        place = speakers.join(now: at(0))
        #expect(place == 3)
    }
}
