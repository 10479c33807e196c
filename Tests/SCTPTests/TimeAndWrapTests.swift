// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SCTPLink
import SwiftletSCTP
import SwiftletWire
import Testing

@Suite("Clocks that stand still and numbers that wrap")
struct TimeAndWrapTests {
    private func message(_ number: Int, stream: UInt16 = 1) -> SCTPMessage {
        let payload = (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) }
        return SCTPMessage(stream: stream, payloadProtocol: .binary, payload: payload)
    }

    @Test("Half an hour of nothing passes with a heartbeat every thirty seconds")
    func idle() throws {
        let pair = SCTPPair(.init(), nil, PathConditions(delay: .milliseconds(20)))
        #expect(pair.connect())
        let before = pair.a.counters.packetsSent
        pair.run(for: .seconds(1800))
        #expect(pair.a.state == .connected && pair.b.state == .connected)
        let sent = pair.a.counters.packetsSent - before
        #expect(sent >= 118 && sent <= 122, "60 of ours and 60 answers: \(sent)")
        _ = try pair.a.send(message(1), now: pair.now)
        pair.run(for: .seconds(1))
        #expect(pair.messages(.b).count == 1)
    }

    @Test("Unanswered heartbeats end an association only where a limit is set")
    func unanswered() {
        for limit in [nil, 5] as [Int?] {
            var configuration = SCTPConfiguration()
            configuration.maximumRetransmissions = limit
            let pair = SCTPPair(configuration)
            #expect(pair.connect())
            pair.filter = { _, _ in false }
            pair.run(for: .seconds(1800))
            #expect(pair.a.state == (limit == nil ? .connected : .failed))
        }
    }

    @Test(
        "Ten minutes of sleep in the midst of sending end nothing, even with a limit",
        arguments: 1...20 as ClosedRange<UInt64>
    )
    func sleep(seed: UInt64) throws {
        var configuration = SCTPConfiguration()
        configuration.maximumRetransmissions = 3
        let pair = SCTPPair(configuration, nil, PathConditions(delay: .milliseconds(20), loss: 0.02), seed: seed)
        pair.a.connect(now: pair.now)
        for round in 0..<10 {
            for index in 0..<50 { _ = try pair.a.send(message(round * 50 + index), now: pair.now) }
            pair.run(for: .milliseconds(Int(seed) * 3 + round * 17))
            pair.sleep(.seconds(600))
        }
        pair.run(for: .seconds(60)) { pair.messages(.b).count == 500 }
        #expect(pair.messages(.b).map(\.payload) == (0..<500).map { message($0).payload })
        #expect(pair.a.state == .connected && pair.b.state == .connected)
    }

    @Test("Transmission numbers wrap under loss", arguments: [true, false])
    func transmissionNumbers(interleaving: Bool) throws {
        for offset in 0..<20 as Range<UInt32> {
            var configuration = SCTPConfiguration()
            configuration.initialTSN = 0xFFFF_FFF0 &+ offset
            configuration.offersInterleaving = interleaving
            let path = PathConditions(delay: .milliseconds(20), loss: 0.1)
            let pair = SCTPPair(configuration, nil, path, seed: UInt64(offset))
            #expect(pair.connect())
            for number in 0..<100 {
                var one = message(number)
                if number % 3 == 0 { one.reliability = .retransmissions(0) }
                _ = try pair.a.send(one, now: pair.now)
                pair.run(for: .milliseconds(2))
            }
            pair.run(for: .seconds(60)) { pair.a.bufferedAmount == 0 }
            pair.run(for: .seconds(1))
            let numbers = pair.messages(.b).map { Int($0.payload[3]) }
            #expect(numbers == numbers.sorted())
            #expect(numbers.filter { $0 % 3 != 0 } == (0..<100).filter { $0 % 3 != 0 })
        }
    }

    @Test("A stream's sequence numbers wrap after 65,535")
    func streamNumbers() throws {
        var configuration = SCTPConfiguration()
        configuration.offersInterleaving = false
        let pair = SCTPPair(configuration, nil, PathConditions(delay: .milliseconds(1), loss: 0.001))
        #expect(pair.connect())
        var (sent, next) = (0, 0)
        pair.onOutput = { side, output in
            guard side == .b, case .message(let message) = output else { return }
            if message.payload == self.message(next).payload { next += 1 }
        }
        while sent < 70_000 {
            for _ in 0..<500 {
                _ = try pair.a.send(message(sent), now: pair.now)
                sent += 1
            }
            pair.run(for: .milliseconds(20))
        }
        pair.run(for: .seconds(30)) { next == 70_000 }
        #expect(next == 70_000)
    }
}
