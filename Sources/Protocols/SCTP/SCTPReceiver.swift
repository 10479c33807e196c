// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletWire

/// The receiving half of an association: what has arrived, what a SACK says and when, and messages put together.
///
/// For each packet: ``receive(_:)-(DataChunkView)`` and ``receive(_:)-(ForwardTSNView)`` for its chunks in order, then
/// ``endPacket(now:)``, then ``poll()`` until it has nothing.
package final class SCTPReceiver {
    /// What became of a DATA or I-DATA chunk.
    package enum Reception: Hashable, Sendable {
        case accepted
        case duplicate
        /// Not taken and not acknowledged, for want of room; the peer sends it again.
        case dropped
        /// Acknowledged, but on a stream beyond those agreed: to be reported, RFC 9260 §6.5.
        case invalidStream
        /// Without bytes: the association is to be aborted, RFC 9260 §6.2.
        case noUserData
        /// Of a message longer than allowed: the association is to be aborted.
        case messageTooLong
        /// Against the rules of fragments, or the wrong kind of data: the association is to be aborted.
        case violation
        /// Incomplete messages fill the window and more: the association is to be aborted, for it cannot go on.
        case exhausted
    }

    /// Something for the association's owner.
    package enum Event: Hashable, Sendable {
        case message(SCTPMessage)
        /// The peer began anew on these streams; none stands for all.
        case streamsReset([UInt16])
    }

    /// How long an acknowledgement may wait, RFC 9260 §6.2.
    package static let acknowledgementDelay: Duration = .milliseconds(200)

    private let isInterleaved: Bool
    /// Streams that the peer may send on; more may be granted as it goes.
    package var incomingStreams: UInt16
    private let window: Int
    private var tsns: ReceivedTSNs
    private var queue: ReassemblyQueue
    private var pendingReset: PendingReset?

    private var sawData = false
    private var wantsSack = false
    private var hasAcknowledged = false
    private var unacknowledgedPackets = 0
    /// Whether a SACK should leave now.
    package private(set) var sackIsDue = false
    /// When ``handleTimeout(now:)`` is due.
    package private(set) var nextDeadline: Instant?

    /// - Parameters:
    ///   - initialTSN: The peer's first TSN.
    ///   - isInterleaved: Whether messages come as I-DATA.
    ///   - incomingStreams: How many streams the peer may send on.
    ///   - maximumMessageSize: Bytes of a message at most.
    ///   - window: Bytes held before the peer has to wait; half as much again is the utmost.
    package init(
        initialTSN: UInt32,
        isInterleaved: Bool,
        incomingStreams: UInt16,
        maximumMessageSize: Int,
        window: Int
    ) {
        (self.isInterleaved, self.incomingStreams, self.window) = (isInterleaved, incomingStreams, window)
        tsns = ReceivedTSNs(initialTSN: initialTSN)
        queue = ReassemblyQueue(isInterleaved: isInterleaved, maximumMessageSize: maximumMessageSize)
    }

    /// The newest TSN before which nothing is missing.
    package var cumulativeTSN: UInt32 { tsns.cumulative }

    /// Bytes held for messages that are incomplete, wait for others or were not polled, with what each piece costs.
    package var heldBytes: Int { queue.heldBytes + (pendingReset?.heldBytes ?? 0) }

    /// What a SACK, INIT or INIT ACK says there is room for.
    package var advertisedWindow: UInt32 { UInt32(clamping: window - heldBytes) }

    /// Takes in a DATA or I-DATA chunk.
    package func receive(_ data: borrowing DataChunkView) -> Reception {
        let (header, past) = (data.header, tsns.cumulative)
        guard data.isInterleaved == isInterleaved else { return .violation }
        guard !data.payload.isEmpty else { return .noUserData }
        sawData = true
        if header.flags.contains(.immediate) { wantsSack = true }
        switch tsns.place(of: header.tsn) {
        case .duplicate:
            tsns.noteDuplicate(header.tsn)
            wantsSack = true
            return .duplicate
        case .outside:
            wantsSack = true
            return .dropped
        case .ahead:
            // The last tenth of the window is for what closes gaps.
            guard heldBytes < window - window / 10 else {
                wantsSack = true
                return .dropped
            }
        case .next:
            guard heldBytes < window + window / 2 else { return .exhausted }
        }
        guard header.stream < incomingStreams else {
            tsns.insert(header.tsn)
            return advance(from: past, after: .invalidStream)
        }
        if var pending = pendingReset, pending.holds(header) {
            pendingReset = nil
            pending.hold(header, data.payload)
            pendingReset = pending
            tsns.insert(header.tsn)
            return advance(from: past, after: .accepted)
        }
        let reception = queue.insert(header, payload: data.payload)
        switch reception {
        case .accepted:
            tsns.insert(header.tsn)
            return advance(from: past, after: .accepted)
        case .dropped:
            wantsSack = true
            return .dropped
        default:
            return reception
        }
    }

    /// Takes in a FORWARD-TSN or I-FORWARD-TSN.
    ///
    /// - Returns: `false` when it is of the wrong kind, and the association is to be aborted.
    package func receive(_ forward: borrowing ForwardTSNView) -> Bool {
        guard forward.isInterleaved == isInterleaved else { return false }
        (sawData, wantsSack) = (true, true)
        let past = tsns.cumulative
        guard tsns.forward(to: forward.cumulativeTSN) else { return true }
        queue.skip(forward, below: incomingStreams)
        _ = advance(from: past, after: .accepted)
        return true
    }

    /// Begins anew on the peer's streams, as soon as everything has arrived that it sent on them before, RFC 6525
    /// §5.2.2.
    ///
    /// - Returns: Performed; in progress while something is missing, in which case the peer asks again; wrong SSN when
    ///   a stream does not exist; already in progress when another request waits.
    package func reset(_ request: OutgoingReset) -> ReconfigurationResult {
        guard request.streams.allSatisfy({ $0 < incomingStreams }) else { return .wrongSSN }
        if let pendingReset {
            return pendingReset.request == request.request ? .inProgress : .alreadyInProgress
        }
        guard request.lastTSN.isNewer(than: tsns.cumulative) else {
            queue.reset(request.streams)
            return .performed
        }
        pendingReset = PendingReset(request)
        return .inProgress
    }

    /// Whether a reset waits for what the peer sent before it.
    package var hasPendingReset: Bool { pendingReset != nil }

    /// Concludes a packet, of which it decides how urgent its acknowledgement is, RFC 9260 §6.2.
    package func endPacket(now: Instant) {
        guard sawData else { return }
        sawData = false
        unacknowledgedPackets += 1
        if wantsSack || !hasAcknowledged || unacknowledgedPackets >= 2 || tsns.hasGaps {
            sackIsDue = true
        } else if nextDeadline == nil {
            nextDeadline = now + Self.acknowledgementDelay
        }
    }

    /// Does what is due.
    package func handleTimeout(now: Instant) {
        guard let deadline = nextDeadline, now >= deadline else { return }
        nextDeadline = nil
        sackIsDue = true
    }

    /// Asks for a SACK without data to acknowledge, as in answer to a SHUTDOWN or when the window opens.
    package func requestSack() { sackIsDue = true }

    /// Whether a packet that leaves anyway should take a SACK along.
    package var hasUnacknowledgedData: Bool { sackIsDue || nextDeadline != nil }

    /// Writes a SACK.
    ///
    /// - Returns: Whether it fitted, and so is no longer due.
    package func writeSack(with writer: inout PacketWriter, into packet: inout MutableSpan<UInt8>) -> Bool {
        let blocks = tsns.hasGaps ? tsns.gapBlocks : []
        guard
            writer.appendSack(
                cumulativeTSN: tsns.cumulative,
                advertisedWindow: advertisedWindow,
                gapBlocks: blocks.span,
                duplicates: tsns.duplicates.span,
                into: &packet
            )
        else { return false }
        tsns.clearDuplicates()
        (sackIsDue, wantsSack, hasAcknowledged, nextDeadline) = (false, false, true, nil)
        unacknowledgedPackets = 0
        return true
    }

    /// What befell, oldest first.
    package func poll() -> Event? { queue.poll() }

    /// Lets the queue know how far things have come, and performs a reset that waited for it.
    private func advance(from past: UInt32, after reception: Reception) -> Reception {
        queue.cumulativeAdvanced(from: past, to: tsns.cumulative)
        guard let pending = pendingReset, !pending.lastTSN.isNewer(than: tsns.cumulative) else { return reception }
        pendingReset = nil
        queue.reset(pending.streams)
        var outcome = reception
        for fragment in pending.fragments {
            let late = queue.insert(fragment.header, payload: fragment.bytes.span)
            if late == .violation || late == .messageTooLong { outcome = late }
        }
        queue.cumulativeAdvanced(from: pending.lastTSN, to: tsns.cumulative)
        return outcome
    }
}

/// A reset that waits for what the peer sent before it, with what came that it sent after it.
private struct PendingReset {
    let request: UInt32
    let lastTSN: UInt32
    let streams: [UInt16]
    private let set: Set<UInt16>
    private(set) var fragments: [ReassemblyQueue.Fragment] = []
    private(set) var heldBytes = 0

    init(_ reset: OutgoingReset) {
        (request, lastTSN, streams) = (reset.request, reset.lastTSN, reset.streams)
        set = Set(reset.streams)
    }

    /// Whether a fragment belongs to what comes after the reset.
    func holds(_ header: DataChunkHeader) -> Bool {
        header.tsn.isNewer(than: lastTSN) && (streams.isEmpty || set.contains(header.stream))
    }

    mutating func hold(_ header: DataChunkHeader, _ payload: Span<UInt8>) {
        fragments.append(ReassemblyQueue.Fragment(header: header, bytes: payload.copied()))
        heldBytes += payload.count + ReassemblyQueue.pieceOverhead
    }
}
