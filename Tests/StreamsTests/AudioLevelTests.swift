// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletStreams
import SwiftletWire
import Testing

@Suite("Audio levels, RFC 6464")
struct AudioLevelTests {
    typealias Volume = AudioLevels.Volume

    @Test("Ten samples make a mean, nine say nothing, and each interval stands alone")
    func samples() {
        var meter = AudioLevelMeter()
        for _ in 0..<9 { meter.add(level: 20) }
        var mean = meter.take()
        #expect(mean == nil)
        for _ in 0..<9 { meter.add(level: 20) }
        meter.add(level: 30)
        mean = meter.take()
        #expect(mean == -21)
        mean = meter.take()
        #expect(mean == nil)
    }

    @Test("The mean is rounded to the nearest, over the whole range")
    func rounding() {
        let table: [([UInt8], Int)] = [
            ([0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 0), ([127, 127, 127, 127, 127, 127, 127, 127, 127, 127], -127),
            ([1, 1, 1, 1, 0, 0, 0, 0, 0, 0], 0), ([1, 1, 1, 1, 1, 0, 0, 0, 0, 0], -1),
            // The voice bit, should it come along, is no loudness.
            ([0x85, 0x85, 5, 5, 5, 5, 5, 5, 5, 5], -5),
        ]
        for (levels, expected) in table {
            var meter = AudioLevelMeter()
            for level in levels { meter.add(level: level) }
            let mean = meter.take()
            #expect(mean == expected)
        }
    }

    /// Levels with `loudness` of each place.
    private func levels(_ loudness: [UInt8], maxEntries: Int, threshold: Int = -80) -> AudioLevels {
        var levels = AudioLevels(maxEntries: maxEntries, threshold: threshold)
        for level in loudness {
            guard let place = levels.join() else { continue }
            for _ in 0..<50 { levels.add(level: level, of: place) }
        }
        return levels
    }

    @Test("The loudest come first, as many as asked for, none below the threshold")
    func order() {
        var levels = levels([50, 20, 80, 81, 30], maxEntries: 3)
        var outcome = levels.evaluate()
        #expect(
            outcome
                == .volumes([
                    Volume(place: 1, volume: -20), Volume(place: 4, volume: -30), Volume(place: 0, volume: -50),
                ])
        )
        levels = self.levels([50, 20, 80, 81, 30], maxEntries: 9)
        outcome = levels.evaluate()
        guard case .volumes(let volumes) = outcome else {
            Issue.record("nobody is loud")
            return
        }
        #expect(volumes.map(\.volume) == [-20, -30, -50, -80])
    }

    @Test("Producers of equal volume all show")
    func ties() {
        var levels = levels([40, 40, 40, 30, 40], maxEntries: 5)
        let outcome = levels.evaluate()
        #expect(outcome == .volumes([3, 0, 1, 2, 4].map { Volume(place: $0, volume: $0 == 3 ? -30 : -40) }))
    }

    @Test("Silence is told once, after somebody was loud")
    func silence() {
        var levels = levels([], maxEntries: 1)
        let place = levels.join() ?? -1
        var outcomes: [AudioLevels.Outcome] = []
        for interval in 0..<8 {
            // Loud in the second and third interval, below the threshold in the sixth.
            for _ in 0..<50 where interval == 1 || interval == 2 { levels.add(level: 10, of: place) }
            for _ in 0..<50 where interval == 5 { levels.add(level: 100, of: place) }
            outcomes.append(levels.evaluate())
        }
        let loud = AudioLevels.Outcome.volumes([Volume(place: place, volume: -10)])
        #expect(outcomes == [.none, loud, loud, .silence, .none, .none, .none, .none])
    }

    @Test("A reset forgets what was heard, and tells that silence follows")
    func reset() {
        var levels = levels([10], maxEntries: 1)
        var outcome = levels.reset()
        #expect(outcome == .none)
        outcome = levels.evaluate()
        #expect(outcome == .none)
        for _ in 0..<50 { levels.add(level: 10, of: 0) }
        _ = levels.evaluate()
        outcome = levels.reset()
        #expect(outcome == .silence)
    }

    @Test("Places are bounded, and a place given back starts empty")
    func places() {
        var levels = AudioLevels(maxEntries: 2000)
        let places = (0..<AudioLevels.producerLimit).compactMap { _ in levels.join() }
        #expect(places == Array(0..<1024))
        var place = levels.join()
        #expect(place == nil)
        for _ in 0..<50 { levels.add(level: 10, of: 7) }
        levels.leave(7)
        levels.add(level: 10, of: 7)
        levels.add(level: 10, of: 5000)
        levels.add(level: 10, of: -1)
        levels.leave(5000)
        place = levels.join()
        #expect(place == 7)
        let outcome = levels.evaluate()
        #expect(outcome == .none)
    }
}
