// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Swiftlet
import Testing

@Suite("What falls when something is closed")
struct CascadeTests {
    @Test("A worker's close takes everything along, each with the event of what it lived in")
    func workerClose() async throws {
        let call = try await Call()
        let producer = try await call.sending.produce(Call.opus())
        let consumer = try await call.consume(producer)
        let (worker, router, server) = (call.worker.events(), call.router.events(), call.server.events())
        let (sending, produced, consumed) = (call.sending.events(), producer.events(), consumer.events())
        await call.worker.close()
        #expect(await all(worker) == [])
        #expect(await all(router) == [.workerClose])
        #expect(await all(server) == [.workerClose])
        #expect(await all(sending) == [.routerClose])
        #expect(await all(produced) == [.transportClose])
        #expect(await all(consumed) == [.transportClose])
        #expect(call.worker.closed && !call.worker.died)
        #expect(call.router.closed && call.server.closed && call.sending.closed && producer.closed && consumer.closed)
    }

    @Test("A router's close says nothing on itself and routerClose on its transports")
    func routerClose() async throws {
        let call = try await Call()
        let producer = try await call.sending.produce(Call.opus())
        let consumer = try await call.consume(producer)
        let (router, sending) = (call.router.events(), call.sending.events())
        let (produced, consumed) = (producer.events(), consumer.events())
        await call.router.close()
        #expect(await all(router) == [])
        #expect(await all(sending) == [.routerClose])
        #expect(await all(produced) == [.transportClose])
        #expect(await all(consumed) == [.transportClose])
        #expect(!call.worker.closed && !call.server.closed)
        #expect(call.channel.requests.last == .closeRouter(id: call.router.id))
    }

    @Test("A server's close takes its transports, not the router")
    func serverClose() async throws {
        let call = try await Call()
        let producer = try await call.sending.produce(Call.opus())
        let (server, sending, produced) = (call.server.events(), call.sending.events(), producer.events())
        await call.server.close()
        #expect(await all(server) == [])
        #expect(await all(sending) == [.listenServerClose])
        #expect(await all(produced) == [.transportClose])
        #expect(!call.router.closed)
    }

    @Test("A server closed by the worker takes its transports as well")
    func listenServerClosed() async throws {
        let call = try await Call()
        let sending = call.sending.events()
        call.channel.say(.listenServerClosed(transportId: call.sending.id))
        #expect(await all(sending) == [.listenServerClose])
        #expect(!call.receiving.closed)
    }

    @Test("A transport's close takes its producers and consumers")
    func transportClose() async throws {
        let call = try await Call()
        let producer = try await call.sending.produce(Call.opus())
        let consumer = try await call.consume(producer)
        let (receiving, consumed) = (call.receiving.events(), consumer.events())
        await call.receiving.close()
        #expect(await all(receiving) == [])
        #expect(await all(consumed) == [.transportClose])
        #expect(!producer.closed)
        #expect(call.receiving.iceState == .closed && call.receiving.dtlsState == .closed)
    }

    @Test("A producer's close closes its consumers through the worker")
    func producerClose() async throws {
        let call = try await Call()
        let producer = try await call.sending.produce(Call.opus())
        let other = try await call.sending.produce(Call.vp8())
        let (consumer, spared) = (try await call.consume(producer), try await call.consume(other))
        let (produced, consumed) = (producer.events(), consumer.events())
        await producer.close()
        #expect(await all(produced) == [])
        #expect(await all(consumed) == [.producerClose])
        #expect(consumer.closed && !spared.closed && !other.closed)
        #expect(!call.router.canConsume(producerId: producer.id, rtpCapabilities: call.everything))
    }

    @Test("Closing again asks the worker for nothing")
    func closeTwice() async throws {
        let call = try await Call()
        let producer = try await call.sending.produce(Call.opus())
        await producer.close()
        await producer.close()
        await call.sending.close()
        await call.sending.close()
        let closes = call.channel.requests.filter {
            $0 == .closeProducer(id: producer.id) || $0 == .closeTransport(id: call.sending.id)
        }
        #expect(closes.count == 2)
    }

    @Test("A closed object refuses everything else as closed")
    func closedRefuses() async throws {
        let call = try await Call()
        let producer = try await call.sending.produce(Call.opus())
        let consumer = try await call.consume(producer)
        await call.router.close()
        let asked = call.channel.requests.count
        #expect(await failure { try await producer.pause() }?.code == .closed)
        #expect(await failure { try await consumer.resume() }?.code == .closed)
        #expect(await failure { _ = try await call.sending.produce(Call.opus()) }?.code == .closed)
        #expect(await failure { _ = try await call.sending.getStats() }?.code == .closed)
        #expect(
            await failure { _ = try await call.router.createWebRtcTransport(.init(listen: .server(call.server))) }?.code
                == .closed
        )
        #expect(call.channel.requests.count == asked)
    }

    @Test("A router that closes while a transport is made takes that too")
    func closeWhileCreating() async throws {
        let call = try await Call()
        let router = call.router
        let before = call.channel.requests.count
        call.channel.hold()
        async let made = failure { _ = try await router.createWebRtcTransport(.init(listen: .server(call.server))) }
        while call.channel.requests.count == before { await Task.yield() }
        async let closing: Void = router.close()
        while !router.closed { await Task.yield() }
        call.channel.answerHeld()
        #expect(await made?.code == .closed)
        await closing
    }
}
