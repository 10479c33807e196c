// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletEngine
import SwiftletORTC
import SwiftletRTP
import SwiftletWire
import Testing

/// Alice sends three encodings, Bob watches one of them.
@Suite("A producer of several encodings")
struct SimulcastTests {
    private let rig: Rig
    private let alice: Peer
    private let bob: Peer

    init() throws {
        rig = try Rig()
        alice = try rig.join("alice")
        bob = try rig.join("bob")
        var request = Media.produceSimulcast("p", on: "alice")
        for index in request.rtpParameters.encodings.indices {
            request.rtpParameters.encodings[index].scalabilityMode = "L1T3"
        }
        guard case .produced(let type) = try rig.ask(.produce(request)) else {
            throw ControlError(.internal, "no producer")
        }
        #expect(type == .simulcast)
    }

    private func watch(_ layers: ConsumerLayers? = nil) throws {
        var request = Media.consumeVideo("c", of: "p", on: "bob")
        (request.type, request.preferredLayers) = (.simulcast, layers)
        try rig.ask(.consume(request))
    }

    /// One frame of one packet on an encoding; each has a media clock and picture ids of its own.
    private func frame(_ encoding: Int, _ number: UInt16, key: Bool = false, marker: Bool = true) -> [UInt8] {
        let picture = number &+ 5000 &* UInt16(encoding + 1)
        let temporal: UInt8 = number % 2 == 0 ? 0 : 2
        // X; I, L and T; picture id of 15 bits; TL0PICIDX; TID and Y.
        let descriptor: [UInt8] = [
            0x90, 0xE0, 0x80 | UInt8(picture >> 8 & 0x7F), UInt8(picture & 0xFF), UInt8(number / 2 & 0xFF),
            key ? 0x20 : temporal << 6 | (temporal > 0 ? 0x20 : 0),
        ]
        return alice.rtp(
            number &+ UInt16(encoding) * 1000,
            ssrc: 1000 + UInt32(encoding) * 10,
            payloadType: 96,
            timestamp: UInt32(number) * 3000 &+ UInt32(encoding) * 1_000_000,
            marker: marker,
            payload: descriptor + [key ? 0 : 1] + [UInt8](repeating: UInt8(encoding), count: 40 + 200 * encoding)
        )
    }

    private func send(_ number: UInt16, key: Int? = nil, encodings: Range<Int> = 0..<3) {
        for encoding in encodings { alice.send(frame(encoding, number, key: key == encoding)) }
        rig.advance(by: .milliseconds(33))
    }

    private func prefer(_ spatial: Int, _ temporal: Int? = nil) throws {
        let wish = ConsumerLayers(spatialLayer: spatial, temporalLayer: temporal)
        try rig.ask(.setPreferredLayers(consumerId: "c", layers: wish))
        rig.settle()
    }

    private var layersTold: [ConsumerLayers?] {
        rig.notifications.compactMap {
            if case .consumerLayersChanged(_, let layers) = $0 { return .some(layers) }
            return nil
        }
    }

    /// Numbers without a hole, times that grow by no more than `step` milliseconds, picture ids without a hole.
    private func expectOneLine(_ packets: [Packet], step: Int = 40) {
        for (earlier, later) in zip(packets, packets.dropFirst()) {
            #expect(later.sequence == earlier.sequence &+ 1 && later.ssrc == 7000)
            let ticks = Int(Int32(bitPattern: later.timestamp &- earlier.timestamp))
            #expect(ticks > 0 && ticks <= step * 90)
            let ids = [earlier, later].compactMap { VP8Descriptor($0.payload.span)?.pictureID }
            #expect(ids.count == 2 && ids[1] == (ids[0] + 1) & 0x7FFF)
        }
    }

    @Test("A consumer follows the highest encoding that comes, or the one it prefers")
    func preferred() throws {
        try watch()
        send(2, key: 0, encodings: 0..<1)
        for number in 3..<6 as Range<UInt16> { send(number, encodings: 0..<1) }
        #expect(bob.packets.map { $0.payload.last } == [0, 0, 0, 0])
        send(6, key: 2)
        for number in 7..<10 as Range<UInt16> { send(number) }
        #expect(bob.packets.dropFirst(5).allSatisfy { $0.payload.last == 2 } && bob.packets.count >= 8)
        try prefer(1)
        send(10, key: 1)
        send(11)
        #expect(bob.packets.suffix(2).map { $0.payload.last } == [1, 1])
        expectOneLine(bob.packets)
        #expect(layersTold.map { $0?.spatialLayer } == [0, 2, 1])
    }

