// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletRTP
package import SwiftletWire

/// What arrives on one encoding of a producer: its media SSRC and the retransmissions that belong to it.
///
/// For each packet: ``receive(_:)`` or ``receiveRetransmission(_:payload:)`` first; what that accepts is appended to
/// ``store`` and fanned out. Duplicates stop here, so no consumer ever forwards a number twice.
package final class ReceiveStream {
    /// What negotiation fixed about the stream.
    package struct Parameters: Sendable {
        package var kind: StreamKind
        package var ssrc: UInt32
        package var payloadType: UInt8
        /// Ticks of media time per second.
        package var clockRate: UInt32
        /// Whether lost packets are asked for.
        package var usesNack: Bool
        /// Whether silence is part of the codec's life: longer windows then.
        package var usesDTX: Bool
        /// Whether a pause in arrivals makes the score 0: for producers of several encodings.
        package var watchesInactivity: Bool

        package init(
            kind: StreamKind,
            ssrc: UInt32,
            payloadType: UInt8,
            clockRate: UInt32,
            usesNack: Bool,
            usesDTX: Bool = false,
            watchesInactivity: Bool = false
        ) {
            (self.kind, self.ssrc, self.payloadType, self.clockRate) = (kind, ssrc, payloadType, clockRate)
            (self.usesNack, self.usesDTX, self.watchesInactivity) = (usesNack, usesDTX, watchesInactivity)
        }
    }

    /// One packet of the media or retransmission SSRC.
    package struct Packet: Sendable {
        package var sequence: UInt16
        package var timestamp: UInt32
        /// Bytes of the whole packet.
        package var size: Int
        package var isKeyFrame: Bool
        package var arrival: Instant

        package init(sequence: UInt16, timestamp: UInt32, size: Int, isKeyFrame: Bool = false, arrival: Instant) {
            (self.sequence, self.timestamp, self.size) = (sequence, timestamp, size)
            (self.isKeyFrame, self.arrival) = (isKeyFrame, arrival)
        }
    }

    /// What became of a packet.
    package enum Reception: Equatable, Sendable {
        case accepted(Acceptance)
        case discarded(Discard)
    }

    /// A packet to store and forward.
    package struct Acceptance: Equatable, Sendable {
        /// Its extended number, which no other packet of this stream ever gets.
        package var sequence: Int64
        /// Whether it is newer than all before.
        package var isNewest = false
        /// Whether numbering jumped: every consumer must synchronise its output anew.
        package var isResynchronized = false
        /// Whether only a key frame repairs what is missing before it.
        package var needsKeyFrame = false
    }

    /// Why a packet goes no further.
    package enum Discard: Equatable, Sendable {
        /// Seen before, or repaired meanwhile.
        case duplicate
        /// A jump in sequence numbers that nothing confirms yet.
        case implausible
        /// A retransmission without payload, which only probes for bandwidth.
        case probe
        /// A retransmission of what nobody missed, or before there was media.
        case unwanted
    }

    /// Pause in arrivals after which a stream counts as inactive: 1500 ms, or 5 s with DTX.
    package static func inactivityTimeout(usesDTX: Bool) -> Duration { .milliseconds(usesDTX ? 5000 : 1500) }

    package let parameters: Parameters
    /// The SSRC of its retransmissions, once known.
    package var rtxSSRC: UInt32?
    /// The packets of late.
    package let store: PacketStore
    /// Media packets that came, duplicates excluded.
    package private(set) var media: TrafficCounter
    /// Retransmission packets that came, probes included.
    package private(set) var retransmissions = TrafficCounter()
    /// Lost packets that a retransmission replaced.
    package private(set) var repairedCount: UInt64 = 0
    /// Media packets that went no further.
    package private(set) var discardedCount: UInt64 = 0
    /// Retransmissions that went no further.
    package private(set) var retransmissionsDiscardedCount: UInt64 = 0
    /// NACK batches and packet numbers asked for.
    package private(set) var nackCount: UInt64 = 0
    package private(set) var nackedPacketCount: UInt64 = 0
    /// Round trip to the sender, once an extended report told it, RFC 3611 §4.5.
    package private(set) var roundTrip: Duration?
    /// The share lost before the last report of ours, in 1/256.
    package private(set) var fractionLost: UInt8 = 0
    /// Whether packets arrive, as far as that is watched.
    package private(set) var isActive = true
    /// When the stream last became active.
    package private(set) var activeSince: Instant?
    /// The sender's report received last: its wall clock and media time, RFC 3550 §6.4.1.
    package private(set) var senderReport: (info: RTCPSenderInfo, arrival: Instant)?

    private var statistics: ReceptionStatistics
    private var rtxStatistics: ReceptionStatistics?
    private var seen: ReceivedBitmap
    private var recovered = ReceivedBitmap(span: 64)
    private let bitmapSpan: Int
    private var nack = NackGenerator()
    private var isPaused = false
    private var scores = ScoreTracker()
    private var scored: (expected: Int64, passed: Int64, repaired: UInt64, retransmitted: UInt64) = (0, 0, 0, 0)
    private var lastArrival: Instant?

    package init(_ parameters: Parameters, pool: PacketPool) {
        self.parameters = parameters
        store = PacketStore(pool: pool, limits: .limits(for: parameters.kind))
        media = TrafficCounter(window: .milliseconds(parameters.usesDTX ? 6000 : 2500))
        statistics = ReceptionStatistics(clockRate: parameters.clockRate)
        // Beyond the misorder limit, and as far back as lost packets are asked for.
        bitmapSpan = parameters.usesNack ? 16_384 : 2048
        seen = ReceivedBitmap(span: bitmapSpan)
    }

    // MARK: Packets

    /// Takes a packet of the media SSRC.
    package func receive(_ packet: Packet) -> Reception {
        var acceptance: Acceptance
        switch statistics.place(packet.sequence) {
        case .newest(let sequence): acceptance = Acceptance(sequence: sequence, isNewest: true)
        case .late(let sequence): acceptance = Acceptance(sequence: sequence)
        case .resynchronized(let sequence):
            acceptance = Acceptance(sequence: sequence, isNewest: true, isResynchronized: true)
            seen.removeAll()
            recovered.removeAll()
            nack.reset()
        case .implausible:
            discardedCount &+= 1
            return .discarded(.implausible)
        }
        guard seen.insert(acceptance.sequence) else {
            discardedCount &+= 1
            return .discarded(.duplicate)
        }
        statistics.count(acceptance.sequence)
        if acceptance.isNewest { statistics.updateJitter(timestamp: packet.timestamp, arrival: packet.arrival) }
        media.add(packet.size, now: packet.arrival)
        touch(packet.arrival)
        if recovered.contains(acceptance.sequence) {
            discardedCount &+= 1
            return .discarded(.duplicate)
        }
        if parameters.usesNack, !isPaused {
            acceptance.needsKeyFrame = nack.received(
                acceptance.sequence,
                timestamp: packet.timestamp,
                isKeyFrame: packet.isKeyFrame,
                now: packet.arrival
            )
        }
        return .accepted(acceptance)
    }

    /// Takes a packet of the retransmission SSRC; of its payload, what ``RTXPayload/headerLength`` leaves is media.
    package func receiveRetransmission(_ packet: Packet, payload: Span<UInt8>) -> Reception {
        retransmissions.add(packet.size, now: packet.arrival)
        if rtxStatistics == nil {
            rtxStatistics = ReceptionStatistics(clockRate: parameters.clockRate)
            recovered = ReceivedBitmap(span: bitmapSpan)
        }
        switch rtxStatistics?.place(packet.sequence) {
        case .newest(let sequence), .late(let sequence), .resynchronized(let sequence):
            rtxStatistics?.count(sequence)
        case .implausible, nil:
            return discardRetransmission(.implausible)
        }
        guard payload.count > RTXPayload.headerLength, let original = RTXPayload.originalSequence(in: payload) else {
            return .discarded(.probe)
        }
        guard statistics.isStarted else { return discardRetransmission(.unwanted) }
        let sequence = statistics.extend(original)
        guard nack.recovered(sequence), !seen.contains(sequence), recovered.insert(sequence) else {
            return discardRetransmission(.unwanted)
        }
        repairedCount &+= 1
        touch(packet.arrival)
        return .accepted(Acceptance(sequence: sequence))
    }

    /// Stops asking for lost packets, while the producer is paused and nobody would get them.
    package func pause() {
        isPaused = true
        nack.reset()
    }

    /// Asks for lost packets again.
    package func resume() { isPaused = false }

    // MARK: Time

    /// When to call ``advance(to:nacks:)``.
    package var nextDeadline: Instant? { earliest(nack.nextDeadline, inactivityDeadline) }

    /// Appends to `nacks` the numbers to ask for, ascending, and notices silence.
    package func advance(to now: Instant, nacks: inout [UInt16]) {
        let before = nacks.count
        nack.collect(now: now, into: &nacks)
        if nacks.count > before {
            nackCount &+= 1
            nackedPacketCount &+= UInt64(nacks.count - before)
        }
        if let deadline = inactivityDeadline, now >= deadline {
            isActive = false
            scores.reset(to: 0)
        }
    }

    private var inactivityDeadline: Instant? {
        guard parameters.watchesInactivity, isActive, let lastArrival else { return nil }
        return lastArrival + Self.inactivityTimeout(usesDTX: parameters.usesDTX)
    }

    private func touch(_ now: Instant) {
        lastArrival = now
        if activeSince == nil { activeSince = now }
        guard !isActive else { return }
        isActive = true
        activeSince = now
        scores.reset(to: 10)
        markScored()
    }

    private func discardRetransmission(_ reason: Discard) -> Reception {
        retransmissionsDiscardedCount &+= 1
        return .discarded(reason)
    }

    // MARK: Reports

    /// Takes a sender report about this stream; one without wall-clock time is ignored.
    package func receive(senderReport info: RTCPSenderInfo, now: Instant) {
        guard info.ntp.rawValue != 0 else { return }
        senderReport = (info, now)
        updateScore()
    }

    /// Takes the peer's answer to our receiver reference time, which arrived at wall time `ntp`, RFC 3611 §4.5.
    package func receive(delaySinceReference block: RTCPDelaySinceReference, ntp: NTPTime) {
        guard let measured = RoundTrip.duration(now: ntp.compact, last: block.lastReport, delay: block.delay) else {
            return
        }
        setRoundTrip(measured)
    }

    /// Takes a round trip that something else measured, such as reports about what we send the same peer.
    package func setRoundTrip(_ duration: Duration) {
        roundTrip = duration
        nack.setRoundTrip(duration)
    }

    /// The report block about the media SSRC, or `nil` before there was a packet; each call begins a new interval.
    ///
    /// `worstRemoteFraction` is what consumers lost of it, for senders that add in-band FEC by loss; else 0.
    package func report(now: Instant, worstRemoteFraction: UInt8 = 0) -> RTCPReportBlock? {
        guard statistics.isStarted else { return nil }
        fractionLost = statistics.takeFractionLost()
        // A sender that never reports is scored by our own clock instead.
        if senderReport == nil { updateScore() }
        return block(
            parameters.ssrc,
            statistics,
            fractionLost: max(fractionLost, worstRemoteFraction),
            echo: RoundTripEcho(senderReport, now: now)
        )
    }

    /// The report block about the retransmission SSRC, or `nil` while there is none.
    package func retransmissionReport(now: Instant) -> RTCPReportBlock? {
        guard let rtxSSRC, var statistics = rtxStatistics, statistics.isStarted else { return nil }
        let fraction = statistics.takeFractionLost()
        rtxStatistics = statistics
        return block(rtxSSRC, statistics, fractionLost: fraction, echo: RoundTripEcho(nil, now: now))
    }

    /// The largest extended number received, or `nil` before the first.
    ///
    /// Where a consumer begins at an older packet, those up to this one may wait in ``store`` already.
    package var newestSequence: Int64? { statistics.isStarted ? statistics.highest : nil }

    /// Packets lost since the start, before repair; negative when more came than were expected.
    package var packetsLost: Int64 { statistics.cumulativeLoss }

    /// Interarrival jitter in ticks of media time.
    package var jitter: UInt32 { statistics.jitter }

    /// Bits per second of late, media and retransmissions.
    package func bitrate(now: Instant) -> UInt64 { media.bitrate(now: now) &+ retransmissions.bitrate(now: now) }

    /// Quality of reception, from 0 to 10.
    package var score: UInt8 { scores.score }

    /// The score, if it changed since the last call.
    package func takeScoreChange() -> UInt8? { scores.takeChange() }

    private func block(
        _ ssrc: UInt32,
        _ statistics: ReceptionStatistics,
        fractionLost: UInt8,
        echo: RoundTripEcho
    ) -> RTCPReportBlock {
        RTCPReportBlock(
            ssrc: ssrc,
            fractionLost: fractionLost,
            cumulativeLost: statistics.clampedLoss,
            extendedHighestSequence: statistics.reportedHighest,
            jitter: statistics.jitter,
            lastSenderReport: echo.last,
            delaySinceLastSenderReport: echo.delay
        )
    }

    private func updateScore() {
        guard isActive, statistics.isStarted else { return }
        let expected = statistics.expected
        let passed = expected &- statistics.cumulativeLoss
        let interval = ScoreInterval(
            passed: passed &- scored.passed,
            lost: (expected &- scored.expected) &- (passed &- scored.passed),
            repaired: Int64(truncatingIfNeeded: repairedCount &- scored.repaired),
            retransmitted: Int64(truncatingIfNeeded: retransmissions.packets &- scored.retransmitted),
            hasRTX: rtxStatistics != nil
        )
        markScored()
        scores.push(interval.score)
    }

    private func markScored() {
        let expected = statistics.expected
        scored = (expected, expected &- statistics.cumulativeLoss, repairedCount, retransmissions.packets)
    }
}

/// The LSR and DLSR of a report block: which sender report came last, and how long ago.
private struct RoundTripEcho {
    var last: UInt32 = 0
    var delay: UInt32 = 0

    init(_ report: (info: RTCPSenderInfo, arrival: Instant)?, now: Instant) {
        guard let report else { return }
        last = report.info.ntp.compact
        delay = RoundTrip.compact(now - report.arrival)
    }
}
