// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// Writes AV1 dependency descriptors for a ``LayerStructure``: AV1 RTP specification, appendix A.8.
///
/// What the templates say is worked out from the frames' references, not written down by hand.
struct DependencyWriter {
    /// How a frame stands to a decode target.
    private enum Indication: UInt8 {
        case notPresent, discardable, switching, required
    }

    struct Template: Hashable {
        var spatial: Int
        var temporal: Int
        var indications: [UInt8]
        var frameDifferences: [Int]
        var chainDifferences: [Int]
    }

    let structure: LayerStructure
    private let templates: [Template]
    /// Indications by key picture or place in the cycle, then spatial layer.
    private let keyIndications: [[UInt8]]
    private let cycleIndications: [[[UInt8]]]
    private var chains: [UInt32?]
    private var offset = 0
    private let firstNumber: UInt16
    private var active: Int
    /// Pictures that still say which targets are active, after a change.
    private var announcements = 0

    private var targetCount: Int { structure.spatial * structure.temporal }

    init(_ structure: LayerStructure, firstNumber: UInt16) {
        self.structure = structure
        self.firstNumber = firstNumber
        active = structure.spatial
        chains = Array(repeating: nil, count: structure.spatial)
        let cycle = structure.cycle.count
        var sequence = FrameSequence(structure)
        let frames = (0..<cycle * 4).flatMap { _ in sequence.next(key: false) }
        let indications = Self.indications(of: frames, structure, horizon: cycle * 2 * structure.spatial)
        keyIndications = (0..<structure.spatial).map { indications[$0] }
        cycleIndications = (0..<cycle).map { position in
            (0..<structure.spatial).map { indications[(cycle + position) * structure.spatial + $0] }
        }
        var chains = [UInt32?](repeating: nil, count: structure.spatial)
        var found: [Template] = []
        for (index, frame) in frames.enumerated().prefix(cycle * 2 * structure.spatial) {
            let template = Template(
                spatial: frame.spatial,
                temporal: frame.temporal,
                indications: indications[index],
                frameDifferences: frame.references.map { Int(frame.number - $0) }.sorted(),
                chainDifferences: Self.follow(&chains, frame, structure, active: structure.spatial)
            )
            if !found.contains(template) { found.append(template) }
        }
        templates = found.enumerated().sorted {
            ($0.element.spatial, $0.element.temporal, $0.offset) < ($1.element.spatial, $1.element.temporal, $1.offset)
        }.map(\.element)
    }

    private static func indications(
        of frames: [SyntheticFrame],
        _ structure: LayerStructure,
        horizon: Int
    ) -> [[UInt8]] {
        frames.indices.prefix(horizon).map { index in
            let frame = frames[index]
            var needed: Set<UInt32> = [frame.number]
            for earlier in frames[...index].reversed() where needed.contains(earlier.number) {
                needed.formUnion(earlier.references)
            }
            return (0..<structure.spatial * structure.temporal).map { target in
                let (s, t) = (target / structure.temporal, target % structure.temporal)
                let belongs = { (one: SyntheticFrame) in
                    structure.belongs(spatial: one.spatial, temporal: one.temporal, isKey: one.isKey, to: s, t)
                }
                guard belongs(frame) else { return Indication.notPresent.rawValue }
                let later = frames[(index + 1)...].filter(belongs)
                guard later.contains(where: { $0.references.contains(frame.number) }) else {
                    return Indication.discardable.rawValue
                }
                let isSwitch = later.allSatisfy { one in
                    one.references.allSatisfy { $0 > frame.number || needed.contains($0) }
                }
                return (isSwitch ? Indication.switching : .required).rawValue
            }
        }
    }

    /// How far back the last frame of each chain is; then puts `frame` into its chains.
    private static func follow(
        _ chains: inout [UInt32?],
        _ frame: SyntheticFrame,
        _ structure: LayerStructure,
        active: Int
    ) -> [Int] {
        if frame.isKey, frame.spatial == 0 { chains = chains.map { _ in nil } }
        return chains.indices.map { chain in
            let difference = chain < active ? chains[chain].map { Int(frame.number - $0) } ?? 0 : 0
            let belongs = structure.belongs(
                spatial: frame.spatial,
                temporal: frame.temporal,
                isKey: frame.isKey,
                to: chain,
                0
            )
            if belongs { chains[chain] = frame.number }
            return difference
        }
    }

