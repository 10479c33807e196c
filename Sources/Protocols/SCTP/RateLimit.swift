// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// Lets so many things through in a second, and no more at once.
struct RateLimit: Sendable {
    private let perSecond: Double
    private var credit: Double
    private var last: Instant?

    init(perSecond: Double) { (self.perSecond, credit) = (perSecond, perSecond) }

    /// Whether one more may pass now.
    mutating func take(now: Instant) -> Bool {
        if let last { credit = min(perSecond, credit + max(0, (now - last).inSeconds) * perSecond) }
        last = now
        guard credit >= 1 else { return false }
        credit -= 1
        return true
    }
}
