// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// Chunks from the first unacknowledged to the last sent, found by their TSN.
///
/// TSNs are numbered on beyond 32 bits, so that order needs no circle. Work per acknowledgement is bounded by the
/// chunks under way, whose number is bounded by ``limit``.
struct OutstandingData {
    /// Chunks under way at most; gap blocks reach to 65,535.
    static let limit = 16_384
    /// A packet counts as lost when one that left so many later has arrived, RFC 9260 §7.2.4.
    ///
    /// Packets are counted and not SACKs, since one SACK may stand for many packets, and may be lost; a chunk that was
    /// sent again counts by its last packet, so that its second loss is found like its first.
    static let packetsForLoss: Int64 = 3
    /// Quarters of a round trip by which packets may overtake each other, at most.
    static let maximumReordering = 4

    /// What an acknowledgement told.
    struct Report {
        /// Bytes that were under way or taken for lost, and arrived.
        var bytes = 0
        var advanced = false
        /// The round trip of a chunk that was sent once.
        var roundTrip: Duration?
        /// Chunks found to be lost.
        var losses = 0
        /// When those will be that may merely have been overtaken.
        var lossDeadline: Instant?
    }

    /// Slots by chunk number; a power of two of them, grown on need.
    private var ring: [SentChunk]
    /// The first chunk not acknowledged cumulatively.
    private(set) var first: Int64
    /// The next chunk to be sent.
    private(set) var next: Int64
    /// Bytes under way.
    private(set) var flight = 0
    /// Bytes held, under way or not.
    private(set) var bytes = 0
    /// Chunks to be sent again, and where the search for them begins.
    private(set) var lostCount = 0
    private var lostHint: Int64
    /// Chunks reported beyond gaps.
    private(set) var acknowledgedCount = 0
    /// Chunks never to be sent again that are still held.
    private(set) var abandonedCount = 0
    /// The last chunk that the peer need not wait for, RFC 3758 §3.5: Advanced.Peer.Ack.Point.
    var advancedPoint: Int64
    /// Chunks before it give no round trip: one sample is on its way already.
    private var nextSample: Int64
    /// The packet being written, and the latest known to have arrived.
    private var packet: Int64 = 1
    private var arrivedPacket: Int64 = 0
    /// Whether an arrival may say something of chunks that left before.
    private var isSuspicious = false
    /// The shortest round trip seen.
    private var shortestRoundTrip = Duration.milliseconds(1)
    private var hasRoundTrip = false
    /// Quarters of a round trip by which packets overtake each other; grows when chunks turn out not to have been lost.
    private var reordering = 1
    /// Messages given up, since last asked.
    var abandonedMessages = 0
    /// Messages given up with bytes that have not been cut; to be dropped by the owner, who is told at once.
    var toDrop = Fifo<OutgoingMessage>()

    init(firstTSN: UInt32) {
        ring = Array(repeating: SentChunk(), count: 64)
        first = Int64(firstTSN)
        (next, lostHint, nextSample, advancedPoint) = (first, first, first, first - 1)
    }

    var isEmpty: Bool { first == next }
    var count: Int { Int(next - first) }
    var isFull: Bool { count >= Self.limit }
    /// The last chunk acknowledged cumulatively.
    var cumulative: Int64 { first - 1 }

    /// The number of the chunk on the wire.
    static func tsn(_ number: Int64) -> UInt32 { UInt32(truncatingIfNeeded: number) }

    /// The number that `tsn` stands for, nearest to the first chunk held.
    func number(of tsn: UInt32) -> Int64 { first &+ Int64(Int32(bitPattern: tsn &- Self.tsn(first))) }

    @inline(__always)
    private func slot(_ number: Int64) -> Int { Int(truncatingIfNeeded: number) & (ring.count &- 1) }

    /// The chunk, which is held.
    func chunk(_ number: Int64) -> SentChunk { ring[slot(number)] }

    // MARK: Sending

    /// Takes note that the chunks to come leave in another packet.
    mutating func endPacket() { packet += 1 }

    /// Takes note of a new fragment that leaves.
    ///
    /// - Returns: Its number.
    mutating func append(_ fragment: SendQueue.Fragment, now: Instant) -> Int64 {
        if count == ring.count { grow() }
        let message = fragment.message
        let number = next
        if fragment.offset == 0 { message.first = number }
        message.last = number
        next += 1
        let index = slot(number)
        ring[index] = SentChunk(
            message: message,
            offset: Int32(truncatingIfNeeded: fragment.offset),
            length: Int32(truncatingIfNeeded: fragment.length),
            index: fragment.index,
            isLast: fragment.isLast,
            transmissions: 1,
            sentAt: now,
            packet: packet
        )
        flight += fragment.length
        bytes += fragment.length
        return number
    }

