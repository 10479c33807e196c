// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Swiftlet
import Testing

@Suite("A worker that dies")
struct DeathTests {
    @Test("Everything in it ends, then died is the worker's last event")
    func died() async throws {
        let call = try await Call()
        let producer = try await call.sending.produce(Call.opus())
        let consumer = try await call.consume(producer)
        let (worker, router, server) = (call.worker.events(), call.router.events(), call.server.events())
        let (sending, produced, consumed) = (call.sending.events(), producer.events(), consumer.events())
        call.channel.die()
        let last = await all(worker)
        guard case .died(let error) = last.first, last.count == 1 else {
            Issue.record("events were \(last)")
            return
        }
        #expect(error.code == .workerLost)
        #expect(error.message.contains("signalled(9)"))
        #expect(await all(router) == [.workerClose])
        #expect(await all(server) == [.workerClose])
        #expect(await all(sending) == [.routerClose])
        #expect(await all(produced) == [.transportClose])
        #expect(await all(consumed) == [.transportClose])
        #expect(call.worker.died && call.worker.closed)
    }

    @Test("Pending requests fail as workerLost, later ones as closed")
    func pending() async throws {
        let call = try await Call()
        let before = call.channel.requests.count
        call.channel.hold()
        async let stats = failure { _ = try await call.sending.getStats() }
        async let router = failure { _ = try await call.worker.createRouter(mediaCodecs: Call.codecs) }
        async let producer = failure { _ = try await call.sending.produce(Call.opus()) }
        while call.channel.requests.count < before + 3 { await Task.yield() }
        call.channel.die()
        #expect(await stats?.code == .workerLost)
        #expect(await router?.code == .workerLost)
        #expect(await producer?.code == .workerLost)
        #expect(await failure { _ = try await call.worker.getResourceUsage() }?.code == .closed)
    }

    @Test("Other workers go on")
    func others() async throws {
        let (first, second) = (try await Call(), try await Call())
        first.channel.die()
        _ = try await second.sending.produce(Call.opus())
        #expect(first.worker.died && !second.worker.died && !second.router.closed)
    }

    @Test("Closing a dead worker returns at once, and its death is still told to those who ask late")
    func late() async throws {
        let call = try await Call()
        call.channel.die()
        await call.worker.close()
        let last = await all(call.worker.events())
        guard case .died = last.first else {
            Issue.record("events were \(last)")
            return
        }
        #expect(await all(call.router.events()) == [.workerClose])
    }
}
