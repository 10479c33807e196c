// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// Puts the fragments of I-DATA together, which name their message and their place in it; RFC 8260 §2.2.
struct InterleavedAssembler {
    /// Messages in the making, at most; a fragment of another is not taken until one of them is done.
    static let maximumMessages = 1024

    /// A message's name within the association.
    private struct Key: Hashable {
        let stream: UInt16
        let isUnordered: Bool
        let identifier: UInt32
    }

    /// An object, so that no table's copy of it ever shares the bytes that grow.
    private final class Message {
        let key: Key
        var payloadProtocol: UInt32 = 0
        /// The fragment that continues the bytes; 0 until the first has come.
        var next: UInt32 = 0
        /// The last fragment, once it has come.
        var last: UInt32?
        var bytes: [UInt8] = []
        /// Fragments that came before what they continue.
        var early: [UInt32: [UInt8]] = [:]
        var earlyBytes = 0

        init(_ key: Key) { self.key = key }

        var isComplete: Bool { next != 0 && last.map { $0 &+ 1 == next } == true }

        var cost: Int { bytes.count + earlyBytes + (1 + early.count) * ReassemblyQueue.pieceOverhead }

        /// Takes in a fragment.
        func insert(_ header: DataChunkHeader, _ payload: Span<UInt8>, limit: Int) -> ReassemblyQueue.Assembled {
            let number = header.fragmentNumber
            let isFirst = header.flags.contains(.beginning)
            guard isFirst == (number == 0), number >= next, last.map({ number < $0 }) ?? true else { return .violation }
            guard bytes.count + earlyBytes + payload.count <= limit else { return .tooLong }
            if header.flags.contains(.end) {
                guard last == nil, early.keys.allSatisfy({ $0 < number }) else { return .violation }
                last = number
            }
            if number == next {
                if isFirst { payloadProtocol = header.payloadProtocol }
                bytes.append(payload)
                next &+= 1
                while !early.isEmpty, let fragment = early.removeValue(forKey: next) {
                    earlyBytes -= fragment.count
                    bytes += fragment
                    next &+= 1
                }
            } else {
                guard early.updateValue(payload.copied(), forKey: number) == nil else { return .violation }
                earlyBytes += payload.count
            }
            return isComplete ? .complete(bytes, payloadProtocol: payloadProtocol) : .stored
        }
    }

    /// The message that grew last.
    private var current: Message?
    /// All messages in the making.
    private var messages: [Key: Message] = [:]
    /// By stream, the newest unordered message that the peer gave up; what comes late of those before it, which are
    /// fewer than TSNs can be ahead, is not kept.
    private var skipped: [UInt16: UInt32] = [:]
    /// Bytes held, with what each piece costs.
    private(set) var heldBytes = 0

    /// Takes in a fragment that is not a whole message.
    mutating func insert(
        _ header: DataChunkHeader,
        _ payload: Span<UInt8>,
        limit: Int
    ) -> ReassemblyQueue.Assembled {
        let isUnordered = header.flags.contains(.unordered)
        let key = Key(stream: header.stream, isUnordered: isUnordered, identifier: header.messageIdentifier)
        let message: Message
        if let current, current.key == key {
            message = current
        } else if let known = messages[key] {
            message = known
        } else {
            if isUnordered, let newest = skipped[key.stream], newest &- key.identifier < 1 << 16 { return .stored }
            guard messages.count < Self.maximumMessages else { return .dropped }
            message = Message(key)
            messages[key] = message
            heldBytes += message.cost
        }
        current = message
        heldBytes -= message.cost
        let outcome = message.insert(header, payload, limit: limit)
        heldBytes += message.cost
        if case .complete = outcome { remove(message) }
        return outcome
    }

    /// Gives up what the peer says will not come.
    mutating func skip(_ forward: borrowing ForwardTSNView) {
        var limits: [UInt32: UInt32] = [:]
        for index in 0..<forward.streamCount {
            let entry = forward.stream(at: index)
            limits[Self.direction(entry.stream, entry.isUnordered)] = entry.messageIdentifier
            if entry.isUnordered { skipped[entry.stream] = entry.messageIdentifier }
        }
        for message in Array(messages.values) {
            let direction = Self.direction(message.key.stream, message.key.isUnordered)
            if let limit = limits[direction], !message.key.identifier.isNewer(than: limit) { remove(message) }
        }
    }

    /// Drops what belongs to streams, to all when none is named.
    mutating func drop(_ streams: [UInt16]) {
        guard !streams.isEmpty else {
            self = InterleavedAssembler()
            return
        }
        for stream in streams { skipped[stream] = nil }
        guard !messages.isEmpty else { return }
        let set = Set(streams)
        for message in Array(messages.values) where set.contains(message.key.stream) { remove(message) }
    }

    private static func direction(_ stream: UInt16, _ isUnordered: Bool) -> UInt32 {
        UInt32(stream) << 1 | (isUnordered ? 1 : 0)
    }

    private mutating func remove(_ message: Message) {
        messages[message.key] = nil
        heldBytes -= message.cost
        if current === message { current = nil }
    }
}
