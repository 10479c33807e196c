// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

extension AssociationCore {
    // MARK: SACK

    /// Takes in a SACK, RFC 9260 §6.2.1.
    mutating func receiveSack(_ chunk: borrowing ChunkView, now: Instant) {
        guard let sack = try? SackView(chunk) else { return breach() }
        let cumulative = outstanding.number(of: sack.cumulativeTSN)
        guard cumulative < outstanding.next else {
            // RFC 9260 §6.2.1 leaves open what becomes of one who acknowledges what was never sent.
            return breach()
        }
        guard cumulative >= outstanding.cumulative else { return }
        if sack.gapBlockCount > 0 {
            let end = sack.gapBlock(at: sack.gapBlockCount - 1).end
            guard cumulative + Int64(end) < outstanding.next else { return breach() }
        }
        let report = outstanding.acknowledge(sack, roundTrip: roundTrip, now: now)
        peerWindow = Int(sack.advertisedWindow)
        conclude(report, now: now)
    }

    /// Takes in a cumulative TSN that came without gap blocks, as in SHUTDOWN.
    mutating func receiveCumulative(_ tsn: UInt32, now: Instant) {
        let cumulative = outstanding.number(of: tsn)
        guard cumulative < outstanding.next, cumulative >= outstanding.cumulative else { return }
        var report = OutstandingData.Report()
        outstanding.advance(to: cumulative, now: now, report: &report)
        conclude(report, now: now)
    }

    /// The round trip as far as known.
    private var roundTrip: Duration { timeout.smoothed ?? timeout.current }

    /// Draws the consequences of an acknowledgement.
    private mutating func conclude(_ report: OutstandingData.Report, now: Instant) {
        if let roundTrip = report.roundTrip { timeout.sample(roundTrip) }
        if report.advanced || report.bytes > 0 {
            timeouts = 0
            timeout.recover()
        }
        congestion.acknowledged(
            bytes: report.bytes,
            cumulative: outstanding.cumulative,
            advanced: report.advanced,
            wasFull: isWindowFull
        )
        if report.bytes > 0 { isProbing = false }
        if report.losses > 0 { repair(report.losses) }
        timers.loss = report.lossDeadline
        dropAbandoned(now: now)
        if outstanding.advancedPoint > outstanding.cumulative, mayForwardAgain(now: now) {
            pending.insert(.forward)
        }
        if report.advanced { timers.retransmission = nil }
        if outstanding.isEmpty {
            (timers.retransmission, timers.probe, timers.loss) = (nil, nil, nil)
            isProbing = false
        } else if timers.retransmission == nil, phase != .cookieEchoed {
            timers.retransmission = now + timeout.current
        }
        if report.bytes > 0 { armProbe(now: now) }
        proceedWithShutdown(now: now)
    }

    /// Begins to repair losses that later arrivals gave away, RFC 9260 §7.2.4.
    private mutating func repair(_ losses: Int) {
        counters.fastRetransmissions += UInt64(losses)
        timers.probe = nil
        if congestion.lost(last: outstanding.next - 1) { pending.insert(.fastRetransmission) }
    }

    /// Takes for lost what has been overtaken for too long.
    mutating func lossTimedOut(now: Instant) {
        var report = OutstandingData.Report()
        outstanding.detectLosses(roundTrip: roundTrip, now: now, report: &report)
        timers.loss = report.lossDeadline
        if report.losses > 0 { repair(report.losses) }
        dropAbandoned(now: now)
    }

    // MARK: Giving up

    /// Drops the unsent rests of messages given up, and has the peer told to wait no longer.
    mutating func dropAbandoned(now: Instant) {
        while let message = outstanding.toDrop.popFirst() {
            _ = queue.dropRest(of: message)
            outstanding.appendPlaceholder(for: message)
        }
        if outstanding.abandonedMessages > 0 || queue.expired > 0 {
            counters.abandonedMessages += UInt64(outstanding.abandonedMessages + queue.expired)
            (outstanding.abandonedMessages, queue.expired) = (0, 0)
        }
        if outstanding.advancePoint() { pending.insert(.forward) }
        if outstanding.lostCount == 0 { pending.remove(.fastRetransmission) }
    }

    /// Whether the last FORWARD-TSN is long enough ago to be taken for lost.
    private mutating func mayForwardAgain(now: Instant) -> Bool {
        guard let lastForward else { return true }
        return now - lastForward >= (timeout.smoothed ?? timeout.current)
    }

    /// Writes FORWARD-TSN or I-FORWARD-TSN.
    mutating func writeForward(
        with writer: inout PacketWriter,
        into packet: inout MutableSpan<UInt8>,
        now: Instant
    ) {
        pending.remove(.forward)
        guard outstanding.advancedPoint > outstanding.cumulative else { return }
        let room = (writer.room - ForwardTSNView.fixedLength) / (isInterleaving ? 8 : 4)
        let limit = min(room, Self.skippedStreamsLimit)
        guard limit > 0 else {
            pending.insert(.forward)
            return
        }
        let (point, streams) = outstanding.skipped(limit: limit, interleaving: isInterleaving)
        guard point > outstanding.cumulative else { return }
        _ = writer.appendForwardTSN(
            cumulativeTSN: OutstandingData.tsn(point),
            streams: streams.span,
            isInterleaved: isInterleaving,
            into: &packet
        )
        lastForward = now
        if timers.retransmission == nil { timers.retransmission = now + timeout.current }
    }

    // MARK: Timers

    /// Takes all that is under way for lost, RFC 9260 §6.3.3.
    mutating func retransmissionTimedOut(now: Instant) {
        (timers.retransmission, timers.probe, timers.loss) = (nil, nil, nil)
        isProbing = false
        guard !outstanding.isEmpty else { return }
        counters.timeouts += 1
        guard countTimeout(now: now) else { return }
        timeout.backOff()
        congestion.timedOut()
        outstanding.loseAll(now: now)
        dropAbandoned(now: now)
        if outstanding.advancedPoint > outstanding.cumulative { pending.insert(.forward) }
        if outstanding.lostCount == 0 { timers.retransmission = now + timeout.current }
    }

    /// Has the end of a burst probed when its acknowledgement is late, RFC 8985 §7.2.
    mutating func armProbe(now: Instant) {
        timers.probe = nil
        guard let smoothed = timeout.smoothed, !isProbing, outstanding.lostCount == 0,
            outstanding.flight > 0,
            mayExchangeData
        else { return }
        let isAlone = outstanding.flight <= packetSize
        let wait =
            max(smoothed + smoothed, .milliseconds(10))
            + (isAlone ? SCTPReceiver.acknowledgementDelay : .zero)
        let due = now + wait
        if let deadline = timers.retransmission, deadline <= due { return }
        timers.probe = due
    }

    /// Takes note of a pause before something is sent.
    mutating func noteIdle(now: Instant) {
        guard let lastSent else { return congestion.idled(timeouts: 0) }
        let pause = (now - lastSent).wholeNanoseconds
        congestion.idled(timeouts: Int(clamping: pause / max(1, timeout.current.wholeNanoseconds)))
    }

    /// Counts a timeout of any kind.
    ///
    /// - Returns: Whether the association goes on.
    mutating func countTimeout(now: Instant) -> Bool {
        timeouts += 1
        guard let limit = configuration.maximumRetransmissions, timeouts > limit else { return true }
        fail(now: now)
        return false
    }
}
