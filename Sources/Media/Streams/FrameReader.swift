// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletRTP

/// Reads what the packets of one receive stream say of their frames.
///
/// It carries what one packet alone does not tell: the dependency structures and masks in force, and how often picture
/// ids and frame numbers have wrapped. A new SSRC needs a new reader. Allocates for structures only.
package struct FrameReader: Sendable {
    /// A structure and the frame number from which it holds.
    private struct Era: Sendable {
        let structure: DependencyStructure
        let name: UInt32
        let start: Int64
        /// Which decode targets are produced, and the frame number from which.
        var active = UInt32.max
        var activeSince: Int64
        /// What was said before.
        var formerlyActive = UInt32.max
    }

    /// Late packets are still read by the structure before the newest.
    private var newest: Era?
    private var former: Era?
    /// What those two say of decode targets, apart, since every consumer asks for each packet.
    private var newestTargets = DecodeTargets.none
    private var formerTargets = DecodeTargets.none
    private var structures: UInt32 = 0
    private var pictures = NumberExtender()
    private var frames = NumberExtender()
    private var times = NumberExtender()
    /// What the last VP9 scalability structure announced.
    private var spatialCount: UInt8 = 0
    /// The AV1 unit that may go on in the next packet.
    private var unit = (timestamp: UInt32(0), spatial: UInt8(0), temporal: UInt8(0), hasLayers: false)

    package init() {}

    /// Describes the frame that a packet belongs to.
    ///
    /// VP8 and VP9 are read by their payload descriptors where those name pictures. Else the dependency descriptor decides
    /// where there is one, else the payload.
    ///
    /// - Parameters:
    ///   - payload: The payload without padding.
    ///   - dependencyDescriptor: The value of that header extension; empty if the packet has none.
    ///   - codec: What the payload is; `nil` for what we do not look into.
    ///   - timestamp: The packet's RTP timestamp.
    /// - Returns: A description of form `none` where nothing can be read. One of form `dependency` whose structure is
    ///   lacking has no layers, and a ``FrameDescription/targetCount`` of 0.
    package mutating func read(
        payload: Span<UInt8>,
        dependencyDescriptor: Span<UInt8>,
        codec: VideoCodec?,
        timestamp: UInt32
    ) -> FrameDescription {
        var frame = FrameDescription()
        frame.timestamp = timestamp
        // VP8 and VP9 have their own descriptors outside what may be encrypted, and those are what has to be rewritten.
        // But beside a dependency descriptor Chromium leaves everything out of them that the other one tells.
        let hasOwn =
            switch codec {
            case .vp8: VP8Descriptor(payload)?.hasPictureID ?? false
            case .vp9: VP9Descriptor(payload)?.hasPictureID ?? false
            default: false
            }
        if !hasOwn, let header = DependencyDescriptorHeader(dependencyDescriptor) {
            readDependencies(dependencyDescriptor, header, into: &frame)
            return frame
        }
        switch codec {
        case .vp8: readVP8(payload, into: &frame)
        case .vp9: readVP9(payload, into: &frame)
        case .av1: readAV1(payload, into: &frame)
        case .h264, .h265, nil: break
        }
        return frame
    }

    /// The decode targets of the structure that `frame` was read by; ``DecodeTargets/none`` for one forgotten.
    package func targets(of frame: FrameDescription) -> DecodeTargets {
        if frame.structure == 0 { return .none }
        if frame.structure == newestTargets.structure { return newestTargets }
        return frame.structure == formerTargets.structure ? formerTargets : .none
    }

    // MARK: Payload descriptors

    private mutating func readVP8(_ payload: Span<UInt8>, into frame: inout FrameDescription) {
        guard let descriptor = VP8Descriptor(payload) else { return }
        frame.form = .vp8
        if descriptor.isStart { frame.flags.insert(.start) }
        if descriptor.isKeyFrame { frame.flags.insert(.intra) }
        if descriptor.isDiscardable { frame.flags.insert(.notReferenced) }
        if descriptor.hasTemporalID {
            frame.flags.insert(.hasLayers)
            frame.temporal = descriptor.temporalID
        }
        if descriptor.isLayerSync { frame.flags.insert(.switchesUp) }
        if descriptor.hasTL0PictureIndex { frame.flags.insert(.hasTL0) }
        frame.tl0 = descriptor.tl0PictureIndex
        count(
            descriptor.hasPictureID ? descriptor.pictureID : nil,
            isLong: descriptor.hasLongPictureID,
            into: &frame
        )
    }

    private mutating func readVP9(_ payload: Span<UInt8>, into frame: inout FrameDescription) {
        guard let descriptor = VP9Descriptor(payload) else { return }
        frame.form = .vp9
        if descriptor.isStart { frame.flags.insert(.start) }
        if descriptor.isEnd { frame.flags.insert(.end) }
        if !descriptor.isInterPicture { frame.flags.insert(.intra) }
        if descriptor.hasLayers { frame.flags.insert(.hasLayers) }
        if descriptor.isSwitchingPoint { frame.flags.insert(.switchesUp) }
        if descriptor.isInterLayer { frame.flags.insert(.interLayer) }
        if descriptor.isNotReferenced { frame.flags.insert(.notReferenced) }
        if descriptor.hasTL0PictureIndex { frame.flags.insert(.hasTL0) }
        (frame.spatial, frame.temporal) = (descriptor.spatialID, descriptor.temporalID)
        frame.tl0 = descriptor.tl0PictureIndex
        if descriptor.spatialLayerCount > 0 { spatialCount = descriptor.spatialLayerCount }
        frame.spatialCount = spatialCount
        count(
            descriptor.hasPictureID ? descriptor.pictureID : nil,
            isLong: descriptor.hasLongPictureID,
            into: &frame
        )
    }

    private mutating func readAV1(_ payload: Span<UInt8>, into frame: inout FrameDescription) {
        guard let aggregation = AV1Aggregation(payload) else { return }
        frame.form = .obu
        if !aggregation.continuesUnit { frame.flags.insert(.start) }
        if !aggregation.isContinued { frame.flags.insert(.end) }
        if aggregation.startsSequence { frame.flags.insert(.intra) }
        if aggregation.hasLayers {
            unit = (frame.timestamp, aggregation.spatialID, aggregation.temporalID, true)
        } else if !aggregation.continuesUnit || unit.timestamp != frame.timestamp {
            unit = (frame.timestamp, 0, 0, false)
        }
        // What goes on in a packet has its layers in the packet where it began.
        if unit.hasLayers { frame.flags.insert(.hasLayers) }
        (frame.spatial, frame.temporal) = (unit.spatial, unit.temporal)
        count(nil, isLong: false, into: &frame)
    }

    private mutating func count(_ picture: UInt16?, isLong: Bool, into frame: inout FrameDescription) {
        if let picture {
            frame.flags.insert(.hasPicture)
            if isLong { frame.flags.insert(.longPicture) }
            frame.picture = pictures.extend(UInt32(picture), bits: isLong ? 15 : 7, timestamp: frame.timestamp)
        } else {
            frame.picture = times.extend(frame.timestamp, bits: 32, timestamp: frame.timestamp)
        }
    }

    // MARK: Dependency descriptor

    private mutating func readDependencies(
        _ value: Span<UInt8>,
        _ header: DependencyDescriptorHeader,
        into frame: inout FrameDescription
    ) {
        frame.form = .dependency
        frame.flags.insert(.hasPicture)
        if header.isStart { frame.flags.insert(.start) }
        if header.isEnd { frame.flags.insert(.end) }
        let number = frames.extend(UInt32(header.frameNumber), bits: 16, timestamp: frame.timestamp)
        frame.picture = number
        if value.count > 3, value[3] & 0x80 != 0 {
            frame.flags.insert(.structure)
            take(value, from: number)
        }
        // In the order of frames, not of arrival.
        let isNew = newest.map { number >= $0.start } ?? false
        guard let era = isNew ? newest : former, number >= era.start,
            let descriptor = DependencyDescriptor.read(value, structure: era.structure), descriptor.isComplete
        else { return }
        fill(&frame, from: descriptor, era: era)
        if descriptor.hasActiveTargets {
            frame.activeTargets = descriptor.activeTargets
            if isNew, number >= era.activeSince { setActive(descriptor.activeTargets, since: number) }
        } else {
            frame.activeTargets = number >= era.activeSince ? era.active : era.formerlyActive
        }
    }

    private func fill(_ frame: inout FrameDescription, from descriptor: DependencyDescriptor, era: Era) {
        frame.flags.insert(.hasLayers)
        if descriptor.hasFarReference { frame.flags.insert(.farReference) }
        (frame.spatial, frame.temporal) = (descriptor.spatialID, descriptor.temporalID)
        frame.targetCount = descriptor.targetCount
        frame.spatialCount = UInt8(truncatingIfNeeded: era.structure.spatialLayerCount)
        (frame.indications, frame.references) = (descriptor.indications, descriptor.references)
        frame.structure = era.name
        frame.maskOffset = descriptor.maskOffset
    }

    private mutating func setActive(_ mask: UInt32, since number: Int64) {
        guard var era = newest, mask != era.active else { return }
        (era.formerlyActive, era.active, era.activeSince) = (era.active, mask, number)
        newest = era
    }

    /// Keeps the structure that a descriptor brings, in the order of frame numbers.
    private mutating func take(_ value: Span<UInt8>, from number: Int64) {
        // Another packet of the same frame, or the same packet again, tells nothing new.
        if newest?.start == number || former?.start == number { return }
        if let former, number < former.start { return }
        guard let structure = DependencyStructure(value) else { return }
        structures &+= 1
        if structures == 0 { structures = 1 }
        let era = Era(
            structure: structure,
            name: structures,
            start: number,
            activeSince: number
        )
        let targets = DecodeTargets(structure: structures, of: structure)
        if let newest, number < newest.start {
            (former, formerTargets) = (era, targets)
        } else {
            (former, formerTargets) = (newest, newestTargets)
            (newest, newestTargets) = (era, targets)
        }
    }
}
