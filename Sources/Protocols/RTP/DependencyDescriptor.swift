// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// The three bytes that every dependency descriptor starts with.
///
/// - Note: AV1 RTP specification, appendix A.8.1, `mandatory_descriptor_fields()`.
package struct DependencyDescriptorHeader: BitwiseCopyable, Equatable, Sendable {
    /// First packet of its frame.
    package var isStart: Bool
    /// Last packet of its frame.
    package var isEnd: Bool
    /// Names the template, six bits.
    package var templateID: UInt8
    /// Counts the frames of all layers in decoding order, wrapping at 2¹⁶.
    package var frameNumber: UInt16

    /// Reads the header; `nil` when `value` is shorter.
    package init?(_ value: Span<UInt8>) {
        guard value.count >= 3 else { return nil }
        isStart = value[0] & 0x80 != 0
        isEnd = value[0] & 0x40 != 0
        templateID = value[0] & 0x3F
        frameNumber = value.uint16(at: 1)
    }
}

/// The AV1 dependency descriptor of one packet, which other codecs may carry as well.
///
/// - Note: AV1 RTP specification, appendix A.
package struct DependencyDescriptor: BitwiseCopyable, Sendable {
    /// Bits up to the end of the flags, where the structure or the mask starts.
    package static let flagsEnd = 29

    package let header: DependencyDescriptorHeader
    /// Whether the fields below count.
    ///
    /// If not, only ``header`` and ``bringsStructure`` do: no structure was at hand,
    /// the template is none of it, or the descriptor is cut short.
    package private(set) var isComplete = false
    /// Whether a structure comes with it, readable or not; see ``DependencyStructure/init(_:)``.
    package private(set) var bringsStructure = false
    /// Whether the encoder said which decode targets it produces, in ``activeTargets``.
    package private(set) var hasActiveTargets = false
    /// Depends on a frame more than 64 frame numbers back, which ``references`` cannot say.
    package private(set) var hasFarReference = false
    /// Spatial layer, 0 to 3.
    package private(set) var spatialID: UInt8 = 0
    /// Temporal layer, 0 to 7.
    package private(set) var temporalID: UInt8 = 0
    /// How many decode targets the structure has, 1 to 32.
    package private(set) var targetCount: UInt8 = 0
    /// Where in the value, in bits, the mask of active decode targets is, or would be.
    package private(set) var maskOffset: UInt16 = 0
    /// Which decode targets the encoder produces, a bit each and target 0 lowest; only where ``hasActiveTargets``.
    package private(set) var activeTargets: UInt32 = 0
    /// Two bits for each decode target, target 0 lowest: 0 not present, 1 discardable, 2 switch, 3 required.
    package private(set) var indications: UInt64 = 0
    /// Which frames it depends on: bit k stands for the frame number less 1 + k.
    package private(set) var references: UInt64 = 0

    /// Reads a descriptor without an allocation.
    ///
    /// One that brings a structure is read by that, any other by the structure in force.
    ///
    /// - Parameters:
    ///   - value: The value of the header extension.
    ///   - structure: The structure in force, if one has come.
    /// - Returns: `nil` when `value` is shorter than its header.
    package static func read(_ value: Span<UInt8>, structure: DependencyStructure?) -> DependencyDescriptor? {
        guard let header = DependencyDescriptorHeader(value) else { return nil }
        var descriptor = DependencyDescriptor(header: header)
        if value.count > 3, value[3] & 0x80 != 0 {
            descriptor.bringsStructure = true
            var reader = BitReader(value, offset: flagsEnd)
            guard let content = DependencyStructureContent(&reader) else { return descriptor }
            let index = Int((header.templateID &- content.templateIDOffset) & 0x3F)
            guard index < content.templateCount else { return descriptor }
            descriptor.read(
                value,
                template: content.templates[index],
                targetCount: content.targetCount,
                chainCount: content.chainCount,
                maskOffset: reader.offset
            )
        } else if let structure, case let index = structure.index(ofTemplate: header.templateID),
            let template = structure.template(at: index)
        {
            descriptor.read(
                value,
                template: template,
                targetCount: structure.content.targetCount,
                chainCount: structure.content.chainCount,
                maskOffset: flagsEnd
            )
        }
        return descriptor
    }

    /// Whether the descriptor starts a frame and brings the template structure, as only key frames do.
    ///
    /// - Returns: `nil` when it is shorter than its three mandatory bytes.
    package static func startsKeyFrame(_ value: Span<UInt8>) -> Bool? {
        guard let header = DependencyDescriptorHeader(value) else { return nil }
        return header.isStart && value.count > 3 && value[3] & 0x80 != 0
    }

    /// The indication for decode target `index`.
    package func indication(_ index: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: indications >> UInt64(2 &* index) & 3)
    }

    private init(header: DependencyDescriptorHeader) { self.header = header }

    /// Reads what follows the structure, or the flags where none comes.
    private mutating func read(
        _ value: Span<UInt8>,
        template: DependencyStructure.Template,
        targetCount: UInt8,
        chainCount: UInt8,
        maskOffset: Int
    ) {
        self.targetCount = targetCount
        self.maskOffset = UInt16(truncatingIfNeeded: maskOffset)
        (spatialID, temporalID) = (template.spatialID, template.temporalID)
        (indications, references) = (template.indications, template.references)
        guard value.count > 3 else {
            isComplete = true
            return
        }
        let flags = value[3]
        var reader = BitReader(value, offset: maskOffset)
        hasActiveTargets = flags & 0x40 != 0
        if hasActiveTargets { activeTargets = reader.read(Int(targetCount)) }
        if flags & 0x20 != 0 {
            indications = 0
            for target in 0..<Int(targetCount) { indications |= UInt64(reader.read(2)) << UInt64(target &* 2) }
        }
        if flags & 0x10 != 0 { readReferences(&reader) }
        if flags & 0x08 != 0 { reader.skip(8 &* Int(chainCount)) }
        isComplete = !reader.isExhausted
    }

    /// Reads `frame_fdiffs()`: differences of one to three half-bytes, up to one of no size.
    private mutating func readReferences(_ reader: inout BitReader) {
        references = 0
        while case let size = Int(reader.read(2)), size > 0 {
            let distance = reader.read(4 &* size)
            if distance < 64 { references |= 1 << UInt64(distance) } else { hasFarReference = true }
        }
    }
}
