// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SCTPLink
import SwiftletSCTP
import SwiftletWire
import Testing

@Suite("How fast data flows, RFC 9260 §7")
struct ThroughputTests {
    /// Bits a second from a to b, both full of messages of `size` bytes, over so many seconds of virtual time.
    static func rate(
        _ conditions: PathConditions,
        size: Int = 16_000,
        seconds: Int = 60,
        seed: UInt64 = 1
    ) throws -> Double {
        let pair = SCTPPair(.init(), nil, conditions, seed: seed)
        var received = 0
        pair.onOutput = { side, output in
            if side == .b, case .message(let message) = output { received += message.payload.count }
        }
        try #require(pair.connect())
        let payload = [UInt8](repeating: 7, count: size)
        let end = pair.now + .seconds(seconds)
        while pair.now < end {
            while pair.a.bufferedAmount < 1_500_000 {
                _ = try pair.a.send(SCTPMessage(stream: 0, payloadProtocol: .binary, payload: payload), now: pair.now)
            }
            pair.run(for: .milliseconds(5))
        }
        return Double(received * 8) / Double(seconds)
    }

    @Test(
        "Random losses leave what the model of Reno promises",
        arguments: [(25, 0.01), (50, 0.01), (50, 0.001), (20, 0.05)] as [(Int, Double)]
    )
    func randomLoss(delay: Int, loss: Double) throws {
        var sum = 0.0
        for seed in 1...2 as ClosedRange<UInt64> {
            sum += try Self.rate(PathConditions(delay: .milliseconds(delay), loss: loss), seed: seed) / 2
        }
        // Mathis et al.: MSS / RTT * sqrt(3 / 2p).
        let model = 1156 * 8 / (0.002 * Double(delay)) * (1.5 / loss).squareRoot()
        #expect(sum > 0.8 * model, "\(Int(sum)) of \(Int(model)) bit/s")
    }

    @Test("A fifth of all packets lost each way, something still gets through")
    func heavyLoss() throws {
        let rate = try Self.rate(PathConditions(delay: .milliseconds(10), loss: 0.2))
        #expect(rate > 300_000, "\(Int(rate)) bit/s")
    }

    @Test("A path of 10 Mbit/s is filled, and its queue not overrun for nothing")
    func bandwidth() throws {
        var path = PathConditions(delay: .milliseconds(20))
        path.bitsPerSecond = 10_000_000
        path.queueLimit = 100_000
        let rate = try Self.rate(path, seconds: 20)
        #expect(rate > 9_000_000, "\(Int(rate)) bit/s")
    }

    @Test("Packets that overtake each other by less than a round trip cost little")
    func reordering() throws {
        var path = PathConditions(delay: .milliseconds(20))
        (path.bitsPerSecond, path.jitter) = (10_000_000, .milliseconds(10))
        let rate = try Self.rate(path, seconds: 20)
        #expect(rate > 5_000_000, "\(Int(rate)) bit/s")
    }
}
