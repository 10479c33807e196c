// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletWire
import SwiftletSyntheticMedia
import Testing

@Suite("Hostile senders of layered video")
struct HostileSenderTests {
    static let kinds: [Publisher.Options] = [
        .simulcast(.vp8), .simulcast(.vp9), .simulcast(.h264, descriptor: true), .simulcast(.av1, descriptor: true),
        .scalable(.vp9, LayerStructure(spatial: 3, temporal: 3)),
        .scalable(.vp9, LayerStructure(spatial: 3, temporal: 3, prediction: .keyPictures)),
        .scalable(.av1, LayerStructure(spatial: 3, temporal: 3)),
        .scalable(.av1, LayerStructure(spatial: 3, temporal: 3, prediction: .none)),
    ]

    /// Changes bits of descriptors, cuts and lengthens them, makes payloads empty, numbers and times jump.
    private static func spoil(
        _ packet: inout SyntheticPacket,
        _ timestamp: inout UInt32,
        _ random: inout SeededRandom
    ) -> UInt64 {
        if Int.random(in: 0..<4, using: &random) > 0 { return 0 }
        switch Int.random(in: 0..<8, using: &random) {
        case 0, 1:
            for _ in 0...Int.random(in: 0...3, using: &random) {
                let place = Int.random(in: 0..<min(24, packet.payload.count), using: &random)
                packet.payload[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
            }
        case 2, 3:
            guard !packet.descriptor.isEmpty else { break }
            for _ in 0...Int.random(in: 0...3, using: &random) {
                let place = Int.random(in: 0..<packet.descriptor.count, using: &random)
                packet.descriptor[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
            }
        case 4:
            packet.payload = Array(packet.payload.prefix(Int.random(in: 0...12, using: &random)))
            packet.descriptor = Array(packet.descriptor.prefix(Int.random(in: 0...20, using: &random)))
        case 5:
            packet.descriptor = (0..<Int.random(in: 1...60, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
        case 6:
            packet.marker.toggle()
            timestamp &+= UInt32.random(in: 0...UInt32.max, using: &random)
        default:
            return UInt64.random(in: 1...40_000, using: &random)
        }
        return 0
    }

    @Test("They trap nothing, and viewers of others do not notice", arguments: kinds)
    func hostile(options: Publisher.Options) throws {
        let world = try MediaWorld(seed: 11)
        let good = try world.publish("good", .simulcast(.vp8))
        let bad = try world.publish("bad", options)
        var random = SeededRandom(seed: 12)
        var switching = SeededRandom(seed: 13)
        bad.spoil = { packet, timestamp in Self.spoil(&packet, &timestamp, &random) }
        var suspects: [Viewer.Video] = []
        for index in 0..<6 {
            let viewer = try world.join("viewer\(index)")
            try world.view(good, by: viewer, preferred: ConsumerLayers(spatialLayer: index % 3))
            suspects.append(try world.view(bad, by: viewer))
        }
        world.run(for: .seconds(2))
        try world.run(for: .seconds(40)) { tick in
            guard tick % 250 == 0 else { return }
            let layers = ConsumerLayers(
                spatialLayer: Int.random(in: 0...2, using: &switching),
                temporalLayer: Int.random(in: 0...2, using: &switching)
            )
            let video = suspects[tick / 250 % suspects.count]
            try world.ask(.setPreferredLayers(consumerId: video.id, layers: layers))
        }
        for viewer in world.viewers {
            let checker = viewer.videos[0].checker
            #expect(viewer.brokenCount == 0 && viewer.violations == [], "sealed and numbered as ever")
            #expect(checker.faults == [:] && checker.undecodableCount == 0, "\(checker.details)")
            #expect(checker.longestGap < .milliseconds(500) && checker.pictureCount > 1200)
        }
        // Whatever the payloads say, no number stands for two packets.
        for video in suspects { #expect(video.checker.faults[.reusedSequence] == nil) }
        // And once it behaves again, its viewers see it again.
        bad.spoil = nil
        let shown = suspects.map(\.checker.pictureCount)
        for video in suspects { try world.ask(.setPreferredLayers(consumerId: video.id, layers: nil)) }
        world.run(for: .seconds(25))
        for (video, before) in zip(suspects, shown) {
            #expect(video.checker.pictureCount > before + 100, "\(video.id)")
        }
    }
}
