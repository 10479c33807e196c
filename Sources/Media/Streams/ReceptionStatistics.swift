// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletWire

/// Sequence, loss and jitter accounting of one incoming SSRC, RFC 3550 A.1, A.3 and A.8.
///
/// Extended numbers only grow: after a jump that two packets in a row confirm, numbering goes on in a later cycle, so
/// what is keyed by extended numbers never meets an old number again.
package struct ReceptionStatistics: Sendable {
    /// Largest jump ahead that is taken as loss, RFC 3550 A.1.
    package static let maximumDropout: UInt16 = 3000
    /// Furthest back a packet may be late, RFC 3550 A.1.
    package static let maximumMisorder: UInt16 = 1500

    /// How a sequence number fits into the stream.
    package enum Placement: Equatable, Sendable {
        /// The first, or newer than all before.
        case newest(Int64)
        /// Older than the newest, within reach.
        case late(Int64)
        /// The second in a row after a jump: the stream goes on from here.
        case resynchronized(Int64)
        /// A jump that nothing confirms yet.
        case implausible
    }

    private let clockRate: Double
    private var base: Int64 = 0
    private var hasStarted = false
    private var suspect: UInt32 = .max
    /// The largest extended number so far.
    package private(set) var highest: Int64 = 0
    /// Packets counted since the last resynchronisation.
    private var received: Int64 = 0
    private var earlierLoss: Int64 = 0
    private var earlierExpected: Int64 = 0
    private var expectedAtReport: Int64 = 0
    private var lossAtReport: Int64 = 0
    private var jitterEstimate = 0.0
    private var lastTransit: (arrival: Int64, timestamp: UInt32)?

    /// - Parameter clockRate: Ticks of media time per second.
    package init(clockRate: UInt32) { self.clockRate = Double(max(1, clockRate)) }

    /// Whether a packet has been placed.
    package var isStarted: Bool { hasStarted }

    /// Finds the place of `sequence` and moves the newest there where it is ahead.
    package mutating func place(_ sequence: UInt16) -> Placement {
        guard hasStarted else {
            // One cycle up, so that a packet from before the first still has a positive number.
            restart(at: Int64(sequence) + 65_536)
            hasStarted = true
            return .newest(highest)
        }
        let ahead = sequence &- UInt16(truncatingIfNeeded: highest)
        if ahead > 0, ahead < Self.maximumDropout {
            highest &+= Int64(ahead)
            suspect = .max
            return .newest(highest)
        }
        let behind = 0 &- ahead
        if behind <= Self.maximumMisorder { return .late(highest &- Int64(behind)) }
        guard UInt32(sequence) == suspect else {
            suspect = UInt32(sequence &+ 1)
            return .implausible
        }
        earlierLoss = cumulativeLoss
        earlierExpected = expected
        // Two cycles on, so that at least a whole one lies between old numbers and new.
        restart(at: ((highest >> 16) &+ 2) << 16 | Int64(sequence))
        lastTransit = nil
        return .resynchronized(highest)
    }

    /// The extended number nearest the newest, without any effect; for numbers that came in a retransmission.
    package func extend(_ sequence: UInt16) -> Int64 {
        highest &+ Int64(Int16(truncatingIfNeeded: Int64(sequence) &- highest))
    }

    /// Counts a packet that was placed and is no duplicate.
    package mutating func count(_ sequence: Int64) {
        received &+= 1
        if sequence < base { base = sequence }
    }

    /// Takes a packet's transit into the jitter, RFC 3550 A.8; retransmissions do not belong here.
    package mutating func updateJitter(timestamp: UInt32, arrival: Instant) {
        // Packets of one frame share a timestamp but not a sending time, so only the first tells.
        if let lastTransit, lastTransit.timestamp == timestamp { return }
        defer { lastTransit = (arrival.nanoseconds, timestamp) }
        guard let lastTransit else { return }
        let elapsed = Double(arrival.nanoseconds &- lastTransit.arrival) / 1e9 * clockRate
        let difference = abs(elapsed - Double(Int32(bitPattern: timestamp &- lastTransit.timestamp)))
        // A leap of the sender's clock is not jitter: skip what exceeds ten seconds.
        guard difference < clockRate * 10 else { return }
        jitterEstimate += (difference - jitterEstimate) / 16
    }

    /// Packets expected since the start.
    package var expected: Int64 { hasStarted ? earlierExpected &+ (highest &- base &+ 1) : 0 }

    /// Packets lost since the start; negative when more came than were expected.
    package var cumulativeLoss: Int64 {
        hasStarted ? earlierLoss &+ (highest &- base &+ 1) &- received : 0
    }

    /// Interarrival jitter in ticks of media time.
    package var jitter: UInt32 { UInt32(min(jitterEstimate, Double(UInt32.max))) }

    /// The loss as 24 signed bits hold it, RFC 3550 §6.4.1.
    package var clampedLoss: Int32 { Int32(min(max(cumulativeLoss, -0x80_0000), 0x7F_FFFF)) }

    /// Cycles and sequence number of the newest packet, counted from the first cycle, RFC 3550 §6.4.1.
    package var reportedHighest: UInt32 { UInt32(truncatingIfNeeded: highest &- 65_536) }

    /// The share lost since the call before, in 1/256, RFC 3550 A.3.
    package mutating func takeFractionLost() -> UInt8 {
        let interval = expected &- expectedAtReport
        let lost = cumulativeLoss &- lossAtReport
        (expectedAtReport, lossAtReport) = (expected, cumulativeLoss)
        guard interval > 0, lost > 0 else { return 0 }
        return UInt8(min(255, lost * 256 / interval))
    }

    private mutating func restart(at sequence: Int64) {
        (base, highest, received, suspect) = (sequence, sequence, 0, .max)
    }
}
