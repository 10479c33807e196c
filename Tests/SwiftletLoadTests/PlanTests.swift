// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletClient
import Testing

import SwiftletLoad

@Suite("Plans of load tests") struct PlanTests {
    private func error(_ change: (inout LoadPlan) -> Void) -> LoadPlanError? {
        var plan = LoadPlan(server: "ws://127.0.0.1:8080")
        change(&plan)
        do throws(LoadPlanError) {
            try plan.validate()
            return nil
        } catch {
            return error
        }
    }

    @Test("The defaults can be run, and so can what is at the edge") func good() {
        #expect(error { _ in } == nil)
        #expect(error { ($0.publishers, $0.subscribers) = (0, 1) } == nil)
        #expect(error { ($0.codec, $0.layers) = (.av1, .svc()) } == nil)
        #expect(error { ($0.network.down.loss, $0.duration) = (1, .seconds(86_400)) } == nil)
        #expect(error { $0.metrics = "http://[::1]:9464/metrics" } == nil)
        #expect(error { $0.media = .none } == nil)
    }

    @Test("Each thing that cannot be run names its option") func bad() {
        let wrong: [(String, (inout LoadPlan) -> Void)] = [
            ("server", { $0.server = "media.example" }), ("server", { $0.server = "ftp://media.example" }),
            ("server", { $0.server = "" }), ("--metrics", { $0.metrics = "https://127.0.0.1/metrics" }),
            ("--rooms", { $0.rooms = 0 }), ("--publishers", { $0.publishers = -1 }),
            ("--subscribers", { $0.subscribers = 10_001 }),
            ("--publishers", { ($0.publishers, $0.subscribers) = (0, 0) }),
            ("--rooms", { ($0.rooms, $0.subscribers) = (10_000, 10) }), ("--room-prefix", { $0.roomPrefix = "" }),
            ("--room-prefix", { $0.roomPrefix = "a\nb" }), ("--watch", { $0.watch = 0 }),
            ("--watch-layer", { $0.watchedLayer = 3 }), ("--join-rate", { $0.joinRate = 0 }),
            ("--join-rate", { $0.joinRate = .nan }), ("--duration", { $0.duration = .zero }),
            ("--threads", { $0.threads = 0 }), ("--token", { $0.token = "" }),
            ("--layers", { ($0.codec, $0.layers) = (.vp8, .svc()) }),
            ("--layers", { ($0.codec, $0.layers) = (.vp9, VideoLayers(encodings: 2, spatial: 2)) }),
            ("--video-bitrate", { $0.videoBitrate = 1 }), ("--frame-rate", { $0.frameRate = 0 }),
            ("--audio-bitrate", { $0.audioBitrate = 1_000_000 }), ("--messages", { $0.messageRate = -1 }),
            ("--message-size", { $0.messageBytes = 3 }), ("--loss-up", { $0.network.up.loss = 1.5 }),
            ("--loss-down", { $0.network.down.loss = .nan }),
            ("--delay-down", { $0.network.down.delay = .seconds(11) }),
            ("--jitter-up", { $0.network.up.jitter = .seconds(-1) }), ("--max-loss", { $0.limits.loss = 2 }),
            ("--max-delay-p99", { $0.limits.delayP99 = .seconds(-1) }),
            ("--max-join-p99", { $0.limits.joinP99 = .seconds(601) }),
        ]
        for (option, change) in wrong {
            let found = error(change)
            #expect(found?.option == option, "\(found.map { "\($0)" } ?? "no error")")
            #expect(found?.message.isEmpty == false)
        }
    }

    @Test("Names of layers are read and written the same") func layers() throws {
        let names = [
            "single", "simulcast", "simulcast2", "L1T2", "L1T3", "L2T1", "L2T3", "L3T3", "L2T2_KEY", "L3T3_KEY",
            "S2T1", "S3T3",
        ]
        for name in names { #expect(try VideoLayers(parsing: name).name == name) }
        #expect(try VideoLayers(parsing: "l3t3_key") == .svc())
        #expect(try VideoLayers(parsing: "SIMULCAST3") == .simulcast(3))
        for wrong in ["", "L4T1", "L1T0", "L1T1_KEY", "S3T3_KEY", "S1T1", "L3T3KEY", "L3T3_KEYS", "X3T3", "simulcast4"]
        {
            #expect(throws: LoadPlanError.self, "\(wrong)") { try VideoLayers(parsing: wrong) }
        }
    }

    @Test("The bitrate follows the size of the largest picture and those below it") func bitrates() {
        var plan = LoadPlan(server: "ws://a")
        #expect(plan.videoBits == 1_500_000)
        plan.layers = .simulcast(2)
        #expect(plan.videoBits == 2_000_000)
        plan.layers = .simulcast(3)
        #expect(plan.videoBits == 1_500_000 * 13 / 9)
        plan.resolution = .p180
        #expect(plan.videoBits == 150_000 * 13 / 9)
        plan.videoBitrate = 77_000
        #expect(plan.videoBits == 77_000)
    }

    @Test("Whoever watches a few watches others, and everybody is watched by as many", arguments: [1, 2, 3, 5, 9])
    func watching(count: Int) {
        var plan = LoadPlan(server: "ws://a")
        (plan.rooms, plan.publishers, plan.subscribers, plan.watch) = (2, 5, 10, count)
        var watchers: [LoadPlace: Int] = [:]
        for place in plan.places {
            let watched = plan.watched(by: place)
            #expect(Set(watched).count == watched.count && !watched.contains(place))
            #expect(watched.count == min(count, place.isPublisher ? 4 : 5))
            #expect(watched.allSatisfy { $0.room == place.room && $0.isPublisher && (0..<5).contains($0.index) })
            for one in watched { watchers[one, default: 0] += 1 }
        }
        #expect(Set(watchers.values).count == 1 && watchers.count == 10)
    }

    @Test("Rooms fill evenly, ids are unique, and each client has a seed of its own") func places() {
        var plan = LoadPlan(server: "ws://a")
        (plan.rooms, plan.publishers, plan.subscribers, plan.seed) = (3, 2, 2, 42)
        let places = plan.places
        #expect(places.count == plan.clients && Set(places).count == 12)
        #expect(places.prefix(3).map(\.room) == [0, 1, 2] && places.prefix(6).allSatisfy(\.isPublisher))
        #expect(Set(places.map(plan.peer)).count == 12 && Set(places.map(plan.seed(of:))).count == 12)
        let before = places.map(plan.peer)
        plan.seed = 43
        #expect(Set(before).isDisjoint(with: places.map(plan.peer)))
    }

    @Test("More clients than the process may have sockets are refused before anything begins") func sockets() {
        var plan = LoadPlan(server: "ws://127.0.0.1:1")
        let allowed = MediaThreads.raiseSocketLimit()
        (plan.rooms, plan.publishers, plan.subscribers) = (1, 0, 10_000)
        plan.rooms = min(5, allowed / 30_000 + 1)
        guard plan.clients * 3 > allowed else { return }
        #expect(throws: LoadPlanError.self) { try LoadRun(plan) }
    }
}
