// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletWire
import SwiftletSyntheticMedia
import Testing

/// How a meeting with viewers that change their minds is set up.
struct Meeting {
    var options: Publisher.Options
    var viewers: Int
    var duration: Duration
    /// The worst viewer's loss; the others' are spread evenly below.
    var loss = 0.0
    var jitter = 0
    var duplication = 0.0
    /// The sender's own path.
    var upstream = NetworkWheel.Path()
    var seed: UInt64 = 1

    /// The time that a switch may take besides the round trip; `nil` for the time between two key frames.
    var switchTime: Duration?

    /// The time that a switch may take: a key frame interval and a round trip, from viewer to sender and back.
    func deadline(_ viewer: Viewer) -> Duration {
        let roundTrips = 2 * (upstream.delay + upstream.jitter + viewer.path.up.delay + viewer.path.up.jitter)
        return (switchTime ?? options.keyInterval) + .milliseconds(roundTrips)
    }
}

extension MediaWorld {
    /// A publisher, and viewers that switch to random layers every 3 to 9 s.
    static func run(_ meeting: Meeting) throws -> MediaWorld {
        let world = try MediaWorld(seed: meeting.seed)
        let publisher = try world.publish("sender", meeting.options, path: meeting.upstream)
        var random = SeededRandom(seed: meeting.seed &+ 77)
        for index in 0..<meeting.viewers {
            let share = Double(index) / Double(max(1, meeting.viewers - 1))
            let path = NetworkWheel.Path(
                loss: meeting.loss * share,
                duplication: meeting.duplication,
                delay: 10 + index % 5 * 10,
                jitter: meeting.jitter
            )
            let viewer = try world.join("viewer\(index)", path: path)
            try world.view(publisher, by: viewer, audio: meeting.options.hasAudio && index % 10 == 0)
        }
        var next = (0..<meeting.viewers).map { _ in 3000 + Int.random(in: 0...3000, using: &random) }
        let last = Int(meeting.duration.wholeNanoseconds / 1_000_000) - 12_000
        let spatial = max(meeting.options.encodings, meeting.options.structure.spatial)
        try world.run(for: meeting.duration) { tick in
            for index in 0..<meeting.viewers where next[index] <= tick && tick < last && !world.isSwitching(index) {
                next[index] = tick + Int.random(in: 3000...9000, using: &random)
                let layers = ConsumerLayers(
                    spatialLayer: Int.random(in: 0..<spatial, using: &random),
                    temporalLayer: Int.random(in: 0..<meeting.options.structure.temporal, using: &random)
                )
                try world.prefer(layers, by: index)
            }
            if tick % 5 == 0 { world.settleSwitches(deadline: meeting.deadline) }
        }
        return world
    }

    /// Checks what holds in every meeting, and what holds where nothing is lost.
    ///
    /// What the sender's packets overtake at a switch leaves a hole in the numbers, so those are checked for gaps only
    /// where it does not happen.
    func expectSound(isLossless: Bool, isOrdered: Bool = true, sourceLocation: SourceLocation = #_sourceLocation) {
        var wrong = viewers.flatMap(\.violations)
        for viewer in viewers where viewer.brokenCount > 0 {
            wrong.append("\(viewer.name): \(viewer.brokenCount) packets did not open")
        }
        for viewer in viewers where viewer.worstSync > .milliseconds(40) {
            wrong.append("\(viewer.name): picture and sound \(viewer.worstSync) apart")
        }
        for video in viewers.flatMap(\.videos) {
            let checker = video.checker
            if checker.faultCount > 0 { wrong.append("\(video.id): \(checker.faults) \(checker.details)") }
            if checker.growthCount * 100 > checker.pictureCount {
                wrong.append("\(video.id): \(checker.growthCount) pictures grew late")
            }
            guard isLossless else { continue }
            if checker.longestGap > .milliseconds(500) { wrong.append("\(video.id): \(checker.longestGap) of nothing") }
            if isOrdered, checker.unexplainedGapCount > 0 {
                wrong.append("\(video.id): \(checker.unexplainedGapCount) gaps")
            }
            if checker.undecodableCount > 0 {
                wrong.append("\(video.id): \(checker.undecodableCount) undecodable \(checker.details)")
            }
        }
        #expect(wrong.isEmpty, "\(wrong.count), such as \(wrong.prefix(3))", sourceLocation: sourceLocation)
        let late = "\(lateSwitches.count), such as \(lateSwitches.prefix(3))"
        #expect(lateSwitches.isEmpty, "\(late)", sourceLocation: sourceLocation)
    }

    /// What happened, in one line.
    var summary: String {
        let times = switchTimes.sorted()
        let at = { (share: Double) in
            times.isEmpty ? 0 : times[min(times.count - 1, Int(Double(times.count) * share))].inSeconds
        }
        let all = viewers.flatMap(\.videos).map(\.checker)
        let sum = { (value: (StreamChecker) -> Int) in all.reduce(0) { $0 + value($1) } }
        return "\(switchTimes.count) switches, median \(at(0.5)) s, 99 % \(at(0.99)) s, longest \(at(1)) s; "
            + "\(viewers.reduce(0) { $0 + $1.packetCount }) packets, \(sum(\.pictureCount)) pictures, "
            + "\(sum(\.keyFrameCount)) key frames, \(sum(\.undecodableCount)) undecodable, "
            + "\(sum(\.freezeCount)) freezes, longest gap \(all.map(\.longestGap).max()?.inSeconds ?? 0) s, "
            + "\(sum(\.fillerCount)) fillers, \(sum(\.strayCount)) strays, "
            + "\(sum { $0.repairs.requestCount }) requests, \(sum { $0.repairs.abandonedCount }) given up, "
            + "lip sync within \(viewers.map(\.worstSync).max()?.inSeconds ?? 0) s, "
            + "correction \(all.map(\.largestCorrection).max()?.inSeconds ?? 0) s, "
            + "key-frame requests \(publishers.flatMap { $0.encodings.map(\.requests.count) })"
    }
}
