// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletRTP
import SwiftletStreams
import SwiftletWire
import Testing

@Suite("Received retransmissions, RFC 4588")
struct RetransmissionReceptionTests {
    private func extended(_ reception: ReceiveStream.Reception) -> Int64? {
        guard case .accepted(let acceptance) = reception else { return nil }
        return acceptance.sequence
    }

    @Test("A lost packet comes back under its own number, and is asked for no more")
    func recovery() throws {
        var receiver = Receiver()
        let first = try #require(receiver.media(65_535, at: at(0)))
        receiver.media(1, at: at(0))
        #expect(receiver.nacks(at: at(10)) == [0])
        let recovered = receiver.retransmission(of: 0, at: at(60))
        #expect(extended(recovered) == first + 1)
        #expect(receiver.stream.repairedCount == 1)
        #expect(receiver.stream.nextDeadline == nil)
        #expect(receiver.stream.packetsLost == 1, "what was repaired still counts as lost on the way")
    }

    @Test("The original that comes after its repair is dropped before fan-out, but counts as received")
    func lateOriginal() {
        var receiver = Receiver()
        receiver.media(1, at: at(0))
        receiver.media(3, at: at(0))
        let recovered = receiver.retransmission(of: 2, at: at(20))
        #expect(extended(recovered) != nil)
        #expect(receiver.receive(2, at: at(30)) == .discarded(.duplicate))
        #expect(receiver.stream.packetsLost == 0)
    }

    @Test("The second repair of a packet goes no further")
    func secondRepair() {
        var receiver = Receiver()
        receiver.media(1, at: at(0))
        receiver.media(3, at: at(0))
        receiver.retransmission(of: 2, at: at(20))
        let again = receiver.retransmission(of: 2, at: at(21))
        #expect(again == .discarded(.unwanted))
        #expect(receiver.stream.retransmissionsDiscardedCount == 1)
    }

    @Test("Probes are counted as bytes and nothing else", arguments: [nil, 5] as [UInt16?])
    func probes(original: UInt16?) {
        var receiver = Receiver()
        receiver.media(4, at: at(0))
        receiver.media(6, at: at(0))
        let probe = receiver.retransmission(of: original, payload: [], at: at(1))
        #expect(probe == .discarded(.probe))
        #expect(receiver.stream.retransmissions.packets == 1)
        #expect(receiver.stream.retransmissions.bytes > 0)
        #expect(receiver.stream.repairedCount == 0)
        #expect(receiver.nacks(at: at(11)) == [5], "an empty repair repairs nothing")
    }

    @Test("Retransmissions before any media, of what was received, or newer than all are dropped")
    func unwanted() {
        var receiver = Receiver()
        var verdict = receiver.retransmission(of: 5, at: at(0))
        #expect(verdict == .discarded(.unwanted))
        receiver.media(5, at: at(1))
        verdict = receiver.retransmission(of: 5, at: at(2))
        #expect(verdict == .discarded(.unwanted))
        verdict = receiver.retransmission(of: 7, at: at(3))
        #expect(verdict == .discarded(.unwanted))
        receiver.media(8, at: at(4))
        #expect(receiver.nacks(at: at(14)) == [6, 7], "what was dropped is asked for like any other")
    }

    @Test("The repair after the tenth request still counts")
    func lastChance() {
        var receiver = Receiver()
        receiver.media(1, at: at(0))
        receiver.media(3, at: at(0))
        var now = 10.0
        for _ in 0..<10 {
            #expect(receiver.nacks(at: at(now)) == [2])
            now += 100
        }
        let recovered = receiver.retransmission(of: 2, at: at(now - 10))
        #expect(extended(recovered) != nil)
    }

    @Test("Retransmissions have a report block of their own")
    func report() throws {
        var receiver = Receiver()
        receiver.media(1, at: at(0))
        receiver.stream.rtxSSRC = 0x2222_2222
        #expect(receiver.stream.retransmissionReport(now: at(1)) == nil)
        receiver.retransmission(of: nil, at: at(1))
        receiver.rtxSequence += 1
        receiver.retransmission(of: nil, at: at(2))
        let block = try #require(receiver.stream.retransmissionReport(now: at(3)))
        #expect(block.ssrc == 0x2222_2222)
        #expect(block.cumulativeLost == 1)
    }

    @Test("Under loss everywhere, no number is accepted twice and all asked-for come through", arguments: [1, 2, 3])
    func lossyLink(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var receiver = Receiver()
        receiver.stream.setRoundTrip(.milliseconds(40))
        var accepted: Set<Int64> = []
        var duplicates = 0
        func note(_ reception: ReceiveStream.Reception) {
            guard let number = extended(reception) else { return }
            if !accepted.insert(number).inserted { duplicates += 1 }
        }
        var repairs: [(due: Double, sequence: UInt16)] = []
        let count = 20_000
        for step in 0..<count {
            let now = Double(step)
            let sequence = UInt16(truncatingIfNeeded: 65_000 + step)
            if step == 0 || Int.random(in: 0..<5, using: &random) > 0 { note(receiver.receive(sequence, at: at(now))) }
            for asked in receiver.nacks(at: at(now)) where Int.random(in: 0..<5, using: &random) > 0 {
                repairs.append((now + 30, asked))
            }
            while let repair = repairs.first, repair.due <= now {
                repairs.removeFirst()
                note(receiver.retransmission(of: repair.sequence, at: at(now)))
                // Sometimes the original turns up after all.
                if Int.random(in: 0..<10, using: &random) == 0 { note(receiver.receive(repair.sequence, at: at(now))) }
            }
        }
        #expect(duplicates == 0)
        #expect(accepted.count > count - 300, "only the last of them may still be on the way")
    }
}
