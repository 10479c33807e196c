// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletSTUN
import SwiftletWire

/// One way from a local socket to a remote candidate, with the checks that are under way on it.
struct CandidatePair: Sendable {
    enum State: Sendable {
        /// To be checked when its turn comes.
        case waiting
        /// A check is under way.
        case inProgress
        /// The last check was answered.
        case succeeded
        /// It was not, or with an error.
        case failed
    }

    /// A request that is sent again until it is answered, RFC 8489 §6.2.1.
    struct Check: Sendable {
        let transactionID: STUNTransactionID
        let bytes: [UInt8]
        /// Whether success selects the pair.
        let nominates: Bool
        /// The role it was sent in, which a 487 disputes.
        let role: ICEControllingAgent.Role
        /// When to give it up.
        let deadline: Instant
        /// Between the last transmission and the next.
        var wait: Duration
        /// When to send it again, or to give it up.
        var nextStep: Instant
    }

    let tuple: Tuple
    let transport: ICETransport
    let localPriority: UInt32
    var remotePriority: UInt32
    var state = State.waiting
    /// Checked before the others, since the peer has just come this way, RFC 8445 §6.1.4.1.
    var isTriggered = false
    /// The controlling peer wants this pair, as soon as our own check succeeds.
    var isNominatedByPeer = false
    var check: Check?
    /// The last consent checks, which are sent once each.
    var consentChecks: [STUNTransactionID] = []
    var nextConsentCheck: Instant?
    var lastAnswer: Instant?

    /// The formula of RFC 8445 §6.1.2.3.
    func priority(for role: ICEControllingAgent.Role) -> UInt64 {
        let (g, d) = role == .controlling ? (localPriority, remotePriority) : (remotePriority, localPriority)
        return UInt64(min(g, d)) << 32 &+ UInt64(max(g, d)) << 1 &+ (g > d ? 1 : 0)
    }
}
