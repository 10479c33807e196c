// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// Wall time as RTCP carries it: seconds since 1900 in 32.32 fixed point, RFC 5905 §6.
package struct NTPTime: Hashable, Sendable {
    /// Seconds in the upper 32 bits, their fraction in the lower.
    package let rawValue: UInt64

    package init(rawValue: UInt64) { self.rawValue = rawValue }

    /// The middle 32 bits: 16.16 seconds, as LSR and DLSR use them, RFC 3550 §6.4.1.
    package var compact: UInt32 { UInt32(truncatingIfNeeded: rawValue >> 16) }

    /// The 24 bits of 6.18 seconds that the abs-send-time extension carries.
    package var absoluteSendTime: UInt32 { UInt32(truncatingIfNeeded: rawValue >> 14) & 0xFF_FFFF }
}

/// Ties the monotonic clock to wall time, handed in at start and on clock steps.
package struct WallClockAnchor: Sendable {
    private let instant: Instant
    private let unixNanoseconds: Int64

    /// - Parameters:
    ///   - instant: A moment on the monotonic clock.
    ///   - unixNanoseconds: The wall time at that moment, in nanoseconds since 1970.
    package init(instant: Instant, unixNanoseconds: Int64) {
        (self.instant, self.unixNanoseconds) = (instant, unixNanoseconds)
    }

    /// Wall time at `now`, in nanoseconds since 1970.
    package func unixNanoseconds(at now: Instant) -> Int64 {
        unixNanoseconds &+ (now.nanoseconds &- instant.nanoseconds)
    }

    /// Wall time at `now`, as RTCP carries it.
    package func ntp(at now: Instant) -> NTPTime {
        let nanoseconds = UInt64(bitPattern: unixNanoseconds(at: now))
        let seconds = nanoseconds / 1_000_000_000 &+ 2_208_988_800
        let fraction = (nanoseconds % 1_000_000_000) << 32 / 1_000_000_000
        return NTPTime(rawValue: seconds << 32 | fraction)
    }
}
