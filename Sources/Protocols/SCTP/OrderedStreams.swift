// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// What each incoming stream expects next, and the whole messages that came too early.
struct OrderedStreams {
    private struct Held {
        var identifier: UInt32
        var message: SCTPMessage
    }

    private let isInterleaved: Bool
    private var next = StreamTable()
    /// What waits, by stream: binary heaps with the next message in front, so that no order of arrival costs more than
    /// another.
    private var heaps: [UInt16: [Held]] = [:]
    private var released: [SCTPMessage] = []
    /// Bytes of messages that wait, with what each costs.
    private(set) var heldBytes = 0

    init(isInterleaved: Bool) { self.isInterleaved = isInterleaved }

    /// Whether any message waits.
    var isHolding: Bool { !heaps.isEmpty }

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

    /// Keeps a message whose turn has not come.
    mutating func hold(_ message: SCTPMessage, _ identifier: UInt32) {
        let stream = message.stream
        var heap = heaps.removeValue(forKey: stream) ?? []
        heap.append(Held(identifier: identifier, message: message))
        var index = heap.count - 1
        while index > 0 {
            let parent = (index - 1) / 2
            guard isBefore(heap[index], heap[parent], on: stream) else { break }
            heap.swapAt(index, parent)
            index = parent
        }
        heaps[stream] = heap
        heldBytes += message.payload.count + ReassemblyQueue.pieceOverhead
    }

    /// Releases the messages of a stream whose turn it is.
    mutating func release(_ stream: UInt16) {
        guard var heap = heaps.removeValue(forKey: stream) else { return }
        while let first = heap.first, distance(of: first.identifier, on: stream) == 0 {
            let identifier = first.identifier
            take(&heap, on: stream)
            // Of messages with one number, against all rules, the others go.
            while heap.first?.identifier == identifier { drop(&heap, on: stream) }
            next[stream] = following(identifier)
        }
        if !heap.isEmpty { heaps[stream] = heap }
    }

    /// Moves a stream past a message that will not come; whole messages up to it and behind it are released.
    mutating func skip(_ stream: UInt16, through identifier: UInt32) {
        let ahead = distance(of: identifier, on: stream)
        guard ahead < 1 << 31 else { return }
        if var heap = heaps.removeValue(forKey: stream) {
            var last: UInt32?
            while let first = heap.first, distance(of: first.identifier, on: stream) <= ahead {
                let identifier = first.identifier
                if identifier == last { drop(&heap, on: stream) } else { take(&heap, on: stream) }
                last = identifier
            }
            if !heap.isEmpty { heaps[stream] = heap }
        }
        next[stream] = following(identifier)
        release(stream)
    }

    /// Begins anew on streams, on all when none is named; what waited on them is dropped.
    mutating func reset(_ streams: [UInt16]) {
        if streams.isEmpty {
            (next, heaps, heldBytes) = (StreamTable(), [:], 0)
        }
        for stream in streams {
            next[stream] = 0
            for held in heaps.removeValue(forKey: stream) ?? [] {
                heldBytes -= held.message.payload.count + ReassemblyQueue.pieceOverhead
            }
        }
    }

    /// The messages released since it was last asked, in order.
    mutating func takeReleased() -> [SCTPMessage] {
        guard !released.isEmpty else { return [] }
        defer { released = [] }
        return released
    }

    private func isBefore(_ one: Held, _ other: Held, on stream: UInt16) -> Bool {
        distance(of: one.identifier, on: stream) < distance(of: other.identifier, on: stream)
    }

    private mutating func take(_ heap: inout [Held], on stream: UInt16) {
        if let message = drop(&heap, on: stream) { released.append(message) }
    }

    /// Takes the first message off the heap.
    @discardableResult
    private mutating func drop(_ heap: inout [Held], on stream: UInt16) -> SCTPMessage? {
        guard let last = heap.popLast() else { return nil }
        var taken = last
        if !heap.isEmpty {
            (taken, heap[0]) = (heap[0], last)
            var index = 0
            while 2 * index + 1 < heap.count {
                let (left, right) = (2 * index + 1, 2 * index + 2)
                let child = right < heap.count && isBefore(heap[right], heap[left], on: stream) ? right : left
                guard isBefore(heap[child], heap[index], on: stream) else { break }
                heap.swapAt(child, index)
                index = child
            }
        }
        heldBytes -= taken.message.payload.count + ReassemblyQueue.pieceOverhead
        return taken.message
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
