// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletSCTP
import SwiftletWire

/// Messages of a made-up sender, cut into chunks.
struct SendingPlan {
    struct Chunk {
        var header: DataChunkHeader
        var payload: [UInt8]
        /// The message that it is of.
        var message: Int
    }

    var messages: [SCTPMessage] = []
    /// The number of each message within its stream and order.
    var identifiers: [UInt32] = []
    /// In order of their TSNs.
    var chunks: [Chunk] = []

    /// Messages at random, whose TSNs begin with `tsn` and whose identifiers with `base`.
    init(count: Int, tsn: UInt32, base: UInt32, isInterleaved: Bool, using random: inout SeededRandom) {
        var next: [UInt32: UInt32] = [:]
        var waiting: [[Chunk]] = []
        for index in 0..<count {
            let isUnordered = Int.random(in: 0..<3, using: &random) == 0
            let stream = UInt16.random(in: 0..<4, using: &random)
            let length = Bool.random(using: &random) ? Int.random(in: 1...40, using: &random) : 700
            let payload = (0..<length).map { UInt8(truncatingIfNeeded: index &* 31 &+ $0 &* 7 &+ $0 >> 8) }
            let name = UInt32(stream) << 1 | (isUnordered ? 1 : 0)
            let identifier = next[name] ?? base
            next[name] = isInterleaved ? identifier &+ 1 : (identifier &+ 1) & 0xFFFF
            messages.append(
                SCTPMessage(stream: stream, payloadProtocol: .binary, payload: payload, isUnordered: isUnordered)
            )
            identifiers.append(identifier)
            waiting.append(Self.cut(messages[index], index, identifier, using: &random))
        }
        // With I-DATA the fragments of up to four messages take turns; with DATA messages follow each other.
        while !waiting.isEmpty {
            let turn = isInterleaved ? Int.random(in: 0..<min(4, waiting.count), using: &random) : 0
            chunks.append(waiting[turn].removeFirst())
            chunks[chunks.count - 1].header.tsn = tsn &+ UInt32(chunks.count - 1)
            if waiting[turn].isEmpty { waiting.remove(at: turn) }
        }
    }

    private static func cut(
        _ message: SCTPMessage,
        _ index: Int,
        _ identifier: UInt32,
        using random: inout SeededRandom
    ) -> [Chunk] {
        var (chunks, offset): ([Chunk], Int) = ([], 0)
        while offset < message.payload.count {
            let size = min(message.payload.count - offset, Int.random(in: 1...200, using: &random))
            var flags: DataChunkFlags = message.isUnordered ? .unordered : []
            if offset == 0 { flags.insert(.beginning) }
            if offset + size == message.payload.count { flags.insert(.end) }
            let header = DataChunkHeader(
                tsn: 0,
                stream: message.stream,
                messageIdentifier: identifier,
                payloadProtocol: 53,
                fragmentNumber: UInt32(chunks.count),
                flags: flags
            )
            chunks.append(
                Chunk(header: header, payload: Array(message.payload[offset..<offset + size]), message: index)
            )
            offset += size
        }
        return chunks
    }
}

/// Which messages are whole, and so which a receiver must have handed out by now, in which order.
struct NaiveReceiver {
    private let plan: SendingPlan
    private var missing: [Int]
    private var seen: Set<UInt32> = []
    private(set) var delivered: [Int] = []

    init(_ plan: SendingPlan) {
        self.plan = plan
        missing = plan.messages.map { _ in 0 }
        for chunk in plan.chunks { missing[chunk.message] += 1 }
    }

    mutating func receive(_ chunk: SendingPlan.Chunk) {
        guard seen.insert(chunk.header.tsn).inserted else { return }
        missing[chunk.message] -= 1
        guard missing[chunk.message] == 0 else { return }
        guard !plan.messages[chunk.message].isUnordered else { return delivered.append(chunk.message) }
        // All whole messages of the stream that follow the last one handed out, without a hole.
        for (index, message) in plan.messages.enumerated()
        where message.stream == plan.messages[chunk.message].stream && !message.isUnordered {
            if missing[index] > 0 { return }
            if !delivered.contains(index) { delivered.append(index) }
        }
    }
}
