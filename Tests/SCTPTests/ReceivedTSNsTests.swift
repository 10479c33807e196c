// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletSCTP
import SwiftletWire
import Testing

@Suite("TSNs received, RFC 9260 §6.2 and §6.7")
struct ReceivedTSNsTests {
    /// What has been received, as a set.
    private struct Naive {
        var cumulative: UInt32
        var ahead: Set<UInt32> = []

        mutating func insert(_ tsn: UInt32) {
            ahead.insert(tsn)
            while ahead.remove(cumulative &+ 1) != nil { cumulative &+= 1 }
        }

        mutating func forward(to tsn: UInt32) {
            let distance = tsn &- cumulative
            guard distance > 0, distance < 1 << 31 else { return }
            ahead = ahead.filter { $0 &- cumulative > distance }
            cumulative = tsn
            while ahead.remove(cumulative &+ 1) != nil { cumulative &+= 1 }
        }

        var gaps: [GapBlock] {
            var blocks: [GapBlock] = []
            for offset in ahead.map({ UInt16($0 &- cumulative) }).sorted() {
                if let last = blocks.last, last.end == offset - 1 {
                    blocks[blocks.count - 1].end = offset
                } else {
                    blocks.append(GapBlock(start: offset, end: offset))
                }
            }
            return Array(blocks.prefix(ReceivedTSNs.maximumGapBlocks))
        }
    }

    @Test("It says the same as a plain set, whatever comes, also across the wrap", arguments: 0..<40 as Range<UInt64>)
    func likeASet(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let start = [0xFFFF_FF00, 0, 1, 0x7FFF_FFC0, UInt32.random(in: .min ... .max, using: &random)][Int(seed % 5)]
        var (tsns, naive) = (ReceivedTSNs(initialTSN: start), Naive(cumulative: start &- 1))
        let span = [3, 40, 300, 3000].randomElement(using: &random) ?? 3
        for _ in 0..<1500 {
            let tsn = naive.cumulative &+ UInt32.random(in: 0...UInt32(span), using: &random)
            if Int.random(in: 0..<60, using: &random) == 0 {
                let before = naive.cumulative
                naive.forward(to: tsn)
                let moved = tsns.forward(to: tsn)
                #expect(moved == (tsn != before))
            } else {
                let place = tsns.place(of: tsn)
                let isKnown = tsn == naive.cumulative || naive.ahead.contains(tsn)
                #expect(place == (isKnown ? .duplicate : tsn == naive.cumulative &+ 1 ? .next : .ahead))
                if !isKnown {
                    tsns.insert(tsn)
                    naive.insert(tsn)
                }
            }
            #expect(tsns.cumulative == naive.cumulative)
            #expect(tsns.gapBlocks == naive.gaps)
            #expect(tsns.hasGaps == !naive.ahead.isEmpty)
        }
    }

    @Test("What lies further ahead than a gap block can say is not taken")
    func farAhead() {
        let tsns = ReceivedTSNs(initialTSN: 100)
        #expect(tsns.place(of: 99 &+ 65_535) == .ahead)
        #expect(tsns.place(of: 99 &+ 65_536) == .outside)
        #expect(tsns.place(of: 99 &+ (1 << 31) &- 1) == .outside)
        #expect(tsns.place(of: 99 &+ (1 << 31)) == .duplicate)
        #expect(tsns.place(of: 99) == .duplicate)
    }

    @Test("Runs are bounded, and what closes the first gap is taken all the same")
    func runLimit() {
        var tsns = ReceivedTSNs(initialTSN: 0)
        for index in 0..<UInt32(ReceivedTSNs.maximumRuns) {
            #expect(tsns.place(of: 2 + 2 * index) == .ahead)
            tsns.insert(2 + 2 * index)
        }
        let beyond = 2 + 2 * UInt32(ReceivedTSNs.maximumRuns)
        #expect(tsns.place(of: beyond) == .outside)
        #expect(tsns.gapBlocks.count == ReceivedTSNs.maximumGapBlocks)
        for tsn in [0, 1, 3] as [UInt32] {
            #expect(tsns.place(of: tsn) == .next)
            tsns.insert(tsn)
        }
        #expect(tsns.cumulative == 4)
        #expect(tsns.place(of: beyond) == .ahead)
    }

    @Test("Duplicates are listed up to a bound, until a SACK has told of them")
    func duplicates() {
        var tsns = ReceivedTSNs(initialTSN: 0)
        for tsn in 0..<100 as Range<UInt32> { tsns.noteDuplicate(tsn) }
        #expect(tsns.duplicates == Array(0..<UInt32(ReceivedTSNs.maximumDuplicates)))
        tsns.clearDuplicates()
        #expect(tsns.duplicates.isEmpty)
    }

    @Test("A step of half the circle or back is no step forward")
    func badForward() {
        var tsns = ReceivedTSNs(initialTSN: 10)
        for tsn in [9, 8, 9 &+ (1 << 31), 10 &+ (1 << 31)] as [UInt32] {
            let moved = tsns.forward(to: tsn)
            #expect(!moved)
            #expect(tsns.cumulative == 9)
        }
        let moved = tsns.forward(to: 9 &+ (1 << 31) &- 1)
        #expect(moved)
    }
}