    @Test("What is forwarded goes on until the key frame of the other comes, which is asked for once")
    func waiting() throws {
        try watch(ConsumerLayers(spatialLayer: 0))
        send(2, key: 0)
        for number in 3..<6 as Range<UInt16> { send(number) }
        let requests = alice.pliCount
        try prefer(2)
        try prefer(1)
        try prefer(2)
        for number in 6..<16 as Range<UInt16> { send(number) }
        #expect(bob.packets.count == 14 && bob.packets.allSatisfy { $0.payload.last == 0 })
        #expect(alice.pliCount - requests <= 3 && alice.pliCount > requests)
        send(16, key: 2)
        #expect(bob.packets.last?.payload.last == 2)
    }

    @Test("Layers of time above the wish are left out without a hole, and come back")
    func temporal() throws {
        try watch(ConsumerLayers(spatialLayer: 0, temporalLayer: 1))
        send(2, key: 0)
        for number in 3..<42 as Range<UInt16> { send(number, encodings: 0..<1) }
        #expect(bob.packets.count == 20)
        expectOneLine(bob.packets, step: 80)
        try prefer(0, 2)
        for number in 42..<62 as Range<UInt16> { send(number, encodings: 0..<1) }
        #expect(bob.packets.count > 36)
        #expect(layersTold.last == ConsumerLayers(spatialLayer: 0, temporalLayer: 2))
    }

    @Test("A frame that was cut off at a switch shows by a gap of one, mediasoup #408")
    func cutOff() throws {
        try watch(ConsumerLayers(spatialLayer: 0))
        alice.send(frame(0, 2, key: true), frame(0, 3, marker: false))
        try prefer(1)
        send(4, key: 1, encodings: 1..<2)
        #expect(bob.packets.count == 3)
        #expect(bob.packets[2].sequence == bob.packets[1].sequence &+ 2)
    }

    @Test("Clocks are aligned by sender reports, whatever the offsets and delays")
    func clocks() throws {
        try watch(ConsumerLayers(spatialLayer: 0))
        // The third encoding is 5 frames late: its packets come 165 ms after the others'.
        func report(_ encoding: Int, _ number: UInt16) {
            let ntp = NTPTime(rawValue: 1000 << 32 &+ UInt64(number) &* (1 << 32) / 30)
            let info = RTCPSenderInfo(
                ntp: ntp,
                rtpTimestamp: UInt32(number) * 3000 &+ UInt32(encoding) * 1_000_000,
                packetCount: 1,
                octetCount: 1
            )
            alice.write { bytes, room in
                RTCPWriter.senderReport(ssrc: 1000 + UInt32(encoding) * 10, info: info, into: &bytes, in: room)
            }
        }
        send(2, key: 0)
        report(0, 2)
        report(2, 2)
        for number in 3..<8 as Range<UInt16> { send(number) }
        let last = try #require(bob.packets.last)
        try prefer(2)
        alice.send(frame(2, 8, key: true))
        #expect(bob.packets.last?.timestamp == last.timestamp &+ 3000, "captured one frame later")
        try prefer(0)
        // Captured before what was sent: just behind it then, and from the next frame on right again.
        alice.send(frame(0, 8, key: true), frame(0, 9))
        #expect(bob.packets.suffix(2).map(\.timestamp) == [last.timestamp &+ 3090, last.timestamp &+ 6090])
    }

    @Test("Padding of another encoding moves nothing, mediasoup #1403")
    func padding() throws {
        try watch(ConsumerLayers(spatialLayer: 0))
        send(2, key: 0)
        for number in 3..<6 as Range<UInt16> {
            alice.send(
                alice.rtp(1000 &+ number, ssrc: 1010, payloadType: 96, timestamp: 1_009_000, payload: []),
                frame(0, number)
            )
        }
        #expect(bob.packets.count == 4)
        expectOneLine(bob.packets)
    }

    @Test("When the encoding in use falls silent the next takes over at a key frame")
    func takeover() throws {
        try watch()
        send(2, key: 2)
        for number in 3..<6 as Range<UInt16> { send(number) }
        let requests = alice.pliCount
        for number in 6..<80 as Range<UInt16> { send(number, encodings: 0..<2) }
        #expect(bob.packets.count == 4 && alice.pliCount > requests, "a key frame is asked for, and waited for")
        send(80, key: 1, encodings: 0..<2)
        #expect(bob.packets.count == 5 && bob.packets[4].payload.last == 1)
        #expect(layersTold.last??.spatialLayer == 1)
    }

    @Test("When all encodings fall silent the host is told, and again when one is back, mediasoup #1122")
    func allSilent() throws {
        try watch()
        send(2, key: 2)
        rig.advance(by: .seconds(3))
        #expect(layersTold.count == 2 && layersTold[1] == nil)
        send(3, key: 0, encodings: 0..<1)
        #expect(layersTold.last??.spatialLayer == 0)
    }

    @Test("Without a lowest encoding the lowest that comes is followed, LK #984")
    func missingLowest() throws {
        try watch(ConsumerLayers(spatialLayer: 0))
        alice.send(frame(1, 2, key: true), frame(2, 2, key: true), frame(1, 4))
        #expect(bob.packets.count == 2 && bob.packets.allSatisfy { $0.payload.last == 1 })
    }

