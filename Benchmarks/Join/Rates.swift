// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Swiftlet

/// How fast things are made through the public API, on one worker.
struct Rates {
    /// What was measured, each a number a second.
    struct Result {
        var transports = 0.0
        var transportsInTurn = 0.0
        var consumers = 0.0
        var consumersInTurn = 0.0
        var consumersBatched = 0.0
    }

    /// How many requests an application has underway at once, where it does not wait for each.
    static let width = 32

    var transports = 4_000
    var consumers = 20_000
    /// Consumers of one transport; as many producers.
    let perTransport = 200

    func run() async throws -> Result {
        var result = Result()
        let hall = try await Hall()
        let clock = ContinuousClock()
        result.transportsInTurn = try await rate(transports / 4, clock) {
            for _ in 0..<transports / 4 { _ = try await hall.transport() }
        }
        await hall.worker.close()

        let crowded = try await Hall()
        result.transports = try await rate(transports, clock) {
            try await concurrently(transports) { _ in _ = try await crowded.transport() }
        }
        await crowded.worker.close()

        let room = try await Hall()
        let producers = try await self.producers(room)
        result.consumersInTurn = try await consume(room, consumers / 4, clock) { transport in
            for producer in producers { _ = try await transport.consume(room.options(producer)) }
        }
        result.consumers = try await consume(room, consumers, clock) { transport in
            try await concurrently(producers.count) { _ = try await transport.consume(room.options(producers[$0])) }
        }
        result.consumersBatched = try await consume(room, consumers, clock) { transport in
            for one in try await transport.consume(producers.map(room.options)) { _ = try one.get() }
        }
        await room.worker.close()
        return result
    }

    private func producers(_ hall: Hall) async throws -> [Producer] {
        var producers: [Producer] = []
        for number in 0..<perTransport {
            let transport = try await hall.transport()
            producers.append(try await transport.produce(hall.sound(UInt32(1000 + number))))
        }
        return producers
    }

    /// Times consumers alone: their transports are made before, and closed behind.
    private func consume(
        _ hall: Hall,
        _ count: Int,
        _ clock: ContinuousClock,
        _ one: (WebRtcTransport) async throws -> Void
    ) async throws -> Double {
        var transports: [WebRtcTransport] = []
        for _ in 0..<max(1, count / perTransport) { transports.append(try await hall.transport()) }
        let result = try await rate(transports.count * perTransport, clock) {
            for transport in transports { try await one(transport) }
        }
        for transport in transports { await transport.close() }
        return result
    }

    private func rate(_ count: Int, _ clock: ContinuousClock, _ body: () async throws -> Void) async throws -> Double {
        Double(count) / (try await clock.measure(body) / .seconds(1))
    }

    /// Does something so many times, ``width`` of them at once.
    private func concurrently(_ count: Int, _ body: @escaping @Sendable (Int) async throws -> Void) async throws {
        try await withThrowingTaskGroup { group in
            for first in 0..<min(Self.width, count) {
                group.addTask {
                    for index in stride(from: first, to: count, by: Self.width) { try await body(index) }
                }
            }
            try await group.waitForAll()
        }
    }
}
