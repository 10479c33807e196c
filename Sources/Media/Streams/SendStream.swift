// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletRTP
package import SwiftletWire

/// What one consumer sends: an SSRC of its own, its numbering, its retransmissions and the reports about it.
///
/// Idle, it takes less than 2 kB. The map of what was sent begins with the first packet and grows with the packet
/// rate to at most 16 kB, for video at over a thousand packets a second; the packets stay in the producer's store.
package final class SendStream {
    /// What negotiation fixed about the stream.
    package struct Parameters: Sendable {
        package var kind: StreamKind
        package var ssrc: UInt32
        package var payloadType: UInt8
        /// Ticks of media time per second.
        package var clockRate: UInt32
        /// SSRC and payload type of retransmissions; without them a packet is sent again as it was.
        package var rtxSSRC: UInt32?
        package var rtxPayloadType: UInt8?
        /// Whether lost packets may be asked for.
        package var usesNack: Bool

        package init(
            kind: StreamKind,
            ssrc: UInt32,
            payloadType: UInt8,
            clockRate: UInt32,
            rtxSSRC: UInt32? = nil,
            rtxPayloadType: UInt8? = nil,
            usesNack: Bool
        ) {
            (self.kind, self.ssrc, self.payloadType, self.clockRate) = (kind, ssrc, payloadType, clockRate)
            (self.rtxSSRC, self.rtxPayloadType, self.usesNack) = (rtxSSRC, rtxPayloadType, usesNack)
        }
    }

    /// The answer to being asked for a packet again.
    package enum Resend: Equatable, Sendable {
        /// Send it again, if the producer's store still has its source.
        case packet(SentPacket)
        /// Never sent, or too long ago.
        case unknown
        /// Sent again less than a round trip ago: that copy is still under way.
        case tooSoon
        /// Sent again ``resendLimit`` times already.
        case exhausted
    }

    /// Least time between sending one packet again and again, however short the round trip is said to be.
    package static let shortestResend = Duration.milliseconds(10)
    /// How often one packet is sent again at most.
    package static let resendLimit: UInt8 = 10

    package let parameters: Parameters
    /// Output numbering of the media SSRC.
    ///
    /// Private, as is the next: so the compiler sees every access, and checks none at run time.
    private var numbers: SequenceRewriter
    /// Output media time.
    private var clock = TimestampRewriter()
    /// Media packets that left.
    package private(set) var media = TrafficCounter()
    /// Retransmissions that left.
    package private(set) var retransmissions = TrafficCounter()
    /// Lost packets that were sent again, each counted once.
    package private(set) var repairedCount: UInt64 = 0
    /// NACK messages received and the packet numbers they asked for.
    package private(set) var nackCount: UInt64 = 0
    package private(set) var nackedPacketCount: UInt64 = 0
    /// Round trip to the receiver, once a report told it.
    package private(set) var roundTrip: Duration?
    /// The share lost by the newest report, in 1/256.
    package private(set) var fractionLost: UInt8 = 0
    /// Packets lost by the newest report; negative when more arrived than were expected.
    package private(set) var packetsLost: Int32 = 0
    /// Interarrival jitter by the newest report, in ticks of media time.
    package private(set) var jitter: UInt32 = 0

    /// Packets that share a source: where they begin, and what turns the stored ones into the sent ones.
    private struct Run: BitwiseCopyable {
        var firstOutput: Int64
        /// The number of the first at the source.
        var firstSource: Int64
        /// The newest number at the source, which the halves in the map are extended by.
        var newestSource: Int64
        var clockOffset: UInt32
        var encoding: UInt8
    }

    private var nextRTX: Int64
    private var sent: RetransmissionMap
    /// The newest first; older runs are of no use to anybody who asks in time.
    private var runs = InlineArray<4, Run>(
        repeating: Run(firstOutput: .max, firstSource: 0, newestSource: 0, clockOffset: 0, encoding: 0)
    )
    private var payloadBytes: UInt64 = 0
    private var newest: (timestamp: UInt32, at: Instant)?
    private var scores = ScoreTracker()
    private var scored: (passed: UInt64, lost: Int32, repaired: UInt64, retransmitted: UInt64) = (0, 0, 0, 0)
    private var reference: (compact: UInt32, arrival: Instant)?

    /// Makes a stream whose first sequence numbers come from `random`.
    package init(_ parameters: Parameters, using random: inout some RandomNumberGenerator) {
        self.parameters = parameters
        numbers = SequenceRewriter(first: SequenceRewriter.randomFirst(using: &random))
        nextRTX = SequenceRewriter.randomFirst(using: &random)
        let limits = PacketStore.Limits.limits(for: parameters.kind)
        sent = RetransmissionMap(
            retention: limits.retention,
            limit: parameters.kind == .video ? 2048 : 256
        )
    }

    // MARK: Sending

    /// What a packet of the source becomes.
    package struct Placement: BitwiseCopyable, Sendable {
        /// Its extended output number.
        package var output: Int64
        /// Its media time as sent.
        package var timestamp: UInt32
        /// Whether it is the newest so far.
        package var isNewest: Bool
    }

    /// Gives a packet its output number and time and takes note of it, or `nil` where it has no place.
    ///
    /// In one step, since it is done for every packet and consumer.
    package func place(
        _ source: Int64,
        timestamp: UInt32,
        patch: PacketPatch = PacketPatch(),
        now: Instant
    ) -> Placement? {
        guard let output = numbers.map(source) else { return nil }
        let time = clock.map(timestamp)
        let isNewest = output == numbers.newestOutput
        if let newest, Int32(bitPattern: time &- newest.timestamp) <= 0 {
            // A later packet of the same frame, or a late one, says nothing new about the media clock.
        } else {
            newest = (time, now)
        }
        if parameters.usesNack {
            if isNewest {
                // More than these cannot be told apart by half a number: of a longer run, the rest is one of its own.
                if source &- runs[0].firstSource > Int64(Int16.max) {
                    beginRun(output: output, source: source, encoding: runs[0].encoding)
                }
                runs[0].newestSource = source
            }
            sent.add(output: output, source: source, patch: patch, now: now)
        }
        return Placement(output: output, timestamp: time, isNewest: isNewest)
    }

    /// The extended number of the newest packet, or one less than the first before there was any.
    package var newestOutput: Int64 { numbers.newestOutput }

    /// The newest media time as sent, or `nil` before the first packet.
    package var newestTimestamp: UInt32? { clock.newest }

    /// Makes `source` the next packet, `gap` numbers being skipped; earlier ones have no place from now on.
    ///
    /// - Parameters:
    ///   - source: The first packet of a source, or where an old one goes on.
    ///   - gap: 1 when the last frame sent was cut off, else 0.
    ///   - encoding: Which of the producer's streams it is.
    package func synchronize(to source: Int64, gap: Int64 = 0, encoding: UInt8 = 0) {
        numbers.synchronize(to: source, gap: gap)
        beginRun(output: numbers.newestOutput &+ 1 &+ gap, source: source, encoding: encoding)
    }

    private func beginRun(output: Int64, source: Int64, encoding: UInt8) {
        for index in stride(from: runs.count - 1, to: 0, by: -1) { runs[index] = runs[index - 1] }
        runs[0] = Run(
            firstOutput: output,
            firstSource: source,
            newestSource: source,
            clockOffset: clock.offset,
            encoding: encoding
        )
    }

    /// Leaves a packet out, closing the hole it would make.
    ///
    /// - Returns: Whether it was left out; a late one is not, and what it would have filled stays open.
    @discardableResult
    package func drop(_ source: Int64) -> Bool { numbers.drop(source) }

    /// The output number that a late packet has, though nothing is to be forwarded of it; `nil` where it has none.
    package func number(of source: Int64) -> Int64? { numbers.peek(source) }

    /// What media time `timestamp` of the source would be sent as.
    package func timestamp(for timestamp: UInt32) -> UInt32 { timestamp &+ clock.offset }

    /// From now on media time `timestamp` of the source is sent as `output`.
    package func synchronize(timestamp: UInt32, to output: UInt32) {
        clock.synchronize(timestamp, to: output)
        runs[0].clockOffset = clock.offset
    }

    /// Counts media packets that leave, their sizes and payloads together.
    package func countSent(size: Int, payload: Int, packets: Int = 1, now: Instant) {
        media.add(size, packets: packets, now: now)
        payloadBytes &+= UInt64(clamping: payload)
    }

    /// Counts a retransmission that leaves.
    package func countResent(_ packet: SentPacket, size: Int, now: Instant) {
        retransmissions.add(size, now: now)
        if packet.resends == 1 { repairedCount &+= 1 }
    }

    /// The extended number of the next retransmission, on the retransmission SSRC.
    package func takeRTXSequence() -> Int64 {
        defer { nextRTX &+= 1 }
        return nextRTX
    }

    /// Takes note of a NACK message that asks for `packets` packets; then ``resend(_:now:)`` for each.
    package func countNack(packets: Int) {
        nackCount &+= 1
        nackedPacketCount &+= UInt64(clamping: packets)
    }

    /// Looks up the packet that was sent under the number `sequence`, to send it again now.
    package func resend(_ sequence: UInt16, now: Instant) -> Resend {
        let newest = numbers.newestOutput
        let output = newest &+ Int64(Int16(truncatingIfNeeded: Int64(sequence) &- newest))
        guard output <= newest else { return .unknown }
        var place = 0
        while place < runs.count, output < runs[place].firstOutput { place += 1 }
        guard place < runs.count else { return .unknown }
        let run = runs[place]
        let interval = max(roundTrip ?? RoundTrip.initial, Self.shortestResend)
        switch sent.resend(output: output, interval: interval, now: now) {
        case .unknown: return .unknown
        case .tooSoon: return .tooSoon
        case .exhausted: return .exhausted
        case .entry(let entry):
            let back = Int16(truncatingIfNeeded: Int64(entry.source) &- run.newestSource)
            return .packet(
                SentPacket(
                    source: run.newestSource &+ Int64(back),
                    output: output,
                    clockOffset: run.clockOffset,
                    patch: PacketPatch(
                        value: UInt32(entry.patch.0) | UInt32(entry.patch.1) << 16,
                        flags: PacketPatch.Flags(rawValue: entry.state >> 4 & 7)
                    ),
                    encoding: run.encoding,
                    resends: entry.state & 0x0F
                )
            )
        }
    }

    /// How many packets the map of what was sent has room for.
    package var mapCapacity: Int { sent.capacity }

    /// Forgets what was sent, when the consumer pauses: what lies before a pause is no use after it.
    package func forgetSent() { sent.removeAll() }

    // MARK: Reports

    /// The sender information for a report now, RFC 3550 §6.4.1.
    ///
    /// - Parameters:
    ///   - now: The time.
    ///   - ntp: The same as wall time.
    ///   - source: The source's media time at that moment by its own sender's reports, where those are known; else media
    ///     time goes on from the newest packet as the clock does.
    /// - Returns: `nil` before a packet left.
    package func senderInfo(now: Instant, ntp: NTPTime, source: UInt32? = nil) -> RTCPSenderInfo? {
        guard let newest, media.packets > 0 else { return nil }
        return RTCPSenderInfo(
            ntp: ntp,
            rtpTimestamp: source.map { $0 &+ clock.offset }
                ?? newest.timestamp &+ Self.ticks(now - newest.at, rate: parameters.clockRate),
            packetCount: UInt32(truncatingIfNeeded: media.packets),
            octetCount: UInt32(truncatingIfNeeded: payloadBytes)
        )
    }

    /// Takes a report block about the media SSRC, which arrived at wall time `ntp`.
    ///
    /// - Returns: How many packets were sent since the report before.
    @discardableResult
    package func receive(_ block: RTCPReportBlock, ntp: NTPTime) -> Int {
        let measured = RoundTrip.duration(
            now: ntp.compact,
            last: block.lastSenderReport,
            delay: block.delaySinceLastSenderReport
        )
        if let measured { roundTrip = measured }
        (fractionLost, packetsLost, jitter) = (block.fractionLost, block.cumulativeLost, block.jitter)
        let interval = ScoreInterval(
            passed: Int64(clamping: media.packets &- scored.passed),
            lost: Int64(packetsLost) - Int64(scored.lost),
            repaired: Int64(clamping: repairedCount &- scored.repaired),
            retransmitted: Int64(clamping: retransmissions.packets &- scored.retransmitted),
            hasRTX: parameters.rtxSSRC != nil
        )
        scored = (media.packets, packetsLost, repairedCount, retransmissions.packets)
        scores.push(interval.passed > 0 ? interval.score : 10)
        return Int(interval.passed)
    }

    /// Takes the receiver's reference time, to be answered with ``delaySinceReference(now:)``, RFC 3611 §4.4.
    package func receive(referenceTime ntp: NTPTime, now: Instant) { reference = (ntp.compact, now) }

    /// The answer to the newest reference time, which `ssrc` sent, once one came, RFC 3611 §4.5.
    package func delaySinceReference(to ssrc: UInt32, now: Instant) -> RTCPDelaySinceReference? {
        guard let reference else { return nil }
        return RTCPDelaySinceReference(
            ssrc: ssrc,
            lastReport: reference.compact,
            delay: RoundTrip.compact(now - reference.arrival)
        )
    }

    /// Bits per second of late, media and retransmissions.
    package func bitrate(now: Instant) -> UInt64 { media.bitrate(now: now) &+ retransmissions.bitrate(now: now) }

    /// Quality of what arrives at the receiver, from 0 to 10.
    package var score: UInt8 { scores.score }

    /// The score, if it changed since the last call.
    package func takeScoreChange() -> UInt8? { scores.takeChange() }

    /// Starts the score afresh at 10, when the source changes.
    package func resetScore() { scores.reset(to: 10) }

    private static func ticks(_ duration: Duration, rate: UInt32) -> UInt32 {
        let nanoseconds = max(0, duration.wholeNanoseconds)
        let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        return UInt32(truncatingIfNeeded: seconds &* Int64(rate) &+ rest * Int64(rate) / 1_000_000_000)
    }
}
