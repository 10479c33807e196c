// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SCTPLink
import SwiftletSCTP
import SwiftletWire
import Testing

@Suite("Resetting streams, RFC 6525")
struct StreamResetTests {
    private func message(_ text: String, stream: UInt16 = 4) -> SCTPMessage {
        SCTPMessage(stream: stream, payloadProtocol: .string, payload: Array(text.utf8))
    }

    private func pair(_ configuration: SCTPConfiguration = .init(), loss: Double = 0, seed: UInt64 = 1) -> SCTPPair {
        let pair = SCTPPair(configuration, nil, PathConditions(delay: .milliseconds(20), loss: loss), seed: seed)
        #expect(pair.connect())
        return pair
    }

    @Test("What was queued arrives, then the reset, then what is sent anew", arguments: [true, false])
    func resetAndReuse(interleaving: Bool) throws {
        var configuration = SCTPConfiguration()
        configuration.offersInterleaving = interleaving
        configuration.initialTSN = 0xFFFF_FFFE  // Requests are numbered from it: they wrap.
        let pair = pair(configuration)
        for round in 0..<5 {
            for index in 0..<3 { _ = try pair.a.send(message("\(round) \(index)"), now: pair.now) }
            _ = try pair.a.send(message(String(repeating: "x", count: 50_000)), now: pair.now)
            pair.a.resetStream(4, now: pair.now)
            #expect(throws: SCTPSendError.invalidStream) { try pair.a.send(message("late"), now: pair.now) }
            #expect(pair.run(for: .seconds(5)) { pair.outputs[0].contains(.outgoingStreamsReset([4])) })
            #expect(pair.messages(.b).count == 4)
            #expect(pair.outputs[1].last == .incomingStreamsReset([4]))
            pair.outputs = [[], []]
        }
    }

    @Test(
        "A reset overtaking data waits for it, and what comes after is not mixed up",
        arguments: 1...40 as ClosedRange<UInt64>
    )
    func deferredReset(seed: UInt64) throws {
        let pair = pair(loss: 0.2, seed: seed)
        var expected: [[UInt8]] = []
        for round in 0..<4 {
            for index in 0..<10 {
                let one = message("\(round) \(index) " + String(repeating: "y", count: index * 300))
                expected.append(one.payload)
                _ = try pair.a.send(one, now: pair.now)
            }
            pair.a.resetStream(4, now: pair.now)
            let isReset = pair.run(for: .seconds(120)) { pair.outputs[0].contains(.outgoingStreamsReset([4])) }
            #expect(isReset)
            pair.outputs[0] = []
        }
        pair.run(for: .seconds(30)) { pair.messages(.b).count == 40 }
        #expect(pair.messages(.b).map(\.payload) == expected)
        #expect(pair.outputs[1].count { $0 == .incomingStreamsReset([4]) } == 4)
    }

    /// The streams reset, outgoing and incoming.
    private func resets(in outputs: [SCTPAssociation.Output]) -> (outgoing: [UInt16], incoming: [UInt16]) {
        var (outgoing, incoming): ([UInt16], [UInt16]) = ([], [])
        for output in outputs {
            if case .outgoingStreamsReset(let streams) = output { outgoing += streams }
            if case .incomingStreamsReset(let streams) = output { incoming += streams }
        }
        return (outgoing, incoming)
    }

    @Test("Many streams are reset together, and both ways at once")
    func many() throws {
        let pair = pair(loss: 0.05)
        for stream in 0..<1000 as Range<UInt16> {
            _ = try pair.a.send(message("a", stream: stream), now: pair.now)
            _ = try pair.b.send(message("b", stream: stream), now: pair.now)
        }
        for stream in 0..<1000 as Range<UInt16> {
            pair.a.resetStream(stream, now: pair.now)
            pair.b.resetStream(stream, now: pair.now)
        }
        pair.run(for: .seconds(60))
        for side in 0...1 {
            let (out, into) = resets(in: pair.outputs[side])
            #expect(out.sorted() == Array(0..<1000) && into.sorted() == Array(0..<1000))
        }
        _ = try pair.a.send(message("again", stream: 7), now: pair.now)
        pair.run(for: .seconds(2))
        #expect(pair.messages(.b).last == message("again", stream: 7))
    }

