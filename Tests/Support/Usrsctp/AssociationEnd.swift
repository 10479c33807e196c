// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletSCTP
package import SwiftletWire

/// One end of an association, whoever made it.
package protocol AssociationEnd: AnyObject {
    func connect(now: Instant)
    func receive(_ packet: Span<UInt8>, now: Instant)
    func offer(_ message: SCTPMessage, now: Instant) throws(SCTPSendError)
    func shutdown(now: Instant)
    func abort(now: Instant)
    func transmit(into packet: inout MutableSpan<UInt8>, now: Instant) -> Int
    func poll() -> SCTPAssociation.Output?
    /// When ``runTimers(now:)`` is next due.
    func deadline(now: Instant) -> Instant?
    func runTimers(now: Instant)
}

extension SCTPAssociation: AssociationEnd {
    package func offer(_ message: SCTPMessage, now: Instant) throws(SCTPSendError) {
        _ = try send(message, now: now)
    }
    package func deadline(now: Instant) -> Instant? { nextDeadline }
    package func runTimers(now: Instant) {
        if let due = nextDeadline, due <= now { handleTimeout(now: now) }
    }
}

extension UsrsctpAssociation: AssociationEnd {
    package func offer(_ message: SCTPMessage, now: Instant) throws(SCTPSendError) { try send(message, now: now) }
    /// Its timers have a grid of a millisecond, and it does not say which is next.
    package func deadline(now: Instant) -> Instant? { now + .milliseconds(1) }
    /// They run as its clock moves.
    package func runTimers(now: Instant) {}
}
