// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletWire

/// One end of an SCTP association as WebRTC uses it: one path, inside DTLS, RFC 9260 with RFC 8261.
///
/// Told the time and handed packets; what it has to say is written into the caller's buffer, and what befell it waits
/// in ``poll()``. Either end may ``connect(now:)``, or both at once.
package final class SCTPAssociation {
    /// Something that befell the association.
    package enum Output: Hashable, Sendable {
        case stateChanged(SCTPState)
        /// A message arrived, whole.
        case message(SCTPMessage)
        /// The peer will begin anew on these streams, whose messages so far have all been delivered.
        ///
        /// None stands for all of them.
        case incomingStreamsReset([UInt16])
        /// The peer agreed that we begin anew on these streams.
        case outgoingStreamsReset([UInt16])
        /// A stream's buffered amount fell to its threshold.
        case bufferedAmountLow(stream: UInt16, amount: Int)
    }

    private var core: AssociationCore

    /// - Parameters:
    ///   - configuration: Fixed for life.
    ///   - random: Where tag, first TSN and cookie key come from; not kept.
    package init(_ configuration: SCTPConfiguration, random: some RandomNumberGenerator) {
        core = AssociationCore(configuration, random: random)
    }

    package var configuration: SCTPConfiguration { core.configuration }
    package var state: SCTPState { core.state }
    /// What was agreed, once it was.
    package var negotiated: SCTPNegotiated? { core.negotiated }
    package var counters: SCTPCounters { core.counters }

    // MARK: Beginning and end

    /// Begins the handshake; does nothing when it is under way or over.
    package func connect(now: Instant) { core.connect(now: now) }

    /// Ends in agreement, after what is queued has been acknowledged, RFC 9260 §9.2.
    package func shutdown(now: Instant) { core.shutdown(now: now) }

    /// Ends at once and tells the peer, RFC 9260 §9.1.
    package func abort(now: Instant) { core.abort(now: now) }

    // MARK: Messages

    /// Queues a message, also before the handshake is done.
    ///
    /// - Parameters:
    ///   - message: What to send; its payload is shared, not copied.
    ///   - now: When its lifetime begins.
    /// - Returns: The stream's buffered amount, this message included.
    /// - Throws: ``SCTPSendError``, and then the message counts as never handed over.
    package func send(_ message: SCTPMessage, now: Instant) throws(SCTPSendError) -> Int {
        try core.send(message, now: now)
    }

    /// Begins anew on an outgoing stream, once what is queued on it was sent; RFC 6525 §5.1.2.
    ///
    /// Until ``Output/outgoingStreamsReset(_:)`` names it, nothing can be sent on it. Does nothing when the peer does
    /// not know how.
    package func resetStream(_ stream: UInt16, now: Instant) { core.resetStream(stream, now: now) }

    /// Bytes of a stream that have not been sent yet.
    package func bufferedAmount(of stream: UInt16) -> Int { core.bufferedAmount(of: stream) }

    /// Bytes that all streams hold, sent or not, until they are acknowledged.
    package var bufferedAmount: Int { core.bufferedAmount }

    /// Bytes that are held for messages received in part, out of order, or not polled.
    package var heldBytes: Int { core.heldBytes }

    /// Asks for ``Output/bufferedAmountLow(stream:amount:)`` whenever the amount falls from above `bytes` to it or below.
    package func setBufferedAmountLowThreshold(_ bytes: Int, of stream: UInt16) {
        core.setBufferedAmountLowThreshold(bytes, of: stream)
    }

    // MARK: Packets and time

    /// Takes in one packet.
    package func receive(_ packet: Span<UInt8>, now: Instant) { core.receive(packet, now: now) }

    /// Writes the next packet.
    ///
    /// - Parameters:
    ///   - packet: Where to, ``SCTPConfiguration/maximumPacketSize`` bytes at least.
    ///   - now: When it leaves.
    /// - Returns: Its length, or 0 when there is nothing to send now.
    package func transmit(into packet: inout MutableSpan<UInt8>, now: Instant) -> Int {
        core.transmit(into: &packet, now: now)
    }

    /// Whether ``transmit(into:now:)`` may have something; never so once it had nothing and nothing happened since.
    package var hasPacketsToSend: Bool { core.hasPacketsToSend }

    /// When ``handleTimeout(now:)`` is next due.
    package var nextDeadline: Instant? { core.nextDeadline }

    /// Does what is due.
    ///
    /// Being late is no sign of trouble: a timer that should have run out many times meanwhile runs out once.
    package func handleTimeout(now: Instant) { core.handleTimeout(now: now) }

    /// What befell the association, oldest first.
    package func poll() -> Output? { core.poll() }
}
