// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletEngine
import SwiftletWire
import Testing

/// Peers with a microphone each, in one router, and their observers.
private final class Choir {
    let rig: Rig
    private(set) var peers: [Peer] = []
    /// −dBov of each peer's next packets; `nil` for one that sends nothing.
    var levels: [UInt8?] = []
    private var step: UInt16 = 0

    init(_ count: Int) throws {
        rig = try Rig()
        for index in 0..<count {
            peers.append(try rig.join("p\(index)"))
            try rig.ask(.produce(Media.produceAudio("mic\(index)", on: "p\(index)", ssrc: 2000 + UInt32(index))))
        }
        levels = Array(repeating: 110, count: count)
    }

    /// A packet of everybody, every 20 ms.
    func run(milliseconds: Int) {
        for _ in 0..<milliseconds / 20 {
            rig.advance(by: .milliseconds(20))
            step += 1
            for (index, peer) in peers.enumerated() {
                guard let level = levels[index] else { continue }
                let packet = peer.rtp(
                    step,
                    ssrc: 2000 + UInt32(index),
                    payloadType: 111,
                    timestamp: UInt32(step) * 960,
                    payload: [1, 2, 3],
                    extensions: [(2, [0x80 | level])]
                )
                peer.send(packet)
            }
        }
    }

    /// What observers told since the last call.
    func told() -> [ControlNotification] {
        defer { rig.notifications = [] }
        return rig.notifications.filter {
            switch $0 {
            case .audioLevels, .audioSilence, .dominantSpeaker: true
            default: false
            }
        }
    }

    func observe(_ observer: String, _ indices: [Int]) throws {
        for index in indices {
            try rig.ask(.addProducerToRtpObserver(observerId: observer, producerId: "mic\(index)"))
        }
    }

    func dump(_ id: String) throws -> RtpObserverDump? {
        guard case .rtpObserverDump(let dump) = try rig.ask(.dumpRtpObserver(id: id)) else { return nil }
        return dump
    }
}

@Suite("RTP observers")
struct ObserverTests {
    private func audioLevels(
        maxEntries: UInt16 = 1,
        threshold: Int8 = -80,
        interval: UInt16 = 1000
    ) -> ControlRequest {
        .createAudioLevelObserver(
            .init(id: "levels", routerId: "router", maxEntries: maxEntries, threshold: threshold, interval: interval)
        )
    }

    private func activeSpeaker(interval: UInt16 = 300) -> ControlRequest {
        .createActiveSpeakerObserver(.init(id: "speaker", routerId: "router", interval: interval))
    }

    private func volume(_ index: Int, _ volume: Int) -> AudioLevel {
        AudioLevel(producerId: "mic\(index)", volume: volume)
    }

    // MARK: Levels

    @Test("Every interval tells who is loud, the loudest first, and then silence once")
    func levels() throws {
        let choir = try Choir(4)
        try choir.rig.ask(audioLevels(maxEntries: 3))
        try choir.observe("levels", [0, 1, 2])
        choir.levels = [40, 20, 90, 0]
        choir.run(milliseconds: 2100)
        let loud = ControlNotification.audioLevels(observerId: "levels", volumes: [volume(1, -20), volume(0, -40)])
        #expect(choir.told() == [loud, loud])
        choir.levels = [100, 100, nil, 0]
        choir.run(milliseconds: 6000)
        #expect(choir.told() == [.audioSilence(observerId: "levels")])
    }

    @Test("Equal volumes all show, and the interval is kept within bounds")
    func tiesAndIntervals() throws {
        let choir = try Choir(3)
        try choir.rig.ask(audioLevels(maxEntries: 5, interval: 1))
        try choir.observe("levels", [2, 1, 0])
        choir.levels = [30, 30, 30]
        choir.run(milliseconds: 1020)
        let all = ControlNotification.audioLevels(
            observerId: "levels",
            volumes: [volume(2, -30), volume(1, -30), volume(0, -30)]
        )
        #expect(choir.told() == [all, all, all, all])
    }

    @Test("A paused producer contributes nothing, not even what it sent before")
    func pausedProducer() throws {
        let choir = try Choir(2)
        try choir.rig.ask(audioLevels(maxEntries: 2))
        try choir.observe("levels", [0, 1])
        choir.levels = [10, 50]
        choir.run(milliseconds: 700)
        try choir.rig.ask(.pauseProducer(id: "mic0"))
        choir.run(milliseconds: 400)
        #expect(choir.told() == [.audioLevels(observerId: "levels", volumes: [volume(1, -50)])])
        try choir.rig.ask(.resumeProducer(id: "mic0"))
        choir.run(milliseconds: 1000)
        #expect(choir.told() == [.audioLevels(observerId: "levels", volumes: [volume(0, -10), volume(1, -50)])])
    }

