// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// What happened to a stream between two reports.
package struct ScoreInterval: Equatable, Sendable {
    /// Packets that passed: received here, or sent there.
    package var passed: Int64
    /// Packets lost on the way, before any repair.
    package var lost: Int64
    /// Lost packets that a retransmission replaced.
    package var repaired: Int64
    /// Retransmissions it took.
    package var retransmitted: Int64
    /// Whether retransmissions have an SSRC of their own; else they are among those that passed.
    package var hasRTX: Bool

    package init(passed: Int64, lost: Int64, repaired: Int64, retransmitted: Int64, hasRTX: Bool) {
        (self.passed, self.lost, self.repaired) = (passed, lost, repaired)
        (self.retransmitted, self.hasRTX) = (retransmitted, hasRTX)
    }

    /// Quality of the interval from 0 to 10: the fourth power of what was delivered, loss weighing twice, and repaired
    /// loss the less the fewer repairs there were and the more of them were needed.
    package var score: UInt8 {
        guard passed > 0 else { return lost > 0 ? 0 : 10 }
        var lost = min(max(0, lost), passed)
        var repaired = max(0, repaired)
        var retransmitted = max(0, retransmitted)
        if repaired > lost {
            if hasRTX {
                retransmitted = max(0, retransmitted - (repaired - lost))
                repaired = lost
            } else {
                repaired = min(repaired, passed)
                lost = repaired
            }
        }
        let ratio = 1 / (Double(repaired) / Double(passed) + 1)
        var weight = ratio * ratio * ratio * ratio
        if retransmitted > 0 { weight *= min(1, Double(repaired) / Double(retransmitted)) }
        let effective = max(0, Double(lost) - Double(repaired) * weight)
        let delivered = (Double(passed) - effective) / Double(passed)
        return UInt8(min(10, max(0, (delivered * delivered * delivered * delivered * 10).rounded())))
    }
}

/// A stream's published score: the mean of the last 24 intervals, the newest weighing most.
package struct ScoreTracker: Sendable {
    /// How many intervals count.
    package static let historyLimit = 24

    private var history = InlineArray<24, UInt8>(repeating: 0)
    private var count = 0
    /// The score now, from 0 to 10; 10 before anything is known.
    package private(set) var score: UInt8 = 10
    private var taken: UInt8?

    package init() {}

    /// Adds an interval's score.
    package mutating func push(_ sample: UInt8) {
        if count == Self.historyLimit {
            for index in 1..<Self.historyLimit { history[index - 1] = history[index] }
            count -= 1
        }
        history[count] = min(10, sample)
        count += 1
        var (sum, weights) = (0, 0)
        for index in 0..<count {
            sum += (index + 1) * Int(history[index])
            weights += index + 1
        }
        score = UInt8((2 * sum + weights) / (2 * weights))
    }

    /// Forgets the history: 0 for a stream that fell silent, 10 for one that came back.
    package mutating func reset(to score: UInt8) {
        (count, self.score) = (0, min(10, score))
    }

    /// The score, if it differs from the one taken before.
    package mutating func takeChange() -> UInt8? {
        guard score != taken else { return nil }
        taken = score
        return score
    }
}
