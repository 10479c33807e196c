// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SwiftletClient
import Synchronization

/// The data messages of one client: what it sends, and what it receives of others.
package final class MessageTraffic: Sendable {
    /// What was counted.
    struct Counts {
        var messages = LoadReport.Messages()
        var delay = DelayHistogram()
    }

    /// What messages of a load test are sent by; others are left alone.
    static let label = "swiftlet-load"

    private let state = Mutex(Counts())
    private let isOver = Atomic<Bool>(false)

    /// What was counted up to now.
    var counts: Counts { state.withLock { $0 } }

    /// Ends sending.
    func stop() { isOver.store(true, ordering: .relaxed) }

    /// Sends at a steady rate until the channel, or the test, ends.
    ///
    /// - Parameters:
    ///   - channel: By which.
    ///   - rate: Messages per second.
    ///   - size: Bytes of each.
    ///   - phase: From 0 to 1, where in the first interval to begin: not everybody at once.
    func send(by channel: DataPublication, rate: Double, size: Int, phase: Double) async {
        let began = ContinuousClock.now
        var number: UInt32 = 0
        while !isOver.load(ordering: .relaxed) {
            try? await Task.sleep(until: began + .seconds((Double(number) + phase) / rate), clock: .continuous)
            let message = LoadMessage(sent: Self.unixNanoseconds, number: number)
            do throws(SwiftletClientError) {
                try await channel.send(message.bytes(size: size))
                state.withLock { $0.messages.sent += 1 }
                number += 1
            } catch {
                guard error.code == .bufferFull else { return }
                // What waits goes first; then the rate is made up for.
                try? await channel.drain()
            }
        }
    }

    /// Receives until the channel ends.
    func receive(from channel: DataSubscription) async {
        guard channel.label == Self.label else { return }
        var next: UInt32?
        for await message in channel.messages {
            guard let read = LoadMessage(message.bytes) else { continue }
            let took = message.arrival &- Int64(clamping: read.sent)
            let expected = next
            next = read.number &+ 1
            state.withLock { state in
                state.messages.received += 1
                state.messages.missing += Self.missing(before: read.number, expected: expected)
                state.delay.record(.nanoseconds(took))
            }
        }
    }

    /// How many numbers were passed over, or 1 for one that came before.
    package static func missing(before number: UInt32, expected: UInt32?) -> UInt64 {
        guard let expected else { return 0 }
        return number >= expected ? UInt64(number - expected) : 1
    }

    private static var unixNanoseconds: UInt64 {
        var time = timespec()
        guard unsafe clock_gettime(CLOCK_REALTIME, &time) == 0 else { return 0 }
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
