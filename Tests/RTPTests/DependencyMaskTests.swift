// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletRTP
import SwiftletWire
import Testing

@Suite("The mask of active decode targets in a forwarded dependency descriptor, MS #1610")
struct DependencyMaskTests {
    @Test("A descriptor of three bytes grows by its flags and the mask")
    func short() {
        let value: [UInt8] = [0xC5, 0x12, 0x34]
        #expect(rewrite(value, maskOffset: 29, targetCount: 3, mask: 0b011) == [0xC5, 0x12, 0x34, 0b0_1_0_0_0_011])
        #expect(
            rewrite(value, maskOffset: 29, targetCount: 32, mask: 0x8000_0001)
                == [0xC5, 0x12, 0x34, 0b0_1_0_0_0_100, 0, 0, 0, 0b0000_1_000]
        )
    }

    @Test("Bits of a target that the structure lacks are left out")
    func excess() {
        #expect(rewrite([0xC5, 0, 1], maskOffset: 29, targetCount: 2, mask: .max) == [0xC5, 0, 1, 0b0_1_0_0_0_11_0])
    }

    @Test("Custom fields behind the mask move by its width")
    func custom() {
        // Indications 2 and 1 for two targets, and the mask 01 before them; the padding moves too.
        let value = bits("1 1 000000 0000000000000001 0 0 1 0 0 10 01")
        let expected = bits("1 1 000000 0000000000000001 0 1 1 0 0 01 10 01 0000000 00")
        #expect(rewrite(value, maskOffset: 29, targetCount: 2, mask: 0b01) == expected)
    }

    @Test(
        "Against the writer: the same descriptor with another mask, bit by bit",
        arguments: 1...8 as ClosedRange<UInt64>
    )
    func oracle(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        for _ in 0..<100 {
            let draft = DependencyStructureDraft.random(using: &random)
            let structure = try #require(DependencyStructure(bytes: DependencyDescriptorTests.key(of: draft)))
            for _ in 0..<8 {
                var (descriptor, _) = draft.descriptor(using: &random)
                let before = descriptor.encoded(targetCount: draft.targetCount)
                let read = try #require(DependencyDescriptor.read(bytes: before, structure: structure))
                let mask = UInt32(truncatingIfNeeded: random.next())
                descriptor.activeTargets = mask & draft.allTargets
                let expected = descriptor.encoded(targetCount: draft.targetCount)
                let written = rewrite(
                    before,
                    maskOffset: Int(read.maskOffset),
                    targetCount: Int(read.targetCount),
                    mask: mask
                )
                // What was padding may have moved into a byte of its own.
                #expect(written == expected || written == expected + [0])
                #expect(written.count <= before.count + DependencyDescriptor.maximumGrowth)
                if descriptor.indications == nil, descriptor.distances == nil, descriptor.chainDistances == nil {
                    #expect(written == expected)
                }
            }
        }
    }

    @Test("Arguments that do not belong together write nothing")
    func refused() {
        let (short, long): ([UInt8], [UInt8]) = ([0xC0, 0, 1], [0xC0, 0, 1, 0x40, 0])
        for (value, offset, count) in [
            (short, 28, 2), (short, 30, 2), (short, 29, 0), (short, 29, 33), ([0xC0, 0], 29, 2), (long, 29, 12),
            (long, 41, 1), (long, .max - 40, 1), (long, -1, 1), ([], 0, 0),
        ] as [([UInt8], Int, Int)] {
            #expect(rewrite(value, maskOffset: offset, targetCount: count, mask: 1).isEmpty)
        }
        #expect(rewrite(long, maskOffset: 29, targetCount: 11, mask: 0) == long)
        var target = [UInt8](repeating: 0xEE, count: 5)
        for offset in [2, 5, -1, .max] {
            var span = target.mutableSpan
            let written = DependencyDescriptor.rewriteMask(
                short.span,
                maskOffset: 29,
                targetCount: 2,
                mask: 1,
                into: &span,
                at: offset
            )
            #expect(written == 0)
        }
        #expect(target.allSatisfy { $0 == 0xEE })
    }

    /// The rewritten copy, which must be as long as foretold and lie where it was asked to.
    private func rewrite(_ value: [UInt8], maskOffset: Int, targetCount: Int, mask: UInt32) -> [UInt8] {
        let length = DependencyDescriptor.rewrittenLength(value.span, maskOffset: maskOffset, targetCount: targetCount)
        var target = [UInt8](repeating: 0xEE, count: value.count + 12)
        var span = target.mutableSpan
        let written = DependencyDescriptor.rewriteMask(
            value.span,
            maskOffset: maskOffset,
            targetCount: targetCount,
            mask: mask,
            into: &span,
            at: 3
        )
        #expect(written == length)
        #expect(target[..<3].allSatisfy { $0 == 0xEE } && target[(3 + written)...].allSatisfy { $0 == 0xEE })
        return Array(target[3..<3 + written])
    }
}
