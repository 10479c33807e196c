// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletRTP
import SwiftletStreams
import SwiftletWire
import Testing

@Suite("Send stream")
struct SendStreamTests {
    private let stream: SendStream

    init() { stream = Self.make() }

    private static func make(kind: StreamKind = .video, usesNack: Bool = true, seed: UInt64 = 1) -> SendStream {
        var random = SeededRandom(seed: seed)
        let stream = SendStream(
            SendStream.Parameters(
                kind: kind,
                ssrc: 0x3333_3333,
                payloadType: 101,
                clockRate: 90_000,
                rtxSSRC: 0x3333_3334,
                rtxPayloadType: 102,
                usesNack: usesNack
            ),
            using: &random
        )
        stream.synchronize(to: 100_000)
        return stream
    }

    /// Sends the packet with this number at the source and returns its output number.
    @discardableResult
    private func send(_ source: Int64, timestamp: UInt32 = 0, at now: Instant) -> Int64 {
        guard let place = stream.place(source, timestamp: timestamp, now: now) else { return -1 }
        stream.countSent(size: 1012, payload: 1000, now: now)
        return place.output
    }

    private func wire(_ output: Int64) -> UInt16 { UInt16(truncatingIfNeeded: output) }

    @Test("A packet asked for again is found with its source number and media time")
    func resend() {
        let output = send(100_000, timestamp: 77, at: at(0))
        send(100_001, timestamp: 78, at: at(1))
        guard case .packet(let packet) = stream.resend(wire(output), now: at(50)) else {
            Issue.record("the packet was not found")
            return
        }
        #expect(packet.source == 100_000)
        #expect(packet.clockOffset == 0)
        #expect(packet.output == output)
        #expect(packet.resends == 1)
    }

