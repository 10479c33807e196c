// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// What each incoming stream expects next, and the whole messages that came too early.
struct OrderedStreams {
    fileprivate struct Held {
        var identifier: UInt32
        var message: SCTPMessage
    }

    /// Messages of one stream, in order of their identifiers.
    fileprivate struct Queue {
        var entries: [Held?] = []
        /// Entries before it have been taken.
        var head = 0
    }

    private let isInterleaved: Bool
    private var next = StreamTable()
    private var queues: [UInt16: Queue] = [:]
    private var released: [SCTPMessage] = []
    /// Bytes of messages that wait, with what each costs.
    private(set) var heldBytes = 0

    init(isInterleaved: Bool) { self.isInterleaved = isInterleaved }

    /// Whether any message waits.
    var isHolding: Bool { !queues.isEmpty }

    /// How far `identifier` is ahead on the circle of its width; half of it and more is behind.
    private func distance(of identifier: UInt32, on stream: UInt16) -> UInt32 {
        isInterleaved
            ? identifier &- next[stream] : UInt32(UInt16(truncatingIfNeeded: identifier &- next[stream])) << 16
    }

    /// Whether the stream has gone past the message.
    func isOld(_ header: DataChunkHeader) -> Bool {
        distance(of: header.messageIdentifier, on: header.stream) >= 1 << 31
    }

    /// Whether a message is the next of its stream, in which case the stream moves on.
    mutating func pass(_ header: DataChunkHeader) -> Bool {
        guard distance(of: header.messageIdentifier, on: header.stream) == 0 else { return false }
        next[header.stream] = following(header.messageIdentifier)
        return true
    }

    private func following(_ identifier: UInt32) -> UInt32 {
        isInterleaved ? identifier &+ 1 : (identifier &+ 1) & 0xFFFF
    }

    /// Keeps a message whose turn has not come; one that is old or here already is dropped.
    mutating func hold(_ message: SCTPMessage, _ identifier: UInt32) {
        let ahead = distance(of: identifier, on: message.stream)
        guard ahead < 1 << 31 else { return }
        var queue = queues.removeValue(forKey: message.stream) ?? Queue()
        defer { queues[message.stream] = queue }
        var (low, high) = (queue.head, queue.entries.count)
        while low < high {
            let middle = (low + high) / 2
            guard let entry = queue.entries[middle] else { break }
            let other = distance(of: entry.identifier, on: message.stream)
            if other == ahead { return }
            if other < ahead { low = middle + 1 } else { high = middle }
        }
        queue.entries.insert(Held(identifier: identifier, message: message), at: low)
        heldBytes += message.payload.count + ReassemblyQueue.pieceOverhead
    }

    /// Releases the messages of a stream whose turn it is.
    mutating func release(_ stream: UInt16) {
        guard var queue = queues.removeValue(forKey: stream) else { return }
        while let entry = queue.first, distance(of: entry.identifier, on: stream) == 0 {
            take(&queue)
            next[stream] = following(entry.identifier)
        }
        if !queue.isEmpty { queues[stream] = queue }
    }

    /// Moves a stream past a message that will not come; whole messages up to it and behind it are released.
    mutating func skip(_ stream: UInt16, through identifier: UInt32) {
        let ahead = distance(of: identifier, on: stream)
        guard ahead < 1 << 31 else { return }
        if var queue = queues.removeValue(forKey: stream) {
            while let entry = queue.first, distance(of: entry.identifier, on: stream) <= ahead { take(&queue) }
            if !queue.isEmpty { queues[stream] = queue }
        }
        next[stream] = following(identifier)
        release(stream)
    }

    /// Begins anew on streams, on all when none is named; what waited on them is dropped.
    mutating func reset(_ streams: [UInt16]) {
        if streams.isEmpty {
            next = StreamTable()
            queues = [:]
            heldBytes = 0
        }
        for stream in streams {
            next[stream] = 0
            guard let queue = queues.removeValue(forKey: stream) else { continue }
            for case let entry? in queue.entries[queue.head...] {
                heldBytes -= entry.message.payload.count + ReassemblyQueue.pieceOverhead
            }
        }
    }

    /// The messages released since it was last asked, in order.
    mutating func takeReleased() -> [SCTPMessage] {
        guard !released.isEmpty else { return [] }
        defer { released = [] }
        return released
    }

    private mutating func take(_ queue: inout Queue) {
        guard let entry = queue.removeFirst() else { return }
        heldBytes -= entry.message.payload.count + ReassemblyQueue.pieceOverhead
        released.append(entry.message)
    }
}

extension OrderedStreams.Queue {
    fileprivate var isEmpty: Bool { head == entries.count }

    fileprivate var first: OrderedStreams.Held? { isEmpty ? nil : entries[head] }

    fileprivate mutating func removeFirst() -> OrderedStreams.Held? {
        guard !isEmpty else { return nil }
        let entry = entries[head].take()
        head += 1
        // Each entry is moved at most once more than it is taken.
        if head * 2 > entries.count {
            entries.removeFirst(head)
            head = 0
        }
        return entry
    }
}

/// A number for each of 65,536 streams, 0 at first, in pages of 256 that exist once one of theirs is set.
struct StreamTable {
    private var pages: [[UInt32]] = []

    subscript(stream: UInt16) -> UInt32 {
        get {
            let page = Int(stream >> 8)
            return page < pages.count && !pages[page].isEmpty ? pages[page][Int(stream & 0xFF)] : 0
        }
        set {
            let page = Int(stream >> 8)
            while pages.count <= page { pages.append([]) }
            if pages[page].isEmpty {
                if newValue == 0 { return }
                pages[page] = [UInt32](repeating: 0, count: 256)
            }
            pages[page][Int(stream & 0xFF)] = newValue
        }
    }
}
