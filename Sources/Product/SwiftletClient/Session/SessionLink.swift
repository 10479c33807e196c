// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletCongestion
import SwiftletICE
import SwiftletPeerLink
import SwiftletWire

/// One transport of a session, and what is common to all its streams.
final class SessionLink {
    let side: TransportSide
    let link: PeerLink
    let opened: Instant
    var candidates: [ICEControllingAgent.RemoteCandidate]
    /// The transport-wide number of the next packet sent.
    var transportSequence: UInt16 = 0
    /// What is told of packets received.
    var feedback: TransportFeedbackGenerator
    /// Bytes of the longest message that the server takes by data channels; `nil` where it takes none.
    let maximumMessageSize: Int?
    /// Data channels, once there are any.
    var data: DataLink?
    /// Until ICE had a way.
    var iceTime: Duration?
    /// Until DTLS was through.
    var connectTime: Duration?
    /// Whether ICE has no way at present.
    var isDisconnected = false
    /// Whether the end was told.
    var isLost = false

    init(
        side: TransportSide,
        link: PeerLink,
        candidates: [ICEControllingAgent.RemoteCandidate],
        maximumMessageSize: Int?,
        reporter: UInt32,
        now: Instant
    ) {
        self.maximumMessageSize = maximumMessageSize
        (self.side, self.link, self.candidates, opened) = (side, link, candidates, now)
        feedback = TransportFeedbackGenerator(senderSSRC: reporter)
    }
}
