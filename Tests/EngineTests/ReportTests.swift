// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletEngine
import SwiftletORTC
import SwiftletRTP
import SwiftletWire
import Testing

@Suite("RTCP towards publishers and viewers")
struct ReportTests {
    private func call(audio: Bool = false) throws -> (Rig, Peer, Peer) {
        let rig = try Rig()
        let alice = try rig.join("alice")
        let bob = try rig.join("bob")
        if audio {
            try rig.ask(.produce(Media.produceAudio("p", on: "alice")))
            try rig.ask(.consume(Media.consumeAudio("c", of: "p", on: "bob")))
        } else {
            try rig.ask(.produce(Media.produceVideo("p", on: "alice")))
            try rig.ask(.consume(Media.consumeVideo("c", of: "p", on: "bob")))
        }
        return (rig, alice, bob)
    }

    /// Sends a packet each 20 ms.
    private func talk(_ rig: Rig, _ alice: Peer, audio: Bool, packets: Int, from start: UInt16 = 0) {
        for number in start..<start + UInt16(packets) {
            let twcc: (UInt8, [UInt8]) = (3, [UInt8(number >> 8), UInt8(number & 0xFF)])
            let packet =
                audio
                ? alice.rtp(
                    number,
                    ssrc: 2000,
                    payloadType: 111,
                    timestamp: UInt32(number) * 960,
                    payload: [1, 2],
                    extensions: [twcc]
                )
                : alice.rtp(
                    number,
                    ssrc: 1000,
                    payloadType: 96,
                    timestamp: UInt32(number) * 1800,
                    marker: true,
                    payload: Media.vp8Payload(key: number == start),
                    extensions: [twcc]
                )
            alice.send(packet)
            rig.advance(by: .milliseconds(20))
        }
    }

    @Test("Reports of many idle transports share wake-ups: in five seconds of 200 at most one each 10 ms")
    func sharedWakeUps() throws {
        let rig = try Rig()
        for index in 0..<200 {
            _ = try rig.join("peer\(index)")
            rig.advance(by: .microseconds(3_700))
        }
        // The first reports are not together yet.
        rig.advance(by: .seconds(2))
        let end = rig.now + .seconds(5)
        var wakeUps = 0
        while let deadline = rig.engine.nextDeadline, deadline <= end {
            rig.advance(by: max(.zero, deadline - rig.now))
            wakeUps += 1
        }
        #expect(wakeUps > 100 && wakeUps <= 500, "\(wakeUps)")
    }

    @Test(
        "Every publisher gets transport-wide feedback each 100 ms, also one of audio alone",
        arguments: [true, false]
    )
    func transportFeedback(audio: Bool) throws {
        let (rig, alice, _) = try call(audio: audio)
        talk(rig, alice, audio: audio, packets: 100)
        #expect((18...21).contains(alice.feedbackCount))
        var numbers: [UInt16] = []
        for compound in alice.rtcp {
            var walk = RTCPCompound(compound.span)
            while let packet = walk.next() {
                guard case .transportFeedback(var feedback) = packet else { continue }
                while let status = feedback.next() { if status.arrival != nil { numbers.append(status.sequence) } }
            }
        }
        #expect(numbers.starts(with: 0..<90))
    }

    @Test("Video is reported about each second, audio each five", arguments: [(false, 8...14), (true, 2...3)])
    func receiverReports(audio: Bool, expected: ClosedRange<Int>) throws {
        let (rig, alice, bob) = try call(audio: audio)
        talk(rig, alice, audio: audio, packets: 600)
        #expect(expected.contains(alice.count(type: 201, format: 1)))
        #expect(alice.count(type: 207, format: 0) == alice.count(type: 201, format: 1), "with our reference time")
        #expect(expected.contains(bob.count(type: 200, format: 0)))
        #expect(bob.count(type: 202, format: 1) == bob.count(type: 200, format: 0), "with the CNAME")
    }

    @Test("A sender report carries wall time and the media time that belongs to it")
    func senderReport() throws {
        let (rig, alice, bob) = try call()
        talk(rig, alice, audio: false, packets: 120)
        let last = try #require(bob.rtcp.last { $0[1] == 200 })
        var walk = RTCPCompound(last.span)
        guard case .senderReport(let report) = walk.next() else {
            Issue.record("no sender report")
            return
        }
        #expect(report.ssrc == 7000 && report.info.packetCount > 50)
        let now = rig.wall.ntp(at: rig.now).rawValue
        let age = Double(now - report.info.ntp.rawValue) / 4_294_967_296
        #expect(age >= 0 && age < 1.7)
        // Media time at the report, counted on from a packet: 90 ticks a millisecond.
        let expected = Double(119 * 1800) + (0.02 - age) * 90_000
        #expect(abs(Double(report.info.rtpTimestamp) - expected) < 200)
    }

    @Test("A viewer's reference time is answered, and its reports tell loss and round trip")
    func roundTrip() throws {
        let (rig, alice, bob) = try call()
        talk(rig, alice, audio: false, packets: 60)
        let wall = rig.wall
        bob.write { bytes, room in
            RTCPWriter.receiverReferenceTime(ssrc: 77, ntp: wall.ntp(at: rig.now), into: &bytes, in: room)
        }
        talk(rig, alice, audio: false, packets: 100, from: 60)
        #expect(bob.count(type: 207, format: 0) > 0)
        let report = try #require(bob.rtcp.last { $0[1] == 200 })
        let compact = report[10..<14].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        let since = wall.ntp(at: rig.now).compact &- compact
        let block = RTCPReportBlock(
            ssrc: 7000,
            fractionLost: 25,
            cumulativeLost: 9,
            jitter: 33,
            lastSenderReport: compact,
            delaySinceLastSenderReport: since - 6554
        )
        bob.write { bytes, room in
            let blocks = [block]
            return RTCPWriter.receiverReport(ssrc: 77, blocks: blocks.span, into: &bytes, in: room)
        }
        guard case .consumerStats(let stats) = try rig.ask(.getConsumerStats(id: "c")) else { return }
        #expect(stats.count == 2 && stats[0].type == .outboundRtp && stats[1].type == .inboundRtp)
        #expect(stats[0].packetsLost == 9 && stats[0].fractionLost == 25 && stats[0].jitter == 33)
        #expect(abs((stats[0].roundTripTime ?? 0) - 100) < 1)
    }

