// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletWire
import SwiftletSyntheticMedia
import Testing

@Suite("Layers, viewers and streams that come and go")
struct ComingAndGoingTests {
    private func top(_ world: MediaWorld, _ video: Viewer.Video) -> Int? { world.layers[video.id]?.spatialLayer }

    @Test("200 viewers who join within a second cost one key-frame request per 200 ms and encoding, no more")
    func joining() throws {
        let world = try MediaWorld(seed: 1)
        let publisher = try world.publish("sender", .simulcast(.vp8))
        world.run(for: .seconds(2))
        let before = publisher.encodings.map(\.requests.count)
        for index in 0..<200 {
            let viewer = try world.join("viewer\(index)", path: .init(delay: 5 + index % 7 * 10))
            try world.view(publisher, by: viewer, preferred: ConsumerLayers(spatialLayer: index % 3))
            world.run(for: .milliseconds(5))
        }
        world.run(for: .seconds(1))
        for (encoding, old) in zip(publisher.encodings, before) {
            let times = encoding.requests.dropFirst(old)
            #expect(!times.isEmpty && times.count <= 8, "\(times.count) requests")
            for (one, next) in zip(times, times.dropFirst()) { #expect(next - one >= .milliseconds(199)) }
        }
        world.run(for: .seconds(1))
        world.expectSound(isLossless: true)
        for (index, video) in world.viewers.flatMap(\.videos).enumerated() {
            #expect(video.checker.pictureCount > 25 && top(world, video) == index % 3)
        }
    }

    @Test("When a layer goes its viewers get the next, and it again when it is back")
    func layersComeAndGo() throws {
        let world = try MediaWorld(seed: 2)
        let publisher = try world.publish("sender", .simulcast(.vp8))
        let viewers = try (0..<3).map { try world.join("viewer\($0)") }
        let videos = try viewers.enumerated().map {
            try world.view(publisher, by: $1, preferred: ConsumerLayers(spatialLayer: $0))
        }
        world.run(for: .seconds(4))
        #expect(videos.map { top(world, $0) } == [0, 1, 2])
        publisher.stop(2)
        world.run(for: .seconds(4))
        #expect(videos.map { top(world, $0) } == [0, 1, 1])
        publisher.stop(0)
        world.run(for: .seconds(4))
        #expect(videos.map { top(world, $0) } == [1, 1, 1], "above what was wanted, as nothing else is there")
        publisher.start(2)
        publisher.start(0)
        world.run(for: .seconds(5))
        #expect(videos.map { top(world, $0) } == [0, 1, 2])
        world.expectSound(isLossless: false)
        // To notice that a layer is silent takes 1.5 s.
        for video in videos { #expect(video.checker.longestGap < .milliseconds(2200)) }
        #expect(videos[1].checker.longestGap < .milliseconds(500))
    }

    @Test("A stream without its lowest layer is viewed all the same, LK #984")
    func missingLowest() throws {
        let world = try MediaWorld(seed: 3)
        let publisher = try world.publish("sender", .simulcast(.vp8))
        publisher.stop(0)
        let viewers = try (0..<3).map { try world.join("viewer\($0)") }
        let videos = try viewers.enumerated().map {
            try world.view(publisher, by: $1, preferred: ConsumerLayers(spatialLayer: $0))
        }
        world.run(for: .seconds(5))
        #expect(videos.map { top(world, $0) } == [1, 1, 2])
        world.expectSound(isLossless: true)
        for video in videos { #expect(video.checker.lastShown.map { world.now - $0 < .milliseconds(200) } == true) }
    }

    static let scalable: [(SyntheticCodec, LayerStructure.Prediction)] = [
        (.vp9, .full), (.vp9, .keyPictures), (.av1, .full), (.av1, .keyPictures), (.av1, .none),
    ]

    @Test("The upper spatial layers of one stream may go and come too, mediasoup #1821", arguments: scalable)
    func scalableLayersComeAndGo(codec: SyntheticCodec, prediction: LayerStructure.Prediction) throws {
        let world = try MediaWorld(seed: 4)
        let structure = LayerStructure(spatial: 3, temporal: 3, prediction: prediction)
        let publisher = try world.publish("sender", .scalable(codec, structure))
        let videos = try (0..<3).map { index in
            try world.view(
                publisher,
                by: try world.join("viewer\(index)"),
                preferred: ConsumerLayers(spatialLayer: index)
            )
        }
        world.run(for: .seconds(4))
        #expect(videos.map { top(world, $0) } == [0, 1, 2])
        publisher.encodings[0].video.setActiveSpatialLayers(1)
        world.run(for: .seconds(5))
        #expect(videos.map { top(world, $0) } == [0, 0, 0])
        #expect(videos.allSatisfy { $0.checker.layers?.spatial == 0 })
        publisher.encodings[0].video.setActiveSpatialLayers(3)
        world.run(for: .seconds(5))
        #expect(videos.map { top(world, $0) } == [0, 1, 2])
        world.expectSound(isLossless: false)
        // AV1 says what it does not send any more; VP9 may only be found silent, which takes 1.5 s.
        let limit = codec == .av1 ? Duration.milliseconds(500) : .milliseconds(2200)
        for video in videos { #expect(video.checker.longestGap < limit, "\(video.id)") }
    }

    @Test("When every layer dies the host is told, and when they are back the viewers get them", arguments: [1, 3])
    func allDie(encodings: Int) throws {
        let world = try MediaWorld(seed: 5)
        var options = Publisher.Options.simulcast(.vp8)
        if encodings == 1 { options = .scalable(.vp9, LayerStructure(spatial: 3, temporal: 3)) }
        let publisher = try world.publish("sender", options)
        let video = try world.view(publisher, by: try world.join("viewer"))
        world.run(for: .seconds(3))
        #expect(top(world, video) == 2)
        publisher.isSending = false
        world.run(for: .seconds(6))
        #expect(world.layers[video.id] == nil)
        publisher.isSending = true
        for index in publisher.encodings.indices { publisher.start(index) }
        // Another layer may be the first to come back, and layers lag behind each other.
        video.checker.expectDiscontinuity(within: .milliseconds(10))
        let shown = video.checker.pictureCount
        world.run(for: .seconds(4))
        #expect(top(world, video) == 2 && video.checker.pictureCount > shown + 80)
        world.expectSound(isLossless: true)
    }

    @Test("Consumers and producers that pause go on with a key frame, in time")
    func pausing() throws {
        let world = try MediaWorld(seed: 6)
        var options = Publisher.Options.simulcast(.vp8)
        options.hasAudio = true
        let publisher = try world.publish("sender", options)
        let video = try world.view(publisher, by: try world.join("viewer"), audio: true)
        world.run(for: .seconds(3))
        for round in 0..<6 {
            let shown = video.checker.pictureCount
            try world.ask(round % 2 == 0 ? .pauseConsumer(id: video.id) : .pauseProducer(id: publisher.videoID))
            world.run(for: .seconds(round))
            #expect(video.checker.pictureCount <= shown + 2)
            video.checker.expectDiscontinuity(within: .milliseconds(2))
            try world.ask(round % 2 == 0 ? .resumeConsumer(id: video.id) : .resumeProducer(id: publisher.videoID))
            world.run(for: .seconds(3))
            #expect(video.checker.pictureCount > shown + 75, "round \(round)")
        }
        world.expectSound(isLossless: true)
    }

    /// Another SSRC takes a RID over when the old one was silent for a second.
    @Test(
        "A sender that begins anew under other SSRCs is followed as soon as the old ones count as silent",
        arguments: [false, true]
    )
    func restart(isSVC: Bool) throws {
        let world = try MediaWorld(seed: 7)
        var options = Publisher.Options.simulcast(.vp8)
        if isSVC { options = .scalable(.vp9, LayerStructure(spatial: 3, temporal: 3)) }
        (options.usesRIDs, options.hasAudio) = (true, true)
        let publisher = try world.publish("sender", options)
        let videos = try (0..<3).map { index in
            try world.view(
                publisher,
                by: try world.join("viewer\(index)"),
                audio: true,
                preferred: ConsumerLayers(spatialLayer: index)
            )
        }
        world.run(for: .seconds(4))
        for round in 0..<3 as Range<UInt32> {
            for index in publisher.encodings.indices {
                publisher.restart(index, ssrc: 20_000 + round * 100 + UInt32(index) * 2, now: world.now)
            }
            for video in videos { video.checker.expectDiscontinuity(within: .milliseconds(40)) }
            let shown = videos.map(\.checker.pictureCount)
            world.run(for: .seconds(4))
            for (index, video) in videos.enumerated() {
                #expect(video.checker.pictureCount > shown[index] + 85, "\(video.id) in round \(round)")
                #expect(top(world, video) == index)
            }
        }
        world.expectSound(isLossless: false)
        for video in videos {
            #expect(video.checker.longestGap < .milliseconds(1150) && video.checker.undecodableCount == 0)
        }
    }

    @Test("Loss above 10 % costs a viewer layers, and no other; when it ends they come back")
    func lossBudget() throws {
        let world = try MediaWorld(seed: 8) { _ in }
        let publisher = try world.publish("sender", .simulcast(.vp8))
        let videos = try [0, 0.04, 0.25].enumerated().map { index, loss in
            var path = NetworkWheel.Path()
            let viewer = try world.join("viewer\(index)", path: path)
            path.loss = loss
            viewer.path.down = path
            return try world.view(publisher, by: viewer)
        }
        world.run(for: .seconds(20))
        #expect(videos.map { top(world, $0) }.prefix(2) == [2, 2])
        #expect(top(world, videos[2]).map { $0 < 2 } == true)
        world.viewers[2].path.down.loss = 0
        world.run(for: .seconds(75))
        #expect(videos.map { top(world, $0) } == [2, 2, 2])
        world.expectSound(isLossless: false)
    }
}
