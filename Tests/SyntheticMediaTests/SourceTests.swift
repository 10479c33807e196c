// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletRTP
import SwiftletStreams
import SwiftletWire
import SwiftletSyntheticMedia
import Testing

@Suite("Synthetic sources say of their frames what is true")
struct SourceTests {
    static let structures: [(SyntheticCodec, LayerStructure)] = SyntheticCodec.allCases.flatMap { codec in
        var made: [(SyntheticCodec, LayerStructure)] = []
        for temporal in 1...3 {
            made.append((codec, LayerStructure(temporal: temporal)))
            guard codec == .vp9 || codec == .av1 else { continue }
            made.append((codec, LayerStructure(spatial: 2, temporal: temporal)))
            made.append((codec, LayerStructure(spatial: 3, temporal: temporal)))
            made.append((codec, LayerStructure(spatial: 3, temporal: temporal, prediction: .keyPictures)))
            guard codec == .av1 else { continue }
            made.append((codec, LayerStructure(spatial: 3, temporal: temporal, prediction: .none)))
        }
        return made
    }

    @Test("Our own reader finds layers, starts, ends and references as they were made", arguments: structures)
    func read(codec: SyntheticCodec, structure: LayerStructure) throws {
        var random = SeededRandom(seed: 3)
        var configuration = SyntheticVideo.Configuration(codec, structure, packets: [1, 2, 3])
        configuration.hasDescriptor = codec == .av1 || codec == .h264
        var video = SyntheticVideo(configuration, using: &random)
        var reader = FrameReader()
        var first: (picture: Int64, truth: Int64)?
        for number in 0..<90 {
            // The upper layers go for a while, so that differences are not those of the templates.
            if number == 30 { video.setActiveSpatialLayers(max(1, structure.spatial - 1)) }
            if number == 60 { video.setActiveSpatialLayers(structure.spatial) }
            for packet in video.picture(capture: Instant(nanoseconds: Int64(number) * 33_000_000), key: false) {
                let frame = reader.read(
                    payload: packet.payload.span,
                    dependencyDescriptor: packet.descriptor.span,
                    codec: VideoCodec(subtype: codec.rawValue),
                    timestamp: UInt32(number * 3000)
                )
                let tag = packet.tag
                let hasLayers = configuration.hasDescriptor || structure.temporal > 1 || structure.spatial > 1
                try #require(frame.form == (configuration.hasDescriptor ? .dependency : codec == .vp8 ? .vp8 : .vp9))
                if hasLayers { try #require(frame.spatial == tag.spatial && frame.temporal == tag.temporal) }
                try #require(frame.flags.contains(.start) == (tag.index == 0))
                if codec != .vp8 { try #require(frame.flags.contains(.end) == (tag.index == tag.count - 1)) }
                let truth = Int64(configuration.hasDescriptor ? tag.frame : tag.picture)
                let base = first ?? (frame.picture, truth)
                first = base
                try #require(frame.picture - base.picture == truth - base.truth)
                guard configuration.hasDescriptor else { continue }
                var references: UInt64 = 0
                for index in 0..<8 where tag.references[index] > 0 {
                    references |= 1 << UInt64(tag.references[index] - 1)
                }
                try #require(frame.references == references, "frame \(tag.frame)")
                try #require(Int(frame.targetCount) == structure.spatial * structure.temporal)
                check(frame, reader.targets(of: frame), tag, structure)
            }
        }
    }

    /// A frame is in the decode targets that its layers belong to, and those are active whose layers are made.
    private func check(
        _ frame: FrameDescription,
        _ targets: DecodeTargets,
        _ tag: FrameTag,
        _ structure: LayerStructure
    ) {
        for index in 0..<targets.count {
            let layers = targets.layers(of: index)
            let reaches: Bool =
                switch structure.prediction {
                case .full: tag.spatial <= layers.spatial
                case .keyPictures: tag.isKey ? tag.spatial <= layers.spatial : tag.spatial == layers.spatial
                case .none: tag.spatial == layers.spatial
                }
            #expect((frame.indication(index) != 0) == (reaches && tag.temporal <= layers.temporal))
        }
        let count = 30..<60 ~= tag.picture ? max(1, structure.spatial - 1) : structure.spatial
        let active = UInt32(1) << UInt32(count * structure.temporal) - 1
        #expect(frame.activeTargets & (UInt32(1) << UInt32(targets.count) - 1) == active, "picture \(tag.picture)")
    }
}
