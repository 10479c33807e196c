// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletClient
import SwiftletServer
import Synchronization
import Testing

import SwiftletLoad

@Suite("Load tests of a real server", .serialized, .timeLimit(.minutes(2))) struct LoadRunTests {
    @Test("Two rooms of four see all that was sent, and the server says the same") func rooms() async throws {
        let server = try await LoadedServer()
        var plan = LoadPlan(server: server.url)
        (plan.rooms, plan.publishers, plan.subscribers) = (2, 2, 2)
        (plan.layers, plan.resolution, plan.joinRate) = (.simulcast(), .p360, 20)
        (plan.duration, plan.metrics, plan.messageRate) = (.seconds(4), server.metrics, 20)
        let metrics = try #require(server.metrics.flatMap { MetricsReader($0) })
        let seen = Mutex<[LoadProgress]>([])
        let run = try LoadRun(plan)
        async let report = run.run { progress in seen.withLock { $0.append(progress) } }
        var counts: [String: Double] = [:]
        for _ in 0..<50 where counts["consumers"] != 24 || counts["data_consumers"] != 12 {
            try await Task.sleep(for: .milliseconds(100))
            let text = try await metrics.text()
            for name in ["rooms", "peers", "transports", "producers", "consumers", "data_producers", "data_consumers"] {
                counts[name] = text.sum("swiftlet_\(name)")
            }
        }
        let result = await report
        await server.stop()

        #expect(result.clients.joined == 8 && result.clients.connected == 8 && result.clients.lost == 0)
        #expect(result.failures.isEmpty && result.broken.isEmpty && !result.isCutShort, "\(result.failures)")
        // Each of 2 rooms: 4 streams sent; to each of 2 publishers 2 and to each of 2 subscribers 4 of them.
        #expect(result.sent.publications == 8 && result.received.subscriptions == 24)
        #expect(counts["rooms"] == 2 && counts["peers"] == 8 && counts["transports"] == 12)
        #expect(counts["producers"] == 8 && counts["consumers"] == 24)
        #expect(counts["data_producers"] == 4 && counts["data_consumers"] == 12)
        #expect(result.received.lost == 0 && result.received.faults == 0, "\(result.received.faultDetails)")
        #expect(result.received.undecodableFrames == 0 && result.received.duplicates == 0)
        // Sound alone is 50 packets/s for each of 12 streams.
        #expect(result.received.packets > 12 * 50 * 4 && result.received.frames > 12 * 50 * 4)
        #expect(result.delay.count > 2_000 && (result.delay.p50 ?? 1e9) < 1_000)
        #expect(result.joining.ready.count == 8 && result.joining.ice.count == 12 && result.joining.dtls.count == 12)
        #expect(result.joining.firstPacket.count == 24 && result.joining.firstFrame.count == 24)
        let (ready, signalling) = (try #require(result.joining.ready.p50), try #require(result.joining.signalling.p50))
        #expect(ready >= signalling && signalling > 0)
        let use = try #require(result.use)
        #expect(use.workers == 1 && use.cpu > 0 && use.cpu >= use.busiestWorker && use.residentPeak > 5e6)
        let messages = try #require(result.messages)
        // To 3 others each; those who came later miss the first ones, and the last ones are on their way.
        #expect(messages.sent > 4 * 20 * 3 && messages.missing == 0 && messages.delay.count > 0)
        #expect(messages.received <= messages.sent * 3 && messages.received >= messages.sent * 3 / 2)
        #expect(result.series.count >= 4 && result.series.last?.clients == 8)
        #expect(seen.withLock { $0.count } == result.series.count)
        #expect((3.5...9).contains(result.steadySeconds))
    }

    @Test("A network that loses one in ten shows exactly the packets that were swallowed") func loss() async throws {
        let server = try await LoadedServer(metricsPort: nil)
        var plan = LoadPlan(server: server.url)
        (plan.publishers, plan.subscribers, plan.resolution) = (1, 2, .p180)
        (plan.publishersReceive, plan.duration, plan.seed) = (false, .seconds(4), 4711)
        plan.network.down.loss = 0.1
        let report = try await LoadRun(plan).run()
        await server.stop()
        #expect(report.clients.connected == 3, "\(report.failures)")
        #expect(report.received.swallowed > 25)
        #expect(report.received.lost == Int64(report.received.swallowed))
        #expect(abs(report.received.lossBeforeRepair - 0.1) < 0.05)
        // Video is repaired, sound is not.
        #expect(report.received.repaired > 0 && report.received.lossAfterRepair < report.received.lossBeforeRepair)
        #expect(report.received.requested >= report.received.repaired && report.sent.lost == 0)
        #expect(report.received.faults == 0, "\(report.received.faultDetails)")
    }

    @Test("What is swallowed on the way up is asked for by the server, and sent again") func lossUp() async throws {
        let server = try await LoadedServer(metricsPort: nil)
        var plan = LoadPlan(server: server.url)
        (plan.publishers, plan.subscribers, plan.media) = (1, 1, .video)
        (plan.publishersReceive, plan.duration, plan.resolution) = (false, .seconds(3), .p360)
        plan.network.up.loss = 0.1
        let report = try await LoadRun(plan).run()
        await server.stop()
        #expect(report.clients.connected == 2, "\(report.failures)")
        #expect(report.sent.swallowed > 10 && report.sent.retransmissions > 10 && report.received.swallowed == 0)
        // Nothing was lost on the way down: what arrives and what never came is all that was sent.
        #expect(report.received.packets + report.sent.swallowed + 20 > report.sent.packets)
        #expect(report.received.lossAfterRepair < 0.05 && report.received.faults == 0)
    }

    @Test("Who watches one of three receives one of three, and everything else is not offered twice")
    func watch() async throws {
        let server = try await LoadedServer()
        var plan = LoadPlan(server: server.url)
        (plan.publishers, plan.subscribers, plan.watch, plan.media) = (3, 3, 1, .audio)
        (plan.duration, plan.limits.joinP99, plan.limits.loss) = (.seconds(2), .seconds(30), 0.5)
        let report = try await LoadRun(plan).run()
        await server.stop()
        #expect(report.received.subscriptions == 6 && report.sent.publications == 3, "\(report.failures)")
        #expect(report.broken.isEmpty && report.use == nil && report.messages == nil)
    }

    @Test("A run that is stopped ends at once and still reports") func stopping() async throws {
        let server = try await LoadedServer()
        var plan = LoadPlan(server: server.url)
        (plan.publishers, plan.subscribers, plan.media, plan.duration) = (2, 0, .audio, .seconds(600))
        let run = try LoadRun(plan)
        async let result = run.run()
        try await Task.sleep(for: .seconds(3))
        run.stop()
        let began = ContinuousClock.now
        let report = await result
        #expect(ContinuousClock.now - began < .seconds(5))
        #expect(report.isCutShort && report.clients.joined == 2 && report.received.packets > 0)
        #expect(!report.notes.isEmpty)
        await server.stop()
    }

    @Test("A server that is not there, and one that is full, are told apart by their failures") func failing()
        async throws
    {
        var plan = LoadPlan(server: "ws://127.0.0.1:1")
        plan.duration = .seconds(1)
        plan.limits.joinP99 = .seconds(1)
        let nobody = try await LoadRun(plan).run()
        #expect(!nobody.anybodyJoined && nobody.clients.tried == 4 && nobody.broken.count == 1)
        #expect(nobody.failures.map(\.code) == ["unreachable"] && nobody.failures.first?.count == 4)

        let server = try await LoadedServer { $0.limits.peersPerRoom = 3 }
        plan.server = server.url
        let some = try await LoadRun(plan).run()
        await server.stop()
        #expect(some.anybodyJoined && some.clients.joined == 3)
        #expect(some.failures.map(\.code) == ["refused"] && some.failures.first?.count == 1)
    }

    @Test("Metrics that cannot be read are a note, not a failure") func metrics() async throws {
        let server = try await LoadedServer()
        var plan = LoadPlan(server: server.url)
        (plan.publishers, plan.subscribers, plan.media, plan.duration) = (1, 0, .none, .seconds(1))
        plan.metrics = server.metrics?.replacing("/metrics", with: "/elsewhere")
        let report = try await LoadRun(plan).run()
        await server.stop()
        #expect(report.anybodyJoined && report.use == nil && report.failures.isEmpty)
        #expect(report.notes.contains { $0.contains("404") }, "\(report.notes)")
    }
}