    @Test("A paused observer falls silent, and begins a new interval when it is resumed")
    func pausedObserver() throws {
        let choir = try Choir(1)
        try choir.rig.ask(audioLevels())
        try choir.observe("levels", [0])
        choir.levels = [10]
        choir.run(milliseconds: 1500)
        #expect(choir.told().count == 1)
        try choir.rig.ask(.pauseRtpObserver(id: "levels"))
        try choir.rig.ask(.pauseRtpObserver(id: "levels"))
        choir.run(milliseconds: 3000)
        #expect(choir.told() == [.audioSilence(observerId: "levels")])
        #expect(try choir.dump("levels")?.paused == true)
        try choir.rig.ask(.resumeRtpObserver(id: "levels"))
        choir.run(milliseconds: 900)
        #expect(choir.told() == [])
        choir.run(milliseconds: 200)
        #expect(choir.told() == [.audioLevels(observerId: "levels", volumes: [volume(0, -10)])])
    }

    @Test("A producer that is removed or closed is heard no more")
    func removal() throws {
        let choir = try Choir(3)
        try choir.rig.ask(audioLevels(maxEntries: 3))
        try choir.observe("levels", [0, 1, 2])
        try choir.observe("levels", [1])
        #expect(try choir.dump("levels")?.producerIds == ["mic0", "mic1", "mic2"])
        choir.levels = [10, 20, 30]
        try choir.rig.ask(.removeProducerFromRtpObserver(observerId: "levels", producerId: "mic0"))
        try choir.rig.ask(.removeProducerFromRtpObserver(observerId: "levels", producerId: "mic0"))
        choir.run(milliseconds: 500)
        try choir.rig.ask(.closeProducer(id: "mic1"))
        choir.run(milliseconds: 600)
        #expect(choir.told() == [.audioLevels(observerId: "levels", volumes: [volume(2, -30)])])
        #expect(try choir.dump("levels")?.producerIds == ["mic2"])
        try choir.rig.ask(.closeTransport(id: "p2"))
        #expect(try choir.dump("levels")?.producerIds == [])
        choir.levels = [10, nil, nil]
        choir.run(milliseconds: 5000)
        #expect(choir.told() == [.audioSilence(observerId: "levels")])
        // Its places are free for others.
        try choir.observe("levels", [0])
        choir.run(milliseconds: 1100)
        #expect(choir.told() == [.audioLevels(observerId: "levels", volumes: [volume(0, -10)])])
    }

    @Test("Packets that bring no level, or that came twice, do not count")
    func strays() throws {
        let choir = try Choir(1)
        try choir.rig.ask(audioLevels())
        try choir.observe("levels", [0])
        choir.levels = [nil]
        for sequence in 1...200 as ClosedRange<UInt16> {
            let mute = choir.peers[0].rtp(
                sequence,
                ssrc: 2000,
                payloadType: 111,
                timestamp: UInt32(sequence) * 960,
                payload: [1]
            )
            choir.peers[0].send(mute, mute)
            choir.rig.advance(by: .milliseconds(20))
        }
        #expect(choir.told() == [])
    }

    // MARK: Speakers

    @Test("The floor goes to who speaks, and is told once")
    func dominantSpeaker() throws {
        let choir = try Choir(3)
        try choir.rig.ask(activeSpeaker())
        try choir.observe("speaker", [0, 1, 2])
        choir.run(milliseconds: 3000)
        #expect(choir.told() == [.dominantSpeaker(observerId: "speaker", producerId: "mic0")])
        choir.levels[2] = 30
        choir.run(milliseconds: 3000)
        #expect(choir.told() == [.dominantSpeaker(observerId: "speaker", producerId: "mic2")])
    }

    @Test("When the speaker leaves, another has the floor at once")
    func speakerLeaves() throws {
        let choir = try Choir(2)
        try choir.rig.ask(activeSpeaker(interval: 5000))
        try choir.observe("speaker", [0, 1])
        choir.run(milliseconds: 5100)
        #expect(choir.told() == [.dominantSpeaker(observerId: "speaker", producerId: "mic0")])
        try choir.rig.ask(.closeProducer(id: "mic0"))
        choir.rig.advance(by: .milliseconds(1))
        #expect(choir.told() == [.dominantSpeaker(observerId: "speaker", producerId: "mic1")])
        try choir.rig.ask(.removeProducerFromRtpObserver(observerId: "speaker", producerId: "mic1"))
        choir.rig.advance(by: .seconds(20))
        #expect(choir.told() == [])
    }

    @Test("A paused producer does not take the floor")
    func pausedSpeaker() throws {
        let choir = try Choir(2)
        try choir.rig.ask(activeSpeaker())
        choir.run(milliseconds: 100)
        try choir.rig.ask(.pauseProducer(id: "mic0"))
        try choir.observe("speaker", [0, 1])
        choir.run(milliseconds: 1000)
        #expect(choir.told() == [.dominantSpeaker(observerId: "speaker", producerId: "mic1")])
        choir.levels[0] = 20
        choir.run(milliseconds: 2000)
        #expect(choir.told() == [])
        choir.levels[0] = 110
        try choir.rig.ask(.resumeProducer(id: "mic0"))
        choir.run(milliseconds: 1000)
        choir.levels[0] = 20
        choir.run(milliseconds: 2000)
        #expect(choir.told() == [.dominantSpeaker(observerId: "speaker", producerId: "mic0")])
    }