    @Test("A viewer's key frame request reaches the publisher as PLI, or as FIR where it knows no other")
    func keyFrameRequests() throws {
        for usesPLI in [true, false] {
            let rig = try Rig()
            let alice = try rig.join("alice")
            let bob = try rig.join("bob")
            var request = Media.produceVideo("p", on: "alice")
            if !usesPLI {
                request.rtpParameters.codecs[0] = Media.vp8(96, feedback: [RtcpFeedback(type: "ccm", parameter: "fir")])
            }
            try rig.ask(.produce(request))
            try rig.ask(.consume(Media.consumeVideo("c", of: "p", on: "bob")))
            talk(rig, alice, audio: false, packets: 50)
            let before = (alice.pliCount, alice.count(type: 206, format: 4))
            bob.pli(7000)
            bob.pli(7000)
            let after = (alice.pliCount, alice.count(type: 206, format: 4))
            #expect(after.0 - before.0 == (usesPLI ? 1 : 0) && after.1 - before.1 == (usesPLI ? 0 : 1))
        }
    }

    @Test("A cap on what a publisher may send is told at once, again and again, and lifted")
    func maxIncomingBitrate() throws {
        let (rig, alice, _) = try call()
        try rig.ask(.setMaxIncomingBitrate(transportId: "alice", bitrate: 300_000))
        rig.advance(by: .seconds(5))
        let told = bitrates(alice)
        #expect((3...5).contains(told.count) && told.allSatisfy { $0 <= 300_000 && $0 > 299_000 })
        try rig.ask(.setMaxIncomingBitrate(transportId: "alice", bitrate: 0))
        rig.advance(by: .seconds(5))
        #expect(bitrates(alice).dropFirst(told.count).allSatisfy { $0 == 0 })
        #expect(bitrates(alice).count == told.count + 4)
    }

    @Test("REMB is measured for a publisher that understands nothing else")
    func remb() throws {
        let rig = try Rig()
        let alice = try rig.join("alice")
        var request = Media.produceVideo("p", on: "alice")
        request.rtpParameters.headerExtensions = [.init(uri: Media.mid, id: 1), .init(uri: Media.sendTime, id: 2)]
        request.rtpParameters.codecs[0] = Media.vp8(96, feedback: [RtcpFeedback(type: "goog-remb")])
        try rig.ask(.produce(request))
        for number in 0..<200 as Range<UInt16> {
            let time = rig.wall.ntp(at: rig.now).absoluteSendTime
            let value = [UInt8(time >> 16), UInt8(time >> 8 & 0xFF), UInt8(time & 0xFF)]
            alice.send(
                alice.rtp(
                    number,
                    ssrc: 1000,
                    payloadType: 96,
                    timestamp: UInt32(number) * 900,
                    payload: Media.vp8Payload(key: false, size: 1000),
                    extensions: [(2, value)]
                )
            )
            rig.advance(by: .milliseconds(10))
        }
        #expect(!bitrates(alice).isEmpty && alice.feedbackCount == 0)
        #expect(bitrates(alice).allSatisfy { $0 > 100_000 })
    }

    private func bitrates(_ peer: Peer) -> [UInt64] {
        var found: [UInt64] = []
        for compound in peer.rtcp {
            var walk = RTCPCompound(compound.span)
            while let packet = walk.next() {
                if case .receiverEstimate(let estimate) = packet { found.append(estimate.bitrate) }
            }
        }
        return found
    }

    @Test("Reports of many consumers share packets, none above 1200 bytes, each consumer once a round")
    func packed() throws {
        let rig = try Rig()
        let alice = try rig.join("alice")
        let bob = try rig.join("bob")
        for index in 0..<60 as Range<UInt32> {
            let ssrc = 10_000 + 10 * index
            try rig.ask(.produce(Media.produceVideo("p\(index)", on: "alice", ssrc: ssrc, rtx: nil)))
            let own = 500_000 + 10 * index
            try rig.ask(
                .consume(
                    Media.consumeVideo(
                        "c\(index)",
                        of: "p\(index)",
                        on: "bob",
                        ssrc: own,
                        rtx: own + 1,
                        mid: "\(index)"
                    )
                )
            )
            alice.send(
                alice.rtp(1, ssrc: ssrc, payloadType: 96, timestamp: 1, payload: Media.vp8Payload(key: true))
            )
        }
        (bob.rtcp, alice.rtcp) = ([], [])
        rig.advance(by: .milliseconds(900))
        #expect(bob.count(type: 200, format: 0) == 60, "one sender report each")
        #expect(bob.rtcp.count { $0[1] == 200 } <= 6 && bob.rtcp.allSatisfy { $0.count <= 1200 })
        let reports = alice.rtcp.filter { $0[1] == 201 }
        #expect(reports.map { Int($0[0] & 0x1F) }.reduce(0, +) == 60 && reports.count == 2)
        #expect(alice.count(type: 207, format: 0) == 1, "one reference time a round")
    }
}
