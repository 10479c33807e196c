// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// What waits to be sent, stream by stream, and whose turn it is.
///
/// With DATA a message keeps its turn until its end, since its fragments need consecutive TSNs; with I-DATA turns go
/// by fragments, RFC 8260 §3. Fragments are cut as they leave, to what the packet has room for.
struct SendQueue {
    /// A piece of a message that is to leave now.
    struct Fragment {
        let message: OutgoingMessage
        let offset: Int
        let length: Int
        let index: UInt32
        let isLast: Bool
    }

    /// What comes next.
    enum Next {
        case fragment(Fragment)
        /// A message ran out of time with some of it sent; the rest has been dropped.
        case expired(OutgoingMessage)
        case nothing
    }

    /// Whether turns go by fragments.
    var isInterleaving = false
    /// Bytes not sent yet.
    private(set) var bytes = 0
    /// Messages given up before anything of them was sent, since last asked.
    var expired = 0
    /// Streams whose buffered amount fell to the threshold.
    var low = Fifo<(stream: UInt16, amount: Int)>()
    private var streams: [UInt16: OutgoingStream] = [:]
    /// The last stream looked up, since the next is likely the same.
    private var recent: OutgoingStream?
    private var rotation = Fifo<OutgoingStream>()
    private var current: OutgoingStream?
    /// With I-DATA, bytes of messages begun and not finished may come to so many: the peer has to hold them all at once.
    var interleavingLimit = Int.max
    private var begunBytes = 0
    /// Streams whose next message waits for that.
    private var parked = Fifo<OutgoingStream>()

    /// Whether nothing waits.
    var isEmpty: Bool { current == nil && rotation.isEmpty && parked.isEmpty }

    /// The stream, if it was ever used.
    func existing(_ id: UInt16) -> OutgoingStream? { recent?.id == id ? recent : streams[id] }

    /// The stream, made on first need.
    mutating func stream(_ id: UInt16) -> OutgoingStream {
        if let recent, recent.id == id { return recent }
        let stream = streams[id] ?? OutgoingStream(id: id)
        streams[id] = stream
        recent = stream
        return stream
    }

    /// Streams to be reset whose messages have all left.
    var streamsReadyForReset: [UInt16] { streams.values.filter { $0.reset == .ready }.map(\.id).sorted() }

    /// Whether streams are to be reset.
    var hasResets: Bool { resetCount > 0 }
    private var resetCount = 0

    /// Streams that have sent something since they began.
    var streamsInUse: [UInt16] {
        streams.values.filter { $0.nextOrdered > 0 || $0.nextUnordered > 0 || !$0.messages.isEmpty }.map(\.id).sorted()
    }

    /// Has all messages tried until they arrive, for a peer that knows no other way.
    func makeReliable() {
        for stream in streams.values { stream.messages.forEach { ($0.retransmissions, $0.expiry) = (.max, nil) } }
    }

    mutating func append(_ message: OutgoingMessage, to stream: OutgoingStream) {
        stream.messages.append(message)
        stream.buffered += message.payload.count
        bytes += message.payload.count
        guard !stream.isScheduled else { return }
        stream.isScheduled = true
        rotation.append(stream)
    }

    /// Cuts the next fragment, of at most `room` bytes, and of `least` at least unless its message ends with it.
    mutating func next(room: Int, least: Int, now: Instant) -> Next {
        while let stream = current ?? rotation.popFirst() {
            current = stream
            guard let message = stream.messages.first else {
                finishTurn(of: stream)
                continue
            }
            if let expiry = message.expiry, now >= expiry {
                dropFirst(of: stream)
                guard message.cut > 0 else {
                    expired += 1
                    continue
                }
                return .expired(message)
            }
            let rest = message.rest
            if isInterleaving, message.cut == 0, rest > room, begunBytes > 0, begunBytes + rest > interleavingLimit {
                parked.append(stream)
                current = nil
                continue
            }
            guard rest <= room || room >= least else { return .nothing }
            return .fragment(cut(min(rest, room), from: message, of: stream))
        }
        return .nothing
    }

