// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletRTP
import SwiftletWire
import Testing

@Suite("Hostile dependency descriptors")
struct DependencyLimitTests {
    /// A descriptor with a structure of one decode target whose templates follow `steps`, with zeros behind.
    private func structure(_ steps: [String]) -> DependencyStructure? {
        let start = "1 1 000000 0000000000000000 1 0 0 0 0 000000 00000" + steps.joined() + "11"
        return DependencyStructure(bytes: bits(start) + [UInt8](repeating: 0, count: 40))
    }

    @Test("Layers beyond the limits are refused, the last within them is not, LK #4739, LK #4712")
    func layers() throws {
        let highest = try #require(structure(["10", "10", "10"]))
        #expect(highest.spatialLayerCount == 4 && highest.template(at: 3)?.spatialID == 3)
        #expect(structure(["10", "10", "10", "10"]) == nil)
        let fastest = try #require(structure([String](repeating: "01", count: 7)))
        #expect(fastest.temporalLayerCount == 8 && fastest.template(at: 7)?.temporalID == 7)
        #expect(structure([String](repeating: "01", count: 8)) == nil)
        // A temporal layer counts within its spatial layer.
        #expect(structure(["01", "01", "01", "01", "10", "01", "01", "01", "01"])?.temporalLayerCount == 5)
    }

    @Test("Sixty-four templates are read, sixty-five are refused")
    func templates() {
        #expect(structure([String](repeating: "00", count: 63))?.templateCount == 64)
        #expect(structure([String](repeating: "00", count: 64)) == nil)
    }

    @Test("Thirty-two decode targets fill every bit of masks and indications")
    func targets() throws {
        let draft = DependencyStructureDraft(
            targetCount: 32,
            templates: [.init(spatialID: 0, temporalID: 0, indications: [UInt8](repeating: 3, count: 32))]
        )
        var descriptor = DependencyDescriptorDraft(templateID: 0, frameNumber: 1)
        descriptor.structure = draft
        descriptor.activeTargets = .max
        let value = descriptor.encoded(targetCount: 32)
        let read = try #require(DependencyDescriptor.read(bytes: value, structure: nil))
        #expect(read.indications == .max && read.activeTargets == .max && read.targetCount == 32)
    }

    @Test("References that never end, and ones too far back, end with the descriptor")
    func references() throws {
        let draft = DependencyStructureDraft(
            targetCount: 1,
            templates: [.init(spatialID: 0, temporalID: 0, indications: [2])]
        )
        let structure = try #require(DependencyStructure(bytes: DependencyDescriptorTests.key(of: draft)))
        let endless = bits("1 1 000000 0000000000000000 0 0 0 1 0 111") + [UInt8](repeating: 0xFF, count: 200)
        let read = try #require(DependencyDescriptor.read(bytes: endless, structure: structure))
        #expect(!read.isComplete && read.hasFarReference)
        for (distance, mask, isFar) in [(64, 1 << 63, false), (65, 0, true), (4096, 0, true)] as [(Int, UInt64, Bool)] {
            var descriptor = DependencyDescriptorDraft(templateID: 0, frameNumber: 1)
            descriptor.distances = [distance]
            let value = descriptor.encoded(targetCount: 1)
            let read = try #require(DependencyDescriptor.read(bytes: value, structure: structure))
            #expect(read.isComplete && read.references == mask && read.hasFarReference == isFar)
        }
    }

    @Test(
        "Fifty thousand mutated descriptors are read within the limits and rewritten",
        arguments: 1...4 as ClosedRange<UInt64>
    )
    func mutation(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let draft = DependencyStructureDraft.random(using: &random)
        var structure = try #require(DependencyStructure(bytes: DependencyDescriptorTests.key(of: draft)))
        var (complete, changed, outside) = (0, 0, 0)
        for _ in 0..<12_500 {
            var bytes = draft.descriptor(using: &random).draft.encoded(targetCount: draft.targetCount)
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                bytes[Int.random(in: bytes.indices, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            }
            if Int.random(in: 0..<8, using: &random) == 0 { bytes.removeLast() }
            if let new = DependencyStructure(bytes: bytes) {
                (structure, changed) = (new, changed + 1)
                outside += new.templateCount > 64 || new.targetCount > 32 || new.chainCount > new.targetCount ? 1 : 0
                outside += new.spatialLayerCount > 4 || new.temporalLayerCount > 8 ? 1 : 0
            }
            guard let read = DependencyDescriptor.read(bytes: bytes, structure: structure), read.isComplete else {
                continue
            }
            complete += 1
            outside += read.spatialID > 3 || read.temporalID > 7 || !(1...32 ~= read.targetCount) ? 1 : 0
            var target = [UInt8](repeating: 0, count: bytes.count + DependencyDescriptor.maximumGrowth)
            var span = target.mutableSpan
            let written = DependencyDescriptor.rewriteMask(
                bytes.span,
                maskOffset: Int(read.maskOffset),
                targetCount: Int(read.targetCount),
                mask: 1,
                into: &span,
                at: 0
            )
            outside += written < 4 ? 1 : 0
        }
        #expect(complete > 1000 && changed > 100 && outside == 0)
    }
}
