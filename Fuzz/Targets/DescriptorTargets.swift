// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletRTP
import SwiftletStreams
import SwiftletWire

/// Payload descriptors and header extensions that describe frames.
enum DescriptorTargets {
    /// A descriptor with other ids reads as itself but for them, and what follows it is the same.
    static func vp8(_ bytes: [UInt8]) throws(BrokenRule) {
        guard let descriptor = VP8Descriptor(bytes.span) else { return }
        try require(1...bytes.count ~= descriptor.length, "a descriptor lies within its payload")
        try require(descriptor.length <= VP8Descriptor.maximumLength, "a descriptor has a most length")
        let (picture, tl0) = (descriptor.pictureID ^ 0x2AD5, descriptor.tl0PictureIndex ^ 0x5A)
        let head = written(8) { descriptor.write(pictureID: picture, tl0PictureIndex: tl0, into: &$0, at: $1) }
        try require(head.count == descriptor.writtenLength, "a descriptor is as long as foretold")
        let copy = head + bytes[descriptor.length...]
        guard let again = VP8Descriptor(copy.span) else {
            throw BrokenRule(description: "a written descriptor can be read")
        }
        try require(again.length == head.count && again.isKeyFrame == descriptor.isKeyFrame, "the payload follows")
        try require(again.isStart == descriptor.isStart && again.keyIndex == descriptor.keyIndex, "fields stay")
        try require(
            again.temporalID == descriptor.temporalID && again.isLayerSync == descriptor.isLayerSync,
            "layers stay"
        )
        try require(
            again.pictureID == (descriptor.hasPictureID ? picture & 0x7FFF : 0),
            "the picture id is the new one"
        )
        try require(again.tl0PictureIndex == (descriptor.hasTL0PictureIndex ? tl0 : 0), "TL0PICIDX is the new one")
    }

    /// A descriptor with other ids reads as itself but for them, and what follows its head is the same.
    static func vp9(_ bytes: [UInt8]) throws(BrokenRule) {
        guard let descriptor = VP9Descriptor(bytes.span) else { return }
        try require(1...bytes.count ~= descriptor.length, "a descriptor lies within its payload")
        try require(descriptor.headLength <= descriptor.length, "a head is no longer than its descriptor")
        let (picture, tl0) = (descriptor.pictureID ^ 0x2AD5, descriptor.tl0PictureIndex ^ 0x5A)
        let head = written(8) { descriptor.write(pictureID: picture, tl0PictureIndex: tl0, into: &$0, at: $1) }
        try require(head.count == descriptor.headLength, "a head keeps its length")
        let copy = head + bytes[head.count...]
        guard let again = VP9Descriptor(copy.span) else {
            throw BrokenRule(description: "a written descriptor can be read")
        }
        try require(
            again.length == descriptor.length && again.isKeyFrame == descriptor.isKeyFrame,
            "the payload follows"
        )
        try require(
            again.temporalID == descriptor.temporalID && again.spatialID == descriptor.spatialID,
            "layers stay"
        )
        let width: UInt16 = descriptor.hasLongPictureID ? 0x7FFF : 0x7F
        try require(again.pictureID == (descriptor.hasPictureID ? picture & width : 0), "the picture id is the new one")
        try require(again.tl0PictureIndex == (descriptor.hasTL0PictureIndex ? tl0 : 0), "TL0PICIDX is the new one")
    }

    /// Key frames and silence are found in any payload; the AV1 layers are within what their bits can say.
    static func payloads(_ bytes: [UInt8]) throws(BrokenRule) {
        for codec in VideoCodec.allCases {
            try require(
                codec.isKeyFrame(bytes.span) || ![.h264, .h265].contains(codec)
                    || !codec.bringsParameterSets(bytes.span),
                "parameter sets come with a key frame"
            )
            _ = codec.isKeyFrame(bytes.span, dependencyDescriptor: bytes.span)
        }
        _ = (OpusPayload.isDTX(bytes.span), RTXPayload.originalSequence(in: bytes.span))
        guard let aggregation = AV1Aggregation(bytes.span) else { return }
        try require(aggregation.spatialID < 4 && aggregation.temporalID < 8, "layers are within their bits")
        try require(!aggregation.startsSequence || !aggregation.continuesUnit, "a sequence starts with no fragment")
    }

