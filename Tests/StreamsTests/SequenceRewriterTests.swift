// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletStreams
import SwiftletWire
import Testing

@Suite("Sequence rewriting")
struct SequenceRewriterTests {
    private func synchronized(to input: Int64 = 0, first: Int64 = 1000) -> SequenceRewriter {
        var rewriter = SequenceRewriter(first: first)
        rewriter.synchronize(to: input)
        return rewriter
    }

    @Test("The first output is random from 1000 to 32767, so that rollover is zero at the start, mediasoup 1437")
    func firstOutput() {
        var random = SeededRandom(seed: 3)
        var seen: Set<Int64> = []
        for _ in 0..<10_000 {
            let first = SequenceRewriter.randomFirst(using: &random)
            #expect((1000...32_767).contains(first))
            seen.insert(first)
        }
        #expect(seen.count > 8000)
        var rewriter = SequenceRewriter(first: 32_767)
        #expect(rewriter.map(60_000) == nil, "nothing maps before there is a source")
        rewriter.synchronize(to: 60_000)
        #expect(rewriter.map(60_000) == 32_767)
        #expect(rewriter.map(60_001) == 32_768)
    }

    @Test("Dropped inputs leave no hole, late ones keep the hole they make")
    func drops() {
        var rewriter = synchronized()
        #expect(rewriter.map(0) == 1000)
        rewriter.drop(1)
        #expect(rewriter.map(2) == 1001)
        #expect(rewriter.map(1) == nil)
        #expect(rewriter.map(5) == 1004)
        let isDropped = rewriter.drop(4)
        #expect(!isDropped, "what others have overtaken keeps its number")
        #expect(rewriter.map(6) == 1005)
        #expect(rewriter.map(3) == 1002)
    }

    @Test("A new source goes on where the old one ended, with a hole after a frame cut off, mediasoup 408")
    func synchronization() {
        var rewriter = synchronized()
        #expect(rewriter.map(0) == 1000)
        #expect(rewriter.map(1) == 1001)
        rewriter.synchronize(to: 500_000)
        #expect(rewriter.map(500_000) == 1002)
        rewriter.synchronize(to: 77, gap: 1)
        #expect(rewriter.map(77) == 1004)
        #expect(rewriter.map(76) == nil, "what lies before the new source's start would collide")
    }

    @Test("Synchronising twice, or after drops, repeats no number")
    func resynchronization() {
        var rewriter = synchronized()
        #expect(rewriter.map(0) == 1000)
        for input in 1...10 as ClosedRange<Int64> { rewriter.drop(input) }
        rewriter.synchronize(to: 11)
        rewriter.synchronize(to: 12)
        #expect(rewriter.map(12) == 1001)
    }

    @Test("A number kept for a late packet is not given to the first of a new source")
    func reservedNumbers() {
        var rewriter = synchronized()
        #expect(rewriter.map(0) == 1000)
        rewriter.drop(3)
        #expect(rewriter.map(1) == 1001)
        rewriter.synchronize(to: 4)
        #expect(rewriter.map(4) == 1003)
    }

    @Test("Too many separate drops forget the oldest, never give a wrong number")
    func boundedMemory() {
        var rewriter = synchronized()
        for input in stride(from: 0, to: 1000, by: 2) as StrideTo<Int64> {
            #expect(rewriter.map(input) == 1000 + input / 2)
            rewriter.drop(input + 1)
        }
        #expect(rewriter.map(998) == 1499)
        #expect(rewriter.map(900) == 1450)
        #expect(rewriter.map(2) == nil)
    }

    @Test(
        "A million random drops, losses, duplicates, late packets and restarts across wraps agree with a plain list",
        arguments: [1, 2] as [UInt64]
    )
    func oracle(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var unwrapper = SequenceUnwrapper()
        // The oracle: the output of every input by walking, with wrapping numbers on the wire.
        var truth: [Int64: Int64] = [:]
        var dropped: Set<Int64> = []
        var input: Int64 = 64_000
        var newest = input - 1
        var floor = input
        var expected: Int64 = 30_000
        var rewriter = synchronized(to: input, first: expected)
        var unknown = 0
        var mismatches = 0
        for step in 0..<500_000 {
            let roll = Int.random(in: 0..<100, using: &random)
            let extended = unwrapper.unwrap(UInt16(truncatingIfNeeded: input))
            if extended != input { mismatches += 1 }
            // Now and then the source starts anew here: outputs go on, earlier inputs are void.
            if roll == 50, step % 16 == 0 {
                let gap = Int64.random(in: 0...1, using: &random)
                rewriter.synchronize(to: extended, gap: gap)
                (floor, newest, expected) = (input, input - 1, expected + gap)
            }
            // Every input passed over had a number reserved for it.
            for skipped in newest + 1..<input {
                truth[skipped] = expected
                expected += 1
            }
            newest = input
            if roll < 20 {
                rewriter.drop(extended)
                dropped.insert(input)
            } else {
                truth[input] = expected
                if rewriter.map(extended) != expected { mismatches += 1 }
                expected += 1
            }
            let late = input - Int64.random(in: 0...900, using: &random)
            if late < floor {
                if rewriter.map(unwrapper.peek(UInt16(truncatingIfNeeded: late))) != nil { mismatches += 1 }
            } else {
                let answer = rewriter.map(unwrapper.peek(UInt16(truncatingIfNeeded: late)))
                if let answer {
                    if truth[late] != answer || dropped.contains(late) { mismatches += 1 }
                } else if !dropped.contains(late) {
                    unknown += 1
                }
            }
            input += roll >= 90 ? Int64.random(in: 2...50, using: &random) : 1
            if step % 4096 == 0 {
                truth = truth.filter { $0.key > input - 1000 }
                dropped = dropped.filter { $0 > input - 1000 }
            }
        }
        #expect(mismatches == 0)
        #expect(unknown > 0 && unknown < 100_000, "only what is older than 64 runs of drops is unknown")
    }

    @Test("Media time continues over a change of source and over the wrap")
    func timestamps() {
        var rewriter = TimestampRewriter()
        #expect(rewriter.map(77) == 77, "a simple consumer's media time is untouched")
        rewriter.synchronize(1_000_000, to: 0xFFFF_FF00)
        #expect(rewriter.map(1_000_000) == 0xFFFF_FF00)
        #expect(rewriter.map(1_000_512) == 0x100)
        #expect(rewriter.newest == 0x100)
        #expect(rewriter.map(1_000_100) == 0xFFFF_FF64)
        #expect(rewriter.newest == 0x100, "a late packet is not the newest, across the wrap too")
    }
}
