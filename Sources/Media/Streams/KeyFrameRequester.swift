// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletWire

/// Decides when to ask a stream's sender for a key frame: at once, then with growing pauses, never in a storm.
///
/// While a request is pending, others join it. When none came after a second, the request is repeated, then after
/// two, four and every four seconds, as long as somebody waits.
package struct KeyFrameRequester: Sendable {
    /// How long the first request has to bear fruit.
    package static let firstTimeout = Duration.milliseconds(1000)
    /// Longest pause between repetitions.
    package static let longestTimeout = Duration.seconds(4)
    /// Least time between two requests whatever the producer says, so that 200 joining in one second cost few.
    package static let shortestSpacing = Duration.milliseconds(200)

    private enum State: Sendable {
        case idle
        /// Asked; repeated at `until` if somebody still waits, or if `again`.
        case pending(until: Instant, timeout: Duration, again: Bool)
        /// A wish that came too soon after the last request, to be granted at `until`.
        case delayed(until: Instant)
    }

    private let spacing: Duration
    private var state = State.idle
    private var lastRequest: Instant?

    /// - Parameter delay: The producer's `keyFrameRequestDelay`: least time between two requests.
    package init(delay: Duration = .zero) { spacing = max(delay, Self.shortestSpacing) }

    /// When to call ``advance(to:isAwaited:)``.
    package var nextDeadline: Instant? {
        switch state {
        case .idle: nil
        case .pending(let until, _, _), .delayed(let until): until
        }
    }

    /// Somebody wants a key frame.
    ///
    /// - Returns: Whether to ask the sender now.
    package mutating func request(now: Instant) -> Bool {
        switch state {
        case .pending(let until, let timeout, _):
            state = .pending(until: until, timeout: timeout, again: true)
            return false
        case .delayed:
            return false
        case .idle:
            if let lastRequest, now < lastRequest + spacing {
                state = .delayed(until: lastRequest + spacing)
                return false
            }
            return ask(timeout: Self.firstTimeout, now: now)
        }
    }

    /// A key frame is needed whatever was asked before and whatever the producer says.
    ///
    /// For a stream that is new or whose numbering jumped. Only ``shortestSpacing`` holds it up, since a sender can make
    /// its numbers jump with every packet.
    ///
    /// - Returns: Whether to ask the sender now.
    package mutating func force(now: Instant) -> Bool {
        if let lastRequest, now < lastRequest + Self.shortestSpacing {
            state = .delayed(until: lastRequest + Self.shortestSpacing)
            return false
        }
        return ask(timeout: Self.firstTimeout, now: now)
    }

    /// A key frame began to arrive: whoever asked is served.
    package mutating func received() { state = .idle }

    /// Handles a deadline that has passed; `isAwaited` says whether any consumer still waits for a key frame.
    ///
    /// - Returns: Whether to ask the sender now.
    package mutating func advance(to now: Instant, isAwaited: Bool) -> Bool {
        switch state {
        case .pending(let until, let timeout, let again) where now >= until:
            guard isAwaited || again else {
                state = .idle
                return false
            }
            return ask(timeout: min(timeout * 2, Self.longestTimeout), now: now)
        case .delayed(let until) where now >= until:
            return ask(timeout: Self.firstTimeout, now: now)
        case .idle, .pending, .delayed:
            return false
        }
    }

    private mutating func ask(timeout: Duration, now: Instant) -> Bool {
        lastRequest = now
        state = .pending(until: now + max(timeout, spacing), timeout: timeout, again: false)
        return true
    }
}
