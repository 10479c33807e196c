// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletStreams

/// Writes the dependency descriptor of a model frame: a template for each layer, all else as custom fields.
///
/// - Note: AV1 RTP specification, appendix A.8.
struct DescriptorBytes {
    private(set) var bytes: [UInt8] = []
    private var count = 0

    init(_ frame: ModelFrame, of encoder: DependencyEncoder) {
        let description = frame.description
        let hasStructure = description.flags.contains(.structure)
        let templates = encoder.spatialCount * encoder.temporalCount
        // Each structure names its templates by other ids than the one before.
        let offset = Int(description.structure) * templates % 64
        put(0b11, 2)
        put((offset + frame.spatial * encoder.temporalCount + frame.temporal) % 64, 6)
        put(Int(UInt16(truncatingIfNeeded: description.picture)), 16)
        put(hasStructure ? 1 : 0, 1)
        put(0b1110, 4)
        if hasStructure { putStructure(offset, encoder) }
        let all = (1 << templates) - 1
        put(Int(description.activeTargets) & all, templates)
        for target in 0..<templates { put(Int(description.indication(target)), 2) }
        for reference in frame.references.sorted().reversed() {
            put(0b11, 2)
            put(frame.number - reference - 1, 12)
        }
        put(0, 2)
    }

    private mutating func putStructure(_ offset: Int, _ encoder: DependencyEncoder) {
        let templates = encoder.spatialCount * encoder.temporalCount
        put(offset, 6)
        put(templates - 1, 5)
        for index in 1..<templates + 1 {
            put(index == templates ? 3 : index % encoder.temporalCount == 0 ? 2 : 1, 2)
        }
        // The targets that hold a layer: all from it on, both ways.
        for index in 0..<templates {
            for target in 0..<templates {
                let isIn =
                    target / encoder.temporalCount >= index / encoder.temporalCount
                    && target % encoder.temporalCount >= index % encoder.temporalCount
                put(isIn ? 3 : 0, 2)
            }
        }
        // No references, no chains and no resolutions.
        for _ in 0..<templates { put(0, 1) }
        putNonSymmetric(0, below: templates + 1)
        put(0, 1)
    }

    private mutating func putNonSymmetric(_ value: Int, below limit: Int) {
        let width = Int.bitWidth - limit.leadingZeroBitCount
        let short = (1 << width) - limit
        if value < short { put(value, width - 1) } else { put(value + short, width) }
    }

    private mutating func put(_ value: Int, _ bits: Int) {
        for bit in stride(from: bits - 1, through: 0, by: -1) {
            if count % 8 == 0 { bytes.append(0) }
            if value >> bit & 1 == 1 { bytes[count / 8] |= 0x80 >> UInt8(count % 8) }
            count += 1
        }
    }
}
