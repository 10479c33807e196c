// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletWire

/// Decides when an unanswered flight is sent again, RFC 6347 §4.2.4.
///
/// Starts at 100 ms instead of the RFC's second, as WebRTC stacks do: a call's set-up waits for it.
package struct RetransmissionTimer: Sendable {
    /// The wait after a flight's first transmission.
    package static let firstInterval = Duration.milliseconds(100)
    /// The wait stops doubling here.
    package static let longestInterval = Duration.seconds(4)
    /// This many waits in a row without an answer end the handshake, some 30 s after the flight was first sent.
    package static let maximumTimeouts = 12

    /// When the flight is due again, `nil` while none waits for an answer.
    package private(set) var deadline: Instant?
    /// How many waits have passed without an answer.
    package private(set) var timeouts = 0
    private var interval = Self.firstInterval

    package init() {}

    /// A flight went out; does nothing while an earlier part of the same flight is being waited for.
    package mutating func start(now: Instant) {
        if deadline == nil { deadline = now + interval }
    }

    /// The flight was answered.
    package mutating func stop() { self = RetransmissionTimer() }

    /// What to do when time passes.
    package enum Expiry: Equatable, Sendable {
        /// The deadline has not come.
        case notYet
        case resend
        /// The peer was silent for too long.
        case giveUp
    }

    /// Moves on to the next wait if this one is over at `now`.
    package mutating func expire(now: Instant) -> Expiry {
        guard let deadline, now >= deadline else { return .notYet }
        timeouts += 1
        guard timeouts < Self.maximumTimeouts else {
            self.deadline = nil
            return .giveUp
        }
        interval = min(interval * 2, Self.longestInterval)
        self.deadline = now + interval
        return .resend
    }
}
