// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire
import SwiftletSyntheticMedia
import Testing

@Suite("Viewers that switch layers at random")
struct SwitchingTests {
    static let kinds: [Publisher.Options] = [
        .simulcast(.vp8), .simulcast(.h264, temporal: 1), .simulcast(.h264, descriptor: true), .simulcast(.vp9),
        .simulcast(.av1, descriptor: true), .simulcast(.av1, temporal: 1),
        .scalable(.vp9, LayerStructure(spatial: 3, temporal: 3)),
        .scalable(.vp9, LayerStructure(spatial: 3, temporal: 3, prediction: .keyPictures)),
        .scalable(.vp9, LayerStructure(spatial: 2, temporal: 2)),
        .scalable(.av1, LayerStructure(spatial: 3, temporal: 3)),
        .scalable(.av1, LayerStructure(spatial: 3, temporal: 3, prediction: .keyPictures)),
        .scalable(.av1, LayerStructure(spatial: 3, temporal: 3, prediction: .none)),
        .scalable(.av1, LayerStructure(temporal: 3)), .scalable(.vp8, LayerStructure(temporal: 3)),
    ]

    @Test("On a fair network every switch is seamless, whatever the codec and its layers", arguments: kinds)
    func fair(options: Publisher.Options) throws {
        var options = options
        options.hasAudio = true
        let world = try MediaWorld.run(
            Meeting(options: options, viewers: 10, duration: .seconds(60), switchTime: .milliseconds(700))
        )
        print("simulation:", options.codec, options.encodings, options.structure.mode, world.summary)
        world.expectSound(isLossless: true)
    }

    @Test("With reordering and duplication but no loss every switch is seamless too", arguments: kinds)
    func reordered(options: Publisher.Options) throws {
        var meeting = Meeting(options: options, viewers: 10, duration: .seconds(60), jitter: 25, duplication: 0.02)
        meeting.upstream = NetworkWheel.Path(duplication: 0.02, delay: 15, jitter: 12, reordering: 0.05)
        let world = try MediaWorld.run(meeting)
        print("simulation:", options.codec, options.encodings, options.structure.mode, world.summary)
        world.expectSound(isLossless: true, isOrdered: false)
    }

    static let lossy: [Publisher.Options] = [
        .simulcast(.h264, descriptor: true), .simulcast(.av1, descriptor: true), .simulcast(.vp9),
        .scalable(.vp9, LayerStructure(spatial: 3, temporal: 3)),
        .scalable(.vp9, LayerStructure(spatial: 3, temporal: 3, prediction: .keyPictures)),
        .scalable(.av1, LayerStructure(spatial: 3, temporal: 3)),
        .scalable(.av1, LayerStructure(spatial: 3, temporal: 3, prediction: .keyPictures)),
        .scalable(.av1, LayerStructure(spatial: 3, temporal: 3, prediction: .none)),
    ]

    @Test("The same for other codecs, 12 viewers for 2 minutes each", arguments: lossy)
    func losses(options: Publisher.Options) throws {
        var options = options
        (options.hasAudio, options.keyInterval) = (true, .seconds(3))
        var meeting = Meeting(options: options, viewers: 12, duration: .seconds(120))
        (meeting.loss, meeting.jitter, meeting.duplication) = (0.2, 30, 0.02)
        meeting.upstream = NetworkWheel.Path(loss: 0.01, duplication: 0.01, delay: 15, jitter: 10, reordering: 0.05)
        let world = try MediaWorld.run(meeting)
        print("simulation:", options.codec, options.encodings, options.structure.mode, world.summary)
        world.expectSound(isLossless: false)
    }

    @Test("50 viewers of 3 × 3 layers for 10 minutes, losing 0 to 20 %: decodable, and every switch in time")
    func storm() throws {
        var options = Publisher.Options.simulcast(.vp8)
        (options.hasAudio, options.keyInterval) = (true, .seconds(3))
        var meeting = Meeting(options: options, viewers: 50, duration: .seconds(600))
        (meeting.loss, meeting.jitter, meeting.duplication) = (0.2, 30, 0.02)
        meeting.upstream = NetworkWheel.Path(loss: 0.01, duplication: 0.01, delay: 15, jitter: 10, reordering: 0.05)
        let world = try MediaWorld.run(meeting)
        print("simulation:", world.summary)
        world.expectSound(isLossless: false)
    }
}
