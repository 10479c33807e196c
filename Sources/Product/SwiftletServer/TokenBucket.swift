// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// How often something may happen: a burst, then a steady rate.
package struct TokenBucket: Sendable {
    /// What may happen at once.
    package let burst: Double
    /// What may happen in a second, over time.
    package let perSecond: Double
    private var tokens: Double
    private var filledAt: ContinuousClock.Instant

    /// A bucket that is full at `now`.
    package init(burst: Double, perSecond: Double, now: ContinuousClock.Instant) {
        (self.burst, self.perSecond, tokens, filledAt) = (burst, perSecond, burst, now)
    }

    /// Takes a token, if there is one.
    package mutating func take(now: ContinuousClock.Instant) -> Bool {
        fill(now: now)
        guard tokens >= 1 else { return false }
        tokens -= 1
        return true
    }

    /// Whether nothing was taken for so long that a new bucket would say the same.
    package mutating func isFull(now: ContinuousClock.Instant) -> Bool {
        fill(now: now)
        return tokens >= burst
    }

    private mutating func fill(now: ContinuousClock.Instant) {
        guard now > filledAt else { return }
        let seconds = (now - filledAt) / .seconds(1)
        (tokens, filledAt) = (min(burst, tokens + seconds * perSecond), now)
    }
}
