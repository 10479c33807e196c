// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import CUsrsctp
import Glibc
package import SwiftletSCTP
package import SwiftletWire

/// An association of libusrsctp's, with our association's interface.
///
/// The stack is one for the process and has one clock, so associations of it live on one thread at a time, and whoever
/// drives them moves their time on with ``UsrsctpClock``.
@safe
package final class UsrsctpAssociation {
    package struct Configuration: Sendable {
        /// The longest packet, SCTP's header in it.
        package var maximumPacketSize = 1188
        package var sendBufferSize = 2_000_000
        package var receiveWindow = 5_242_880
        package var streams: UInt16 = 65_535
        package var offersInterleaving = false
        /// Whether messages are counted on arrival and dropped.
        package var countsOnly = false

        package init() {}
    }

    private let peer: OpaquePointer
    private var waiting: [SCTPAssociation.Output] = []
    package private(set) var state: SCTPState = .new
    /// Messages that it says it gave up.
    package private(set) var givenUp = 0

    package init?(_ configuration: Configuration = Configuration()) {
        let options = usrsctp_options(
            packet_size: UInt32(configuration.maximumPacketSize),
            send_buffer: UInt32(configuration.sendBufferSize),
            receive_buffer: UInt32(configuration.receiveWindow),
            streams: configuration.streams,
            interleaving: configuration.offersInterleaving,
            counts_only: configuration.countsOnly
        )
        let made = unsafe withUnsafePointer(to: options) { unsafe usrsctp_peer_make($0) }
        guard let made = unsafe made else { return nil }
        unsafe peer = made
    }

    deinit { unsafe usrsctp_peer_free(peer) }

    package func connect(now: Instant) {
        guard state == .new else { return }
        change(unsafe usrsctp_peer_connect(peer) ? .connecting : .failed)
    }

    /// Waits for the other end to begin.
    package func listen() -> Bool { unsafe usrsctp_peer_listen(peer) }

    package func receive(_ packet: Span<UInt8>, now: Instant) {
        unsafe packet.withUnsafeBufferPointer { bytes in
            unsafe usrsctp_peer_receive(peer, bytes.baseAddress, bytes.count)
        }
    }

    package func send(_ message: SCTPMessage, now: Instant) throws(SCTPSendError) {
        let status = send(message)
        switch status {
        case 0: return
        case EWOULDBLOCK: throw .sendBufferFull
        case EMSGSIZE: throw .messageTooLong
        case EINVAL: throw .invalidStream
        default: throw .closed
        }
    }

    private func send(_ message: SCTPMessage) -> Int32 {
        var (retransmissions, milliseconds) = (Int64(-1), Int64(-1))
        switch message.reliability {
        case .reliable: break
        case .retransmissions(let count): retransmissions = Int64(count)
        case .lifetime(let duration): milliseconds = duration.wholeNanoseconds / 1_000_000
        }
        return unsafe message.payload.withUnsafeBufferPointer { bytes in
            unsafe usrsctp_peer_send(
                peer,
                message.stream,
                message.payloadProtocol.rawValue,
                message.isUnordered,
                retransmissions,
                milliseconds,
                bytes.baseAddress,
                bytes.count
            )
        }
    }

    /// Resets an outgoing stream; false while the stack does not take it, which happens while it has data for it.
    package func resetStreams(_ streams: [UInt16]) -> Bool {
        unsafe streams.withUnsafeBufferPointer { unsafe usrsctp_peer_reset(peer, $0.baseAddress, $0.count) } == 0
    }

    package func shutdown(now: Instant) { _ = unsafe usrsctp_peer_shutdown(peer) }

    package func abort(now: Instant) { _ = unsafe usrsctp_peer_abort(peer) }

    /// Writes the next packet; returns its length, or 0 when there is none.
    package func transmit(into packet: inout MutableSpan<UInt8>, now: Instant) -> Int {
        var count = 0
        guard let bytes = unsafe usrsctp_peer_packet(peer, &count), count <= packet.count else { return 0 }
        unsafe packet.withUnsafeMutableBufferPointer { room in
            unsafe room.baseAddress?.update(from: bytes, count: count)
        }
        unsafe usrsctp_peer_drop_packet(peer)
        return count
    }

    /// Hands the next packet straight to the other end, without a copy between; false when there is none.
    package func passPacket(to other: UsrsctpAssociation) -> Bool {
        var count = 0
        guard let bytes = unsafe usrsctp_peer_packet(peer, &count) else { return false }
        unsafe usrsctp_peer_receive(other.peer, bytes, count)
        unsafe usrsctp_peer_drop_packet(peer)
        return true
    }

    package func poll() -> SCTPAssociation.Output? {
        while waiting.isEmpty {
            let event = unsafe usrsctp_peer_event(peer)
            guard unsafe event.kind != usrsctp_no_event else { return nil }
            unsafe take(event)
        }
        return waiting.removeFirst()
    }

    @unsafe private func take(_ event: usrsctp_event) {
        let bytes = unsafe UnsafeBufferPointer(start: event.bytes, count: event.count)
        switch unsafe event.kind {
        case usrsctp_connected: change(.connected)
        case usrsctp_lost: change(.failed)
        case usrsctp_shut: change(.closed)
        case usrsctp_given_up: givenUp += 1
        case usrsctp_incoming_reset: waiting.append(.incomingStreamsReset(unsafe numbers(bytes)))
        case usrsctp_outgoing_reset: waiting.append(.outgoingStreamsReset(unsafe numbers(bytes)))
        case usrsctp_message:
            let message = unsafe SCTPMessage(
                stream: event.stream,
                payloadProtocol: SCTPPayloadProtocol(rawValue: event.payload_protocol),
                payload: Array(bytes),
                isUnordered: event.unordered
            )
            waiting.append(.message(message))
        default: break
        }
    }

    @unsafe private func numbers(_ bytes: UnsafeBufferPointer<UInt8>) -> [UInt16] {
        // In the machine's byte order.
        stride(from: 0, to: bytes.count - 1, by: 2).map { place in
            unsafe UInt16(littleEndian: UInt16(bytes[place]) | UInt16(bytes[place + 1]) << 8)
        }
    }

    private func change(_ new: SCTPState) {
        guard new != state else { return }
        state = new
        waiting.append(.stateChanged(new))
    }

    /// Messages and bytes that arrived.
    package var arrived: (messages: Int, bytes: Int) {
        var (messages, bytes) = (UInt64(0), UInt64(0))
        unsafe usrsctp_peer_counts(peer, &messages, &bytes)
        return (Int(messages), Int(bytes))
    }

    /// The round trip that it has measured, by its own clock.
    package var roundTrip: Duration { .milliseconds(unsafe usrsctp_peer_round_trip(peer)) }

    /// Streams agreed on, each way.
    package var negotiatedStreams: (outgoing: UInt16, incoming: UInt16)? {
        var (outgoing, incoming) = (UInt16(0), UInt16(0))
        guard unsafe usrsctp_peer_streams(peer, &outgoing, &incoming) else { return nil }
        return (outgoing, incoming)
    }
}

/// The one clock of libusrsctp's.
package enum UsrsctpClock {
    /// Moves it on and runs its timers.
    package static func advance(by duration: Duration) {
        usrsctp_advance(UInt64(max(0, duration.wholeNanoseconds)))
    }
}
