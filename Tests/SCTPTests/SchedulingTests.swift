// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SCTPLink
import SwiftletSCTP
import SwiftletWire
import Testing

@Suite("Streams take turns, RFC 8260 §3")
struct SchedulingTests {
    private func message(_ size: Int, stream: UInt16, tag: UInt8 = 0) -> SCTPMessage {
        SCTPMessage(stream: stream, payloadProtocol: .binary, payload: [UInt8](repeating: tag, count: size))
    }

    private func pair(interleaving: Bool) throws -> SCTPPair {
        var configuration = SCTPConfiguration()
        configuration.offersInterleaving = interleaving
        var path = PathConditions(delay: .milliseconds(10))
        (path.bitsPerSecond, path.queueLimit) = (5_000_000, 1_000_000)
        let pair = SCTPPair(configuration, nil, path)
        #expect(pair.connect())
        return pair
    }

    @Test("With I-DATA a small message overtakes a large one of another stream; with DATA it waits for its end")
    func headOfLine() throws {
        for interleaving in [true, false] {
            let pair = try pair(interleaving: interleaving)
            _ = try pair.a.send(message(200_000, stream: 0), now: pair.now)
            pair.run(for: .milliseconds(30))
            _ = try pair.a.send(message(100, stream: 1), now: pair.now)
            pair.run(for: .seconds(5))
            #expect(pair.messages(.b).map(\.stream) == (interleaving ? [1, 0] : [0, 1]))
        }
    }

    @Test("Streams full of messages get equal shares", arguments: [true, false])
    func fairness(interleaving: Bool) throws {
        let pair = try pair(interleaving: interleaving)
        for _ in 0..<30 {
            for stream in 0..<4 as Range<UInt16> { _ = try pair.a.send(message(10_000, stream: stream), now: pair.now) }
        }
        pair.run(for: .milliseconds(800))
        var counts: [UInt16: Int] = [:]
        for message in pair.messages(.b) { counts[message.stream, default: 0] += 1 }
        #expect(counts.count == 4)
        #expect((counts.values.max() ?? 0) - (counts.values.min() ?? 0) <= 1)
    }

    @Test("A stream that joins late need not wait for another's backlog")
    func lateStream() throws {
        let pair = try pair(interleaving: false)
        for _ in 0..<50 { _ = try pair.a.send(message(10_000, stream: 0), now: pair.now) }
        pair.run(for: .milliseconds(100))
        _ = try pair.a.send(message(100, stream: 9), now: pair.now)
        let start = pair.now
        #expect(pair.run(for: .seconds(1)) { pair.messages(.b).contains { $0.stream == 9 } })
        #expect(pair.now - start < .milliseconds(300))
    }

    @Test("Small messages share packets")
    func bundling() throws {
        let pair = try pair(interleaving: true)
        let before = pair.a.counters.packetsSent
        for index in 0..<200 { _ = try pair.a.send(message(20, stream: UInt16(index)), now: pair.now) }
        pair.run(for: .seconds(1))
        #expect(pair.messages(.b).count == 200)
        #expect(pair.a.counters.packetsSent - before <= 12)
    }

    @Test("Interleaved messages never come to more than the receiver can hold")
    func interleavingIsBounded() throws {
        var (sender, receiver) = (SCTPConfiguration(), SCTPConfiguration())
        sender.sendBufferSize = 10_000_000
        (receiver.receiveWindow, receiver.maximumReceiveMessageSize) = (150_000, 60_000)
        let pair = SCTPPair(sender, receiver, PathConditions(delay: .milliseconds(5), loss: 0.02))
        #expect(pair.connect())
        for stream in 0..<100 as Range<UInt16> { _ = try pair.a.send(message(60_000, stream: stream), now: pair.now) }
        pair.run(for: .seconds(300)) { pair.a.bufferedAmount == 0 }
        #expect(pair.messages(.b).count == 100)
        #expect(pair.b.state == .connected)
    }
}
