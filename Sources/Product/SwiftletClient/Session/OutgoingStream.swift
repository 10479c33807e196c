// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletRTP
import SwiftletWire

/// One RTP stream that a client sends: numbers, times and what may be asked for again.
final class OutgoingStream {
    /// A packet as it left.
    struct Sent {
        var sequence: UInt16
        var timestamp: UInt32
        var packet: SourcePacket
    }

    /// Packets kept for retransmission.
    static let historyLength = 1024

    let plan: OutgoingPlan
    private var source: any PacketSource
    /// Rollovers and number of the next packet; SRTP wants the first in the lower half.
    private(set) var sequence: UInt64
    private(set) var rtxSequence: UInt64
    private let offset: UInt32
    private var history: [Sent?] = []
    private var origin: Instant?
    private var newest: (timestamp: UInt32, at: Instant)?
    /// When its next frame is due; `nil` before the start and behind the end.
    private(set) var nextFrame: Instant?
    var wantsKeyFrame = true
    var statistics = PublicationStatistics.Encoding()

    init(_ plan: OutgoingPlan, random: inout SeededRandom) {
        (self.plan, source) = (plan, plan.source)
        sequence = UInt64.random(in: 1..<0x8000, using: &random)
        rtxSequence = UInt64.random(in: 1..<0x8000, using: &random)
        offset = UInt32.random(in: 0...UInt32.max, using: &random)
        statistics.ssrc = plan.ssrc
    }

    /// Begins to send, or goes on with a key frame.
    func start(now: Instant) {
        if origin == nil { origin = now }
        nextFrame = now
        wantsKeyFrame = true
    }

    func stop() { nextFrame = nil }

    func setActiveSpatialLayers(_ count: Int) { source.setActiveSpatialLayers(count) }

    /// The frame that is due, with its media time.
    func takeFrame(capture: Int64) -> (frame: SourceFrame, timestamp: UInt32)? {
        guard let due = nextFrame, let origin,
            let frame = source.next(capture: capture, wantsKeyFrame: wantsKeyFrame)
        else {
            nextFrame = nil
            return nil
        }
        if frame.isKeyFrame { wantsKeyFrame = false }
        nextFrame = due + max(frame.duration, .microseconds(100))
        let timestamp = offset &+ (frame.timestamp ?? ticks(due - origin))
        newest = (timestamp, due)
        statistics.frames &+= 1
        if frame.isKeyFrame { statistics.keyFrames &+= 1 }
        return (frame, timestamp)
    }

    /// Leaves out what should have been sent long ago.
    func skip(to now: Instant) { nextFrame = now }

    /// Notes a packet, and gives it its number.
    func take(_ packet: SourcePacket, timestamp: UInt32) -> UInt64 {
        defer { sequence += 1 }
        statistics.packets &+= 1
        statistics.bytes &+= UInt64(packet.payload.count)
        guard plan.rtx != nil else { return sequence }
        if history.isEmpty { history = Array(repeating: nil, count: Self.historyLength) }
        let number = UInt16(truncatingIfNeeded: sequence)
        history[Int(number) % Self.historyLength] = Sent(sequence: number, timestamp: timestamp, packet: packet)
        return sequence
    }

    /// What was sent under a number that is asked for, and the number of its retransmission.
    func takeRetransmission(of number: UInt16) -> (sent: Sent, index: UInt64)? {
        guard !history.isEmpty, let sent = history[Int(number) % Self.historyLength], sent.sequence == number else {
            statistics.retransmissionsMissed &+= 1
            return nil
        }
        statistics.retransmissions &+= 1
        defer { rtxSequence += 1 }
        return (sent, rtxSequence)
    }

    /// What a sender report says, RFC 3550 §6.4.1; `nil` before a packet left.
    func senderInfo(now: Instant, ntp: NTPTime) -> RTCPSenderInfo? {
        guard let newest, statistics.packets > 0 else { return nil }
        return RTCPSenderInfo(
            ntp: ntp,
            rtpTimestamp: newest.timestamp &+ ticks(now - newest.at),
            packetCount: UInt32(truncatingIfNeeded: statistics.packets),
            octetCount: UInt32(truncatingIfNeeded: statistics.bytes)
        )
    }

    func receive(_ block: RTCPReportBlock, ntp: NTPTime) {
        statistics.packetsLost = Int64(block.cumulativeLost)
        if let roundTrip = block.roundTrip(at: ntp.compact) {
            statistics.roundTrip = .nanoseconds(Int64(roundTrip) * 1_000_000_000 / 65_536)
        }
    }

    private func ticks(_ duration: Duration) -> UInt32 {
        let (seconds, rest) = duration.wholeNanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        let rate = Int64(plan.clockRate)
        return UInt32(truncatingIfNeeded: seconds &* rate &+ rest * rate / 1_000_000_000)
    }
}

/// What is published under one id.
final class OutgoingMediaStreams {
    let plan: PublicationPlan
    let streams: [OutgoingStream]
    /// Which of the streams are wanted; those that do not exist yet count.
    var isWanted: [Bool]
    var isPaused = false
    var worstLag = Duration.zero
    var framesSkipped: UInt64 = 0

    init(_ plan: PublicationPlan, random: inout SeededRandom) {
        self.plan = plan
        var streams: [OutgoingStream] = []
        for stream in plan.streams { streams.append(OutgoingStream(stream, random: &random)) }
        self.streams = streams
        isWanted = Array(repeating: true, count: streams.count)
    }

    var statistics: PublicationStatistics {
        var statistics = PublicationStatistics()
        for (index, stream) in streams.enumerated() {
            var encoding = stream.statistics
            encoding.isActive = isWanted[index] && !isPaused
            statistics.encodings.append(encoding)
        }
        (statistics.worstLag, statistics.framesSkipped) = (worstLag, framesSkipped)
        return statistics
    }
}
