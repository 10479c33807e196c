// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Swiftlet
import SwiftletEmbedded
import Testing

@Suite("The API over a real worker", .serialized)
struct RealWorkerTests {
    @Test("A worker takes requests, tells what it uses, and ends when it is closed", arguments: RealWorker.allCases)
    func life(kind: RealWorker) async throws {
        let worker = try await kind.start(WorkerSettings(logLevel: .debug, logTags: [.info]))
        #expect((worker.pid == getpid()) == (kind == .thread))
        #expect(try await worker.getResourceUsage().maximumResidentSize > 1000)
        try await worker.updateSettings(logLevel: .warn, logTags: [])
        let router = try await worker.createRouter(mediaCodecs: RealWorker.codecs)
        let dump = try await worker.dump()
        #expect(dump.pid == worker.pid)
        #expect(dump.routerIds == [router.id])
        let events = worker.events()
        let start = ContinuousClock.now
        await worker.close()
        // A worker that did not see the end of its channel would be killed after 2 s.
        #expect(ContinuousClock.now - start < .seconds(1.5))
        #expect(await all(events) == [])
    }

    @Test("A transport on a server tells the server's port and credentials", arguments: RealWorker.allCases)
    func transportOnServer(kind: RealWorker) async throws {
        let worker = try await kind.start()
        let server = try await worker.createWebRtcServer(
            listenInfos: [RealWorker.loopback, TransportListenInfo(protocol: .tcp, ip: "127.0.0.1")])
        let router = try await worker.createRouter(mediaCodecs: RealWorker.codecs)
        let transport = try await router.createWebRtcTransport(.init(listen: .server(server), enableTcp: true))
        #expect(transport.iceParameters.iceLite == true)
        #expect(transport.iceParameters.usernameFragment.count >= 4)
        #expect(transport.iceCandidates.map(\.protocol) == [.udp, .tcp])
        #expect(transport.iceCandidates.map(\.port) == server.addresses.map(\.port))
        #expect(transport.iceCandidates.allSatisfy { $0.address == "127.0.0.1" })
        #expect(transport.dtlsParameters.role == .auto)
        #expect(transport.dtlsParameters.fingerprints.contains { $0.algorithm == "sha-256" })
        try await transport.connect(
            dtlsParameters: DtlsParameters(role: .client, fingerprints: transport.dtlsParameters.fingerprints)
        )
        #expect(transport.dtlsParameters.role == .server)
        let old = transport.iceParameters
        #expect(try await transport.restartIce() != old)
        #expect(try await transport.getStats().first?.iceState == .new)
        #expect(try await transport.dump().webRtcServerId == server.id)
        #expect(try await server.dump().webRtcTransportIds == [transport.id])
        let ended = transport.events()
        await server.close()
        #expect(await all(ended) == [.listenServerClose])
        await worker.close()
    }

    @Test("Media can be produced, consumed, paused and closed", arguments: RealWorker.allCases)
    func media(kind: RealWorker) async throws {
        let worker = try await kind.start()
        let router = try await worker.createRouter(mediaCodecs: RealWorker.codecs)
        let sending = try await router.createWebRtcTransport(.init(listen: .infos([RealWorker.loopback])))
        let receiving = try await router.createWebRtcTransport(.init(listen: .infos([RealWorker.loopback])))
        let producer = try await sending.produce(RealWorker.opus(ssrc: 1))
        #expect(producer.type == .simple)
        #expect(router.canConsume(producerId: producer.id, rtpCapabilities: router.rtpCapabilities))
        let consumer = try await receiving.consume(
            .init(producerId: producer.id, rtpCapabilities: router.rtpCapabilities, paused: true)
        )
        #expect(consumer.paused && !consumer.producerPaused)
        try await consumer.resume()
        let (events, dump) = (consumer.events(), try await consumer.dump())
        #expect(dump.producerId == producer.id && dump.rtpParameters == consumer.rtpParameters && !dump.paused)
        #expect(try await producer.dump().rtpParameters == producer.rtpParameters)
        #expect(try await router.dump().consumerIdsByProducerId == [producer.id: [consumer.id]])
        _ = try await (producer.getStats(), consumer.getStats())
        try await producer.pause()
        try await producer.resume()
        await producer.close()
        let seen = await all(events).filter { if case .score = $0 { false } else { true } }
        #expect(seen == [.producerPause, .producerResume, .producerClose])
        #expect(try await receiving.dump().consumerIds == [])
        await worker.close()
    }

