// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletWire
import SwiftletSyntheticMedia
import Testing

@Suite("Time across layers")
struct LayerTimeTests {
    /// Lets one viewer change its layer often, in an irregular rhythm.
    private func wander(_ world: MediaWorld, for seconds: Int, limit: Duration) throws {
        var random = SeededRandom(seed: 9)
        var next = 500
        try world.run(for: .seconds(seconds)) { tick in
            if tick % 5 == 0 { world.settleSwitches { _ in limit } }
            guard tick >= next, !world.isSwitching(0) else { return }
            next = tick + Int.random(in: 200...600, using: &random)
            let layers = ConsumerLayers(
                spatialLayer: Int.random(in: 0...2, using: &random),
                temporalLayer: Int.random(in: 0...2, using: &random)
            )
            try world.prefer(layers, by: 0)
        }
    }

    @Test("Timestamps that wrap where layers change make no jump", arguments: 1...4 as ClosedRange<UInt64>)
    func wrapping(seed: UInt64) throws {
        let world = try MediaWorld(seed: seed)
        var options = Publisher.Options.simulcast(.vp8)
        options.hasAudio = true
        let publisher = try world.publish("sender", options)
        // Each layer's clock wraps at another moment of the wandering.
        for index in publisher.encodings.indices {
            let wrap = world.now + .milliseconds(4000 + 2000 * index)
            publisher.encodings[index].offset = 0 &- UInt32(truncatingIfNeeded: wrap.nanoseconds / 1000 * 90 / 1000)
        }
        try world.view(publisher, by: try world.join("viewer"), audio: true)
        try wander(world, for: 15, limit: .milliseconds(900))
        #expect(world.switchTimes.count > 15)
        world.expectSound(isLossless: true)
    }

    @Test("With sender reports on the low layer alone viewers go on, and nothing parts for long, mediasoup #1098")
    func missingReports() throws {
        let world = try MediaWorld(seed: 5)
        var options = Publisher.Options.simulcast(.vp8)
        options.hasAudio = true
        let publisher = try world.publish("sender", options)
        for index in 1...2 { publisher.encodings[index].reports = false }
        let video = try world.view(
            publisher,
            by: try world.join("viewer"),
            audio: true,
            preferred: ConsumerLayers(spatialLayer: 0)
        )
        // What the sender's layers lag behind each other is all that passing time can be wrong by.
        video.checker.rules.tolerance = .milliseconds(10)
        try wander(world, for: 10, limit: .milliseconds(900))
        let before = world.switchTimes.count
        #expect(before > 8)
        for index in 1...2 { publisher.encodings[index].reports = true }
        try wander(world, for: 10, limit: .milliseconds(900))
        #expect(world.switchTimes.count > before + 8)
        world.expectSound(isLossless: true)
    }

    @Test("Reports without wall time are no reports")
    func emptyReports() throws {
        let world = try MediaWorld(seed: 6)
        let publisher = try world.publish("sender", .simulcast(.vp8))
        publisher.hidesWallTime = true
        let video = try world.view(publisher, by: try world.join("viewer"))
        video.checker.rules.tolerance = .milliseconds(10)
        try wander(world, for: 8, limit: .milliseconds(900))
        #expect(world.switchTimes.count > 6)
        world.expectSound(isLossless: true)
    }
}
