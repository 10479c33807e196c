// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletControl

/// What a worker has to say, until its host reads it.
///
/// The worker never waits for its host. What tells the latest state of an object (scores, layers, demand, orientation,
/// buffers full or low) replaces what waits of the same; what passes by (log lines, traces, levels, speakers) and new
/// scores are dropped and counted beyond ``droppingBytes``; everything else is kept, replies above all. Past
/// ``maximumBytes`` the host has stopped reading and ``isOverfull`` tells the worker to end.
///
/// Payload for the host (messages, RTP, RTCP of direct transports) has a budget of its own beside these, so that much of
/// it neither drops log lines nor ends a worker: it is dropped and counted once ``maximumPayloadBytes`` of it wait. All
/// in all some 40 MiB wait at most: the two budgets, and one message and one reply beyond them.
package struct Outbox: Sendable {
    /// Bytes waiting, payload aside, above which is dropped what may be.
    package static let droppingBytes = 1 << 20
    /// Bytes waiting, payload aside, above which the worker ends.
    package static let maximumBytes = 4 << 20
    /// Bytes of payload waiting above which more of it is dropped; a message of any length passes if none waits.
    package static let maximumPayloadBytes = 16 << 20
    /// The longest reply, so that one alone never ends the worker.
    package static let maximumReplyBytes = 3 << 20

    /// What may become of a notification while the host does not read.
    private enum Keeping {
        /// It is state that the host cannot do without.
        case always
        /// It is dropped: the host loses no state, or a score, of which there is soon another.
        case passing
        /// It is dropped, but has a budget of its own.
        case payload
    }

    private struct Entry {
        var frame: [UInt8]
        var isPayload = false
        /// What this tells the latest of.
        var subject: Subject?
    }

    /// Something of one object, of which the host needs to know the latest alone.
    private struct Subject: Hashable {
        enum Aspect { case score, layers, demand, orientation, sendBufferFull, bufferedAmountLow }

        var aspect: Aspect
        var object: String
    }

    private var entries: [Entry] = []
    private var head = 0
    /// Bytes of the first entry that are sent already.
    private var sent = 0
    /// Where in ``entries`` the latest of a subject waits.
    private var latest: [Subject: Int] = [:]
    private var unreported: UInt64 = 0
    /// Bytes that wait.
    package private(set) var queuedBytes = 0
    /// Bytes of ``queuedBytes`` that are payload.
    package private(set) var payloadBytes = 0
    /// Notifications dropped since the start.
    package private(set) var dropped: UInt64 = 0

    package init() {}

    /// Whether nothing waits.
    package var isEmpty: Bool { head == entries.count }
    /// Whether the host has fallen so far behind that the worker has to end.
    package var isOverfull: Bool { queuedBytes - payloadBytes > Self.maximumBytes }

    /// Adds the answer to the request `id`; one that is too long to send becomes an error of its own.
    package mutating func append(_ reply: Result<ControlReply, ControlError>, to id: UInt64) {
        if let frame = try? WorkerProtocol.encode(reply: reply, to: id), frame.count <= Self.maximumReplyBytes {
            append(Entry(frame: frame))
            return
        }
        let refusal = ControlError(.internal, "the reply is longer than \(Self.maximumReplyBytes) bytes")
        guard let frame = try? WorkerProtocol.encode(reply: .failure(refusal), to: id) else { return }
        append(Entry(frame: frame))
    }

    /// Adds a notification, or drops it by the rules above.
    package mutating func append(_ notification: ControlNotification) {
        let subject = Self.subject(of: notification)
        let waiting = subject.flatMap { latest[$0] }.flatMap { isUntouched($0) ? $0 : nil }
        let keeping = Self.keeping(of: notification)
        switch keeping {
        case .always: break
        case .passing: if waiting == nil, queuedBytes - payloadBytes > Self.droppingBytes { return drop() }
        case .payload: if payloadBytes > Self.maximumPayloadBytes { return drop() }
        }
        guard let frame = try? WorkerProtocol.encode(notification: notification) else { return drop() }
        if let waiting {
            queuedBytes += frame.count - entries[waiting].frame.count
            entries[waiting].frame = frame
            return
        }
        reportDrops()
        append(Entry(frame: frame, isPayload: keeping == .payload, subject: subject))
    }

    /// Hands waiting bytes to `send`, which returns how many it took, until it takes less than it was given.
    package mutating func drain(_ send: (Span<UInt8>) -> Int) {
        while head < entries.count {
            let frame = entries[head].frame
            let taken = min(max(0, send(frame.span.extracting(sent..<frame.count))), frame.count - sent)
            sent += taken
            queuedBytes -= taken
            if entries[head].isPayload { payloadBytes -= taken }
            guard sent == frame.count else { return }
            advance()
        }
        entries.removeAll(keepingCapacity: entries.capacity <= 1024)
        head = 0
    }

    /// Whether nothing of the entry at `index` has been sent.
    private func isUntouched(_ index: Int) -> Bool { index > head || index == head && sent == 0 }

    private mutating func advance() {
        if let subject = entries[head].subject, latest[subject] == head { latest[subject] = nil }
        entries[head].frame = []
        head += 1
        sent = 0
        guard head >= 1024, head * 2 >= entries.count else { return }
        entries.removeFirst(head)
        latest = latest.mapValues { $0 - head }
        head = 0
    }

    private mutating func append(_ entry: Entry) {
        if let subject = entry.subject { latest[subject] = entries.count }
        queuedBytes += entry.frame.count
        if entry.isPayload { payloadBytes += entry.frame.count }
        entries.append(entry)
    }

    private mutating func drop() {
        dropped += 1
        unreported += 1
    }

    private mutating func reportDrops() {
        guard unreported > 0 else { return }
        guard let frame = try? WorkerProtocol.encode(notification: .notificationsDropped(count: unreported)) else {
            return
        }
        unreported = 0
        append(Entry(frame: frame))
    }

    private static func subject(of notification: ControlNotification) -> Subject? {
        switch notification {
        case .producerScore(let id, _), .consumerScore(let id, _): Subject(aspect: .score, object: id)
        case .consumerLayersChanged(let id, _): Subject(aspect: .layers, object: id)
        case .producerDemand(let id, _): Subject(aspect: .demand, object: id)
        case .producerVideoOrientationChanged(let id, _): Subject(aspect: .orientation, object: id)
        case .dataConsumerSendBufferFull(let id): Subject(aspect: .sendBufferFull, object: id)
        case .dataConsumerBufferedAmountLow(let id, _): Subject(aspect: .bufferedAmountLow, object: id)
        case .workerRunning, .log, .iceStateChanged, .iceSelectedTupleChanged, .dtlsStateChanged, .listenServerClosed,
            .consumerProducerPaused, .consumerProducerResumed, .consumerProducerClosed, .producerTrace, .consumerTrace,
            .audioLevels, .audioSilence, .dominantSpeaker, .sctpStateChanged, .dataChannelOpened, .dataChannelClosed,
            .dataConsumerProducerPaused, .dataConsumerProducerResumed, .dataConsumerProducerClosed,
            .dataConsumerMessage, .consumerRtp, .transportRtcp, .notificationsDropped:
            nil
        }
    }

    /// What may become of a notification while the host does not read.
    private static func keeping(of notification: ControlNotification) -> Keeping {
        switch notification {
        case .log, .producerScore, .consumerScore, .producerTrace, .consumerTrace, .audioLevels, .audioSilence,
            .dominantSpeaker:
            .passing
        case .dataConsumerMessage, .consumerRtp, .transportRtcp:
            .payload
        case .workerRunning, .iceStateChanged, .iceSelectedTupleChanged, .dtlsStateChanged, .listenServerClosed,
            .consumerProducerPaused, .consumerProducerResumed, .consumerProducerClosed, .consumerLayersChanged,
            .producerDemand, .producerVideoOrientationChanged, .sctpStateChanged, .dataChannelOpened,
            .dataChannelClosed, .dataConsumerProducerPaused, .dataConsumerProducerResumed,
            .dataConsumerProducerClosed, .dataConsumerSendBufferFull, .dataConsumerBufferedAmountLow,
            .notificationsDropped:
            .always
        }
    }
}