    // MARK: Requests

    @Test("Observers are refused with the argument at fault")
    func refusals() throws {
        let choir = try Choir(1)
        let rig = choir.rig
        func refusal(_ request: ControlRequest) -> ControlError? {
            do {
                try rig.ask(request)
                return nil
            } catch {
                return error as? ControlError
            }
        }
        #expect(refusal(audioLevels(maxEntries: 0))?.message == "maxEntries is at least 1")
        #expect(refusal(audioLevels(threshold: 1))?.message == "threshold is from -127 to 0 dBov, not 1")
        #expect(refusal(audioLevels(threshold: -128))?.code == .invalidArgument)
        #expect(refusal(.createActiveSpeakerObserver(.init(id: "x", routerId: "nowhere")))?.code == .notFound)
        try rig.ask(audioLevels())
        #expect(refusal(audioLevels())?.code == .alreadyExists)
        #expect(refusal(.createActiveSpeakerObserver(.init(id: "mic0", routerId: "router")))?.code == .alreadyExists)
        #expect(refusal(.createRouter(id: "levels"))?.code == .alreadyExists)

        try rig.ask(.produce(Media.produceVideo("camera", on: "p0")))
        let video = refusal(.addProducerToRtpObserver(observerId: "levels", producerId: "camera"))
        #expect(video?.code == .invalidArgument)
        #expect(video?.message == "producerId \"camera\" is of video; observers listen to audio")
        #expect(refusal(.addProducerToRtpObserver(observerId: "levels", producerId: "none"))?.code == .notFound)
        #expect(refusal(.addProducerToRtpObserver(observerId: "none", producerId: "mic0"))?.code == .notFound)
        #expect(refusal(.pauseRtpObserver(id: "none"))?.message == "no RtpObserver with id \"none\"")
        #expect(refusal(.dumpRtpObserver(id: "mic0"))?.code == .notFound)

        try rig.ask(.createRouter(id: "other"))
        try rig.ask(.createActiveSpeakerObserver(.init(id: "elsewhere", routerId: "other")))
        let foreign = refusal(.addProducerToRtpObserver(observerId: "elsewhere", producerId: "mic0"))
        #expect(foreign?.code == .invalidArgument)
        #expect(foreign?.message == "producerId \"mic0\" is in another router than the observer")
    }

    @Test("A router has at most 16 observers, and closed ones make room")
    func bounded() throws {
        let rig = try Rig()
        for index in 0..<16 { try rig.ask(.createActiveSpeakerObserver(.init(id: "o\(index)", routerId: "router"))) }
        #expect(throws: ControlError(.limitReached, "at most 16 observers in a router")) {
            try rig.ask(activeSpeaker())
        }
        try rig.ask(.closeRtpObserver(id: "o3"))
        #expect(throws: ControlError.self) { try rig.ask(.dumpRtpObserver(id: "o3")) }
        try rig.ask(activeSpeaker())
    }

    @Test("A router's observers close with it, and its producers are free of them")
    func closing() throws {
        let choir = try Choir(2)
        try choir.rig.ask(audioLevels())
        try choir.rig.ask(activeSpeaker())
        try choir.observe("levels", [0, 1])
        try choir.observe("speaker", [0, 1])
        let dump = try choir.dump("speaker")
        #expect(dump?.type == "activespeaker" && dump?.routerId == "router" && dump?.paused == false)
        #expect(try choir.dump("levels")?.type == "audiolevel")
        try choir.rig.ask(.closeRtpObserver(id: "levels"))
        choir.levels = [10, 20]
        choir.run(milliseconds: 2000)
        #expect(choir.told() == [.dominantSpeaker(observerId: "speaker", producerId: "mic0")])
        try choir.rig.ask(.closeRouter(id: "router"))
        choir.rig.advance(by: .seconds(1))
        #expect(choir.told() == [])
        #expect(choir.rig.engine.nextDeadline == nil)
        try choir.rig.ask(.createRouter(id: "router"))
        try choir.rig.ask(activeSpeaker())
        #expect(try choir.dump("speaker")?.producerIds == [])
    }

    @Test("Without producers an observer wakes nobody")
    func idle() throws {
        let rig = try Rig()
        try rig.ask(audioLevels())
        try rig.ask(activeSpeaker())
        try rig.ask(.pauseRtpObserver(id: "levels"))
        try rig.ask(.resumeRtpObserver(id: "levels"))
        rig.advance(by: .seconds(6))
        #expect(rig.engine.nextDeadline == nil)
    }
}
