// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SCTPLink
import SwiftletSCTP
import SwiftletWire
import Testing

@Suite("Messages that need not arrive, RFC 3758 and RFC 7496")
struct PartialReliabilityTests {
    private func message(
        _ number: Int,
        size: Int = 4,
        unordered: Bool = false,
        stream: UInt16 = 1,
        _ reliability: SCTPReliability
    ) -> SCTPMessage {
        var payload = [UInt8](repeating: 0, count: max(4, size))
        for index in 0..<4 { payload[index] = UInt8(truncatingIfNeeded: number >> (24 - 8 * index)) }
        return SCTPMessage(
            stream: stream,
            payloadProtocol: .binary,
            payload: payload,
            isUnordered: unordered,
            reliability: reliability
        )
    }

    private func pair(_ path: PathConditions, interleaving: Bool, seed: UInt64 = 1) -> SCTPPair {
        var configuration = SCTPConfiguration()
        configuration.offersInterleaving = interleaving
        let pair = SCTPPair(configuration, nil, path, seed: seed)
        #expect(pair.connect())
        return pair
    }

    @Test(
        "A channel without retransmissions keeps flowing for a minute while 30 % are lost",
        arguments: [true, false],
        [true, false]
    )
    func keepsFlowing(interleaving: Bool, unordered: Bool) throws {
        let pair = pair(PathConditions(delay: .milliseconds(40), loss: 0.3), interleaving: interleaving)
        var (sent, refused) = (0, 0)
        var arrivals: [Instant] = []
        pair.onOutput = { side, output in
            if side == .b, case .message = output { arrivals.append(pair.now) }
        }
        let end = pair.now + .seconds(60)
        let start = pair.now
        while pair.now < end {
            let size = sent % 10 == 0 ? 1500 : 100
            let one = message(sent, size: size, unordered: unordered, .retransmissions(0))
            if (try? pair.a.send(one, now: pair.now)) == nil { refused += 1 }
            sent += 1
            pair.run(for: .milliseconds(20))
        }
        #expect(refused == 0)
        #expect(arrivals.count > sent / 2, "\(arrivals.count) of \(sent)")
        let gaps = zip([start] + arrivals, arrivals + [end]).map { $1 - $0 }
        #expect((gaps.max() ?? .zero) < .seconds(6))
        pair.run(for: .seconds(30))
        #expect(pair.a.bufferedAmount == 0 && pair.b.heldBytes == 0)
    }

    @Test(
        "Its first fragment lost, a message is given up whole, and the next arrives",
        arguments: [true, false],
        [true, false]
    )
    func firstFragmentLost(interleaving: Bool, unordered: Bool) throws {
        let pair = pair(PathConditions(delay: .milliseconds(20)), interleaving: interleaving)
        var losses = 0
        pair.filter = { side, packet in
            guard side == .a, losses < 1, packet.count > 1000 else { return true }
            losses += 1
            return false
        }
        _ = try pair.a.send(message(1, size: 6000, unordered: unordered, .retransmissions(0)), now: pair.now)
        pair.run(for: .milliseconds(1))
        _ = try pair.a.send(message(2, size: 2000, unordered: unordered, .retransmissions(0)), now: pair.now)
        pair.run(for: .seconds(5))
        #expect(pair.messages(.b).map { $0.payload[3] } == [2])
        #expect(pair.a.counters.abandonedMessages == 1)
        #expect(pair.a.bufferedAmount == 0 && pair.b.heldBytes == 0)
    }

    @Test(
        "A lifetime that ends while a message is half sent gives up the rest",
        arguments: [true, false],
        [true, false]
    )
    func halfSent(interleaving: Bool, unordered: Bool) throws {
        var path = PathConditions(delay: .milliseconds(20))
        path.bitsPerSecond = 200_000
        let pair = pair(path, interleaving: interleaving)
        let long = message(1, size: 200_000, unordered: unordered, .lifetime(.milliseconds(500)))
        #expect(try pair.a.send(long, now: pair.now) == 200_000)
        pair.run(for: .milliseconds(900))
        #expect(pair.a.bufferedAmount(of: 1) == 0)
        _ = try pair.a.send(message(2, .reliable), now: pair.now)
        pair.run(for: .seconds(30))
        #expect(pair.messages(.b).map { $0.payload[3] } == [2])
        #expect(pair.a.bufferedAmount == 0 && pair.b.heldBytes == 0)
    }

