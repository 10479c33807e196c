// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletSCTP
import SwiftletWire
import Testing

@Suite("Reassembly beside a naive one, with loss, reordering and repetition")
struct ReassemblyOracleTests {
    /// A receiver whose streams expect `base` next, and whose next TSN is `tsn`.
    private static func receiver(_ isInterleaved: Bool, tsn: UInt32, base: UInt32) -> FedReceiver {
        let fed = FedReceiver(initialTSN: tsn &- 2, isInterleaved: isInterleaved)
        // Two steps, since one goes less than half the circle.
        let half: UInt32 = isInterleaved ? 1 << 31 : 1 << 15
        for (step, identifier) in [(2, base &- half), (1, base &- 1)] as [(UInt32, UInt32)] {
            let streams = (0..<4).map { SkippedStream(stream: $0, messageIdentifier: identifier) }
            fed.forward(to: tsn &- step, base == 0 ? [] : streams)
        }
        return fed
    }

    private static func wraps(_ seed: UInt64, _ isInterleaved: Bool) -> (tsn: UInt32, base: UInt32) {
        (
            [0xFFFF_FFC0, 5, 0x7FFF_FFE0][Int(seed % 3)],
            seed % 2 == 0 ? 0 : isInterleaved ? 0xFFFF_FFF8 : 0xFFF8
        )
    }

    @Test(
        "Messages come out exactly when they can, in their order, across all wraps",
        arguments: [true, false],
        0..<60 as Range<UInt64>
    )
    func reliable(isInterleaved: Bool, seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let (tsn, base) = Self.wraps(seed, isInterleaved)
        let fed = Self.receiver(isInterleaved, tsn: tsn, base: base)
        let plan = SendingPlan(count: 60, tsn: tsn, base: base, isInterleaved: isInterleaved, using: &random)
        var naive = NaiveReceiver(plan)
        var rest = plan.chunks
        let reach = [1, 4, 50, 1000][Int(seed / 2 % 4)]
        while !rest.isEmpty {
            let index = Int.random(in: 0..<min(reach, rest.count), using: &random)
            let chunk = Int.random(in: 0..<5, using: &random) == 0 ? rest[index] : rest.remove(at: index)
            let reception = fed.feed(chunk.header, chunk.payload)
            #expect(reception == .accepted || reception == .duplicate)
            naive.receive(chunk)
            #expect(fed.messages.count == naive.delivered.count)
        }
        #expect(fed.messages == naive.delivered.map { plan.messages[$0] })
        #expect(fed.messages.count == plan.messages.count)
        #expect(fed.receiver.heldBytes == 0 && fed.receiver.advertisedWindow == 5_242_880)
    }

    @Test(
        "With messages given up at random, the others come whole, once and in order, and nothing stays behind",
        arguments: [true, false],
        0..<60 as Range<UInt64>
    )
    func partiallyReliable(isInterleaved: Bool, seed: UInt64) {
        var random = SeededRandom(seed: seed &+ 1000)
        let (tsn, base) = Self.wraps(seed, isInterleaved)
        let fed = Self.receiver(isInterleaved, tsn: tsn, base: base)
        let plan = SendingPlan(count: 60, tsn: tsn, base: base, isInterleaved: isInterleaved, using: &random)
        var sender = NaiveSender(plan: plan, isInterleaved: isInterleaved)
        var rest = plan.chunks
        while !rest.isEmpty {
            let chunk = rest.remove(at: Int.random(in: 0..<min(30, rest.count), using: &random))
            if sender.abandoned.contains(chunk.message), Bool.random(using: &random) { continue }
            #expect([.accepted, .duplicate].contains(fed.feed(chunk.header, chunk.payload)))
            sender.received.insert(chunk.header.tsn)
            guard Int.random(in: 0..<25, using: &random) == 0 else { continue }
            let point = fed.receiver.cumulativeTSN &+ UInt32.random(in: 1...20, using: &random)
            fed.forward(to: point, sender.abandon(through: point))
        }
        fed.forward(to: tsn &+ UInt32(plan.chunks.count - 1), sender.abandon(through: nil))
        Self.check(fed, plan, sender.abandoned)
        #expect(fed.receiver.heldBytes == 0)
    }

    private static func check(_ fed: FedReceiver, _ plan: SendingPlan, _ abandoned: Set<Int>) {
        let places = fed.messages.map { plan.messages.firstIndex(of: $0) }
        #expect(!places.contains(nil), "nothing is partial or mixed")
        let indices = places.compactMap { $0 }
        #expect(Set(indices).count == indices.count, "nothing comes twice")
        for index in plan.messages.indices where !abandoned.contains(index) { #expect(indices.contains(index)) }
        for stream in 0..<4 as Range<UInt16> {
            let ordered = indices.filter { plan.messages[$0].stream == stream && !plan.messages[$0].isUnordered }
            #expect(ordered == ordered.sorted())
        }
    }
}

/// What a sender gives up, and what it says about it.
private struct NaiveSender {
    let plan: SendingPlan
    let isInterleaved: Bool
    var received: Set<UInt32> = []
    private(set) var abandoned: Set<Int> = []

    /// Gives up every message that lacks a chunk up to `point`, or any.
    ///
    /// - Returns: What a FORWARD-TSN lists.
    mutating func abandon(through point: UInt32?) -> [SkippedStream] {
        let incomplete = Set(plan.chunks.filter { !received.contains($0.header.tsn) }.map(\.message))
        for chunk in plan.chunks where !received.contains(chunk.header.tsn) {
            if let point, chunk.header.tsn.isNewer(than: point) { continue }
            abandoned.insert(chunk.message)
        }
        var newest: [UInt32: Int] = [:]
        for index in abandoned {
            let message = plan.messages[index]
            guard isInterleaved || !message.isUnordered else { continue }
            let name = UInt32(message.stream) << 1 | (message.isUnordered ? 1 : 0)
            newest[name] = max(newest[name] ?? 0, index)
        }
        // What is listed takes all before it along.
        for (name, last) in newest {
            for index in incomplete where index <= last {
                let message = plan.messages[index]
                if UInt32(message.stream) << 1 | (message.isUnordered ? 1 : 0) == name { abandoned.insert(index) }
            }
        }
        return newest.map { name, index in
            SkippedStream(
                stream: UInt16(name >> 1),
                isUnordered: name & 1 != 0,
                messageIdentifier: plan.identifiers[index]
            )
        }
    }
}
