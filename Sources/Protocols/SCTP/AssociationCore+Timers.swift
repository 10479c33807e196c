// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

extension AssociationCore {
    /// When things are due; `nil` where they are not.
    struct Timers {
        /// INIT or COOKIE ECHO goes again: T1 of RFC 9260.
        var handshake: Instant?
        /// SHUTDOWN or SHUTDOWN ACK goes again: T2.
        var shutdown: Instant?
        /// What is under way counts as lost: T3.
        var retransmission: Instant?
        /// The end of a burst is probed.
        var probe: Instant?
        /// What was overtaken counts as lost.
        var loss: Instant?
        var heartbeat: Instant?
        /// A RE-CONFIG request goes again.
        var reset: Instant?

        var next: Instant? {
            let ceremony = earliest(earliest(handshake, shutdown), earliest(heartbeat, reset))
            return earliest(earliest(earliest(retransmission, probe), loss), ceremony)
        }
    }

    /// When ``handleTimeout(now:)`` is next due.
    var nextDeadline: Instant? {
        hasPeer ? earliest(timers.next, receiver.nextDeadline) : timers.next
    }

    /// Does what is due.
    ///
    /// Being late is no sign of trouble: a timer that should have run out many times meanwhile runs out once.
    mutating func handleTimeout(now: Instant) {
        isIdle = false
        if hasPeer { receiver.handleTimeout(now: now) }
        if take(\.handshake, now) { handshakeTimedOut(now: now) }
        if take(\.shutdown, now) { shutdownTimedOut(now: now) }
        if take(\.retransmission, now) { retransmissionTimedOut(now: now) }
        if take(\.loss, now) { lossTimedOut(now: now) }
        if take(\.probe, now) {
            pending.insert(.probe)
            congestion.allowPacket()
        }
        if take(\.reset, now) { resetTimedOut(now: now) }
        if take(\.heartbeat, now) { heartbeatTimedOut(now: now) }
    }

    /// Whether a timer has run out; it stands still then.
    private mutating func take(_ timer: WritableKeyPath<Timers, Instant?>, _ now: Instant) -> Bool {
        guard let deadline = timers[keyPath: timer], deadline <= now else { return false }
        timers[keyPath: timer] = nil
        return true
    }

    // MARK: Heartbeats

    /// Asks the peer whether it is there, when nothing else did since, RFC 9260 §8.3.
    private mutating func heartbeatTimedOut(now: Instant) {
        guard phase == .established, let interval = configuration.heartbeatInterval else { return }
        timers.heartbeat = now + interval
        if heartbeatSentAt != nil {
            heartbeatSentAt = nil
            guard countTimeout(now: now) else { return }
        }
        if let lastSent, now - lastSent < interval { return }
        heartbeatNonce = heartbeatNonce &* 0x5851_F42D_4C95_7F2D &+ 0x1405_7B7E_F767_814F
        heartbeatSentAt = now
        var writer = ByteWriter(reservingCapacity: 8)
        writer.write(heartbeatNonce)
        enqueue(.heartbeat(writer.bytes))
    }

    /// Takes in a HEARTBEAT, whose information goes back as it came, RFC 9260 §8.3.
    mutating func receiveHeartbeat(_ chunk: borrowing ChunkView) {
        guard chunk.bytes.count >= 8, chunk.bytes.count <= Self.echoedBytesLimit else {
            return breach()
        }
        enqueue(.heartbeatAck(chunk.value.copied()))
    }

    /// Takes in the answer to a HEARTBEAT.
    mutating func receiveHeartbeatAck(_ chunk: borrowing ChunkView, now: Instant) {
        guard let sentAt = heartbeatSentAt, let info = chunk.heartbeatInfo, info.count == 8,
            info.uint64(at: 0) == heartbeatNonce
        else { return }
        heartbeatSentAt = nil
        timeouts = 0
        timeout.sample(now - sentAt)
    }
}
