// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletControl
package import SwiftletCrypto
import SwiftletDTLS
package import SwiftletWire

/// A whole SFU as one single-threaded machine: datagrams and requests in, datagrams and notifications out.
///
/// It owns no socket, clock, thread or lock: time is told to it, sockets are bound by its owner, and packets pass in
/// batches. One turn of its owner is: ``receive(_:now:)``, ``advance(to:)`` when ``nextDeadline`` has passed,
/// ``transmit(into:now:)`` until it returns `false` (reading the sockets in between), then ``poll()`` until `nil`.
package final class Engine {
    /// The numbers that bound it.
    package let limits: EngineLimits
    let board: Switchboard
    let certificate: Certificate

    /// - Parameters:
    ///   - certificate: What peers see in DTLS.
    ///   - limits: The numbers that bound it.
    ///   - wall: The tie between `Instant` and wall time.
    ///   - random: Unpredictable in production, seeded in tests.
    /// - Throws: ``ControlError`` when OpenSSL refuses the certificate.
    package init(
        certificate: Certificate,
        limits: EngineLimits = EngineLimits(),
        wall: WallClockAnchor,
        random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
    ) throws(ControlError) {
        (self.certificate, self.limits) = (certificate, limits)
        let dtls: DTLSContext
        do throws(DTLSContextError) {
            dtls = try DTLSContext(certificate: certificate)
        } catch {
            throw ControlError(.internal, "DTLS: \(error.reason)")
        }
        board = Switchboard(limits: limits, dtls: dtls, wall: wall, random: random)
    }

    /// Ties `Instant` to wall time anew, after a step of the system's clock.
    package func setWallClock(_ anchor: WallClockAnchor) { board.wall = anchor }

    /// When to call ``advance(to:)``, or `nil` to wait for packets and requests alone.
    package var nextDeadline: Instant? {
        let transports = board.earliest == .max ? nil : Instant(nanoseconds: board.earliest)
        let gathering = earliest(board.gatheringDeadline, board.observerDeadline)
        return earliest(earliest(transports, board.connectionDeadline), gathering)
    }

    /// Until when packets wait for company; until then nothing that arrives need be read either.
    package var gatheringDeadline: Instant? { board.gatheringDeadline }

    /// Does what is due at `now`.
    package func advance(to now: Instant) {
        board.moment = now.nanoseconds
        board.expireConnections(now: now)
        board.advance(to: now) { $0.advance(to: now) }
        board.advanceObservers(to: now)
    }

    /// Writes packets for the sockets: at most one batch, at most ``EngineLimits/packetsPerChunk``.
    ///
    /// - Returns: Whether more waits for another batch.
    package func transmit(into batch: inout TransmitBatch, now: Instant) -> Bool {
        board.endGathering(now: now)
        board.control.drain(into: &batch) { board.connections[$0] != nil }
        var budget = SendBudget(
            packets: limits.packetsPerChunk,
            bytes: limits.bytesPerChunk,
            absoluteSendTime: board.wall.ntp(at: now).absoluteSendTime
        )
        // Each transport at most once: what it has beyond one burst waits until the others had theirs.
        var visits = board.ready.count
        while visits > 0, budget.packets > 0, budget.bytes > 0, batch.hasRoomForMessage, let next = board.nextReady() {
            visits -= 1
            guard let transport = next else { continue }
            transport.isQueued = false
            if transport.flush(into: &batch, budget: &budget, now: now) { board.enqueueAgain(transport.slot) }
        }
        return !board.control.isEmpty || !board.ready.isEmpty
    }

    /// Tells that the system refused a message for good.
    ///
    /// - Parameters:
    ///   - message: What was refused.
    ///   - segmentationRefused: Whether the refusal was of a GSO run (EIO, EINVAL, EMSGSIZE): the destination gets
    ///     single packets from now on.
    package func sendFailed(_ message: TransmitBatch.Message, segmentationRefused: Bool) {
        board.counters.sendFailures &+= 1
        guard segmentationRefused,
            let slot = board.tuples.find(Tuple(socket: message.socket, remote: message.destination))
        else { return }
        board.counters.segmentationRefusals &+= 1
        board.transport(at: slot)?.usesRuns = false
    }

    /// The next thing the engine wants done or known, or `nil` when there is nothing.
    package func poll() -> EngineOutput? { board.nextOutputToTell() }
}
