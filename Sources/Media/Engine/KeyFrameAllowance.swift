// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// How many key frames one viewer may ask for: three at once, then one a second.
///
/// A key frame costs everybody who watches, so one viewer on a bad line, or a bad viewer, must not order them at will.
struct KeyFrameAllowance {
    /// Requests granted without a pause between them.
    static let burst: Int64 = 3
    /// Time in which one more is granted.
    static let interval = Duration.seconds(1)

    /// When the allowance would be full again, in nanoseconds.
    private var full = Int64.min

    /// Whether a request at `now` is granted.
    mutating func take(now: Instant) -> Bool {
        let interval = Self.interval.wholeNanoseconds
        let start = max(full, now.nanoseconds)
        guard start &- now.nanoseconds <= interval * (Self.burst - 1) else { return false }
        full = start &+ interval
        return true
    }
}
