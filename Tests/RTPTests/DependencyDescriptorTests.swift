// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletRTP
import SwiftletWire
import Testing

@Suite("Dependency descriptor, AV1 RTP specification, appendix A")
struct DependencyDescriptorTests {
    /// Start, end, template 61, frame 0x0102; a structure and nothing else: offset 60, two decode targets.
    static let structured = bits(
        "1 1 111101 00000001 00000010 1 0 0 0 0"
            // Offset 60, two decode targets; templates of layers S0T0, S0T0, S0T1, S1T0.
            + "111100 00001 00 01 10 11"
            // What each is to both targets.
            + "10 10 11 11 00 01 00 10"
            // References: none; 4 back; 2 back; 1 and 4 back.
            + "0 1 0011 0 1 0001 0 1 0000 1 0011 0"
            // Two chains in ns(3), protecting targets 0 and 1 in ns(2); chain distances.
            + "11 0 1 0000 0000 0100 0100 0010 0010 0001 0001"
            // Resolutions 320x180 and 640x360.
            + "1 0000000100111111 0000000010110011 0000001001111111 0000000101100111"
    )

    @Test("A structure written out by hand is read field by field")
    func structure() throws {
        let structure = try #require(DependencyStructure(bytes: Self.structured))
        #expect(structure.templateIDOffset == 60 && structure.templateCount == 4 && structure.targetCount == 2)
        #expect(structure.spatialLayerCount == 2 && structure.temporalLayerCount == 2 && structure.chainCount == 2)
        let templates = (0..<4).compactMap(structure.template)
        #expect(templates.map(\.spatialID) == [0, 0, 0, 1] && templates.map(\.temporalID) == [0, 0, 1, 0])
        #expect(templates.map(\.indications) == [0b10_10, 0b11_11, 0b01_00, 0b10_00])
        #expect(templates.map(\.references) == [0, 0b1000, 0b10, 0b1001])
        #expect(structure.template(at: 4) == nil && structure.template(at: -1) == nil)
        #expect(structure.targetLayers(0) == (0, 0) && structure.targetLayers(1) == (1, 1))
        #expect(structure.targetLayers(2) == (0, 0))
    }

    @Test("A descriptor is read by the structure that it brings, whatever was in force")
    func ownStructure() throws {
        let other = DependencyStructureDraft(
            targetCount: 1,
            templates: [.init(spatialID: 0, temporalID: 0, indications: [2])]
        )
        let inForce = try #require(DependencyStructure(bytes: Self.key(of: other)))
        for structure in [nil, inForce] {
            let descriptor = try #require(DependencyDescriptor.read(bytes: Self.structured, structure: structure))
            #expect(descriptor.isComplete && descriptor.bringsStructure && !descriptor.hasActiveTargets)
            #expect(descriptor.header.isStart && descriptor.header.isEnd && descriptor.header.frameNumber == 0x0102)
            // Template 61 is the second, the ids start at 60.
            #expect(descriptor.header.templateID == 61 && descriptor.indications == 0b11_11)
            #expect(descriptor.references == 0b1000 && descriptor.targetCount == 2)
            #expect(descriptor.maskOffset == 189)
        }
    }

    @Test("Three bytes name a template of the structure in force, and ids wrap at 64")
    func short() throws {
        let structure = try #require(DependencyStructure(bytes: Self.structured))
        let value: [UInt8] = [0x80 | 63, 0xFF, 0xFE]
        let descriptor = try #require(DependencyDescriptor.read(bytes: value, structure: structure))
        #expect(descriptor.isComplete && !descriptor.bringsStructure && descriptor.maskOffset == 29)
        #expect(descriptor.header.isStart && !descriptor.header.isEnd && descriptor.header.frameNumber == 0xFFFE)
        #expect(descriptor.spatialID == 1 && descriptor.temporalID == 0 && descriptor.references == 0b1001)
        #expect(descriptor.indication(0) == 0 && descriptor.indication(1) == 2)
    }

    @Test("Without a structure, or with a template that it lacks, only the header is read")
    func headerOnly() throws {
        let structure = try #require(DependencyStructure(bytes: Self.structured))
        // Templates are 60 to 63; 0 is the one behind the last, 59 the one before the first.
        for (value, known) in [([0xC0, 0, 7], structure), ([0xFB, 0, 7], structure), ([0xFC, 0, 7], nil)]
            as [([UInt8], DependencyStructure?)]
        {
            let descriptor = try #require(DependencyDescriptor.read(bytes: value, structure: known))
            #expect(!descriptor.isComplete && descriptor.header.frameNumber == 7 && descriptor.targetCount == 0)
        }
        #expect(DependencyDescriptor.read(bytes: [0xC0, 0], structure: structure) == nil)
    }

