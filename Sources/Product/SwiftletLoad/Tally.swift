// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletClient

/// What was counted of some clients up to some time.
struct Tally: Sendable {
    var joined = 0
    var subscriptions = 0
    var publications = 0
    var received = LoadReport.Received()
    var sent = LoadReport.Sent()
    var delay = DelayHistogram()
    var messages = LoadReport.Messages()
    var messageDelay = DelayHistogram()

    /// Adds what a client receives by one subscription.
    mutating func add(_ seen: SubscriptionStatistics) {
        received.packets += seen.packets
        received.bytes += seen.bytes
        received.lost += seen.packetsLost
        received.repaired += seen.packetsRepaired
        received.swallowed += seen.packetsSwallowed
        received.duplicates += seen.duplicates
        received.requested += seen.packetsRequested
        received.keyFrameRequests += seen.keyFrameRequests
        received.frames += seen.frames
        received.undecodableFrames += seen.undecodableFrames
        received.freezes += seen.freezes
        received.longestGapMs = max(received.longestGapMs, seen.longestGap.milliseconds)
        received.faults += seen.faults
        addDetails(seen.faultDetails)
        delay.merge(seen.delay)
    }

    /// Adds what a client sends by one publication.
    mutating func add(_ seen: PublicationStatistics) {
        sent.framesSkipped += seen.framesSkipped
        for encoding in seen.encodings {
            sent.packets += encoding.packets
            sent.bytes += encoding.bytes
            sent.frames += encoding.frames
            sent.lost += encoding.packetsLost
            sent.swallowed += encoding.packetsSwallowed
            sent.retransmissions += encoding.retransmissions
            sent.retransmissionsMissed += encoding.retransmissionsMissed
            sent.keyFrameRequests += encoding.keyFrameRequests
        }
    }

    /// Adds what was counted of others.
    mutating func merge(_ other: Tally) {
        joined += other.joined
        subscriptions += other.subscriptions
        publications += other.publications
        mergeReceived(other.received)
        mergeSent(other.sent)
        delay.merge(other.delay)
        messages.sent += other.messages.sent
        messages.received += other.messages.received
        messages.missing += other.messages.missing
        messageDelay.merge(other.messageDelay)
    }

    private mutating func mergeReceived(_ other: LoadReport.Received) {
        received.packets += other.packets
        received.bytes += other.bytes
        received.lost += other.lost
        received.repaired += other.repaired
        received.swallowed += other.swallowed
        received.duplicates += other.duplicates
        received.requested += other.requested
        received.keyFrameRequests += other.keyFrameRequests
        received.frames += other.frames
        received.undecodableFrames += other.undecodableFrames
        received.freezes += other.freezes
        received.longestGapMs = max(received.longestGapMs, other.longestGapMs)
        received.faults += other.faults
        addDetails(other.faultDetails)
    }

    private mutating func mergeSent(_ other: LoadReport.Sent) {
        sent.packets += other.packets
        sent.bytes += other.bytes
        sent.frames += other.frames
        sent.framesSkipped += other.framesSkipped
        sent.lost += other.lost
        sent.swallowed += other.swallowed
        sent.retransmissions += other.retransmissions
        sent.retransmissionsMissed += other.retransmissionsMissed
        sent.keyFrameRequests += other.keyFrameRequests
    }

    private mutating func addDetails(_ details: [String]) {
        received.faultDetails += details.prefix(max(0, Self.details - received.faultDetails.count))
    }

    /// Faults in words, at most.
    private static let details = 8
}
