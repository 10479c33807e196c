// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

extension AssociationCore {
    /// Ends in agreement, after what is queued has been acknowledged, RFC 9260 §9.2.
    mutating func shutdown(now: Instant) {
        isIdle = false
        switch phase {
        case .idle, .cookieWait: end(.closed)
        case .cookieEchoed: wantsShutdown = true
        case .established:
            wantsShutdown = true
            phase = .shutdownPending
            proceedWithShutdown(now: now)
        default: break
        }
    }

    /// Ends at once and tells the peer, RFC 9260 §9.1.
    mutating func abort(now: Instant) {
        abort(with: ErrorCause(.userInitiatedAbort), now: now)
    }

    mutating func abort(with cause: ErrorCause, now: Instant) {
        guard phase != .ended else { return }
        if peerTag != 0 { reply(.abort([cause]), to: peerTag) }
        end(.failed)
    }

    /// Gives up without a word.
    mutating func fail(now: Instant) { end(.failed) }

    private mutating func end(_ state: SCTPState) {
        phase = .ended
        (timers, pending, control) = (Timers(), [], Fifo())
        queue.removeAll()
        outstanding = OutstandingData(firstTSN: ownTSN)
        enter(state)
    }

    /// Goes on to SHUTDOWN or SHUTDOWN ACK once nothing waits for acknowledgement.
    mutating func proceedWithShutdown(now: Instant) {
        guard outstanding.isEmpty, queue.bytes == 0 else { return }
        switch phase {
        case .shutdownPending: ask(.shutdown, phase: .shutdownSent, now: now)
        case .shutdownReceived: ask(.shutdownAck, phase: .shutdownAckSent, now: now)
        default: break
        }
    }

    private mutating func ask(_ chunk: Pending, phase: Phase, now: Instant) {
        self.phase = phase
        attempts = 1
        pending.insert(chunk)
        timers.heartbeat = nil
        timers.shutdown = now + timeout.current
    }

    /// Says it again, RFC 9260 §9.2; one whose last word is all that is missing has ended all the same.
    mutating func shutdownTimedOut(now: Instant) {
        guard phase == .shutdownSent || phase == .shutdownAckSent else { return }
        guard attempts < Self.shutdownAttempts else {
            return end(phase == .shutdownAckSent ? .closed : .failed)
        }
        attempts += 1
        timeout.backOff()
        pending.insert(phase == .shutdownSent ? .shutdown : .shutdownAck)
        timers.shutdown = now + timeout.current
    }

    /// Takes in a SHUTDOWN.
    mutating func receiveShutdown(_ chunk: borrowing ChunkView, now: Instant) {
        guard mayExchangeData, let cumulative = chunk.shutdownCumulativeTSN else { return breach() }
        receiveCumulative(cumulative, now: now)
        switch phase {
        case .established, .shutdownPending: phase = .shutdownReceived
        case .shutdownSent:
            pending.remove(.shutdown)
            ask(.shutdownAck, phase: .shutdownAckSent, now: now)
        case .shutdownAckSent: pending.insert(.shutdownAck)
        default: break
        }
        proceedWithShutdown(now: now)
    }

    /// Takes in a SHUTDOWN ACK, also when the answer to an earlier one was lost, RFC 9260 §8.5.1.
    mutating func receiveShutdownAck(now: Instant) {
        switch phase {
        case .shutdownSent, .shutdownAckSent:
            reply(.shutdownComplete, to: peerTag)
            end(.closed)
        case .ended where state == .closed && peerTag != 0: reply(.shutdownComplete, to: peerTag)
        default: break
        }
    }

    /// Takes in a SHUTDOWN COMPLETE.
    mutating func receiveShutdownComplete(now: Instant) {
        if phase == .shutdownAckSent { end(.closed) }
    }

    /// Takes in an ABORT.
    mutating func receiveAbort(now: Instant) {
        guard phase != .idle, phase != .ended else { return }
        end(.failed)
    }
}
