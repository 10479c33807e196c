// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SCTPLink
import SwiftletSCTP
import SwiftletWire
import Testing

@Suite("What a sender holds")
struct SendBufferTests {
    private func message(_ size: Int, stream: UInt16 = 0, reliability: SCTPReliability = .reliable) -> SCTPMessage {
        SCTPMessage(
            stream: stream,
            payloadProtocol: .binary,
            payload: [UInt8](repeating: 1, count: size),
            reliability: reliability
        )
    }

    @Test("Messages too long, empty or on streams that do not exist are refused")
    func refusals() throws {
        var other = SCTPConfiguration()
        other.incomingStreams = 4
        let pair = SCTPPair(.init(), other)
        #expect(pair.connect())
        #expect(throws: SCTPSendError.emptyMessage) { try pair.a.send(message(0), now: pair.now) }
        #expect(throws: SCTPSendError.messageTooLong) { try pair.a.send(message(262_145), now: pair.now) }
        #expect(throws: SCTPSendError.invalidStream) { try pair.a.send(message(1, stream: 4), now: pair.now) }
        #expect(try pair.a.send(message(1, stream: 3), now: pair.now) == 1)
        #expect(try pair.b.send(message(1, stream: 60_000), now: pair.now) == 1)
    }

    @Test("Association and stream hold what they are set to, unsent and unacknowledged together")
    func limits() throws {
        var configuration = SCTPConfiguration()
        configuration.sendBufferSize = 100_000
        configuration.perStreamSendQueueLimit = 60_000
        let pair = SCTPPair(configuration, nil, PathConditions(delay: .milliseconds(50)))
        #expect(pair.connect())
        #expect(try pair.a.send(message(50_000), now: pair.now) == 50_000)
        #expect(throws: SCTPSendError.sendBufferFull) { try pair.a.send(message(20_000), now: pair.now) }
        #expect(try pair.a.send(message(50_000, stream: 1), now: pair.now) == 50_000)
        pair.run(for: .milliseconds(10))
        #expect(pair.a.bufferedAmount(of: 0) + pair.a.bufferedAmount(of: 1) < 100_000)
        #expect(throws: SCTPSendError.sendBufferFull) { try pair.a.send(message(1, stream: 2), now: pair.now) }
        pair.run(for: .seconds(5))
        #expect(pair.a.bufferedAmount == 0)
        #expect(try pair.a.send(message(1, stream: 2), now: pair.now) == 1)
    }

    @Test("A full buffer makes room for new messages from ones whose time is over")
    func expiredMakeRoom() throws {
        var configuration = SCTPConfiguration()
        configuration.sendBufferSize = 10_000
        let pair = SCTPPair(configuration)
        #expect(pair.connect())
        pair.filter = { _, _ in false }
        pair.run(for: .seconds(1))
        for _ in 0..<100 {
            let brief = message(2_000, reliability: .lifetime(.milliseconds(50)))
            _ = try? pair.a.send(brief, now: pair.now)
            pair.sleep(.milliseconds(1))
        }
        pair.sleep(.milliseconds(200))
        #expect(throws: Never.self) {
            try pair.a.send(message(2_000, reliability: .lifetime(.milliseconds(50))), now: pair.now)
        }
        #expect(pair.a.counters.abandonedMessages > 0)
    }

    @Test("Falling to the threshold is told once for each fall")
    func lowThreshold() throws {
        let pair = SCTPPair(.init(), nil, PathConditions(delay: .milliseconds(20)))
        #expect(pair.connect())
        pair.a.setBufferedAmountLowThreshold(10_000, of: 5)
        for round in 1...3 {
            _ = try pair.a.send(message(100_000, stream: 5), now: pair.now)
            pair.run(for: .seconds(3))
            let told = pair.outputs[0].filter { if case .bufferedAmountLow(stream: 5, _) = $0 { true } else { false } }
            #expect(told.count == round)
            if case .bufferedAmountLow(_, let amount)? = told.last { #expect(amount <= 10_000 && amount > 8_000) }
        }
        _ = try pair.a.send(message(5_000, stream: 5), now: pair.now)
        pair.run(for: .seconds(3))
        #expect(pair.outputs[0].count { if case .bufferedAmountLow = $0 { true } else { false } } == 3)
    }

    @Test("A message longer than the receiver takes ends the association", arguments: [true, false])
    func receiverRefuses(interleaving: Bool) throws {
        var (sender, receiver) = (SCTPConfiguration(), SCTPConfiguration())
        (sender.maximumSendMessageSize, sender.sendBufferSize) = (1 << 30, 1 << 30)
        sender.perStreamSendQueueLimit = 1 << 30
        sender.offersInterleaving = interleaving
        receiver.maximumReceiveMessageSize = 100_000
        let pair = SCTPPair(sender, receiver)
        #expect(pair.connect())
        _ = try pair.a.send(message(100_000), now: pair.now)
        pair.run(for: .seconds(2))
        #expect(pair.messages(.b).count == 1)
        _ = try pair.a.send(message(100_001), now: pair.now)
        pair.run(for: .seconds(2))
        #expect(pair.a.state == .failed && pair.b.state == .failed)
    }

    @Test("A thousand messages of 256 KiB arrive, and the sender's memory is bounded")
    func large() throws {
        let pair = SCTPPair(.init(), nil, PathConditions(delay: .milliseconds(2)))
        #expect(pair.connect())
        var (sent, received) = (0, 0)
        pair.onOutput = { side, output in
            if side == .b, case .message(let message) = output, message.payload.count == 262_144 { received += 1 }
        }
        let large = message(262_144)
        while received < 1000, pair.now < Instant(nanoseconds: 100_000_000_000) {
            while sent < 1000, (try? pair.a.send(large, now: pair.now)) != nil { sent += 1 }
            pair.run(for: .milliseconds(4))
            #expect(pair.a.bufferedAmount <= 2_000_000 && pair.b.heldBytes < 5_242_880)
        }
        #expect(received == 1000)
    }
}
