// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Swiftlet
import Testing

@Suite("Events")
struct EventTests {
    private static func score(_ value: Int) -> [ProducerScore] {
        [ProducerScore(encodingIdx: 0, ssrc: 1, score: value)]
    }

    @Test("A reader that falls behind loses the oldest beyond 64 and still gets the end")
    func bounded() async throws {
        let call = try await Call()
        let producer = try await call.sending.produce(Call.opus())
        let events = producer.events()
        for value in 0..<200 { call.channel.say(.producerScore(producerId: producer.id, scores: Self.score(value))) }
        await call.sending.close()
        let seen = await all(events)
        #expect(seen == (137..<200).map { .score(Self.score($0)) } + [.transportClose])
    }

    @Test("A reader that is cancelled stops waiting, and others read on", .timeLimit(.minutes(1)))
    func cancelled() async throws {
        let call = try await Call()
        let (mine, others) = (call.sending.events(), call.sending.events())
        let reader = Task { await all(mine) }
        call.channel.say(.iceStateChanged(transportId: call.sending.id, state: .connected))
        reader.cancel()
        let seen = await reader.value
        #expect(seen == [] || seen == [.iceStateChange(.connected)])
        await call.router.close()
        #expect(await all(others) == [.iceStateChange(.connected), .routerClose])
    }

    @Test("Nothing is lost or doubled between what is told from several threads and a reader that waits")
    func races() async throws {
        let call = try await DataCall()
        let producer = try await call.direct.produceData()
        let consumer = try await call.direct.consumeData(.init(dataProducerId: producer.id))
        let events = consumer.events()
        async let read = all(events)
        await withTaskGroup(of: Void.self) { group in
            for thread in 0..<4 as Range<UInt8> {
                group.addTask {
                    for index in 0..<2000 {
                        let payload = [thread, UInt8(index >> 8), UInt8(index & 0xFF)]
                        call.channel.say(.dataConsumerMessage(dataConsumerId: consumer.id, ppid: 53, payload: payload))
                    }
                }
            }
        }
        await consumer.close()
        let messages = await read
        #expect(messages.count == 8000)
        for thread in 0..<4 as Range<UInt8> {
            let mine = messages.compactMap { event -> Int? in
                guard case .message(.binary(let bytes)) = event, bytes.first == thread else { return nil }
                return Int(bytes[1]) << 8 | Int(bytes[2])
            }
            #expect(mine == Array(0..<2000))
        }
    }

    @Test("Every subscriber gets every event, in order")
    func everybody() async throws {
        let call = try await Call()
        let (first, second) = (call.sending.events(), call.sending.events())
        call.channel.say(.iceStateChanged(transportId: call.sending.id, state: .connected))
        call.channel.say(.iceStateChanged(transportId: call.sending.id, state: .completed))
        call.channel.say(.dtlsStateChanged(transportId: call.sending.id, state: .connected, remoteCertificate: "PEM"))
        #expect(call.sending.iceState == .completed)
        #expect(call.sending.dtlsState == .connected && call.sending.dtlsRemoteCert == "PEM")
        await call.router.close()
        let expected: [WebRtcTransport.Event] = [
            .iceStateChange(.connected), .iceStateChange(.completed), .dtlsStateChange(.connected), .routerClose,
        ]
        #expect(await all(first) == expected)
        #expect(await all(second) == expected)
    }

    @Test("An event that the worker says right behind the answer that makes an object is not lost")
    func rightBehindTheAnswer() async throws {
        let call = try await Call()
        let producer = try await call.sending.produce(Call.opus())
        call.channel.sayBehindNextAnswer { request in
            guard case .consume(let consumer) = request else { return [] }
            return [
                .consumerProducerPaused(consumerId: consumer.id),
                .consumerScore(
                    consumerId: consumer.id,
                    score: ConsumerScore(score: 3, producerScore: 4, producerScores: [4])
                ),
            ]
        }
        let consumer = try await call.consume(producer)
        #expect(consumer.producerPaused)
        #expect(consumer.score.score == 3)
    }

    @Test("A producer that closes while its consumer is made leaves a closed consumer")
    func producerClosesMeanwhile() async throws {
        let call = try await Call()
        let producer = try await call.sending.produce(Call.opus())
        call.channel.sayBehindNextAnswer { request in
            guard case .consume(let consumer) = request else { return [] }
            return [.consumerProducerClosed(consumerId: consumer.id)]
        }
        let consumer = try await call.consume(producer)
        #expect(consumer.closed)
        #expect(await all(consumer.events()) == [.producerClose])
    }

    @Test("Observers hear of everything new and of every close")
    func observers() async throws {
        let call = try await Call()
        let (worker, router) = (call.worker.observer.events(), call.router.observer.events())
        let transports = call.sending.observer.events()
        let made = try await call.worker.createRouter()
        let transport = try await call.router.createWebRtcTransport(.init(listen: .server(call.server)))
        let producer = try await call.sending.produce(Call.opus())
        let produced = producer.observer.events()
        try await producer.pause()
        try await producer.pause()
        try await producer.resume()
        await call.worker.close()
        #expect(
            await all(worker).map {
                switch $0 {
                case .newRouter(let router): "router \(router === made)"
                case .newWebRtcServer: "server"
                case .close: "close"
                @unknown default: "?"
                }
            } == ["router true", "close"]
        )
        #expect(
            await all(router).map {
                switch $0 {
                case .newTransport(let new): "transport \(new === transport)"
                case .newRtpObserver: "observer"
                case .close: "close"
                @unknown default: "?"
                }
            } == ["transport true", "close"]
        )
        #expect(await all(transports).count == 2)
        #expect(await all(produced) == [.pause, .resume, .close])
    }

    @Test("A consumer's observers hear of pauses that change something, whoever paused")
    func effectivePause() async throws {
        let call = try await Call()
        let producer = try await call.sending.produce(Call.opus())
        let consumer = try await call.consume(producer)
        let (events, observed) = (consumer.events(), consumer.observer.events())
        try await producer.pause()
        try await consumer.pause()
        try await producer.resume()
        #expect(consumer.paused && !consumer.producerPaused)
        try await consumer.resume()
        await consumer.close()
        #expect(await all(events) == [.producerPause, .producerResume])
        #expect(await all(observed) == [.pause, .resume, .close])
    }

    @Test("New workers are told to monitoring tools")
    func newWorkers() async throws {
        let events = Worker.newWorkers.events()
        let (worker, _) = try await ScriptedChannel.worker()
        for await new in events where new === worker { return }
    }
}