    private mutating func cut(_ length: Int, from message: OutgoingMessage, of stream: OutgoingStream) -> Fragment {
        if message.cut == 0 { identify(message, of: stream) }
        let isLast = length == message.rest
        let fragment = Fragment(
            message: message,
            offset: message.cut,
            length: length,
            index: message.fragments,
            isLast: isLast
        )
        if isInterleaving, fragment.offset == 0, !isLast { begunBytes += message.payload.count }
        message.cut += length
        message.fragments &+= 1
        if isLast {
            _ = stream.messages.popFirst()
            if isInterleaving, fragment.offset > 0 { finishInterleaved(message) }
        }
        release(length, of: stream)
        if isLast || isInterleaving { finishTurn(of: stream) }
        return fragment
    }

    private func identify(_ message: OutgoingMessage, of stream: OutgoingStream) {
        if message.isUnordered {
            message.identifier = stream.nextUnordered
            stream.nextUnordered &+= 1
        } else {
            message.identifier = stream.nextOrdered
            stream.nextOrdered &+= 1
        }
    }

    /// Gives the turn away.
    private mutating func finishTurn(of stream: OutgoingStream) {
        if stream.messages.isEmpty {
            stream.isScheduled = false
            if stream.reset == .draining { stream.reset = .ready }
            current = nil
        } else if !rotation.isEmpty {
            rotation.append(stream)
            current = nil
        }
    }

    private mutating func release(_ count: Int, of stream: OutgoingStream) {
        let before = stream.buffered
        stream.buffered -= count
        bytes -= count
        guard before > stream.lowThreshold, stream.buffered <= stream.lowThreshold else { return }
        low.append((stream.id, stream.buffered))
    }

    /// Lets messages begin that waited for this one's end.
    private mutating func finishInterleaved(_ message: OutgoingMessage) {
        begunBytes -= message.payload.count
        while let stream = parked.popFirst() { rotation.append(stream) }
    }

    private mutating func dropFirst(of stream: OutgoingStream) {
        guard let message = stream.messages.popFirst() else { return }
        if isInterleaving, message.cut > 0 { finishInterleaved(message) }
        release(message.rest, of: stream)
        if current === stream { finishTurn(of: stream) }
    }

    /// Drops what is left of a message that was given up, if anything is.
    ///
    /// - Returns: Whether there was something.
    mutating func dropRest(of message: OutgoingMessage) -> Bool {
        guard message.rest > 0, let stream = existing(message.stream), stream.messages.first === message else {
            return false
        }
        dropFirst(of: stream)
        return true
    }

    /// Drops messages at the front of a stream that ran out of time unsent.
    mutating func dropExpired(of stream: OutgoingStream, now: Instant) {
        while let message = stream.messages.first, message.cut == 0, let expiry = message.expiry, now >= expiry {
            dropFirst(of: stream)
            expired += 1
        }
    }

    /// Lets nothing more onto a stream and has it reset when it is empty.
    mutating func beginReset(of id: UInt16) {
        let stream = stream(id)
        guard stream.reset == .none else { return }
        resetCount += 1
        stream.reset = stream.messages.isEmpty && current !== stream ? .ready : .draining
    }

    /// Begins a stream anew, RFC 6525 §5.1.2.
    mutating func finishReset(of id: UInt16, performed: Bool) {
        guard let stream = existing(id), stream.reset == .requested else { return }
        stream.reset = .none
        resetCount -= 1
        guard performed else { return }
        (stream.nextOrdered, stream.nextUnordered) = (0, 0)
        guard stream.messages.isEmpty, !stream.isScheduled, stream.lowThreshold == 0 else { return }
        streams[id] = nil
        if recent === stream { recent = nil }
    }

    /// Begins all streams anew, for a peer that did; what was not sent stays, a message begun starts over.
    mutating func restart() {
        begunBytes = 0
        while let stream = parked.popFirst() { rotation.append(stream) }
        for stream in streams.values {
            (stream.nextOrdered, stream.nextUnordered) = (0, 0)
            if stream.reset == .requested { stream.reset = .ready }
            guard let message = stream.messages.first, message.cut > 0 else { continue }
            stream.buffered += message.cut
            bytes += message.cut
            (message.cut, message.fragments) = (0, 0)
        }
    }

    /// Drops everything beyond the streams that were agreed, and tells which streams that were.
    mutating func drop(from limit: UInt16) {
        for stream in streams.values where stream.id >= limit {
            while !stream.messages.isEmpty { dropFirst(of: stream) }
        }
    }

    mutating func removeAll() {
        for stream in streams.values {
            stream.messages.removeAll()
            stream.buffered = 0
        }
        (bytes, rotation, parked, current) = (0, Fifo(), Fifo(), nil)
    }
}
