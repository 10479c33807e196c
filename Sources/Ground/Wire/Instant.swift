// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// A moment on a monotonic clock whose origin means nothing.
///
/// Protocol code is handed instants and never asks for one; only `EventLoop` reads a real clock.
@usableFromInline
package struct Instant: InstantProtocol, BitwiseCopyable, Sendable {
    /// Nanoseconds since the origin.
    @usableFromInline package var nanoseconds: Int64

    @inlinable @inline(__always)
    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    @usableFromInline package func advanced(by duration: Duration) -> Instant {
        Instant(nanoseconds: nanoseconds &+ duration.wholeNanoseconds)
    }

    @usableFromInline package func duration(to other: Instant) -> Duration {
        .nanoseconds(other.nanoseconds &- nanoseconds)
    }

    package static func + (instant: Instant, duration: Duration) -> Instant { instant.advanced(by: duration) }

    package static func - (instant: Instant, duration: Duration) -> Instant {
        Instant(nanoseconds: instant.nanoseconds &- duration.wholeNanoseconds)
    }

    /// The time from `earlier` to `later`, negative when they are the other way round.
    package static func - (later: Instant, earlier: Instant) -> Duration { earlier.duration(to: later) }

    @inlinable @inline(__always)
    package static func < (a: Instant, b: Instant) -> Bool { a.nanoseconds < b.nanoseconds }
}

extension Duration {
    /// The duration in nanoseconds, fractions cut off; saturates some 292 years out.
    package var wholeNanoseconds: Int64 {
        // Up to 9 s, which nearly all are, without a division of 128 bits.
        if let short = Int64(exactly: attoseconds) { return short / 1_000_000_000 }
        let (seconds, attoseconds) = components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        let (sum, carried) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000)
        return carried ? (seconds < 0 ? .min : .max) : sum
    }

    /// The duration in seconds, as a floating-point number.
    package var inSeconds: Double { Double(wholeNanoseconds) / 1e9 }
}

/// The earlier of two deadlines, where `nil` means "never".
package func earliest(_ a: Instant?, _ b: Instant?) -> Instant? {
    guard let a else { return b }
    guard let b else { return a }
    return min(a, b)
}
