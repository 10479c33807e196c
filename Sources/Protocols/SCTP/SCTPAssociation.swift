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
        case incomingStreamsReset([UInt16])
        /// The peer agreed that we begin anew on these streams.
        case outgoingStreamsReset([UInt16])
        /// A stream's buffered amount fell to its threshold.
        case bufferedAmountLow(stream: UInt16, amount: Int)
    }

    package let configuration: SCTPConfiguration
    package private(set) var state: SCTPState = .new
    /// What was agreed, once it was.
    package private(set) var negotiated: SCTPNegotiated?
    package private(set) var counters = SCTPCounters()

    /// - Parameters:
    ///   - configuration: Fixed for life.
    ///   - random: Where tag, first TSN and cookie key come from; not kept.
    package init(_ configuration: SCTPConfiguration, random: some RandomNumberGenerator) {
        self.configuration = configuration
    }

    /// Begins the handshake; does nothing when it is under way or over.
    package func connect(now: Instant) {}

    /// Takes in one packet.
    package func receive(_ packet: Span<UInt8>, now: Instant) {}

    /// Queues a message, also before the handshake is done.
    ///
    /// - Returns: The stream's buffered amount, this message included.
    package func send(_ message: SCTPMessage, now: Instant) throws(SCTPSendError) -> Int { throw .closed }

    /// Begins anew on an outgoing stream, once what is queued on it was sent; RFC 6525 §5.1.2.
    package func resetStream(_ stream: UInt16, now: Instant) {}

    /// Bytes of a stream that have not been sent yet.
    package func bufferedAmount(of stream: UInt16) -> Int { 0 }

    /// Asks for ``Output/bufferedAmountLow(stream:amount:)`` whenever the amount falls from above `bytes` to it or below.
    package func setBufferedAmountLowThreshold(_ bytes: Int, of stream: UInt16) {}

    /// Ends in agreement, after what is queued has been acknowledged, RFC 9260 §9.2.
    package func shutdown(now: Instant) {}

    /// Ends at once and tells the peer, RFC 9260 §9.1.
    package func abort(now: Instant) {}

    /// When ``handleTimeout(now:)`` is next due.
    package var nextDeadline: Instant? { nil }

    /// Does what is due.
    package func handleTimeout(now: Instant) {}

    /// Whether ``transmit(into:now:)`` may have something.
    package var hasPacketsToSend: Bool { false }

    /// Writes the next packet.
    ///
    /// - Parameter packet: At least ``SCTPConfiguration/maximumPacketSize`` bytes.
    /// - Returns: Its length, or 0 when there is nothing to send now.
    package func transmit(into packet: inout MutableSpan<UInt8>, now: Instant) -> Int { 0 }

    /// What befell the association, oldest first.
    package func poll() -> Output? { nil }
}
