// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Swiftlet
import Testing

@Suite("What falls of data channels when something is closed")
struct DataCascadeTests {
    private struct Channel {
        let call: DataCall
        let producer: DataProducer
        let consumer: DataConsumer

        init() async throws {
            call = try await DataCall()
            producer = try await call.sending.produceData(DataCall.chat())
            consumer = try await call.direct.consumeData(.init(dataProducerId: producer.id))
        }
    }

    @Test("A worker's and a router's close takes data producers, data consumers and direct transports along")
    func above() async throws {
        for closesWorker in [true, false] {
            let channel = try await Channel()
            let (produced, consumed) = (channel.producer.events(), channel.consumer.events())
            let direct = channel.call.direct.events()
            if closesWorker { await channel.call.worker.close() } else { await channel.call.router.close() }
            #expect(await all(produced) == [.transportClose])
            #expect(await all(consumed) == [.transportClose])
            #expect(await all(direct) == [.routerClose])
            #expect(channel.producer.closed && channel.consumer.closed && channel.call.direct.closed)
        }
    }

    @Test("A transport's close takes its data producers and data consumers")
    func transport() async throws {
        let channel = try await Channel()
        let (direct, consumed) = (channel.call.direct.events(), channel.consumer.events())
        await channel.call.direct.close()
        await channel.call.direct.close()
        #expect(await all(direct) == [])
        #expect(await all(consumed) == [.transportClose])
        #expect(!channel.producer.closed)
        #expect(channel.call.channel.requests.count { $0 == .closeTransport(id: channel.call.direct.id) } == 1)
    }

    @Test("A data producer's close closes its data consumers through the worker")
    func producer() async throws {
        let channel = try await Channel()
        let (produced, consumed) = (channel.producer.events(), channel.consumer.events())
        await channel.producer.close()
        await channel.producer.close()
        #expect(await all(produced) == [])
        #expect(await all(consumed) == [.dataProducerClose])
        #expect(channel.consumer.closed)
        #expect(channel.call.channel.requests.count { $0 == .closeDataProducer(id: channel.producer.id) } == 1)
    }

    @Test("Closed objects refuse everything else as closed")
    func refusals() async throws {
        let channel = try await Channel()
        let (producer, consumer, direct) = (channel.producer, channel.consumer, channel.call.direct)
        await channel.call.router.close()
        let asked = channel.call.channel.requests.count
        let tries: [() async throws -> Void] = [
            { try await producer.send("x") }, { try await producer.pause() }, { try await producer.resume() },
            { _ = try await producer.getStats() }, { _ = try await producer.dump() },
            { try await consumer.send("x") }, { try await consumer.pause() }, { try await consumer.resume() },
            { _ = try await consumer.getStats() }, { _ = try await consumer.dump() },
            { _ = try await consumer.getBufferedAmount() }, { try await consumer.setBufferedAmountLowThreshold(1) },
            { try await consumer.setSubchannels([]) }, { try await consumer.addSubchannel(1) },
            { try await consumer.removeSubchannel(1) }, { try await direct.sendRtcp([]) },
            { _ = try await direct.getStats() }, { _ = try await direct.dump() },
            { _ = try await direct.produceData() },
            { _ = try await direct.consumeData(.init(dataProducerId: producer.id)) },
            { _ = try await channel.call.router.createDirectTransport() },
        ]
        for (index, attempt) in tries.enumerated() {
            #expect(await failure(attempt)?.code == .closed, "number \(index)")
        }
        #expect(channel.call.channel.requests.count == asked)
    }

    @Test("A transport that closes while a data producer or data consumer is made takes that too")
    func closeWhileCreating() async throws {
        for isProducer in [true, false] {
            let channel = try await Channel()
            let call = channel.call
            let before = call.channel.requests.count
            call.channel.hold()
            async let made = failure {
                if isProducer {
                    _ = try await call.receiving.produceData(DataCall.chat(id: "late"))
                } else {
                    _ = try await call.receiving.consumeData(.init(dataProducerId: channel.producer.id))
                }
            }
            while call.channel.requests.count == before { await Task.yield() }
            async let closing: Void = call.receiving.close()
            while !call.receiving.closed { await Task.yield() }
            call.channel.answerHeld()
            #expect(await made?.code == .closed)
            await closing
            // The id is free again.
            _ = try await call.direct.produceData(.init(id: "late"))
        }
    }

    @Test("What is refused by the worker leaves nothing behind")
    func refused() async throws {
        let channel = try await Channel()
        let call = channel.call
        let full = SwiftletError(.limitReached, "no stream is free")
        call.channel.refuseNext(full)
        #expect(
            await failure { _ = try await call.receiving.consumeData(.init(dataProducerId: channel.producer.id)) }
                == full
        )
        call.channel.refuseNext(SwiftletError(.internal, "?"))
        #expect(await failure { _ = try await call.router.createDirectTransport() }?.code == .internal)
        let events = call.receiving.events()
        await call.receiving.close()
        #expect(await all(events) == [])
    }

    @Test("A data producer that closes while its data consumer is made leaves a closed data consumer")
    func producerClosesMeanwhile() async throws {
        let channel = try await Channel()
        channel.call.channel.sayBehindNextAnswer { request in
            guard case .consumeData(let consumer) = request else { return [] }
            return [.dataConsumerProducerClosed(dataConsumerId: consumer.id)]
        }
        let consumer = try await channel.call.direct.consumeData(.init(dataProducerId: channel.producer.id))
        #expect(consumer.closed)
        #expect(await all(consumer.events()) == [.dataProducerClose])
    }
}
