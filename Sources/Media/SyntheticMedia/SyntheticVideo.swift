// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletWire

/// The codecs that synthetic sources speak.
package enum SyntheticCodec: String, CaseIterable, Sendable {
    case vp8, vp9, h264, av1

    /// As in `mimeType`.
    package var mimeType: String { self == .h264 ? "video/H264" : "video/" + rawValue.uppercased() }
}

/// One packet of a synthetic source, to be given header fields by its sender.
package struct SyntheticPacket: Sendable {
    package var payload: [UInt8]
    /// Whether it ends its picture.
    package var marker: Bool
    /// The dependency descriptor, empty for none.
    package var descriptor: [UInt8]
    package var tag: FrameTag
}

/// A video encoder and its packetizer, without any pictures: one encoding of a simulcast, or a whole SVC stream.
///
/// Descriptors are what browsers send: RFC 7741, RFC 9628 in non-flexible mode, RFC 6184, the AV1 RTP specification.
package struct SyntheticVideo: Sendable {
    /// What it makes.
    package struct Configuration: Sendable {
        package var codec: SyntheticCodec
        package var structure: LayerStructure
        /// Packets of a frame by spatial layer; frames of key pictures take one more.
        package var packets: [Int]
        /// Whether every packet brings a dependency descriptor.
        package var hasDescriptor: Bool
        /// What ``FrameTag/source`` says.
        package var source: UInt8
        /// Bytes of filling behind each tag, by spatial layer; the last counts for those above.
        package var filling = [8]

        package init(
            _ codec: SyntheticCodec,
            _ structure: LayerStructure = LayerStructure(),
            packets: [Int],
            hasDescriptor: Bool = false,
            source: UInt8 = 0
        ) {
            (self.codec, self.structure, self.packets) = (codec, structure, packets)
            (self.hasDescriptor, self.source) = (hasDescriptor, source)
        }
    }

    package let configuration: Configuration
    private var sequence: FrameSequence
    private var dependencies: DependencyWriter?
    private var pictureID: UInt16
    private var tl0: UInt8

    package init(_ configuration: Configuration, using random: inout SeededRandom) {
        self.configuration = configuration
        sequence = FrameSequence(configuration.structure)
        pictureID = UInt16.random(in: 0...0x7FFF, using: &random)
        tl0 = UInt8.random(in: 0...255, using: &random)
        let first = UInt16.random(in: 0...0xFFFF, using: &random)
        if configuration.hasDescriptor {
            dependencies = DependencyWriter(configuration.structure, firstNumber: first)
        }
    }

    /// Makes only the lowest `count` spatial layers from now on; more again from a key picture on.
    package mutating func setActiveSpatialLayers(_ count: Int) { sequence.setActive(count) }

    /// The packets of the next picture, in sending order.
    package mutating func picture(capture: Instant, key: Bool) -> [SyntheticPacket] {
        let frames = sequence.next(key: key)
        pictureID = (pictureID + 1) & 0x7FFF
        if frames.first?.temporal == 0 { tl0 &+= 1 }
        var packets: [SyntheticPacket] = []
        for frame in frames {
            let count = configuration.packets[min(frame.spatial, configuration.packets.count - 1)]
            let total = count + (frame.isKey ? 1 : 0)
            let descriptors = dependencies?.describe(frame, packets: total, active: sequence.active)
            for index in 0..<total {
                var tag = FrameTag()
                (tag.source, tag.isKey) = (configuration.source, frame.isKey)
                (tag.spatial, tag.temporal) = (UInt8(frame.spatial), UInt8(frame.temporal))
                (tag.index, tag.count) = (UInt8(index), UInt8(total))
                (tag.frame, tag.picture, tag.capture) = (frame.number, frame.picture, capture.nanoseconds)
                for (place, reference) in frame.references.prefix(FrameTag.maximumReferences).enumerated() {
                    tag.references[place] = UInt16(truncatingIfNeeded: frame.number - reference)
                }
                packets.append(
                    SyntheticPacket(
                        payload: payload(frame, tag),
                        marker: frame.isLast && index == total - 1,
                        descriptor: descriptors?[index] ?? [],
                        tag: tag
                    )
                )
            }
        }
        return packets
    }

    // MARK: Payloads

    private func payload(_ frame: SyntheticFrame, _ tag: FrameTag) -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: 80 + filling(frame))
        switch configuration.codec {
        case .vp8: writeVP8(frame, tag, to: &writer)
        case .vp9: writeVP9(frame, tag, to: &writer)
        case .h264: writeH264(frame, tag, to: &writer)
        case .av1: writeAV1(frame, tag, to: &writer)
        }
        writer.write([UInt8](repeating: UInt8(truncatingIfNeeded: frame.number), count: filling(frame)))
        return writer.bytes
    }

    private func filling(_ frame: SyntheticFrame) -> Int {
        configuration.filling[min(frame.spatial, configuration.filling.count - 1)]
    }

    /// RFC 7741 §4.2; a single temporal layer brings the picture id alone, as browsers do.
    private func writeVP8(_ frame: SyntheticFrame, _ tag: FrameTag, to writer: inout ByteWriter) {
        let layered = configuration.structure.temporal > 1
        let isDropped = frame.temporal > 0 && frame.temporal == configuration.structure.temporal - 1
        writer.write(UInt8(0x80 | (isDropped ? 0x20 : 0) | (tag.index == 0 ? 0x10 : 0)))
        writer.write(UInt8(layered ? 0xE0 : 0x80))
        writer.write(pictureID | 0x8000)
        if layered {
            writer.write(tl0)
            let sync = frame.temporal > 0 && frame.switchesUp
            writer.write(UInt8(frame.temporal) << 6 | (sync ? 0x20 : 0))
        }
        // The frame header's inverse key-frame bit, RFC 7741 §4.3.
        writer.write(UInt8(frame.isKey ? 0x10 : 0x11))
        tag.write(to: &writer)
    }

    /// RFC 9628 §4.2, non-flexible mode.
    private func writeVP9(_ frame: SyntheticFrame, _ tag: FrameTag, to writer: inout ByteWriter) {
        let structure = configuration.structure
        let layered = structure.spatial > 1 || structure.temporal > 1
        let bringsStructure = frame.isKey && frame.spatial == 0 && tag.index == 0
        var head: UInt8 = 0x80
        if !frame.isKey { head |= 0x40 }
        if layered { head |= 0x20 }
        if tag.index == 0 { head |= 0x08 }
        if tag.index == tag.count - 1 { head |= 0x04 }
        if bringsStructure { head |= 0x02 }
        if !frame.isUsedByHigherLayer { head |= 0x01 }
        writer.write(head)
        writer.write(pictureID | 0x8000)
        if layered {
            let up: UInt8 = frame.switchesUp ? 0x10 : 0
            writer.write(
                UInt8(frame.temporal) << 5 | up | UInt8(frame.spatial) << 1 | (frame.usesLowerLayer ? 1 : 0)
            )
            writer.write(tl0)
        }
        if bringsStructure {
            writer.write(UInt8(sequence.active - 1) << 5 | 0x18)
            for spatial in 0..<sequence.active {
                writer.write(UInt16(320 << spatial))
                writer.write(UInt16(180 << spatial))
            }
            let cycle = structure.cycle
            writer.write(UInt8(cycle.count))
            for step in cycle {
                writer.write(
                    UInt8(step.temporal) << 5 | (step.switchesUp ? 0x10 : 0) | UInt8(step.references.count) << 2
                )
                for reference in step.references { writer.write(UInt8(reference)) }
            }
        }
        tag.write(to: &writer)
    }

    /// RFC 6184: parameter sets in a STAP-A before a key picture, slices whole or in FU-A.
    private func writeH264(_ frame: SyntheticFrame, _ tag: FrameTag, to writer: inout ByteWriter) {
        if frame.isKey, tag.index == 0 {
            writer.write([24 | 0x60] as [UInt8])
            writer.write(UInt16(4 + FrameTag.length))
            writer.write([0x67, 0x42, 0xE0, 0x1F] as [UInt8])
            tag.write(to: &writer)
            // The filling becomes the last bytes of the picture parameters.
            writer.write(UInt16(2 + filling(frame)))
            writer.write([0x68, 0xCE] as [UInt8])
            return
        }
        let first: UInt8 = frame.isKey ? 1 : 0
        let type: UInt8 = frame.isKey ? 5 : 1
        let importance: UInt8 = frame.temporal + 1 < configuration.structure.temporal || frame.isKey ? 0x60 : 0
        if tag.count - first == 1 {
            writer.write(importance | type)
        } else {
            writer.write(importance | 28)
            writer.write((tag.index == first ? 0x80 : 0) | (tag.index == tag.count - 1 ? 0x40 : 0) | type)
        }
        tag.write(to: &writer)
    }

    /// AV1 RTP specification §4.4: one OBU in fragments; before a key picture the sequence header.
    private func writeAV1(_ frame: SyntheticFrame, _ tag: FrameTag, to writer: inout ByteWriter) {
        let beginsSequence = frame.isKey && tag.index == 0 && frame.spatial == 0
        var head: UInt8 = beginsSequence ? 0x28 : 0x10
        if tag.index > 0 { head |= 0x80 }
        if tag.index < tag.count - 1 { head |= 0x40 }
        writer.write(head)
        if beginsSequence { writer.write([3, 0x08, 0x00, 0x00] as [UInt8]) }
        if tag.index == 0 {
            let layered = configuration.structure.spatial > 1 || configuration.structure.temporal > 1
            writer.write(UInt8(layered ? 0x34 : 0x30))
            if layered { writer.write(UInt8(frame.temporal) << 5 | UInt8(frame.spatial) << 3) }
        }
        tag.write(to: &writer)
    }
}