    /// Takes a number for the unsent end of a message that was given up, so that there is something to skip.
    mutating func appendPlaceholder(for message: OutgoingMessage) {
        if count == ring.count { grow() }
        message.last = next
        ring[slot(next)] = SentChunk(message: message, index: message.fragments, state: .abandoned, isLast: true)
        abandonedCount += 1
        next += 1
    }

    private mutating func grow() {
        var larger = [SentChunk](repeating: SentChunk(), count: ring.count * 2)
        for number in first..<next { larger[Int(truncatingIfNeeded: number) & (larger.count - 1)] = chunk(number) }
        ring = larger
    }

    /// The first chunk to be sent again; what is not worth it any more is given up on the way.
    mutating func nextLost(now: Instant) -> Int64? {
        while lostCount > 0, lostHint < next {
            let chunk = chunk(lostHint)
            if chunk.state == .lost {
                guard let message = chunk.message, isSpent(chunk, of: message, now: now) else { return lostHint }
                abandon(message)
            }
            lostHint += 1
        }
        return nil
    }

    /// Takes note that a lost chunk, or the last one as a probe, leaves again.
    mutating func resent(_ number: Int64, now: Instant) {
        let index = slot(number)
        if ring[index].state == .lost {
            ring[index].state = .inFlight
            lostCount -= 1
            flight += Int(ring[index].length)
        }
        ring[index].transmissions &+= 1
        ring[index].sentAt = now
        ring[index].packet = packet
    }

    /// The last chunk under way, for a probe.
    var lastInFlight: Int64? {
        var number = next - 1
        while number >= first {
            if ring[slot(number)].state == .inFlight { return number }
            number -= 1
        }
        return nil
    }

    // MARK: Losing

    /// Whether a lost chunk is not worth sending again, RFC 7496.
    private func isSpent(_ chunk: SentChunk, of message: OutgoingMessage, now: Instant) -> Bool {
        if Int(chunk.transmissions) > message.retransmissions { return true }
        if let expiry = message.expiry { return now >= expiry }
        return false
    }

    /// Takes a chunk under way for lost.
    private mutating func lose(_ number: Int64, now: Instant) {
        let index = slot(number)
        let chunk = ring[index]
        guard chunk.state == .inFlight, let message = chunk.message else { return }
        guard !isSpent(chunk, of: message, now: now) else { return abandon(message) }
        ring[index].state = .lost
        flight -= Int(chunk.length)
        lostCount += 1
        lostHint = min(lostHint, number)
    }

    /// Takes all that is under way for lost, after a timeout.
    mutating func loseAll(now: Instant) {
        for number in first..<next {
            let index = slot(number)
            if ring[index].state == .acknowledged, ring[index].isDoubtful {
                ring[index].state = .inFlight
                acknowledgedCount -= 1
                flight += Int(ring[index].length)
            }
            lose(number, now: now)
        }
    }

    /// Gives a message up, with all its fragments.
    mutating func abandon(_ message: OutgoingMessage) {
        guard !message.isAbandoned else { return }
        message.isAbandoned = true
        abandonedMessages += 1
        if message.rest > 0 { toDrop.append(message) }
        guard message.last >= first else { return }
        for number in max(message.first, first)...message.last {
            let index = slot(number)
            guard ring[index].message === message else { continue }
            switch ring[index].state {
            case .inFlight: flight -= Int(ring[index].length)
            case .lost: lostCount -= 1
            case .acknowledged: acknowledgedCount -= 1
            case .abandoned: continue
            }
            ring[index].state = .abandoned
            abandonedCount += 1
        }
    }

    // MARK: Acknowledgements

    /// Whether the number was sent, or is the one before all.
    func wasSent(_ cumulative: Int64) -> Bool { cumulative < next }

    /// Takes in a SACK whose cumulative TSN was sent and is not before the last.
    mutating func acknowledge(_ sack: borrowing SackView, roundTrip: Duration, now: Instant) -> Report {
        var report = Report()
        advance(to: number(of: sack.cumulativeTSN), now: now, report: &report)
        if sack.gapBlockCount > 0 || acknowledgedCount > 0 { applyGaps(sack, now: now, report: &report) }
        if sack.duplicateCount > 0 { noteDuplicates(sack) }
        if isSuspicious || sack.gapBlockCount > 0 { detectLosses(roundTrip: roundTrip, now: now, report: &report) }
        return report
    }

