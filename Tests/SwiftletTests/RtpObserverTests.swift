// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Swiftlet
import Testing

@Suite("Observers of audio levels and speakers")
struct RtpObserverTests {
    @Test("Observers are asked for with their settings, and the router's observers hear of them")
    func create() async throws {
        let call = try await Call()
        let router = call.router.observer.events()
        let levels = try await call.router.createAudioLevelObserver(maxEntries: 3, threshold: -127, interval: 800)
        #expect(
            call.channel.requests.last
                == .createAudioLevelObserver(
                    .init(id: levels.id, routerId: call.router.id, maxEntries: 3, threshold: -127, interval: 800)
                )
        )
        let speaker = try await call.router.createActiveSpeakerObserver(appData: ["room": 1])
        #expect(
            call.channel.requests.last
                == .createActiveSpeakerObserver(.init(id: speaker.id, routerId: call.router.id, interval: 300))
        )
        #expect(levels.type == .audioLevel && speaker.type == .activeSpeaker)
        #expect(speaker.appData == ["room": 1] && levels.appData == [:])
        #expect(!levels.closed && !levels.paused)
        #expect(try await levels.dump().id == levels.id)
        await call.router.close()
        #expect(
            await all(router).map {
                switch $0 {
                case .newRtpObserver(let new): new.id
                case .close: "close"
                default: "?"
                }
            } == [levels.id, speaker.id, "close"]
        )
    }

    @Test("Defaults are one entry, −80 dBov and a second")
    func defaults() async throws {
        let call = try await Call()
        let observer = try await call.router.createAudioLevelObserver()
        #expect(
            call.channel.requests.last
                == .createAudioLevelObserver(
                    .init(id: observer.id, routerId: call.router.id, maxEntries: 1, threshold: -80, interval: 1000)
                )
        )
    }

    @Test("Numbers out of range are refused by name before the worker is asked")
    func ranges() async throws {
        let call = try await Call()
        let router = call.router
        let asked = call.channel.requests.count
        for threshold in [-128, 1, .max] {
            #expect(
                await failure { _ = try await router.createAudioLevelObserver(threshold: threshold) }
                    == SwiftletError(.invalidArgument, "threshold is \(threshold), not within -127 to 0")
            )
        }
        for number in [0, -1, 65536] {
            #expect(
                await failure { _ = try await router.createAudioLevelObserver(maxEntries: number) }
                    == SwiftletError(.invalidArgument, "maxEntries is \(number), not within 1 to 65535")
            )
            let interval = SwiftletError(.invalidArgument, "interval is \(number), not within 1 to 65535")
            #expect(await failure { _ = try await router.createAudioLevelObserver(interval: number) } == interval)
            #expect(await failure { _ = try await router.createActiveSpeakerObserver(interval: number) } == interval)
        }
        #expect(call.channel.requests.count == asked)
    }

    @Test("Producers are added and removed, audio of this router alone")
    func producers() async throws {
        let call = try await Call()
        let (audio, video) = (try await call.sending.produce(Call.opus()), try await call.sending.produce(Call.vp8()))
        let observer = try await call.router.createAudioLevelObserver()
        let seen = observer.observer.events()
        try await observer.addProducer(producerId: audio.id)
        #expect(
            call.channel.requests.last == .addProducerToRtpObserver(observerId: observer.id, producerId: audio.id)
        )
        try await observer.removeProducer(producerId: audio.id)
        #expect(
            call.channel.requests.last == .removeProducerFromRtpObserver(observerId: observer.id, producerId: audio.id)
        )
        let asked = call.channel.requests.count
        #expect(
            await failure { try await observer.addProducer(producerId: video.id) }
                == SwiftletError(.invalidArgument, "producerId: Producer \"\(video.id)\" is of video, not of audio")
        )
        let unknown = SwiftletError(.notFound, "Producer with id \"nobody\" not found")
        #expect(await failure { try await observer.addProducer(producerId: "nobody") } == unknown)
        #expect(await failure { try await observer.removeProducer(producerId: "nobody") } == unknown)
        await audio.close()
        #expect(await failure { try await observer.addProducer(producerId: audio.id) }?.code == .notFound)
        #expect(call.channel.requests.count == asked + 1)
        await observer.close()
        #expect(
            await all(seen).map {
                switch $0 {
                case .addProducer(let producer): "add \(producer === audio)"
                case .removeProducer(let producer): "remove \(producer === audio)"
                case .close: "close"
                default: "?"
                }
            } == ["add true", "remove true", "close"]
        )
    }

    @Test("Levels name producers, the loudest first; silence is told; those who left meanwhile are left out")
    func levels() async throws {
        let call = try await Call()
        let one = try await call.sending.produce(Call.opus(ssrc: 1, mid: "0"))
        let two = try await call.sending.produce(Call.opus(ssrc: 2, mid: "1"))
        let observer = try await call.router.createAudioLevelObserver(maxEntries: 5)
        let (events, seen) = (observer.events(), observer.observer.events())
        let volumes = [AudioLevel(producerId: two.id, volume: -20), AudioLevel(producerId: one.id, volume: -50)]
        call.channel.say(.audioLevels(observerId: observer.id, volumes: volumes))
        await two.close()
        call.channel.say(.audioLevels(observerId: observer.id, volumes: volumes))
        call.channel.say(.audioLevels(observerId: observer.id, volumes: [volumes[0]]))
        call.channel.say(.audioSilence(observerId: observer.id))
        await call.router.close()
        let told = await all(events).map {
            switch $0 {
            case .volumes(let list):
                list.map { "\($0.producer === one ? "one" : "two") \($0.volume)" }.joined(separator: ", ")
            case .silence: "silence"
            case .routerClose: "routerClose"
            @unknown default: "?"
            }
        }
        #expect(told == ["two -20, one -50", "one -50", "silence", "routerClose"])
        #expect(await all(seen).count == 4)
    }

    @Test("The dominant speaker is told as a producer, unless it left meanwhile")
    func speaker() async throws {
        let call = try await Call()
        let producer = try await call.sending.produce(Call.opus())
        let observer = try await call.router.createActiveSpeakerObserver()
        let (events, seen) = (observer.events(), observer.observer.events())
        call.channel.say(.dominantSpeaker(observerId: observer.id, producerId: producer.id))
        await producer.close()
        call.channel.say(.dominantSpeaker(observerId: observer.id, producerId: producer.id))
        await observer.close()
        #expect(call.channel.requests.last == .closeRtpObserver(id: observer.id))
        let told = await all(events)
        guard case .dominantSpeaker(let first) = told.first, told.count == 1 else {
            Issue.record("told \(told)")
            return
        }
        #expect(first === producer)
        #expect(await all(seen).count == 2)
    }

    @Test("Pauses and resumes are told when they change something")
    func pause() async throws {
        let call = try await Call()
        let observer = try await call.router.createActiveSpeakerObserver()
        let seen = observer.observer.events()
        try await observer.pause()
        try await observer.pause()
        #expect(observer.paused)
        #expect(call.channel.requests.last == .pauseRtpObserver(id: observer.id))
        try await observer.resume()
        #expect(!observer.paused)
        #expect(call.channel.requests.last == .resumeRtpObserver(id: observer.id))
        await observer.close()
        #expect(
            await all(seen).map {
                switch $0 {
                case .pause: "pause"
                case .resume: "resume"
                case .close: "close"
                default: "?"
                }
            } == ["pause", "resume", "close"]
        )
    }

    @Test("A router's close, and a worker's death, close its observers, which then refuse everything")
    func cascade() async throws {
        let (call, other) = (try await Call(), try await Call())
        let closed = try await call.router.createAudioLevelObserver()
        let dead = try await other.router.createActiveSpeakerObserver()
        let (first, second) = (closed.events(), dead.events())
        await call.router.close()
        other.channel.die()
        guard case .routerClose = await all(first).last, case .routerClose = await all(second).last else {
            Issue.record("no routerClose")
            return
        }
        #expect(closed.closed && dead.closed)
        let asked = call.channel.requests.count
        for observer in [closed, dead] as [any RtpObserver] {
            #expect(await failure { try await observer.pause() }?.code == .closed)
            #expect(await failure { try await observer.resume() }?.code == .closed)
            #expect(await failure { try await observer.addProducer(producerId: "p") }?.code == .closed)
            #expect(await failure { try await observer.removeProducer(producerId: "p") }?.code == .closed)
            #expect(await failure { _ = try await observer.dump() }?.code == .closed)
            await observer.close()
        }
        #expect(await failure { _ = try await call.router.createAudioLevelObserver() }?.code == .closed)
        #expect(await failure { _ = try await call.router.createActiveSpeakerObserver() }?.code == .closed)
        #expect(call.channel.requests.count == asked)
    }

    @Test("An observer that the worker refuses leaves nothing behind, and one made while its router closes is closed")
    func refused() async throws {
        let call = try await Call()
        let router = call.router
        call.channel.refuseNext(SwiftletError(.limitReached, "full"))
        #expect(await failure { _ = try await router.createAudioLevelObserver() }?.code == .limitReached)
        let before = call.channel.requests.count
        call.channel.hold()
        async let made = failure { _ = try await router.createActiveSpeakerObserver() }
        while call.channel.requests.count == before { await Task.yield() }
        async let closing: Void = router.close()
        while !router.closed { await Task.yield() }
        call.channel.answerHeld()
        #expect(await made?.code == .closed)
        await closing
    }
}
