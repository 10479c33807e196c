// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletRTP
package import SwiftletWire

/// Tells a sender by REMB how much it may send: what we measure, or what the application allows.
///
/// A transport whose producers negotiated only REMB measures from abs-send-time and is told the result. With
/// transport-wide feedback the sender measures for itself, and REMB carries nothing but the application's limit.
///
/// - Note: draft-alvestrand-rmcat-remb-03.
package struct RembGenerator: Sendable {
    /// How often a measured estimate is told; at once when it falls by 3 % or more.
    package static let estimateInterval = Duration.seconds(1)
    /// How often a limit is told.
    package static let limitInterval = Duration.milliseconds(1500)
    /// How many times it is told that a limit no longer holds: REMB may get lost.
    package static let liftedRepetitions = 4
    /// The time between these.
    package static let liftedInterval = Duration.milliseconds(200)
    /// Streams that one REMB names at most.
    package static let maximumStreams = 16

    /// Whose estimate this is, in the packets' first source field.
    package var senderSSRC: UInt32
    /// Whether the estimate is measured here, not by the sender.
    package let measures: Bool
    /// The most the sender may send in bits per second, or 0 for no limit; see ``setMaxIncomingBitrate(_:now:)``.
    package private(set) var maxIncomingBitrate: UInt64 = 0

    private var estimator = ReceiveBitrateEstimator()
    private var streams: [UInt32] = []
    private var lastSent: Instant?
    private var lastBitrate: UInt64 = 0
    private var liftedLeft = 0
    private var deadline: Instant?

    /// - Parameters:
    ///   - measures: Whether abs-send-time is to be measured by; otherwise only a limit is told.
    ///   - senderSSRC: The first source field of the packets.
    package init(measures: Bool, senderSSRC: UInt32 = 0) {
        (self.measures, self.senderSSRC) = (measures, senderSSRC)
        streams.reserveCapacity(Self.maximumStreams)
    }

    /// What the path towards us carries in bits per second, as far as measured; `nil` before or without measuring.
    package var availableIncomingBitrate: UInt64? { measures ? estimator.bitrate : nil }

    /// When ``poll(now:into:in:)`` is to be called next.
    package var nextDeadline: Instant? { earliest(deadline, measures ? estimator.nextDeadline : nil) }

    /// Limits what the sender may send, or lifts the limit with 0; said at once, then again and again.
    package mutating func setMaxIncomingBitrate(_ bitrate: UInt64, now: Instant) {
        guard bitrate != maxIncomingBitrate else { return }
        liftedLeft = bitrate == 0 ? Self.liftedRepetitions : 0
        maxIncomingBitrate = bitrate
        deadline = now
    }

    /// Takes note of a packet.
    ///
    /// - Parameters:
    ///   - sendTime: The 24 bits of its abs-send-time, or `nil` when it carries none.
    ///   - arrival: When it reached the socket.
    ///   - size: Its bytes, RTP header included.
    ///   - ssrc: Its source.
    package mutating func record(sendTime: UInt32?, arrival: Instant, size: Int, ssrc: UInt32) {
        guard measures else { return }
        if streams.count < Self.maximumStreams, !streams.contains(ssrc) { streams.append(ssrc) }
        estimator.record(sendTime: sendTime, arrival: arrival, size: size)
        if estimator.bitrate != nil, deadline == nil { deadline = arrival }
        if let bitrate = estimator.bitrate, lastBitrate > 0, told(bitrate) * 100 <= lastBitrate * 97 {
            deadline = arrival
        }
    }

    /// Writes the REMB that is due; call until it returns `nil`.
    ///
    /// - Parameters:
    ///   - now: The current time.
    ///   - bytes: Where to write.
    ///   - room: What may be written to.
    /// - Returns: Bytes written, or `nil` when nothing is due.
    package mutating func poll(
        now: Instant,
        into bytes: inout MutableSpan<UInt8>,
        in room: Range<Int>
    ) -> Int? {
        if measures, estimator.advance(to: now) { streams.removeAll(keepingCapacity: true) }
        guard let due = deadline, now >= due else { return nil }
        let bitrate: UInt64
        if measures, !streams.isEmpty, let estimate = estimator.bitrate {
            bitrate = told(estimate)
            deadline = now + Self.estimateInterval
            // The estimate says by itself that a limit no longer holds.
            liftedLeft = 0
        } else if maxIncomingBitrate > 0 {
            bitrate = maxIncomingBitrate
            deadline = now + Self.limitInterval
        } else if liftedLeft > 0 {
            bitrate = 0
            liftedLeft -= 1
            deadline = liftedLeft > 0 ? now + Self.liftedInterval : nil
        } else {
            deadline = nil
            return nil
        }
        lastBitrate = bitrate
        return RTCPWriter.receiverEstimate(
            senderSSRC: senderSSRC,
            bitrate: bitrate,
            ssrcs: streams.span,
            into: &bytes,
            in: room
        )
    }

    /// What is told for a measured rate: never 0, which would lift every limit.
    private func told(_ bitrate: UInt64) -> UInt64 {
        max(1, maxIncomingBitrate > 0 ? min(bitrate, maxIncomingBitrate) : bitrate)
    }
}