    /// The descriptors of one frame's packets.
    mutating func describe(_ frame: SyntheticFrame, packets: Int, active: Int) -> [[UInt8]] {
        if active != self.active {
            self.active = active
            announcements = structure.cycle.count
        }
        let own = Template(
            spatial: frame.spatial,
            temporal: frame.temporal,
            indications: frame.isKey ? keyIndications[frame.spatial] : cycleIndications[frame.position][frame.spatial],
            frameDifferences: frame.references.map { Int(frame.number - $0) }.sorted(),
            chainDifferences: Self.follow(&chains, frame, structure, active: active)
        )
        let bringsStructure = frame.isKey && frame.spatial == 0
        if bringsStructure { offset = (offset + templates.count) % 64 }
        let isAnnounced = announcements > 0 || (bringsStructure && active < structure.spatial)
        if frame.isLast, announcements > 0 { announcements -= 1 }
        return (0..<packets).map { packet in
            write(
                own,
                number: firstNumber &+ UInt16(truncatingIfNeeded: frame.number),
                isStart: packet == 0,
                isEnd: packet == packets - 1,
                bringsStructure: bringsStructure && packet == 0,
                mask: isAnnounced ? active : nil
            )
        }
    }

    private func write(
        _ frame: Template,
        number: UInt16,
        isStart: Bool,
        isEnd: Bool,
        bringsStructure: Bool,
        mask: Int?
    ) -> [UInt8] {
        let same = { (one: Template) in one.spatial == frame.spatial && one.temporal == frame.temporal }
        guard let index = templates.firstIndex(of: frame) ?? templates.firstIndex(where: same) else { return [] }
        let template = templates[index]
        let custom = (
            template.indications != frame.indications, template.frameDifferences != frame.frameDifferences,
            template.chainDifferences != frame.chainDifferences
        )
        var bits = BitWriter()
        bits.write(isStart ? 1 : 0, 1)
        bits.write(isEnd ? 1 : 0, 1)
        bits.write((offset + index) % 64, 6)
        bits.write(Int(number), 16)
        guard bringsStructure || mask != nil || custom.0 || custom.1 || custom.2 else { return bits.bytes }
        for flag in [bringsStructure, mask != nil, custom.0, custom.1, custom.2] { bits.write(flag ? 1 : 0, 1) }
        if bringsStructure { writeStructure(to: &bits) }
        if let mask {
            let all = (1 << (mask * structure.temporal)) - 1
            bits.write(all, targetCount)
        }
        if custom.0 { for indication in frame.indications { bits.write(Int(indication), 2) } }
        if custom.1 {
            for difference in frame.frameDifferences {
                let nibbles = difference <= 16 ? 1 : difference <= 256 ? 2 : 3
                bits.write(nibbles, 2)
                bits.write(difference - 1, nibbles * 4)
            }
            bits.write(0, 2)
        }
        if custom.2 { for difference in frame.chainDifferences { bits.write(min(difference, 255), 8) } }
        return bits.bytes
    }

    private func writeStructure(to bits: inout BitWriter) {
        bits.write(offset, 6)
        bits.write(targetCount - 1, 5)
        for index in templates.indices {
            guard index + 1 < templates.count else {
                bits.write(3, 2)
                break
            }
            let (one, next) = (templates[index], templates[index + 1])
            bits.write(next.spatial > one.spatial ? 2 : next.temporal > one.temporal ? 1 : 0, 2)
        }
        for template in templates { for indication in template.indications { bits.write(Int(indication), 2) } }
        for template in templates {
            for difference in template.frameDifferences {
                bits.write(1, 1)
                bits.write(difference - 1, 4)
            }
            bits.write(0, 1)
        }
        bits.writeNonSymmetric(structure.spatial, below: targetCount + 1)
        for target in 0..<targetCount { bits.writeNonSymmetric(target / structure.temporal, below: structure.spatial) }
        for template in templates { for difference in template.chainDifferences { bits.write(difference, 4) } }
        bits.write(1, 1)
        for spatial in 0..<structure.spatial {
            bits.write((320 << spatial) - 1, 16)
            bits.write((180 << spatial) - 1, 16)
        }
    }
}

/// Writes bits, the most significant first.
struct BitWriter {
    private(set) var bytes: [UInt8] = []
    private var used = 0

    mutating func write(_ value: Int, _ count: Int) {
        for bit in stride(from: count - 1, through: 0, by: -1) {
            if used % 8 == 0 { bytes.append(0) }
            bytes[used / 8] |= UInt8(value >> bit & 1) << UInt8(7 - used % 8)
            used += 1
        }
    }

    /// The `ns(n)` code of the AV1 specification, §4.10.7.
    mutating func writeNonSymmetric(_ value: Int, below limit: Int) {
        var width = 0
        while limit >> width != 0 { width += 1 }
        let short = (1 << width) - limit
        if value < short { write(value, width - 1) } else { write(value + short, width) }
    }
}