    @Test("What is lost comes again as it was sent, of the encoding before a switch too")
    func retransmission() throws {
        try watch(ConsumerLayers(spatialLayer: 0))
        send(2, key: 0)
        send(3)
        try prefer(1)
        send(4, key: 1)
        let sent = bob.packets
        #expect(sent.map { $0.payload.last } == [0, 0, 0, 1])
        bob.nack(7000, sent.map(\.sequence))
        let again = Array(bob.packets.dropFirst(4))
        #expect(again.count == 4)
        for second in again {
            let number = UInt16(second.payload[0]) << 8 | UInt16(second.payload[1])
            let first = try #require(sent.first { $0.sequence == number })
            #expect(second.ssrc == 7001 && second.timestamp == first.timestamp)
            #expect(Array(second.payload.dropFirst(2)) == first.payload, "picture ids included")
        }
    }

    @Test("A packet of a dropped layer that comes late leaves as padding, so that no number stays open")
    func filler() throws {
        try watch(ConsumerLayers(spatialLayer: 0, temporalLayer: 0))
        send(2, key: 0)
        alice.send(frame(0, 4), frame(0, 3))
        #expect(bob.packets.count == 3)
        let filler = bob.packets[2]
        #expect(filler.payload.isEmpty && filler.padding > 0 && !filler.marker)
        #expect(filler.sequence == bob.packets[0].sequence &+ 1 && bob.packets[1].sequence == filler.sequence &+ 1)
    }

    @Test("A wish beyond what there is becomes the highest; a consumer without layers has none")
    func clamped() throws {
        try watch()
        let wish = ConsumerLayers(spatialLayer: 9, temporalLayer: 9)
        let reply = try rig.ask(.setPreferredLayers(consumerId: "c", layers: wish))
        #expect(reply == .preferredLayers(ConsumerLayers(spatialLayer: 2, temporalLayer: 2)))
        try rig.ask(.produce(Media.produceVideo("simple", on: "alice", ssrc: 3000, rtx: 3001)))
        try rig.ask(.consume(Media.consumeVideo("s", of: "simple", on: "bob", ssrc: 7100, rtx: 7101, mid: "2")))
        #expect(try rig.ask(.setPreferredLayers(consumerId: "s", layers: wish)) == .preferredLayers(nil))
    }

    @Test("The sender hears what nobody wants after 5 s, and what somebody wants at once")
    func demand() throws {
        var told: [ProducerDemand] {
            rig.notifications.compactMap { if case .producerDemand(_, let demand) = $0 { demand } else { nil } }
        }
        try watch(ConsumerLayers(spatialLayer: 1, temporalLayer: 0))
        send(2, key: 1)
        for number in 3..<140 as Range<UInt16> { send(number) }
        #expect(told == [], "too early")
        for number in 140..<200 as Range<UInt16> { send(number) }
        #expect(told.last?.encodings == [false, true, false])
        #expect(told.last?.spatialLayer == 1 && told.last?.temporalLayer == 0)
        try prefer(2)
        rig.advance(by: .milliseconds(1))
        #expect(told.last?.encodings == [false, true, true] && told.last?.temporalLayer == 2)
        try rig.ask(.pauseConsumer(id: "c"))
        rig.advance(by: .seconds(6))
        #expect(told.last?.encodings == [false, false, false] && told.last?.spatialLayer == -1)
        try rig.ask(.resumeConsumer(id: "c"))
        rig.advance(by: .milliseconds(1))
        #expect(told.last?.encodings.last == true)
    }

    @Test("Loss above a tenth for two seconds costs a layer, ten clean seconds give it back")
    func loss() throws {
        try watch()
        send(2, key: 2)
        for encoding in 0..<3 { alice.send(frame(encoding, 3, key: true)) }
        func pass(_ numbers: Range<UInt16>, lost: UInt8) {
            for number in numbers {
                for encoding in 0..<3 { alice.send(frame(encoding, number, key: number % 30 == 0)) }
                rig.advance(by: .milliseconds(33))
                guard number % 30 == 0 else { continue }
                bob.write { bytes, room in
                    let blocks = [RTCPReportBlock(ssrc: 7000, fractionLost: lost)]
                    return RTCPWriter.receiverReport(ssrc: 1, blocks: blocks.span, into: &bytes, in: room)
                }
            }
        }
        pass(4..<60, lost: 0)
        #expect(layersTold.last??.spatialLayer == 2)
        pass(60..<210, lost: 40)
        let reduced = try #require(layersTold.last ?? nil)
        #expect(reduced.spatialLayer < 2 || (reduced.temporalLayer ?? 0) < 2)
        pass(210..<900, lost: 0)
        #expect(layersTold.last == ConsumerLayers(spatialLayer: 2, temporalLayer: 2))
    }
}
