// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletORTC
import SwiftletWire

/// When reports go out: mediasoup's timing, which browsers are used to.
enum RTCPTiming {
    /// From a transport's readiness to its first reports.
    static let first = Duration.milliseconds(500)
    /// Time between two rounds of reports, before jitter.
    static let round = Duration.milliseconds(1000)
    /// A stream's reports are due when its interval has passed but for this share.
    static let tolerance = 1.15
    /// Most bytes of a compound before sealing, so that it crosses any path of 1500 bytes.
    static let maximumCompound = 1200

    /// Rounds begin at multiples of this, so that those of many transports share one wake-up and one system call.
    static let grid = Duration.milliseconds(10)

    /// When the next round is: 1 to 1.5 s after this one, so that transports do not move in step.
    static func next(after now: Instant, using random: inout SeededRandom) -> Instant {
        let due = now + round * Int64.random(in: 10...15, using: &random) / 10
        let grid = Self.grid.wholeNanoseconds
        return Instant(nanoseconds: (due.nanoseconds + grid - 1) / grid * grid)
    }

    /// Least time between two reports about one stream.
    static func interval(of kind: MediaKind) -> Duration { kind == .video ? .seconds(1) : .seconds(5) }

    /// Whether a report is due that was last made at `last`.
    static func isDue(_ kind: MediaKind, last: Instant?, now: Instant) -> Bool {
        guard let last else { return true }
        return (now - last).inSeconds * tolerance >= interval(of: kind).inSeconds
    }
}