    @Test("FORWARD-TSN lost again and again is sent again", arguments: [true, false])
    func forwardLost(interleaving: Bool) throws {
        let pair = pair(PathConditions(delay: .milliseconds(20)), interleaving: interleaving)
        var (dataLost, forwardsLost) = (0, 0)
        pair.filter = { side, packet in
            guard side == .a else { return true }
            let types = Packets.types(of: packet)
            if types.contains(.forwardTSN) || types.contains(.interleavedForwardTSN) {
                forwardsLost += 1
                return forwardsLost > 5
            }
            if types.contains(.data) || types.contains(.interleavedData), dataLost < 1 {
                dataLost += 1
                return false
            }
            return true
        }
        _ = try pair.a.send(message(1, .retransmissions(0)), now: pair.now)
        pair.run(for: .milliseconds(1))
        _ = try pair.a.send(message(2, .retransmissions(0)), now: pair.now)
        #expect(pair.run(for: .seconds(60)) { pair.messages(.b).count == 1 })
        #expect(pair.messages(.b).map { $0.payload[3] } == [2])
        #expect(forwardsLost > 5)
    }

    @Test("So many retransmissions are made and no more")
    func retransmissionsAreCounted() throws {
        for limit in 0...3 {
            let pair = pair(PathConditions(delay: .milliseconds(20)), interleaving: true)
            var copies = 0
            pair.filter = { side, packet in
                guard side == .a, Packets.types(of: packet).contains(.interleavedData) else { return true }
                copies += 1
                return false
            }
            _ = try pair.a.send(message(1, .retransmissions(limit)), now: pair.now)
            pair.run(for: .seconds(60))
            #expect(copies == limit + 1)
            #expect(pair.a.bufferedAmount == 0)
        }
    }

    @Test("Messages that expire before they are sent leave no trace")
    func expiredUnsent() throws {
        let pair = pair(PathConditions(delay: .milliseconds(20)), interleaving: true)
        _ = try pair.a.send(message(1, size: 200_000, .reliable), now: pair.now)
        pair.run(for: .milliseconds(5))
        for number in 2...50 { _ = try pair.a.send(message(number, .lifetime(.milliseconds(10))), now: pair.now) }
        pair.run(for: .milliseconds(100))
        _ = try pair.a.send(message(51, .reliable), now: pair.now)
        pair.run(for: .seconds(5))
        #expect(pair.messages(.b).map { $0.payload[3] } == [1, 51])
        #expect(pair.a.counters.abandonedMessages == 49)
    }

    @Test("A reliable message of the same stream still arrives between ones given up")
    func mixedStream() throws {
        for seed in 1...30 as ClosedRange<UInt64> {
            let path = PathConditions(delay: .milliseconds(30), loss: 0.3)
            let pair = pair(path, interleaving: seed % 2 == 0, seed: seed)
            for number in 0..<200 {
                let reliability: SCTPReliability = number % 5 == 0 ? .reliable : .retransmissions(0)
                _ = try pair.a.send(message(number, size: 300, reliability), now: pair.now)
                pair.run(for: .milliseconds(3))
            }
            pair.run(for: .seconds(60)) { pair.a.bufferedAmount == 0 }
            pair.run(for: .seconds(2))
            let numbers = pair.messages(.b).map { Int($0.payload[3]) }
            #expect(numbers == numbers.sorted() && Set(numbers).count == numbers.count)
            #expect(numbers.filter { $0 % 5 == 0 } == Array(stride(from: 0, to: 200, by: 5)))
        }
    }
}
