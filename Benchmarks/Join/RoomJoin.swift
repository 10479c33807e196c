// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Swiftlet

/// So many people come into one room at once, and everybody hears everybody else: all consumers are asked for in the
/// same moment, while two who are there already talk.
struct RoomJoin {
    /// What was measured.
    struct Result {
        var consumers = 0
        var seconds = 0.0
        /// The longest time that the worker's loop did not look at its sockets, in milliseconds.
        var longestTurn = 0.0
        /// Of packets through the worker, in milliseconds; before the join, and during it.
        var quietDelay = 0.0
        var delay = 0.0
        var lost = 0
        /// How long other requests took to be answered meanwhile, in milliseconds.
        var request = 0.0
        var longestRequest = 0.0
    }

    var people = 200

    func run() async throws -> Result {
        let hall = try await Hall()
        var (producers, transports): ([Producer], [WebRtcTransport]) = ([], [])
        for number in 0..<people {
            let transport = try await hall.transport()
            producers.append(try await transport.produce(hall.sound(UInt32(1000 + number))))
            transports.append(transport)
        }
        let probe = try await hall.startProbe()
        try await Task.sleep(for: .milliseconds(500))
        probe.record()
        try await Task.sleep(for: .seconds(1))
        var result = Result()
        result.quietDelay = percentile(0.99, of: probe.finish().delays)

        let bystander = try await hall.worker.createRouter(mediaCodecs: [Hall.opus])
        probe.record()
        let asking = Task { try await answerTimes(bystander, hall) }
        let clock = ContinuousClock()
        let start = clock.now
        result.consumers = try await join(hall, transports, producers)
        result.seconds = (clock.now - start) / .seconds(1)
        asking.cancel()
        let answers = try await asking.value
        (result.request, result.longestRequest) = (percentile(0.99, of: answers), answers.max() ?? 0)
        try await Task.sleep(for: .milliseconds(50))
        let media = probe.finish()
        (result.delay, result.lost) = (percentile(0.99, of: media.delays), max(0, media.sent - media.delays.count))
        result.longestTurn = Double(try await hall.counter("loop.longestTurnMicroseconds")) / 1000
        probe.stop()
        await hall.worker.close()
        return result
    }

    private func join(_ hall: Hall, _ transports: [WebRtcTransport], _ producers: [Producer]) async throws -> Int {
        try await withThrowingTaskGroup { group in
            for (own, transport) in transports.enumerated() {
                group.addTask {
                    let others = producers.indices.filter { $0 != own }.map { hall.options(producers[$0]) }
                    return try await transport.consume(others).count { (try? $0.get()) != nil }
                }
            }
            return try await group.reduce(0, +)
        }
    }

    /// Makes and closes a transport elsewhere, again and again until cancelled.
    private func answerTimes(_ router: Router, _ hall: Hall) async throws -> [Double] {
        var times: [Double] = []
        let clock = ContinuousClock()
        while !Task.isCancelled {
            let start = clock.now
            let transport = try await router.createWebRtcTransport(WebRtcTransportOptions(listen: .server(hall.server)))
            times.append((clock.now - start) / .milliseconds(1))
            await transport.close()
            try? await Task.sleep(for: .milliseconds(5))
        }
        return times
    }

    private func percentile(_ part: Double, of values: [Double]) -> Double {
        guard !values.isEmpty else { return 0 }
        let sorted = values.sorted()
        return sorted[min(sorted.count - 1, Int(part * Double(sorted.count)))]
    }
}
