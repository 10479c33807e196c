// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletStreams
import SwiftletWire
import Testing

@Suite("NACK generation, RFC 4585 §6.2.1")
struct NackGeneratorTests {
    @Test("A lost packet is asked for after 10 ms, then each round trip, ten times and no more, str0m 748")
    func schedule() throws {
        let receiver = Receiver()
        receiver.stream.setRoundTrip(.milliseconds(80))
        receiver.media(10, at: at(0))
        receiver.media(12, at: at(0))
        #expect(receiver.stream.nextDeadline == at(10))
        #expect(receiver.nacks(at: at(9.9)).isEmpty)
        var asked: [Double] = []
        var now = 0.0
        while let deadline = receiver.stream.nextDeadline {
            now = (deadline - start).inSeconds * 1000
            let numbers = receiver.nacks(at: deadline)
            if !numbers.isEmpty {
                #expect(numbers == [11])
                asked.append(now)
            }
            try #require(now < 10_000)
        }
        #expect(asked == (0..<10).map { 10 + 80 * Double($0) })
        #expect(now == 10 + 80 * 10, "given up one round trip after the tenth request")
        #expect(receiver.stream.nackCount == 10)
        #expect(receiver.stream.nackedPacketCount == 10)
    }

    @Test("A packet that is merely late is never asked for")
    func reordering() {
        let receiver = Receiver()
        for sequence in [1, 2, 4, 5, 3] as [UInt16] { #expect(receiver.media(sequence, at: at(0)) != nil) }
        #expect(receiver.nacks(at: at(50)).isEmpty)
        #expect(receiver.stream.nextDeadline == nil)
    }

    @Test("Without a measured round trip it is 100 ms; a tiny one counts as 40 ms, a huge one as a second")
    func retryInterval() {
        for (measured, expected) in [(nil, 100.0), (1, 40), (250, 250), (20_000, 1000)] as [(Int?, Double)] {
            let receiver = Receiver()
            if let measured { receiver.stream.setRoundTrip(.milliseconds(measured)) }
            receiver.media(1, at: at(0))
            receiver.media(3, at: at(0))
            #expect(receiver.nacks(at: at(10)) == [2])
            #expect(receiver.stream.nextDeadline == at(10 + expected))
        }
    }

    @Test("More than a thousand missing: what lies before the key frame is given up")
    func overflowTrimsToKeyFrame() {
        let receiver = Receiver()
        receiver.media(0, timestamp: 1, isKeyFrame: true, at: at(0))
        receiver.media(900, timestamp: 2, isKeyFrame: true, at: at(0))
        guard case .accepted(let acceptance) = receiver.receive(1500, timestamp: 3, at: at(0)) else {
            Issue.record("the packet was refused")
            return
        }
        #expect(!acceptance.needsKeyFrame)
        var asked: [UInt16] = []
        for tick in 0..<5 { asked += receiver.nacks(at: at(10 + Double(tick) * 5)) }
        #expect(asked == Array(901..<1500))
    }

    @Test("More than a thousand missing and no key frame behind: all are given up for a new key frame")
    func overflowAsksForKeyFrame() {
        let receiver = Receiver()
        receiver.media(0, at: at(0))
        guard case .accepted(let acceptance) = receiver.receive(2500, at: at(0)) else {
            Issue.record("the packet was refused")
            return
        }
        #expect(acceptance.needsKeyFrame)
        #expect(receiver.stream.nextDeadline == nil)
        receiver.media(2502, at: at(1))
        #expect(receiver.nacks(at: at(11)) == [2501], "asking goes on with what is lost next")
    }

    @Test("A batch holds at most 256 numbers, and the rest follows 5 ms later")
    func batches() {
        let receiver = Receiver()
        receiver.media(0, at: at(0))
        receiver.media(601, at: at(0))
        #expect(receiver.nacks(at: at(10)) == Array(1...256))
        #expect(receiver.stream.nextDeadline == at(15))
        #expect(receiver.nacks(at: at(15)) == Array(257...512))
        #expect(receiver.nacks(at: at(20)) == Array(513...600))
    }

    @Test("What is more than 10,000 numbers old is given up")
    func age() {
        let receiver = Receiver()
        receiver.stream.setRoundTrip(.seconds(1))
        receiver.media(0, at: at(0))
        var sequence: UInt16 = 2
        receiver.media(sequence, at: at(0))
        while sequence < 9990 {
            sequence += 1
            receiver.media(sequence, at: at(1))
        }
        #expect(receiver.nacks(at: at(12)) == [1])
        while sequence < 10_100 {
            sequence += 1
            receiver.media(sequence, at: at(13))
        }
        receiver.media(10_102, at: at(14))
        #expect(receiver.nacks(at: at(1500)) == [10_101])
    }

    @Test("Nothing is asked for while the producer is paused, nor for what was lost meanwhile")
    func pause() {
        let receiver = Receiver()
        receiver.media(0, at: at(0))
        receiver.media(2, at: at(0))
        receiver.stream.pause()
        #expect(receiver.stream.nextDeadline == nil)
        receiver.media(5, at: at(1))
        receiver.stream.resume()
        receiver.media(8, at: at(2))
        #expect(receiver.stream.nextDeadline == nil)
        receiver.media(10, at: at(3))
        #expect(receiver.nacks(at: at(13)) == [9])
    }

    @Test("Every lost number is asked for, and no other, across the wrap", arguments: [1, 2, 3] as [UInt64])
    func oracle(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let receiver = Receiver()
        var missing: Set<UInt16> = []
        var asked: Set<UInt16> = []
        var sequence: UInt16 = 60_000
        receiver.media(sequence, at: at(0))
        var now = 0.0
        for _ in 0..<20_000 {
            sequence &+= 1
            now += 1
            if Int.random(in: 0..<10, using: &random) == 0 {
                missing.insert(sequence)
            } else {
                receiver.media(sequence, at: at(now))
            }
            for number in receiver.nacks(at: at(now)) {
                asked.insert(number)
                #expect(missing.contains(number))
            }
            // Losses of up to a wrap ago are forgotten by the oracle as the numbers come round again.
            missing.remove(sequence &+ 20_000)
            asked.remove(sequence &+ 20_000)
        }
        receiver.media(sequence &+ 1, at: at(now))
        asked.formUnion(receiver.nacks(at: at(now + 10)))
        #expect(asked == missing)
    }
}
