// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletEngine
import SwiftletORTC
import SwiftletRTP
import SwiftletWire
import Testing

@Suite("Traces, and how pictures are turned")
struct TraceTests {
    private let rig: Rig
    private let alice: Peer
    private let bob: Peer

    init() throws {
        rig = try Rig()
        alice = try rig.join("alice")
        bob = try rig.join("bob")
        try rig.ask(.produce(Media.produceVideo("p", on: "alice")))
        try rig.ask(.consume(Media.consumeVideo("c", of: "p", on: "bob")))
    }

    private func frame(_ number: UInt16, key: Bool = false, extensions: [(UInt8, [UInt8])] = []) {
        alice.send(
            alice.rtp(
                number,
                ssrc: 1000,
                payloadType: 96,
                timestamp: UInt32(number) * 3000,
                marker: true,
                payload: Media.vp8Payload(key: key),
                extensions: extensions
            )
        )
    }

    private var ofProducer: [TraceEvent] {
        rig.notifications.compactMap { if case .producerTrace("p", let event) = $0 { event } else { nil } }
    }

    private var ofConsumer: [TraceEvent] {
        rig.notifications.compactMap { if case .consumerTrace("c", let event) = $0 { event } else { nil } }
    }

    @Test("Nothing is told unasked")
    func silent() {
        frame(1, key: true)
        frame(2)
        bob.pli(7000)
        #expect(ofProducer == [] && ofConsumer == [])
    }

    @Test("Packets, key frames apart, with their numbers on each side")
    func packets() throws {
        try rig.ask(.traceProducer(id: "p", types: [.rtp, .keyframe]))
        try rig.ask(.traceConsumer(id: "c", types: [.rtp]))
        frame(1, key: true)
        frame(2)
        #expect(ofProducer.map(\.type) == [.keyframe, .rtp])
        #expect(ofProducer.map(\.direction) == [.incoming, .incoming])
        #expect(ofProducer.map(\.info.sequenceNumber) == [1, 2])
        #expect(ofProducer[0].info.isKeyFrame == true && ofProducer[0].info.ssrc == 1000)
        #expect(ofConsumer.map(\.type) == [.rtp, .rtp] && ofConsumer[0].direction == .outgoing)
        #expect(ofConsumer.map(\.info.sequenceNumber) == bob.packets.map(\.sequence))
        #expect(ofConsumer.allSatisfy { $0.info.ssrc == 7000 && $0.info.payloadType == 120 })
        bob.nack(7000, [bob.packets[1].sequence])
        #expect(ofConsumer.count == 3 && ofConsumer[2].info.isRtx == true && ofConsumer[2].info.ssrc == 7001)
    }

    @Test("Feedback both ways, and reports")
    func feedback() throws {
        let all = Set(TraceEventType.allCases).subtracting([.rtp, .keyframe])
        try rig.ask(.traceProducer(id: "p", types: all))
        try rig.ask(.traceConsumer(id: "c", types: all))
        frame(1, key: true)
        frame(4)
        rig.advance(by: .milliseconds(20))
        bob.pli(7000)
        bob.nack(7000, [1, 2])
        alice.write { bytes, room in
            let info = RTCPSenderInfo(ntp: NTPTime(rawValue: 5 << 32), rtpTimestamp: 77, packetCount: 2, octetCount: 9)
            return RTCPWriter.senderReport(ssrc: 1000, info: info, into: &bytes, in: room)
        }
        #expect(ofProducer.first { $0.type == .nack }?.info.packets == 2)
        #expect(ofProducer.contains { $0.type == .pli && $0.direction == .outgoing })
        let report = try #require(ofProducer.first { $0.type == .sr })
        #expect(report.info.rtpTimestamp == 77 && report.info.ntp == 5 << 32 && report.direction == .incoming)
        #expect(ofConsumer.map(\.type) == [.pli, .nack] && ofConsumer[1].info.packets == 2)
        try rig.ask(.traceConsumer(id: "c", types: []))
        bob.pli(7000)
        #expect(ofConsumer.count == 2)
    }

    @Test("A turn of the camera is told once, each turn")
    func orientation() {
        func turns() -> [ProducerVideoOrientation] {
            rig.notifications.compactMap {
                if case .producerVideoOrientationChanged("p", let turn) = $0 { turn } else { nil }
            }
        }
        frame(1, key: true, extensions: [(4, [0x01])])
        frame(2, extensions: [(4, [0x01])])
        frame(3)
        frame(4, extensions: [(4, [0x0E])])
        #expect(
            turns() == [
                ProducerVideoOrientation(camera: false, flip: false, rotation: 90),
                ProducerVideoOrientation(camera: true, flip: true, rotation: 180),
            ]
        )
    }
}