    @Test("What a worker refuses is said by kind, and leaves nothing behind", arguments: RealWorker.allCases)
    func refusals(kind: RealWorker) async throws {
        let worker = try await kind.start()
        let server = try await worker.createWebRtcServer(listenInfos: [RealWorker.loopback])
        var taken = RealWorker.loopback
        taken.port = try #require(server.addresses.first?.port)
        #expect(await failure { _ = try await worker.createWebRtcServer(listenInfos: [taken]) }?.code == .socket)
        let router = try await worker.createRouter(mediaCodecs: RealWorker.codecs)
        let transport = try await router.createWebRtcTransport(.init(listen: .server(server)))
        let producer = try await transport.produce(RealWorker.opus(ssrc: 7))
        var same = RealWorker.opus(ssrc: 7)
        same.rtpParameters.mid = nil
        #expect(await failure { _ = try await transport.produce(same) }?.code == .alreadyExists)
        await producer.close()
        _ = try await transport.produce(same)
        #expect(try await router.dump().consumerIdsByProducerId.count == 1)
        await worker.close()
    }

    @Test("A batch of consumers is made by a worker, each by itself", arguments: RealWorker.allCases)
    func batch(kind: RealWorker) async throws {
        let worker = try await kind.start()
        let router = try await worker.createRouter(mediaCodecs: RealWorker.codecs)
        let sending = try await router.createWebRtcTransport(.init(listen: .infos([RealWorker.loopback])))
        let receiving = try await router.createWebRtcTransport(.init(listen: .infos([RealWorker.loopback])))
        var options: [ConsumerOptions] = []
        for number in 1...100 {
            let producer = try await sending.produce(RealWorker.opus(ssrc: UInt32(number)))
            options.append(.init(producerId: producer.id, rtpCapabilities: router.rtpCapabilities, paused: true))
        }
        options.append(.init(producerId: "nobody", rtpCapabilities: router.rtpCapabilities))
        let results = try await receiving.consume(options)
        let consumers = results.compactMap { try? $0.get() }
        #expect(results.count == 101 && consumers.count == 100)
        #expect(consumers.map(\.producerId) == options.dropLast().map(\.producerId))
        let known = try await router.dump().consumerIdsByProducerId
        #expect(consumers.allSatisfy { known[$0.producerId] == [$0.id] && $0.paused && !$0.producerPaused })
        await worker.close()
    }

    @Test("The flush window reaches the engine, and one out of range does not", arguments: RealWorker.allCases)
    func flushWindow(kind: RealWorker) async throws {
        let worker = try await kind.start(WorkerSettings(flushWindow: .microseconds(500)))
        #expect(try await worker.dump().counters["engine.flushWindowMicroseconds"] == 500)
        await worker.close()
        let usual = try await kind.start()
        #expect(try await usual.dump().counters["engine.flushWindowMicroseconds"] == 0)
        await usual.close()
        let refused = await failure { _ = try await kind.start(WorkerSettings(flushWindow: .milliseconds(6))) }
        #expect(refused?.code == .invalidArgument && refused?.message.contains("flushWindow") == true)
    }

    @Test("A certificate that is not there fails the start and names the file", arguments: RealWorker.allCases)
    func certificate(kind: RealWorker) async throws {
        let settings = WorkerSettings(dtlsCertificateFile: "/no/such.pem", dtlsPrivateKeyFile: "/no/such.key")
        let refused = await failure { _ = try await kind.start(settings) }
        #expect(refused?.code == .invalidArgument)
        #expect(refused?.message.contains("/no/such") == true)
    }

    @Test("kill -9 of one worker is told with its signal; the other goes on, and a new one takes the port")
    func killed() async throws {
        let (victim, other) = (try await RealWorker.process.start(), try await RealWorker.process.start())
        let server = try await victim.createWebRtcServer(listenInfos: [RealWorker.loopback])
        let router = try await victim.createRouter(mediaCodecs: RealWorker.codecs)
        let (events, routerEvents) = (victim.events(), router.events())
        kill(victim.pid, SIGKILL)
        let last = await all(events)
        guard case .died(let error) = last.first, last.count == 1 else {
            Issue.record("events were \(last)")
            return
        }
        #expect(error.code == .workerLost && error.message.contains("9"))
        #expect(await all(routerEvents) == [.workerClose])
        #expect(server.closed && victim.died)
        _ = try await other.createRouter(mediaCodecs: RealWorker.codecs)
        let successor = try await RealWorker.process.start()
        var again = RealWorker.loopback
        again.port = try #require(server.addresses.first?.port)
        #expect(try await successor.createWebRtcServer(listenInfos: [again]).addresses.first?.port == again.port)
        await other.close()
        await successor.close()
    }

    @Test("A program that is no worker fails the start and does not linger")
    func noWorker() async throws {
        let refused = await failure { _ = try await Worker.start(WorkerSettings(workerBinary: "/bin/true")) }
        #expect(refused?.code == .workerStart)
    }
}