    /// Descriptors of one stream: each is read by the structure in force, and with another mask it reads the same.
    static func dependencyDescriptor(_ bytes: [UInt8]) throws(BrokenRule) {
        var input = FuzzInput(bytes)
        var structure: DependencyStructure?
        while !input.isEmpty {
            let mask = input.long()
            let value = input.chunk()
            if let new = DependencyStructure(value.span) {
                try check(new)
                structure = new
            }
            guard let descriptor = DependencyDescriptor.read(value.span, structure: structure) else { continue }
            guard descriptor.isComplete else { continue }
            try require(descriptor.spatialID < 4 && descriptor.temporalID < 8, "layers are within the limits")
            try require(1...32 ~= descriptor.targetCount, "decode targets are within the limits")
            try rewriteMask(value, descriptor, mask: mask, structure: structure)
        }
    }

    private static func check(_ structure: DependencyStructure) throws(BrokenRule) {
        try require(
            1...64 ~= structure.templateCount && 1...32 ~= structure.targetCount,
            "counts are within the limits"
        )
        try require(structure.chainCount <= structure.targetCount, "chains are no more than decode targets")
        try require(1...4 ~= structure.spatialLayerCount, "spatial layers are within the limits")
        try require(1...8 ~= structure.temporalLayerCount, "temporal layers are within the limits")
        for index in 0..<structure.targetCount {
            let layers = structure.targetLayers(index)
            try require(
                layers.spatial < structure.spatialLayerCount && layers.temporal < structure.temporalLayerCount,
                "a decode target reaches no higher than the structure"
            )
        }
    }

    private static func rewriteMask(
        _ value: [UInt8],
        _ descriptor: DependencyDescriptor,
        mask: UInt32,
        structure: DependencyStructure?
    ) throws(BrokenRule) {
        let copy = written(value.count + DependencyDescriptor.maximumGrowth) {
            DependencyDescriptor.rewriteMask(
                value.span,
                maskOffset: Int(descriptor.maskOffset),
                targetCount: Int(descriptor.targetCount),
                mask: mask,
                into: &$0,
                at: $1
            )
        }
        guard let again = DependencyDescriptor.read(copy.span, structure: structure), again.isComplete else {
            throw BrokenRule(description: "a descriptor with another mask can be read")
        }
        let all = UInt32.max >> UInt32(32 - descriptor.targetCount)
        try require(again.hasActiveTargets && again.activeTargets == mask & all, "the mask is the new one")
        try require(again.header == descriptor.header && again.maskOffset == descriptor.maskOffset, "the header stays")
        try require(again.indications == descriptor.indications, "indications stay")
        try require(
            again.references == descriptor.references && again.hasFarReference == descriptor.hasFarReference,
            "references stay"
        )
    }

    /// Blocks lie behind each other and fill the payload; with other types they lie the same.
    static func red(_ bytes: [UInt8]) throws(BrokenRule) {
        guard let payload = REDPayload(bytes.span) else { return }
        var end = payload.headerLength
        for index in 0..<payload.count {
            guard let block = payload[index] else { throw BrokenRule(description: "every block can be read") }
            try require(block.offset == end && block.length >= 0, "a block starts where the one before ends")
            end += block.length
        }
        try require(end == bytes.count, "blocks fill the payload")
        var mapping = PayloadTypeMapping()
        mapping.replace(payload.primary.payloadType, by: payload.primary.payloadType ^ 0x15)
        let head = written(REDPayload.maximumHeaderLength) { payload.write(mapping: mapping, into: &$0, at: $1) }
        let copy = head + bytes[payload.headerLength...]
        guard let again = REDPayload(copy.span) else {
            throw BrokenRule(description: "written block headers can be read")
        }
        try require(again.count == payload.count && again.headerLength == payload.headerLength, "blocks stay")
        for index in 0..<payload.count {
            try require(again[index]?.range == payload[index]?.range, "blocks lie where they lay")
            try require(again[index]?.timestampOffset == payload[index]?.timestampOffset, "times stay")
            try require(
                again[index]?.payloadType == payload[index].map { mapping[$0.payloadType] },
                "payload types are the new ones"
            )
        }
    }

    /// What `write` writes into a buffer that has room for `capacity` bytes, at an offset.
    private static func written(
        _ capacity: Int,
        _ write: (inout MutableSpan<UInt8>, Int) -> Int
    ) -> [UInt8] {
        var target = [UInt8](repeating: 0xEE, count: capacity + 3)
        var span = target.mutableSpan
        let count = write(&span, 3)
        return Array(target[3..<3 + count])
    }
}
