// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletRTP
import SwiftletStreams
import SwiftletWire

/// Keeps a consumer's media time one line while it changes between its producer's streams.
///
/// Each stream counts from its own random start. Sender reports tie each to the sender's clock; where two streams have
/// them, one's times are turned into the other's exactly. Without, the time that passed between packets has to do.
struct ConsumerClock {
    /// Least step of media time from one picture to the next: 1 ms.
    static func leastStep(_ rate: UInt32) -> UInt32 { max(1, rate / 1000) }
    /// Furthest that a stream's clock may stray from passing time before it is no longer believed.
    static let longestError = Duration.seconds(2)

    /// The report of the stream that the offset was made for, and the offset before anything was added.
    private var reference: (ssrc: UInt32, offset: UInt32)?

    /// Where media time `timestamp` of `stream` goes in the output.
    ///
    /// - Parameters:
    ///   - timestamp: Of the first packet of the stream from now on.
    ///   - stream: Where it comes from.
    ///   - former: What was forwarded before, if anything.
    ///   - newest: The newest output time, and when it was sent; `nil` before the first.
    ///   - rate: Ticks per second.
    ///   - now: The time.
    /// - Returns: The output's media time, later than all before.
    mutating func place(
        _ timestamp: UInt32,
        of stream: ReceiveStream,
        after former: ReceiveStream?,
        newest: (timestamp: UInt32, at: Instant)?,
        rate: UInt32,
        now: Instant
    ) -> UInt32 {
        guard let newest else {
            reference = (stream.parameters.ssrc, 0)
            return timestamp
        }
        let elapsed = Self.ticks(now - newest.at, rate)
        let offset = offset(of: stream, after: former, rate: rate)
        let limit = Self.ticks(Self.longestError, rate)
        if let offset {
            let ahead = Int64(Int32(bitPattern: timestamp &+ offset &- newest.timestamp))
            // Where it goes on about as time did, it is right to the millisecond.
            if abs(ahead - elapsed) < limit {
                reference = (stream.parameters.ssrc, offset)
                let least = Self.leastStep(rate)
                return ahead >= Int64(least) ? timestamp &+ offset : newest.timestamp &+ least
            }
        }
        let output = newest.timestamp &+ UInt32(truncatingIfNeeded: max(Int64(Self.leastStep(rate)), elapsed))
        reference = (stream.parameters.ssrc, output &- timestamp)
        return output
    }

    /// How far a packet lies behind what was sent last, by the sender's clock; `nil` where nothing tells.
    func lag(
        of timestamp: UInt32,
        of stream: ReceiveStream,
        after former: ReceiveStream,
        newest: UInt32,
        rate: UInt32
    ) -> Duration? {
        guard let offset = offset(of: stream, after: former, rate: rate) else { return nil }
        let behind = Int64(Int32(bitPattern: newest &- timestamp &- offset))
        return .nanoseconds(behind * 1_000_000_000 / Int64(max(1, rate)))
    }

    /// What turns the stream's media times into the output's, as far as the sender's reports tell.
    private func offset(of stream: ReceiveStream, after former: ReceiveStream?, rate: UInt32) -> UInt32? {
        guard let reference else { return nil }
        if reference.ssrc == stream.parameters.ssrc { return reference.offset }
        guard let former, reference.ssrc == former.parameters.ssrc,
            let before = former.senderReport?.info, let after = stream.senderReport?.info
        else { return nil }
        let apart = Int64(bitPattern: after.ntp.rawValue &- before.ntp.rawValue)
        return reference.offset &+ before.rtpTimestamp &- after.rtpTimestamp
            &+ UInt32(truncatingIfNeeded: Self.ticks(fixed: apart, rate))
    }

    private static func ticks(_ duration: Duration, _ rate: UInt32) -> Int64 {
        max(0, duration.wholeNanoseconds) / 1000 &* Int64(rate) / 1_000_000
    }

    /// Ticks in a stretch of 32.32 seconds.
    static func ticks(fixed: Int64, _ rate: UInt32) -> Int64 {
        (fixed >> 32) &* Int64(rate) &+ ((fixed & 0xFFFF_FFFF) &* Int64(rate)) >> 32
    }
}
