// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// A fragment that was sent and not yet acknowledged for good.
struct SentChunk {
    enum State: UInt8 {
        /// Under way, as far as we know.
        case inFlight
        /// Reported beyond a gap; the peer may take it back, RFC 9260 §6.2.
        case acknowledged
        /// Taken for lost, to be sent again.
        case lost
        /// Never to be sent again, RFC 3758.
        case abandoned
    }

    var message: OutgoingMessage?
    var offset: Int32 = 0
    var length: Int32 = 0
    var index: UInt32 = 0
    var state = State.inFlight
    var isLast = false
    /// Whether it was once taken for lost because of later arrivals.
    var wasOvertaken = false
    /// Whether a SACK later than the one that reported it did not.
    var isDoubtful = false
    /// Times it was sent.
    var transmissions: UInt16 = 0
    var sentAt = Instant(nanoseconds: 0)
    /// The packet that took it along.
    var packet: Int64 = 0
}