    @Test("Chrome's L3T3: nine decode targets, three chains, and a mask on an inter frame")
    func chrome() throws {
        // Sent by Chrome 96 for AV1 in mode L3T3.
        let key: [UInt8] = [
            0xC1, 0x01, 0x72, 0x80, 0x08, 0x14, 0x85, 0x21, 0x4E, 0xAF, 0xFF, 0xAA, 0xAA, 0x86, 0x3C, 0xF0, 0x43, 0x0C,
            0x10, 0xC3, 0x02, 0xAF, 0xC0, 0xAA, 0xA0, 0x06, 0x3C, 0x00, 0x43, 0x00, 0x10, 0xC0, 0x02, 0xA0, 0x00, 0xA8,
            0x00, 0x06, 0x00, 0x00, 0x40, 0x00, 0x1D, 0x95, 0x49, 0x26, 0xE0, 0x82, 0xB0, 0x4A, 0x09, 0x41, 0xB8, 0x20,
            0xAC, 0x12, 0x82, 0x50, 0x31, 0x57, 0xF9, 0x74, 0x00, 0x0C, 0xA8, 0x64, 0x33, 0x0E, 0x22, 0x22, 0x22, 0xEC,
            0xA8, 0x65, 0x53, 0x04, 0x22, 0x42, 0x30, 0xEC, 0xA8, 0x77, 0x53, 0x00, 0x77, 0x00, 0x42, 0x00, 0xEF, 0x00,
            0x86, 0x01, 0xDF, 0x01, 0x0D,
        ]
        let structure = try #require(DependencyStructure(bytes: key))
        #expect(structure.templateCount == 15 && structure.targetCount == 9 && structure.chainCount == 3)
        #expect((0..<9).map { structure.targetLayers($0).spatial } == [0, 0, 0, 1, 1, 1, 2, 2, 2])
        #expect((0..<9).map { structure.targetLayers($0).temporal } == [0, 1, 2, 0, 1, 2, 0, 1, 2])
        let inter: [UInt8] = [0x86, 0x01, 0x73, 0x40, 0xFC]
        let descriptor = try #require(DependencyDescriptor.read(bytes: inter, structure: structure))
        #expect(descriptor.isComplete && descriptor.spatialID == 1 && descriptor.temporalID == 0)
        #expect(descriptor.hasActiveTargets && descriptor.activeTargets == 0b000_111_111)
        #expect(descriptor.references == 1 && descriptor.header.frameNumber == 371)
    }

    @Test("Random structures and descriptors read as they were written", arguments: 1...8 as ClosedRange<UInt64>)
    func roundTrip(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        for _ in 0..<100 {
            let draft = DependencyStructureDraft.random(using: &random)
            let structure = try #require(DependencyStructure(bytes: Self.key(of: draft)))
            try expect(structure, reads: draft)
            for _ in 0..<8 {
                let (written, template) = draft.descriptor(using: &random)
                let bytes = written.encoded(targetCount: draft.targetCount)
                let descriptor = try #require(DependencyDescriptor.read(bytes: bytes, structure: structure))
                expect(descriptor, reads: written, by: template)
                #expect(
                    DependencyDescriptor.startsKeyFrame(bytes.span) == (written.isStart && written.structure != nil)
                )
            }
        }
    }

    @Test("A descriptor cut anywhere is nothing or incomplete", arguments: 1...4 as ClosedRange<UInt64>)
    func truncation(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        for _ in 0..<12 {
            let draft = DependencyStructureDraft.random(using: &random)
            let structure = try #require(DependencyStructure(bytes: Self.key(of: draft)))
            let (written, _) = draft.descriptor(using: &random)
            let bytes = written.encoded(targetCount: draft.targetCount)
            for length in bytes.indices {
                let descriptor = DependencyDescriptor.read(bytes: Array(bytes[..<length]), structure: structure)
                #expect((descriptor == nil) == (length < 3))
                // Cut to three bytes it is a descriptor of the shortest kind.
                #expect(descriptor?.isComplete != true || length == 3)
                #expect(
                    DependencyStructure(bytes: Array(bytes[..<length])) == nil || length * 8 >= Int(structureEnd(bytes))
                )
            }
        }
    }

    /// A descriptor that brings `draft` and says nothing else.
    static func key(of draft: DependencyStructureDraft) -> [UInt8] {
        var descriptor = DependencyDescriptorDraft(templateID: draft.templateID(0), frameNumber: 0)
        descriptor.structure = draft
        return descriptor.encoded(targetCount: draft.targetCount)
    }

    private func structureEnd(_ bytes: [UInt8]) -> UInt16 {
        DependencyDescriptor.read(bytes: bytes, structure: nil)?.maskOffset ?? 0
    }

    private func expect(_ structure: DependencyStructure, reads draft: DependencyStructureDraft) throws {
        #expect(Int(structure.templateIDOffset) == draft.templateIDOffset && structure.chainCount == draft.chainCount)
        #expect(structure.templateCount == draft.templates.count && structure.targetCount == draft.targetCount)
        for (index, expected) in draft.templates.enumerated() {
            let template = try #require(structure.template(at: index))
            #expect(Int(template.spatialID) == expected.spatialID && Int(template.temporalID) == expected.temporalID)
            #expect(template.indications == packed(expected.indications))
            #expect(template.references == references(expected.distances).mask)
        }
        for target in 0..<draft.targetCount {
            let held = draft.templates.filter { $0.indications[target] != 0 }
            let layers = structure.targetLayers(target)
            #expect(Int(layers.spatial) == held.map(\.spatialID).max() ?? 0)
            #expect(Int(layers.temporal) == held.map(\.temporalID).max() ?? 0)
        }
    }

    private func expect(
        _ descriptor: DependencyDescriptor,
        reads written: DependencyDescriptorDraft,
        by template: DependencyStructureDraft.Template
    ) {
        #expect(descriptor.isComplete && descriptor.bringsStructure == (written.structure != nil))
        #expect(descriptor.header.isStart == written.isStart && descriptor.header.isEnd == written.isEnd)
        #expect(descriptor.header.frameNumber == written.frameNumber)
        #expect(Int(descriptor.spatialID) == template.spatialID && Int(descriptor.temporalID) == template.temporalID)
        #expect(descriptor.indications == packed(written.indications ?? template.indications))
        let expected = references(written.distances ?? template.distances)
        #expect(descriptor.references == expected.mask && descriptor.hasFarReference == expected.isFar)
        #expect(descriptor.hasActiveTargets == (written.activeTargets != nil))
        #expect(descriptor.activeTargets == written.activeTargets ?? 0)
    }
}
