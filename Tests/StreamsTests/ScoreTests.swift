// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletStreams
import Testing

@Suite("Score")
struct ScoreTests {
    private func score(_ passed: Int64, _ lost: Int64, repaired: Int64 = 0, retransmitted: Int64 = 0) -> UInt8 {
        ScoreInterval(passed: passed, lost: lost, repaired: repaired, retransmitted: retransmitted, hasRTX: true).score
    }

    @Test("Loss counts twice and to the fourth power")
    func table() {
        #expect(score(100, 0) == 10)
        #expect(score(95, 5) == 8)
        #expect(score(90, 10) == 6)
        #expect(score(50, 50) == 0)
        #expect(score(10, 90) == 0)
    }

    @Test("Nothing received of what was expected is 0, not a division by zero")
    func nothingReceived() {
        #expect(score(0, 100) == 0)
        #expect(score(0, 0) == 10)
        #expect(score(0, -5) == 10)
        #expect(score(0, 100, repaired: 100, retransmitted: 100) == 0)
    }

    @Test("Repaired loss weighs less, and less still when few retransmissions did it")
    func repaired() {
        #expect(score(90, 10, repaired: 10, retransmitted: 10) == 9)
        #expect(score(90, 10, repaired: 10, retransmitted: 40) == 7)
        #expect(score(90, 10, repaired: 5, retransmitted: 5) == 8)
    }

    @Test("Repairs of an earlier interval's loss are taken off the retransmissions too")
    func statementOrder() {
        // Ten repairs for two losses: eight belong to the interval before, and so do eight retransmissions.
        #expect(
            score(98, 2, repaired: 10, retransmitted: 10) == score(98, 2, repaired: 2, retransmitted: 2)
        )
    }

    @Test("Any numbers give a score from 0 to 10")
    func total() {
        let values: [Int64] = [.min / 4, -1000, -1, 0, 1, 7, 1000, .max / 4]
        for passed in values {
            for lost in values {
                for repaired in values {
                    for retransmitted in values {
                        for hasRTX in [false, true] {
                            let interval = ScoreInterval(
                                passed: passed,
                                lost: lost,
                                repaired: repaired,
                                retransmitted: retransmitted,
                                hasRTX: hasRTX
                            )
                            #expect(interval.score <= 10)
                        }
                    }
                }
            }
        }
    }

    @Test("The published score is the mean of 24 intervals, the newest weighing most")
    func history() {
        var tracker = ScoreTracker()
        #expect(tracker.score == 10)
        tracker.push(10)
        tracker.push(0)
        #expect(tracker.score == 3, "10·1 + 0·2 over 3")
        for _ in 0..<24 { tracker.push(4) }
        #expect(tracker.score == 4, "the first two are forgotten")
        tracker.reset(to: 10)
        tracker.push(0)
        #expect(tracker.score == 0)
    }

    @Test("A change is told once")
    func changes() {
        var tracker = ScoreTracker()
        #expect(tracker.takeChange() == 10)
        #expect(tracker.takeChange() == nil)
        tracker.push(10)
        #expect(tracker.takeChange() == nil)
        tracker.push(5)
        #expect(tracker.takeChange() == 7)
    }
}