    /// Allows for more reordering when a chunk that was sent again had arrived before.
    private mutating func noteDuplicates(_ sack: borrowing SackView) {
        for index in 0..<min(sack.duplicateCount, 32) {
            let number = number(of: sack.duplicate(at: index))
            // What is acknowledged keeps its place until another takes it.
            guard number < next, number >= next - Int64(ring.count), ring[slot(number)].wasOvertaken else { continue }
            ring[slot(number)].wasOvertaken = false
            reordering = min(reordering + 1, Self.maximumReordering)
            return
        }
    }

    /// Takes note that a chunk's packet arrived.
    @inline(__always)
    private mutating func noteArrival(at index: Int, now: Instant) {
        let sent = ring[index].packet
        if ring[index].transmissions > 1 {
            // It may have been the first that arrived, RFC 8985 §6.2.
            guard now - ring[index].sentAt >= shortestRoundTrip else { return }
            isSuspicious = true
        }
        arrivedPacket = max(arrivedPacket, sent)
    }

    /// Forgets chunks up to `cumulative`.
    mutating func advance(to cumulative: Int64, now: Instant, report: inout Report) {
        guard cumulative >= first, cumulative < next else { return }
        let mask = ring.count &- 1
        var sample: Instant?
        for number in first...cumulative {
            let index = Int(truncatingIfNeeded: number) & mask
            let (state, length) = (ring[index].state, Int(ring[index].length))
            bytes -= length
            switch state {
            case .inFlight:
                flight -= length
                report.bytes += length
                noteArrival(at: index, now: now)
                if ring[index].transmissions == 1, number >= nextSample { sample = ring[index].sentAt }
            case .lost:
                lostCount -= 1
                report.bytes += length
                noteArrival(at: index, now: now)
            case .acknowledged: acknowledgedCount -= 1
            case .abandoned: abandonedCount -= 1
            }
            ring[index].message = nil
        }
        first = cumulative + 1
        lostHint = max(lostHint, first)
        advancedPoint = max(advancedPoint, cumulative)
        report.advanced = true
        guard let sample else { return }
        let roundTrip = now - sample
        report.roundTrip = roundTrip
        shortestRoundTrip = hasRoundTrip ? min(shortestRoundTrip, roundTrip) : roundTrip
        hasRoundTrip = true
        nextSample = next
    }

    /// Goes once through the chunks that the gap blocks cover, and those between.
    private mutating func applyGaps(_ sack: borrowing SackView, now: Instant, report: inout Report) {
        var number = first
        for index in 0..<sack.gapBlockCount {
            let block = sack.gapBlock(at: index)
            let (start, end) = (first - 1 + Int64(block.start), min(first - 1 + Int64(block.end), next - 1))
            guard start <= end else { break }
            while number < start {
                doubt(number)
                number += 1
            }
            while number <= end {
                arrive(number, now: now, report: &report)
                number += 1
            }
        }
        while acknowledgedCount > 0, number < next {
            doubt(number)
            number += 1
        }
    }

    @inline(__always)
    private mutating func arrive(_ number: Int64, now: Instant, report: inout Report) {
        let index = slot(number)
        let length = Int(ring[index].length)
        switch ring[index].state {
        case .inFlight: flight -= length
        case .lost: lostCount -= 1
        case .acknowledged:
            ring[index].isDoubtful = false
            return
        case .abandoned: return
        }
        ring[index].state = .acknowledged
        ring[index].isDoubtful = false
        acknowledgedCount += 1
        report.bytes += length
        noteArrival(at: index, now: now)
    }

    /// Takes note that a chunk reported once is not reported now.
    ///
    /// Hardly ever was it taken back: SACKs overtake each other, and list so many blocks and no more. So it is sent again
    /// only once a timeout says that something is amiss, as RFC 6675 §5.1 has it for TCP.
    @inline(__always)
    private mutating func doubt(_ number: Int64) {
        if ring[slot(number)].state == .acknowledged { ring[slot(number)].isDoubtful = true }
    }

    /// Takes for lost what left well before a packet that has arrived, by number or by time, RFC 8985 §6.2.
    mutating func detectLosses(roundTrip: Duration, now: Instant, report: inout Report) {
        isSuspicious = false
        let (threshold, patience) = (Self.packetsForLoss * Int64(reordering), roundTrip + roundTrip * reordering / 4)
        for number in first..<next {
            let index = slot(number)
            guard ring[index].state == .inFlight, ring[index].packet < arrivedPacket else { continue }
            let due = ring[index].sentAt + patience
            if ring[index].packet <= arrivedPacket - threshold || due <= now {
                lose(number, now: now)
                ring[index].wasOvertaken = true
                report.losses += 1
            } else {
                isSuspicious = true
                report.lossDeadline = earliest(report.lossDeadline, due)
            }
        }
    }
}
