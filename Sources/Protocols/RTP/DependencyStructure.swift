// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// What a dependency descriptor's frames are made of: the templates that later descriptors name, and the decode targets
/// that a receiver can choose between.
///
/// Comes with key frames and holds until the next. One allocation of fixed size, shared by reference.
///
/// - Note: AV1 RTP specification, appendix A.8.3.
package final class DependencyStructure: Sendable {
    /// The most templates, which six-bit ids tell apart.
    package static let maximumTemplates = 64
    /// The most decode targets.
    package static let maximumTargets = 32
    /// The most temporal layers, as three-bit ids can name.
    package static let maximumTemporalLayers = 8
    /// The most spatial layers, as two-bit ids can name.
    package static let maximumSpatialLayers = 4

    /// What frames that name it have in common.
    package struct Template: BitwiseCopyable, Equatable, Sendable {
        /// Spatial layer, from 0.
        package var spatialID: UInt8 = 0
        /// Temporal layer, from 0.
        package var temporalID: UInt8 = 0
        /// Two bits for each decode target, target 0 lowest: 0 not present, 1 discardable, 2 switch, 3 required.
        package var indications: UInt64 = 0
        /// Which frames it depends on: bit k stands for the frame number less 1 + k.
        package var references: UInt64 = 0

        package init() {}
    }

    let content: DependencyStructureContent

    /// Reads the structure that a descriptor brings; `nil` when it brings none, or one that is cut short or beyond the
    /// limits above.
    ///
    /// - Parameter value: The value of the header extension.
    package convenience init?(_ value: Span<UInt8>) {
        guard value.count > 3, value[3] & 0x80 != 0 else { return nil }
        var reader = BitReader(value, offset: DependencyDescriptor.flagsEnd)
        guard let content = DependencyStructureContent(&reader) else { return nil }
        self.init(content)
    }

    init(_ content: DependencyStructureContent) { self.content = content }

    /// The id of the first template.
    package var templateIDOffset: UInt8 { content.templateIDOffset }

    /// How many templates there are, 1 to 64.
    package var templateCount: Int { Int(content.templateCount) }

    /// How many decode targets there are, 1 to 32.
    package var targetCount: Int { Int(content.targetCount) }

    /// How many chains there are; 0 to ``targetCount``.
    package var chainCount: Int { Int(content.chainCount) }

    /// How many spatial layers there are, 1 to 4.
    package var spatialLayerCount: Int { Int(content.spatialLayerCount) }

    /// How many temporal layers the spatial layer with the most has, 1 to 8.
    package var temporalLayerCount: Int { Int(content.temporalLayerCount) }

    /// The template at `index`, not by id; `nil` past the last.
    package func template(at index: Int) -> Template? {
        index >= 0 && index < templateCount ? content.templates[index] : nil
    }

    /// Which template six bits name; the last ids are followed by the first.
    @inline(__always)
    func index(ofTemplate id: UInt8) -> Int { Int((id &- content.templateIDOffset) & 0x3F) }

    /// The highest spatial and temporal layer of the frames that decode target `index` holds; zeros past the last.
    package func targetLayers(_ index: Int) -> (spatial: UInt8, temporal: UInt8) {
        guard index >= 0, index < targetCount else { return (0, 0) }
        return (content.targetSpatialIDs[index], content.targetTemporalIDs[index])
    }
}

/// The fields of a ``DependencyStructure``, held inline so that reading them allocates nothing.
struct DependencyStructureContent: BitwiseCopyable, Sendable {
    typealias Template = DependencyStructure.Template

    private(set) var templates = InlineArray<64, Template>(repeating: Template())
    private(set) var targetSpatialIDs = SIMD32<UInt8>.zero
    private(set) var targetTemporalIDs = SIMD32<UInt8>.zero
    private(set) var templateIDOffset: UInt8 = 0
    private(set) var templateCount: UInt8 = 0
    private(set) var targetCount: UInt8 = 0
    private(set) var chainCount: UInt8 = 0
    private(set) var spatialLayerCount: UInt8 = 0
    private(set) var temporalLayerCount: UInt8 = 0

    /// Reads `template_dependency_structure()`; `nil` when it is cut short or beyond the limits.
    init?(_ reader: inout BitReader) {
        templateIDOffset = UInt8(reader.read(6))
        targetCount = UInt8(reader.read(5)) &+ 1
        guard readLayers(&reader) else { return nil }
        for index in 0..<Int(templateCount) {
            // A target takes two bits and the first one comes first, so the order is turned round.
            for target in 0..<Int(targetCount) {
                templates[index].indications |= UInt64(reader.read(2)) << UInt64(target &* 2)
            }
        }
        for index in 0..<Int(templateCount) {
            while reader.flag() { templates[index].references |= 1 << UInt64(reader.read(4)) }
        }
        readChains(&reader)
        findTargetLayers()
        // Width and height of each spatial layer.
        if reader.flag() { reader.skip(32 &* Int(spatialLayerCount)) }
        guard !reader.isExhausted else { return nil }
    }

    /// Reads which layer each template belongs to, and so how many there are; whether that is within the limits.
    private mutating func readLayers(_ reader: inout BitReader) -> Bool {
        var (spatial, temporal, highest): (UInt8, UInt8, UInt8) = (0, 0, 0)
        while true {
            guard templateCount < DependencyStructure.maximumTemplates, !reader.isExhausted else { return false }
            templates[Int(templateCount)].spatialID = spatial
            templates[Int(templateCount)].temporalID = temporal
            templateCount &+= 1
            switch reader.read(2) {
            case 0: break
            case 1:
                temporal &+= 1
                highest = max(highest, temporal)
            case 2: (spatial, temporal) = (spatial &+ 1, 0)
            default:
                (spatialLayerCount, temporalLayerCount) = (spatial &+ 1, highest &+ 1)
                return true
            }
            guard spatial < DependencyStructure.maximumSpatialLayers,
                temporal < DependencyStructure.maximumTemporalLayers
            else { return false }
        }
    }

    /// Steps over the chains, of which only the number matters: to step over theirs in each descriptor.
    private mutating func readChains(_ reader: inout BitReader) {
        chainCount = UInt8(reader.nonSymmetric(below: Int(targetCount) &+ 1))
        guard chainCount > 0 else { return }
        // Which chain protects each decode target.
        for _ in 0..<targetCount { _ = reader.nonSymmetric(below: Int(chainCount)) }
        reader.skip(4 &* Int(chainCount) &* Int(templateCount))
    }

    /// A decode target reaches as high as the highest frame in it.
    private mutating func findTargetLayers() {
        for index in 0..<Int(templateCount) {
            let template = templates[index]
            for target in 0..<Int(targetCount) where template.indications >> UInt64(target &* 2) & 3 != 0 {
                targetSpatialIDs[target] = max(targetSpatialIDs[target], template.spatialID)
                targetTemporalIDs[target] = max(targetTemporalIDs[target], template.temporalID)
            }
        }
    }
}