    @Test("The same packet is sent again once per round trip, ten times at most")
    func throttle() {
        let output = send(100_000, at: at(0))
        func attempt(_ milliseconds: Double) -> String {
            switch stream.resend(wire(output), now: at(milliseconds)) {
            case .packet: "sent"
            case .unknown: "unknown"
            case .tooSoon: "too soon"
            case .exhausted: "exhausted"
            }
        }
        #expect(attempt(1) == "sent")
        #expect(attempt(99) == "too soon")
        #expect(attempt(101) == "sent")
        for turn in 2..<10 { #expect(attempt(101 + 100 * Double(turn - 1)) == "sent") }
        #expect(attempt(1001) == "exhausted")
    }

    @Test("A round trip said to be zero does not open the flood gates")
    func tinyRoundTrip() {
        let output = send(100_000, at: at(0))
        stream.receive(
            RTCPReportBlock(ssrc: 0x3333_3333, lastSenderReport: 0x0001_0000, delaySinceLastSenderReport: 0),
            ntp: NTPTime(rawValue: 0x0001_0000 << 16)
        )
        #expect(stream.roundTrip == .zero)
        _ = stream.resend(wire(output), now: at(1))
        #expect(stream.resend(wire(output), now: at(10)) == .tooSoon)
        #expect(stream.resend(wire(output), now: at(14)) != .tooSoon)
    }

    @Test("What was sent two seconds ago, never, or before a pause is not known")
    func unknown() {
        let output = send(100_000, at: at(0))
        #expect(stream.resend(wire(output + 1), now: at(1)) == .unknown)
        #expect(stream.resend(wire(output - 1), now: at(1)) == .unknown)
        #expect(stream.resend(wire(output), now: at(2001)) == .unknown)
        let later = send(100_001, at: at(3000))
        stream.forgetSent()
        #expect(stream.mapCapacity == 0)
        #expect(stream.resend(wire(later), now: at(3001)) == .unknown)
    }

    @Test("The map grows with the packet rate, to its limit and no further", arguments: [10.0, 300, 3000])
    func growth(packetsPerSecond: Double) {
        for step in 0..<Int(packetsPerSecond * 5) {
            send(100_000 + Int64(step), at: at(Double(step) * 1000 / packetsPerSecond))
        }
        switch packetsPerSecond {
        case 10: #expect(stream.mapCapacity == 32)
        case 300: #expect(stream.mapCapacity == 1024)
        default: #expect(stream.mapCapacity == 2048)
        }
    }

    @Test("Every recent packet is found under its output number across the wrap", arguments: [1, 2] as [UInt64])
    func oracle(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var sent: [(output: Int64, source: Int64)] = []
        var source: Int64 = 100_000
        var wrong = 0
        for step in 0..<100_000 {
            let now = at(Double(step) * 4)
            source += Int64.random(in: 1...2, using: &random)
            if Int.random(in: 0..<4, using: &random) == 0 {
                stream.drop(source)
            } else {
                sent.append((send(source, at: now), source))
            }
            guard let probe = sent.suffix(300).randomElement(using: &random) else { continue }
            switch stream.resend(wire(probe.output), now: now) {
            case .packet(let packet): if packet.source != probe.source { wrong += 1 }
            case .unknown: wrong += 1
            case .tooSoon, .exhausted: break
            }
        }
        #expect(sent.count > 70_000, "outputs wrapped")
        #expect(wrong == 0)
    }

    @Test(
        "A packet is told from those with its number's lower half, however many were left out since",
        arguments: [1, 20_000, 32_766, 32_767, 32_768, 65_534, 65_535, 65_536, 100_000] as [Int64]
    )
    func longGap(left: Int64) {
        let stream = Self.make()
        var outputs: [Int64: Int64] = [:]
        var source: Int64 = 100_000
        for turn in 0..<3 {
            for _ in 0..<2 {
                outputs[source] = stream.place(source, timestamp: 0, now: at(Double(turn)))?.output
                source += 1
            }
            for _ in 0..<left {
                stream.drop(source)
                source += 1
            }
        }
        for (source, output) in outputs {
            guard case .packet(let packet) = stream.resend(wire(output), now: at(50)) else {
                Issue.record("\(source) was not found")
                continue
            }
            #expect(packet.source == source && packet.output == output)
        }
        #expect(outputs.count == 6)
    }

    @Test("Without NACK nothing is remembered")
    func noNack() {
        let stream = Self.make(usesNack: false)
        #expect(stream.place(100_000, timestamp: 1, now: start) != nil)
        #expect(stream.mapCapacity == 0)
    }

    @Test("Both numberings start at random from 1000 to 32767, and retransmissions count by one")
    func startNumbers() {
        var firsts: Set<Int64> = []
        for seed in 0..<200 as Range<UInt64> {
            let stream = Self.make(seed: seed)
            let rtx = stream.takeRTXSequence()
            #expect((1000...32_767).contains(rtx))
            #expect((1000...32_767).contains(stream.newestOutput + 1))
            #expect(stream.takeRTXSequence() == rtx + 1)
            firsts.insert(rtx)
        }
        #expect(firsts.count > 150)
    }

    @Test("Sender information goes on with media time as the clock does, across the 32-bit wrap")
    func senderInfo() throws {
        #expect(stream.senderInfo(now: at(0), ntp: NTPTime(rawValue: 1)) == nil)
        send(100_000, timestamp: 0xFFFF_F000, at: at(0))
        send(100_001, timestamp: 0xFFFF_F000, at: at(8))
        var info = try #require(stream.senderInfo(now: at(100), ntp: NTPTime(rawValue: 42)))
        #expect(info.rtpTimestamp == 0xFFFF_F000 &+ 9000)
        #expect(info.ntp.rawValue == 42)
        #expect(info.packetCount == 2)
        #expect(info.octetCount == 2000)
        send(100_002, timestamp: 0xFFFF_F000 &+ 9000, at: at(100))
        send(100_003, timestamp: 0xFFFF_F000 &+ 3000, at: at(110))
        info = try #require(stream.senderInfo(now: at(200), ntp: NTPTime(rawValue: 42)))
        #expect(info.rtpTimestamp == 0xFFFF_F000 &+ 18_000, "a late packet is not the reference")
        info = try #require(stream.senderInfo(now: at(100 + 86_400_000 * 30), ntp: NTPTime(rawValue: 42)))
        let month = UInt64(86_400 * 30) * 90_000
        #expect(info.rtpTimestamp == UInt32(truncatingIfNeeded: 0xFFFF_F000 + 9000 + month))
    }

    @Test("A report tells loss, jitter and the round trip, across the NTP wrap")
    func report() {
        send(100_000, at: at(0))
        stream.receive(
            RTCPReportBlock(
                ssrc: 0x3333_3333,
                fractionLost: 64,
                cumulativeLost: -3,
                jitter: 17,
                lastSenderReport: 0xFFFF_C000,
                delaySinceLastSenderReport: 0x4000
            ),
            ntp: NTPTime(rawValue: 0x4000 << 16)
        )
        #expect(stream.roundTrip == .milliseconds(250))
        #expect(stream.fractionLost == 64)
        #expect(stream.packetsLost == -3)
        #expect(stream.jitter == 17)
        stream.receive(RTCPReportBlock(ssrc: 0x3333_3333), ntp: NTPTime(rawValue: 5))
        #expect(stream.roundTrip == .milliseconds(250), "a report without an echo measures nothing")
    }

    @Test("The score follows loss by reports, and repairs soften it")
    func score() {
        stream.receive(RTCPReportBlock(ssrc: 0x3333_3333, cumulativeLost: 5), ntp: NTPTime(rawValue: 0))
        #expect(stream.score == 10, "before anything was sent a report means nothing")
        stream.resetScore()
        for source in 0..<100 as Range<Int64> { send(100_000 + source, at: at(Double(source))) }
        stream.receive(RTCPReportBlock(ssrc: 0x3333_3333, cumulativeLost: 15), ntp: NTPTime(rawValue: 0))
        #expect(stream.score == 7, "(90/100)⁴ · 10, rounded")
        let softened = SendStreamTests()
        for source in 0..<100 as Range<Int64> { softened.send(100_000 + source, at: at(Double(source))) }
        for source in 0..<10 as Range<Int64> {
            let output = softened.stream.newestOutput - source
            if case .packet(let packet) = softened.stream.resend(wire(output), now: at(110)) {
                softened.stream.countResent(packet, size: 1014, now: at(110))
            }
        }
        #expect(softened.stream.repairedCount == 10)
        softened.stream.receive(RTCPReportBlock(ssrc: 0x3333_3333, cumulativeLost: 10), ntp: NTPTime(rawValue: 0))
        #expect(softened.stream.score > 7)
    }

    @Test("Any report block is taken without a trap")
    func hostileReports() {
        var random = SeededRandom(seed: 8)
        send(100_000, at: at(0))
        for _ in 0..<10_000 {
            stream.receive(
                RTCPReportBlock(
                    ssrc: 1,
                    fractionLost: .random(in: 0...255, using: &random),
                    cumulativeLost: .random(in: -0x80_0000...0x7F_FFFF, using: &random),
                    extendedHighestSequence: .random(in: 0 ... .max, using: &random),
                    jitter: .random(in: 0 ... .max, using: &random),
                    lastSenderReport: .random(in: 0 ... .max, using: &random),
                    delaySinceLastSenderReport: .random(in: 0 ... .max, using: &random)
                ),
                ntp: NTPTime(rawValue: .random(in: 0 ... .max, using: &random))
            )
            #expect(stream.score <= 10)
            if let roundTrip = stream.roundTrip { #expect(roundTrip <= .seconds(30)) }
        }
    }

    @Test("A receiver's reference time is answered with the time since")
    func referenceTime() throws {
        #expect(stream.delaySinceReference(to: 9, now: at(0)) == nil)
        stream.receive(referenceTime: NTPTime(rawValue: 0x0000_1234_5678_0000), now: at(0))
        let answer = try #require(stream.delaySinceReference(to: 9, now: at(500)))
        #expect(answer == RTCPDelaySinceReference(ssrc: 9, lastReport: 0x1234_5678, delay: 0x8000))
    }
}
