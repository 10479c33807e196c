// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletRTP

/// A dependency structure as a sender composes it.
///
/// - Note: AV1 RTP specification, appendix A.8.3.
struct DependencyStructureDraft: Equatable, Sendable {
    /// What frames that name it have in common.
    struct Size: Equatable, Sendable {
        var width: Int
        var height: Int
    }

    struct Template: Equatable, Sendable {
        var spatialID: Int
        var temporalID: Int
        /// For each decode target: 0 not present, 1 discardable, 2 switch, 3 required.
        var indications: [UInt8]
        /// How many frame numbers back the frames lie that it depends on, 1 to 16 each.
        var distances: [Int]
        /// For each chain, how many frame numbers back its last frame lies, 0 to 15.
        var chainDistances: [Int]

        init(
            spatialID: Int,
            temporalID: Int,
            indications: [UInt8],
            distances: [Int] = [],
            chainDistances: [Int] = []
        ) {
            (self.spatialID, self.temporalID, self.indications) = (spatialID, temporalID, indications)
            (self.distances, self.chainDistances) = (distances, chainDistances)
        }
    }

    /// The id of the first template, 0 to 63.
    var templateIDOffset: Int
    /// 1 to 32.
    var targetCount: Int
    /// In the order of their layers: the next one's are the same, or the next temporal layer, or the lowest temporal
    /// layer of the next spatial one.
    var templates: [Template]
    var chainCount: Int
    /// For each decode target the chain that protects it; only with chains.
    var targetChains: [Int]
    /// Of each spatial layer; empty where the structure does not tell.
    var resolutions: [Size]

    init(
        templateIDOffset: Int = 0,
        targetCount: Int,
        templates: [Template],
        chainCount: Int = 0,
        targetChains: [Int] = [],
        resolutions: [Size] = []
    ) {
        (self.templateIDOffset, self.targetCount, self.templates) = (templateIDOffset, targetCount, templates)
        (self.chainCount, self.targetChains, self.resolutions) = (chainCount, targetChains, resolutions)
    }

    /// The id of the template at `index`.
    func templateID(_ index: Int) -> Int { (templateIDOffset + index) % 64 }

    func write(to bits: inout BitWriter) {
        bits.write(templateIDOffset, 6)
        bits.write(targetCount - 1, 5)
        for (template, next) in zip(templates, templates.dropFirst()) {
            let same = next.spatialID == template.spatialID
            bits.write(same ? next.temporalID == template.temporalID ? 0 : 1 : 2, 2)
        }
        bits.write(3, 2)
        for template in templates {
            for indication in template.indications { bits.write(Int(indication), 2) }
        }
        for template in templates {
            for distance in template.distances {
                bits.write(1, 1)
                bits.write(distance - 1, 4)
            }
            bits.write(0, 1)
        }
        bits.writeNonSymmetric(chainCount, below: targetCount + 1)
        if chainCount > 0 {
            for chain in targetChains { bits.writeNonSymmetric(chain, below: chainCount) }
            for template in templates {
                for distance in template.chainDistances { bits.write(distance, 4) }
            }
        }
        bits.write(resolutions.isEmpty ? 0 : 1, 1)
        for resolution in resolutions {
            bits.write(resolution.width - 1, 16)
            bits.write(resolution.height - 1, 16)
        }
    }
}

/// A dependency descriptor as a sender composes it.
///
/// - Note: AV1 RTP specification, appendix A.8.
struct DependencyDescriptorDraft: Equatable, Sendable {
    var isStart = true
    var isEnd = true
    var templateID: Int
    var frameNumber: UInt16
    var structure: DependencyStructureDraft?
    /// A bit for each decode target, target 0 lowest; `nil` says nothing.
    var activeTargets: UInt32?
    /// In place of the template's, for each decode target.
    var indications: [UInt8]?
    /// In place of the template's, 1 to 4096 each.
    var distances: [Int]?
    /// In place of the template's, 0 to 255 for each chain.
    var chainDistances: [Int]?

    init(templateID: Int, frameNumber: UInt16) {
        (self.templateID, self.frameNumber) = (templateID, frameNumber)
    }

    /// The value of the header extension, under a structure that has `targetCount` decode targets.
    func encoded(targetCount: Int) -> [UInt8] {
        var bits = BitWriter()
        bits.write(isStart ? 1 : 0, 1)
        bits.write(isEnd ? 1 : 0, 1)
        bits.write(templateID, 6)
        bits.write(Int(frameNumber), 16)
        let flags = [
            structure != nil, activeTargets != nil, indications != nil, distances != nil, chainDistances != nil,
        ]
        guard flags.contains(true) else { return bits.bytes }
        for flag in flags { bits.write(flag ? 1 : 0, 1) }
        structure?.write(to: &bits)
        if let activeTargets { bits.write(Int(activeTargets), targetCount) }
        for indication in indications ?? [] { bits.write(Int(indication), 2) }
        if let distances {
            for distance in distances {
                let size = distance <= 16 ? 1 : distance <= 256 ? 2 : 3
                bits.write(size, 2)
                bits.write(distance - 1, 4 * size)
            }
            bits.write(0, 2)
        }
        for distance in chainDistances ?? [] { bits.write(distance, 8) }
        return bits.bytes
    }
}

/// Appends bits, the uppermost of each byte first.
struct BitWriter {
    /// What has been written, the last byte filled up with zeros.
    private(set) var bytes: [UInt8] = []
    private var count = 0

    /// Appends the low `width` bits of `value`.
    mutating func write(_ value: Int, _ width: Int) {
        for bit in (0..<width).reversed() {
            if count % 8 == 0 { bytes.append(0) }
            if value >> bit & 1 != 0 { bytes[count / 8] |= 0x80 >> UInt8(count % 8) }
            count += 1
        }
    }

    /// Appends a number below `limit` in the code `ns(n)` of the AV1 bitstream specification §4.10.7.
    mutating func writeNonSymmetric(_ value: Int, below limit: Int) {
        let width = Int.bitWidth - limit.leadingZeroBitCount
        let short = 1 << width - limit
        if value < short {
            write(value, width - 1)
        } else {
            write(value + short, width)
        }
    }
}
