// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// Puts the fragments of DATA together, which have consecutive TSNs whatever their stream; RFC 9260 §6.9.
///
/// A message grows from its first fragment on, and waits in a table under the TSN that continues it; fragments that came
/// before what they continue wait under their own. So each costs the same, however long its message is and in whatever
/// order it comes.
struct ContiguousAssembler {
    /// An object, so that no table's copy of it ever shares the bytes that grow.
    private final class Message {
        let first: DataChunkHeader
        var nextTSN: UInt32
        var bytes: [UInt8]

        init(_ first: DataChunkHeader, _ bytes: [UInt8]) {
            (self.first, self.bytes, nextTSN) = (first, bytes, first.tsn &+ 1)
        }

        var cost: Int { bytes.count + ReassemblyQueue.pieceOverhead }

        /// Whether the fragment is of this message, going by what stands in it beside its TSN.
        func agrees(with header: DataChunkHeader) -> Bool {
            let isUnordered = first.flags.contains(.unordered)
            return header.stream == first.stream && header.flags.contains(.unordered) == isUnordered
                && (isUnordered || header.messageIdentifier == first.messageIdentifier)
                && !header.flags.contains(.beginning)
        }
    }

    /// The message that grew last, which the next fragment most often continues.
    private var current: Message?
    /// The others, by the TSN that continues them.
    private var others: [UInt32: Message] = [:]
    private var orphans: [UInt32: ReassemblyQueue.Fragment] = [:]
    /// The size of the last message, as a guess at the next.
    private var lastSize = 0
    /// Bytes held, with what each piece costs.
    private(set) var heldBytes = 0

    /// Takes in a fragment that is not a whole message.
    mutating func insert(
        _ header: DataChunkHeader,
        _ payload: Span<UInt8>,
        limit: Int
    ) -> ReassemblyQueue.Assembled {
        if header.flags.contains(.beginning) { return begin(header, payload, limit: limit) }
        if current?.nextTSN != header.tsn {
            guard let message = others.removeValue(forKey: header.tsn) else {
                orphans[header.tsn] = ReassemblyQueue.Fragment(header: header, bytes: payload.copied())
                heldBytes += payload.count + ReassemblyQueue.pieceOverhead
                return .stored
            }
            putAside(message)
        }
        let outcome = grow(by: header, payload, limit: limit)
        return orphans.isEmpty ? outcome : adopt(outcome, limit: limit)
    }

    /// Makes `message` the current one.
    private mutating func putAside(_ message: Message) {
        if let current { others[current.nextTSN] = current }
        current = message
    }

    private mutating func begin(
        _ header: DataChunkHeader,
        _ payload: Span<UInt8>,
        limit: Int
    ) -> ReassemblyQueue.Assembled {
        var bytes: [UInt8] = []
        // Only one message at a time gets more room than it has bytes.
        bytes.reserveCapacity(current == nil && others.isEmpty ? max(lastSize, payload.count) : payload.count)
        bytes.append(payload)
        putAside(Message(header, bytes))
        heldBytes += payload.count + ReassemblyQueue.pieceOverhead
        return orphans.isEmpty ? .stored : adopt(.stored, limit: limit)
    }

    /// Appends to the current message a fragment that continues it.
    private mutating func grow(
        by header: DataChunkHeader,
        _ payload: Span<UInt8>,
        limit: Int
    ) -> ReassemblyQueue.Assembled {
        guard let message = current, message.agrees(with: header) else { return .violation }
        guard message.bytes.count + payload.count <= limit else { return .tooLong }
        message.bytes.append(payload)
        message.nextTSN &+= 1
        heldBytes += payload.count
        guard header.flags.contains(.end) else { return .stored }
        current = nil
        heldBytes -= message.cost
        lastSize = message.bytes.count
        return .complete(message.bytes, payloadProtocol: message.first.payloadProtocol)
    }

    /// Lets the current message take the orphans that continue it.
    private mutating func adopt(_ outcome: ReassemblyQueue.Assembled, limit: Int) -> ReassemblyQueue.Assembled {
        var outcome = outcome
        while case .stored = outcome, let message = current, let orphan = orphans.removeValue(forKey: message.nextTSN) {
            heldBytes -= orphan.bytes.count + ReassemblyQueue.pieceOverhead
            outcome = grow(by: orphan.header, orphan.bytes.span, limit: limit)
        }
        return outcome
    }

    /// Drops every message and fragment that lacks something behind `past` and up to `cumulative`, for that will not come
    /// any more: either the peer has given it up, or what came in its place continues nothing.
    mutating func purge(from past: UInt32, through cumulative: UInt32) {
        if let current, !current.nextTSN.isNewer(than: cumulative) {
            heldBytes -= current.cost
            self.current = nil
        }
        guard !(others.isEmpty && orphans.isEmpty) else { return }
        let distance = Int(cumulative &- past)
        if distance <= others.count + orphans.count {
            for step in 0..<distance { drop(past &+ 1 &+ UInt32(step)) }
        } else {
            for tsn in others.keys.filter({ !$0.isNewer(than: cumulative) }) { drop(tsn) }
            for tsn in orphans.keys.filter({ !$0.isNewer(than: cumulative) }) { drop(tsn) }
        }
    }

    private mutating func drop(_ tsn: UInt32) {
        if let message = others.removeValue(forKey: tsn) { heldBytes -= message.cost }
        if let orphan = orphans.removeValue(forKey: tsn) {
            heldBytes -= orphan.bytes.count + ReassemblyQueue.pieceOverhead
        }
    }
}
