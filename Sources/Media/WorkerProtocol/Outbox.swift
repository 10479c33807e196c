// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletControl

/// What a worker has to say, until its host reads it.
///
/// The worker never waits for its host: a score waiting for the same object is replaced, log lines and scores beyond
/// ``droppingBytes`` are dropped and counted, everything else is kept. Past ``maximumBytes`` the host has stopped
/// reading and ``isOverfull`` tells the worker to end.
package struct Outbox: Sendable {
    /// Bytes waiting above which log lines and new scores are dropped.
    package static let droppingBytes = 1 << 20
    /// Bytes waiting above which the worker ends.
    package static let maximumBytes = 4 << 20

    private struct Entry {
        var frame: [UInt8]
        /// The object whose score this is.
        var scoreOf: String?
    }

    private var entries: [Entry] = []
    private var head = 0
    /// Bytes of the first entry that are sent already.
    private var sent = 0
    /// Where in ``entries`` an object's score waits.
    private var scores: [String: Int] = [:]
    private var unreported: UInt64 = 0
    /// Bytes that wait.
    package private(set) var queuedBytes = 0
    /// Notifications dropped since the start.
    package private(set) var dropped: UInt64 = 0

    package init() {}

    /// Whether nothing waits.
    package var isEmpty: Bool { head == entries.count }
    /// Whether the host has fallen so far behind that the worker has to end.
    package var isOverfull: Bool { queuedBytes > Self.maximumBytes }

    /// Adds the answer to the request `id`; one that is too long to send becomes an error of its own.
    package mutating func append(_ reply: Result<ControlReply, ControlError>, to id: UInt64) {
        do {
            append(Entry(frame: try WorkerProtocol.encode(reply: reply, to: id)))
        } catch {
            let refusal = ControlError(.internal, "the reply is longer than a message may be")
            guard let frame = try? WorkerProtocol.encode(reply: .failure(refusal), to: id) else { return }
            append(Entry(frame: frame))
        }
    }

    /// Adds a notification, or drops it by the rules above.
    package mutating func append(_ notification: ControlNotification) {
        let scoreOf = Self.scoredObject(of: notification)
        guard let frame = try? WorkerProtocol.encode(notification: notification) else { return drop() }
        if let scoreOf, let index = scores[scoreOf], index > head || index == head && sent == 0 {
            queuedBytes += frame.count - entries[index].frame.count
            entries[index].frame = frame
            return
        }
        if queuedBytes > Self.droppingBytes, Self.mayDrop(notification) { return drop() }
        reportDrops()
        append(Entry(frame: frame, scoreOf: scoreOf))
    }

    /// Hands waiting bytes to `send`, which returns how many it took, until it takes less than it was given.
    package mutating func drain(_ send: (Span<UInt8>) -> Int) {
        while head < entries.count {
            let frame = entries[head].frame
            let taken = min(max(0, send(frame.span.extracting(sent..<frame.count))), frame.count - sent)
            sent += taken
            queuedBytes -= taken
            guard sent == frame.count else { return }
            advance()
        }
        entries.removeAll(keepingCapacity: entries.capacity <= 1024)
        head = 0
    }

    private mutating func advance() {
        if let object = entries[head].scoreOf, scores[object] == head { scores[object] = nil }
        entries[head].frame = []
        head += 1
        sent = 0
        guard head >= 1024, head * 2 >= entries.count else { return }
        entries.removeFirst(head)
        for (object, index) in scores { scores[object] = index - head }
        head = 0
    }

    private mutating func append(_ entry: Entry) {
        if let object = entry.scoreOf { scores[object] = entries.count }
        queuedBytes += entry.frame.count
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

    private static func scoredObject(of notification: ControlNotification) -> String? {
        switch notification {
        case .producerScore(let id, _): id
        case .consumerScore(let id, _): id
        case .workerRunning, .log, .iceStateChanged, .iceSelectedTupleChanged, .dtlsStateChanged, .listenServerClosed,
            .consumerProducerPaused, .consumerProducerResumed, .consumerProducerClosed, .notificationsDropped:
            nil
        }
    }

    private static func mayDrop(_ notification: ControlNotification) -> Bool {
        if case .log = notification { return true }
        return scoredObject(of: notification) != nil
    }
}
