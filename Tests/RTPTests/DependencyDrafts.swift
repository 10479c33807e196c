// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletRTP
import SwiftletWire

extension DependencyStructureDraft {
    /// Any structure within the limits.
    static func random(using random: inout SeededRandom) -> DependencyStructureDraft {
        let targets = Int.random(in: 1...32, using: &random)
        let chains = Bool.random(using: &random) ? Int.random(in: 1...targets, using: &random) : 0
        var templates: [Template] = []
        var (spatial, temporal) = (0, 0)
        for _ in 0..<Int.random(in: 1...64, using: &random) {
            templates.append(
                Template(
                    spatialID: spatial,
                    temporalID: temporal,
                    indications: (0..<targets).map { _ in UInt8.random(in: 0...3, using: &random) },
                    distances: (0..<Int.random(in: 0...3, using: &random)).map { _ in
                        Int.random(in: 1...16, using: &random)
                    },
                    chainDistances: (0..<chains).map { _ in Int.random(in: 0...15, using: &random) }
                )
            )
            switch Int.random(in: 0..<8, using: &random) {
            case 0 where spatial < 3: (spatial, temporal) = (spatial + 1, 0)
            case 1, 2: temporal = min(temporal + 1, 7)
            default: break
            }
        }
        return DependencyStructureDraft(
            templateIDOffset: Int.random(in: 0..<64, using: &random),
            targetCount: targets,
            templates: templates,
            chainCount: chains,
            targetChains: chains > 0 ? (0..<targets).map { _ in Int.random(in: 0..<chains, using: &random) } : [],
            resolutions: Bool.random(using: &random)
                ? (0...(templates.last?.spatialID ?? 0)).map { _ in
                    let (width, height) = (
                        Int.random(in: 1...0x10000, using: &random), Int.random(in: 1...0x10000, using: &random)
                    )
                    return Size(width: width, height: height)
                } : []
        )
    }

    /// Any descriptor that fits the structure, which it may bring.
    func descriptor(using random: inout SeededRandom) -> (draft: DependencyDescriptorDraft, template: Template) {
        let index = Int.random(in: templates.indices, using: &random)
        var draft = DependencyDescriptorDraft(
            templateID: templateID(index),
            frameNumber: UInt16.random(in: 0...0xFFFF, using: &random)
        )
        draft.isStart = Bool.random(using: &random)
        draft.isEnd = Bool.random(using: &random)
        if Bool.random(using: &random) { draft.structure = self }
        if Bool.random(using: &random) {
            draft.activeTargets = UInt32(truncatingIfNeeded: random.next()) & allTargets
        }
        if Bool.random(using: &random) {
            draft.indications = (0..<targetCount).map { _ in UInt8.random(in: 0...3, using: &random) }
        }
        if Bool.random(using: &random) {
            draft.distances = (0..<Int.random(in: 0...5, using: &random)).map { _ in
                Int.random(in: 1...([16, 64, 256, 4096].randomElement(using: &random) ?? 1), using: &random)
            }
        }
        if Bool.random(using: &random) {
            draft.chainDistances = (0..<chainCount).map { _ in Int.random(in: 0...255, using: &random) }
        }
        return (draft, templates[index])
    }

    /// A mask with every decode target in it.
    var allTargets: UInt32 { targetCount == 32 ? .max : 1 << UInt32(targetCount) - 1 }
}

/// The mask of frames that `distances` name, and whether one lies too far back for it.
func references(_ distances: [Int]) -> (mask: UInt64, isFar: Bool) {
    (distances.filter { $0 <= 64 }.reduce(0) { $0 | 1 << UInt64($1 - 1) }, distances.contains { $0 > 64 })
}

/// Indications as two bits for each decode target, target 0 lowest.
func packed(_ indications: [UInt8]) -> UInt64 { indications.reversed().reduce(0) { $0 << 2 | UInt64($1) } }

/// The bytes that a string of ones and zeros spells, the last filled up with zeros; other characters are skipped.
func bits(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    for (index, digit) in text.filter({ "01".contains($0) }).enumerated() {
        if index % 8 == 0 { bytes.append(0) }
        if digit == "1" { bytes[index / 8] |= 0x80 >> UInt8(index % 8) }
    }
    return bytes
}