    @Test("A reset asked for before the handshake is not lost")
    func early() throws {
        let pair = SCTPPair(.init(), nil, PathConditions(delay: .milliseconds(20)))
        _ = try pair.a.send(message("first"), now: pair.now)
        pair.a.resetStream(4, now: pair.now)
        #expect(pair.connect())
        pair.run(for: .seconds(3))
        #expect(pair.messages(.b) == [message("first")])
        #expect(pair.outputs[1].contains(.incomingStreamsReset([4])))
        #expect(pair.outputs[0].contains(.outgoingStreamsReset([4])))
    }

    @Test("A stream without a message can be reset")
    func unused() {
        let pair = pair()
        pair.a.resetStream(9, now: pair.now)
        pair.run(for: .seconds(1))
        #expect(pair.outputs[0].contains(.outgoingStreamsReset([9])))
    }

    @Test("A request that comes again is answered again and done once")
    func repeatedRequest() throws {
        let pair = pair()
        var requests: [[UInt8]] = []
        pair.filter = { side, packet in
            if side == .a, Packets.types(of: packet).contains(.reconfiguration) { requests.append(packet) }
            return true
        }
        _ = try pair.a.send(message("old"), now: pair.now)
        pair.a.resetStream(4, now: pair.now)
        pair.run(for: .seconds(2))
        _ = try pair.a.send(message("new 0"), now: pair.now)
        pair.run(for: .seconds(1))
        let request = try #require(requests.first)
        for _ in 0..<5 { pair.deliver(request, to: .b) }
        _ = try pair.a.send(message("new 1"), now: pair.now)
        pair.run(for: .seconds(2))
        #expect(pair.messages(.b) == [message("old"), message("new 0"), message("new 1")])
        #expect(pair.outputs[1].count { $0 == .incomingStreamsReset([4]) } == 1)
    }

    @Test("A peer may have us reset ours, and may not have more streams than we grant")
    func demands() throws {
        var configuration = SCTPConfiguration()
        (configuration.incomingStreams, configuration.initialTSN) = (100, 1000)
        let pair = pair(configuration)
        _ = try pair.b.send(message("b"), now: pair.now)
        pair.run(for: .seconds(1))
        var answers: [ReconfigurationParameter] = []
        var tag: UInt32 = 0
        pair.filter = { side, packet in
            if side == .a { tag = Packets.tag(of: packet) }
            if side == .b, let view = try? SCTPPacketView(parsing: packet.span) {
                var chunks = view.chunks
                while let chunk = chunks.next() {
                    if chunk.type == .reconfiguration {
                        answers += (try? ReconfigurationParameter.parse(chunk)) ?? []
                    }
                }
                return !Packets.types(of: packet).contains(.reconfiguration)
            }
            return true
        }
        _ = try pair.a.send(message("a"), now: pair.now)
        pair.run(for: .seconds(1))
        // Add 10 streams beyond the 100 granted; reset the TSN; reset stream 4 of b's.
        let requests: [[UInt8]] = [
            [0, 17, 0, 12] + Packets.bytes(1000) + [0, 10, 0, 0],
            [0, 15, 0, 8] + Packets.bytes(1001),
            [0, 14, 0, 10] + Packets.bytes(1002) + [0, 4],
        ]
        for request in requests {
            pair.deliver(Packets.packet(tag: tag, Packets.chunk(.reconfiguration, request)), to: .b)
            pair.run(for: .milliseconds(50))
        }
        let results = answers.compactMap { if case .response(let answer) = $0 { answer.result } else { nil } }
        #expect(results == [.denied, .denied, .performed])
        let resets = answers.compactMap { if case .outgoingReset(let reset) = $0 { reset } else { nil } }
        #expect(resets.first?.streams == [4] && resets.first?.response == 1002)
    }
}
