// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// Round trips measured from compact NTP times, 16.16 seconds that wrap every 18.2 hours.
package enum RoundTrip {
    /// What is believed before the first measurement: 100 ms.
    package static let initial = Duration.milliseconds(100)
    /// Longest that is believed: 30 s.
    package static let longest: UInt32 = 30 << 16

    /// The round trip behind a report, RFC 3550 §6.4.1 and RFC 3611 §4.5.
    ///
    /// - Parameters:
    ///   - now: Compact NTP time of arrival.
    ///   - last: The time of ours that the peer echoes; 0 when it has none.
    ///   - delay: How long the peer held it, in 1/65536 s.
    /// - Returns: `nil` when there is nothing to measure, or the result is negative or above ``longest``.
    package static func duration(now: UInt32, last: UInt32, delay: UInt32) -> Duration? {
        guard last != 0 else { return nil }
        let elapsed = now &- last &- delay
        // A peer that rounds its delay up on a short path comes out just below zero.
        if elapsed >= 0xFFFF_FFC0 { return .zero }
        guard elapsed <= longest else { return nil }
        return .nanoseconds((Int64(elapsed) * 1_000_000_000) >> 16)
    }

    /// A duration as 1/65536 s, saturating.
    static func compact(_ duration: Duration) -> UInt32 {
        let nanoseconds = min(max(0, duration.wholeNanoseconds), 65_535 * 1_000_000_000)
        return UInt32(truncatingIfNeeded: (nanoseconds << 16) / 1_000_000_000)
    }
}
