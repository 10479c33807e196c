// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletWire

/// When a transport sends its reports: 500 ms after it connected, then every second times 1.0 to 1.5, at random so
/// that transports which connected together do not stay in step, RFC 3550 §6.2.
package struct RTCPSchedule: Sendable {
    /// First compound after connecting.
    package static let firstDelay = Duration.milliseconds(500)
    /// Base of the later ones; the shorter of the two streams' intervals.
    package static let interval = Duration.milliseconds(1000)

    /// When to send next, or `nil` while not connected.
    package private(set) var nextDeadline: Instant?

    package init() {}

    /// Starts the clock; a second call starts it anew.
    package mutating func connect(now: Instant) { nextDeadline = now + Self.firstDelay }

    /// Stops the clock.
    package mutating func disconnect() { nextDeadline = nil }

    /// Whether reports are due; if so the next time is chosen.
    package mutating func fire(now: Instant, using random: inout some RandomNumberGenerator) -> Bool {
        guard let deadline = nextDeadline, now >= deadline else { return false }
        nextDeadline = now + Self.interval / 10 * Int.random(in: 10...15, using: &random)
        return true
    }
}

/// Whether one stream takes part in a transport's report: video every second, audio every five.
package struct ReportTimer: Sendable {
    private let interval: Duration
    private var last: Instant?

    package init(kind: StreamKind) { interval = .milliseconds(kind == .video ? 1000 : 5000) }

    /// Whether the stream is due at `now`; if so its interval starts again.
    ///
    /// Elapsed time counts 15 % more, so that a transport's timer which fires just early does not skip a turn.
    package mutating func take(now: Instant) -> Bool {
        if let last, (now - last) * 115 < interval * 100 { return false }
        last = now
        return true
    }
}
