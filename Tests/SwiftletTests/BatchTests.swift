// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Swiftlet
import Testing

/// Who passed a gate, in order.
private actor Order {
    private(set) var names: [String] = []

    func wait(at gate: RequestGate, _ name: String, _ weight: Int, _ lane: RequestGate.Lane) async {
        await gate.enter(weight, lane: lane)
        names.append(name)
    }
}

@Suite("Many consumers at once")
struct BatchTests {
    private func options(_ call: Call, _ producer: Producer, mid: String? = nil) -> ConsumerOptions {
        ConsumerOptions(producerId: producer.id, rtpCapabilities: call.everything, paused: true, mid: mid)
    }

    /// The consumers of each batch that was asked of the worker.
    private func batches(_ call: Call) -> [Int] {
        call.channel.requests.compactMap { if case .consumeBatch(let consumers) = $0 { consumers.count } else { nil } }
    }

    @Test("They take one message to the worker for 32 of them, and none of their own")
    func messages() async throws {
        let call = try await Call()
        let producer = try await call.sending.produce(Call.opus())
        let results = try await call.receiving.consume(
            Array(repeating: options(call, producer), count: 150)
        )
        let consumers = results.compactMap { try? $0.get() }
        #expect(consumers.count == 150)
        #expect(batches(call).sorted() == [22, 32, 32, 32, 32])
        #expect(!call.channel.requests.contains { if case .consume = $0 { true } else { false } })
        #expect(consumers.map(\.rtpParameters.mid) == (0..<150).map { String($0) })
        #expect(Set(consumers.compactMap(\.rtpParameters.encodings.first?.ssrc)).count == 150)
        #expect(consumers.allSatisfy { $0.paused && !$0.closed })
    }

    @Test("Each is made or refused by itself, here or by the worker, and results keep their order")
    func each() async throws {
        let call = try await Call()
        let producer = try await call.sending.produce(Call.opus())
        let unknown = ConsumerOptions(producerId: "nobody", rtpCapabilities: call.everything)
        let deaf = ConsumerOptions(producerId: producer.id, rtpCapabilities: RtpCapabilities())
        let results = try await call.receiving.consume([
            options(call, producer), unknown, options(call, producer, mid: ScriptedChannel.refusedMid), deaf,
            options(call, producer),
        ])
        let codes = results.map { result -> SwiftletError.Code? in
            if case .failure(let error) = result { error.code } else { nil }
        }
        #expect(codes == [nil, .notFound, .limitReached, .unsupported, nil])
        #expect(batches(call) == [3], "what is refused here is not asked for")
        // What was refused left nothing behind.
        _ = try await call.receiving.consume(options(call, producer, mid: ScriptedChannel.refusedMid))
    }

    @Test("A list too long is refused, an empty one asks nothing")
    func bounds() async throws {
        let call = try await Call()
        let producer = try await call.sending.produce(Call.opus())
        let asked = call.channel.requests.count
        let long = Array(repeating: options(call, producer), count: ConsumerOptions.maximumCount + 1)
        #expect(await failure { _ = try await call.receiving.consume(long) }?.code == .invalidArgument)
        #expect(try await call.receiving.consume([]).isEmpty)
        #expect(call.channel.requests.count == asked)
        await call.receiving.close()
        #expect(await failure { _ = try await call.receiving.consume([]) }?.code == .closed)
    }

    @Test("When the transport closes, or the worker dies, meanwhile, every one of them is told so")
    func meanwhile() async throws {
        for dies in [false, true] {
            let call = try await Call()
            let producer = try await call.sending.produce(Call.opus())
            call.channel.hold()
            let many = Array(repeating: options(call, producer), count: 100)
            async let pending = call.receiving.consume(many)
            while batches(call).count < 4 { await Task.yield() }
            if dies {
                call.channel.die()
            } else {
                async let closing: Void = call.receiving.close()
                while !call.receiving.closed { await Task.yield() }
                call.channel.answerHeld()
                await closing
            }
            let errors = try await pending.compactMap { result -> SwiftletError.Code? in
                if case .failure(let error) = result { error.code } else { nil }
            }
            // Which of the two comes first, the failed request or the end of what it was made in, is left open.
            let expected: Set<SwiftletError.Code> = dies ? [.closed, .workerLost] : [.closed]
            #expect(errors.count == 100 && expected.isSuperset(of: errors), "dies: \(dies)")
        }
    }

    @Test("What a producer's end closes is told of consumers made in a batch as of others")
    func producerClose() async throws {
        let call = try await Call()
        let producer = try await call.sending.produce(Call.opus())
        let results = try await call.receiving.consume([options(call, producer), options(call, producer)])
        let consumers = results.compactMap { try? $0.get() }
        await producer.close()
        #expect(consumers.count == 2 && consumers.allSatisfy(\.closed))
    }

    @Test("Of a crowd no more than 256 are asked for at once, and what makes nothing passes by")
    func crowd() async throws {
        let call = try await Call()
        let producer = try await call.sending.produce(Call.opus())
        let before = call.channel.requests.count
        call.channel.hold()
        let asking = (0..<20).map { index in
            Task {
                let many = Array(repeating: options(call, producer), count: 32)
                let transport = index % 2 == 0 ? call.receiving : call.sending
                return try await transport.consume(many).count { (try? $0.get()) != nil }
            }
        }
        while batches(call).count < 8 { await Task.yield() }
        async let usage = call.worker.getResourceUsage()
        while call.channel.requests.count < before + 9 { await Task.yield() }
        for _ in 0..<100 { await Task.yield() }
        #expect(batches(call) == Array(repeating: 32, count: 8))
        #expect(call.channel.requests.last == .getResourceUsage)
        call.channel.answerHeld()
        #expect(try await usage.userTime == 7)
        var made = 0
        for task in asking { made += try await task.value }
        #expect(made == 640 && batches(call).count == 20)
    }

    @Test("Who asks for one transport or consumer passes a crowd that waits, and nobody else passes anybody")
    func lanes() async {
        let gate = RequestGate()
        await gate.enter(RequestGate.width, lane: .batch)
        let order = Order()
        let crowd: [(String, Int, RequestGate.Lane)] = [
            ("many", 200, .batch), ("some", 2, .batch), ("one", 1, .consumer), ("another", 1, .consumer),
            ("transport", 1, .transport),
        ]
        for (place, one) in crowd.enumerated() {
            Task { await order.wait(at: gate, one.0, one.1, one.2) }
            while gate.waitingCount <= place { await Task.yield() }
        }
        for (freed, left) in [(1, 4), (1, 3), (1, 2), (199, 2), (1, 1), (2, 0)] {
            gate.leave(freed)
            #expect(gate.waitingCount == left)
            while await order.names.count < crowd.count - left { await Task.yield() }
        }
        #expect(await order.names == ["transport", "one", "another", "many", "some"])
    }
}
