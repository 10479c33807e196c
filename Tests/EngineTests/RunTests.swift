// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletEngine
import SwiftletORTC
import SwiftletWire
import Testing

@Suite("Messages as the sockets get them")
struct RunTests {
    private func call(viewers: Int = 1, limits: EngineLimits = EngineLimits()) throws -> (Rig, Peer, [Peer]) {
        let rig = try Rig(limits: limits)
        let alice = try rig.join("alice")
        try rig.ask(.produce(Media.produceVideo("p", on: "alice")))
        try rig.ask(.produce(Media.produceAudio("q", on: "alice")))
        let peers = try (0..<viewers).map { number in
            let peer = try rig.join("bob\(number)")
            try rig.ask(.consume(Media.consumeVideo("c\(number)", of: "p", on: peer.id)))
            try rig.ask(.consume(Media.consumeAudio("d\(number)", of: "q", on: peer.id)))
            return peer
        }
        rig.messages.removeAll()
        return (rig, alice, peers)
    }

    private func burst(_ alice: Peer, sizes: [Int], from first: UInt16 = 1) -> [[UInt8]] {
        sizes.enumerated().map { index, size in
            alice.rtp(
                first + UInt16(index),
                ssrc: 1000,
                payloadType: 96,
                timestamp: 0,
                marker: index == sizes.count - 1,
                payload: Media.vp8Payload(key: index == 0, start: index == 0, size: size)
            )
        }
    }

    private func deliver(_ rig: Rig, _ alice: Peer, _ packets: [[UInt8]]) {
        rig.deliver(packets.map { (alice.address, $0) })
    }

    @Test("A burst leaves as one run, the smaller sizes padded, and arrives as it was sent")
    func burstOfOneFrame() throws {
        let (rig, alice, bobs) = try call()
        deliver(rig, alice, burst(alice, sizes: [1100, 1099, 1100, 1060, 400]))
        let media = rig.messages.filter { $0.destination == bobs[0].address }
        #expect(media.count == 1 && media[0].segmentSize > 1100)
        #expect(bobs[0].packets.map(\.payload.count) == [1100, 1099, 1100, 1060, 400])
        #expect(bobs[0].packets.map(\.padding) == [0, 1, 0, 40, 0])
        #expect(bobs[0].broken == 0 && rig.counter("paddingBytes") == 41)
        let base = bobs[0].packets[0].sequence
        #expect(bobs[0].packets.map { $0.sequence - base } == [0, 1, 2, 3, 4])
        #expect(
            bobs[0].packets.compactMap { $0.extensions[5]?[1] } == [0, 1, 2, 3, 4],
            "numbered in the order of leaving"
        )
    }

    @Test("Audio that came first goes last in the run")
    func audioLast() throws {
        let (rig, alice, bobs) = try call()
        let audio = alice.rtp(1, ssrc: 2000, payloadType: 111, timestamp: 0, payload: [1, 2, 3])
        deliver(rig, alice, [audio] + burst(alice, sizes: [1100, 1100]))
        #expect(rig.messages.filter { $0.destination == bobs[0].address }.count == 1)
        #expect(bobs[0].packets.map(\.ssrc) == [7000, 7000, 8000])
        #expect(bobs[0].packets.allSatisfy { $0.padding == 0 })
    }

    @Test("Where the system refuses runs, packets leave singly from then on")
    func refusedRuns() throws {
        let (rig, alice, bobs) = try call()
        deliver(rig, alice, burst(alice, sizes: [1000, 1000]))
        let run = try #require(rig.messages.first { $0.segmentSize > 0 })
        rig.engine.sendFailed(run, segmentationRefused: true)
        rig.messages.removeAll()
        deliver(rig, alice, burst(alice, sizes: [1000, 1000], from: 3))
        let media = rig.messages.filter { $0.destination == bobs[0].address }
        #expect(media.count == 2 && media.allSatisfy { $0.segmentSize == 0 })
        #expect(bobs[0].packets.count == 4 && bobs[0].broken == 0)
    }

    @Test("No message exceeds 64 segments or 65,507 bytes, and no chunk its limits")
    func bounds() throws {
        let (rig, alice, bobs) = try call(viewers: 8)
        deliver(rig, alice, burst(alice, sizes: Array(repeating: 150, count: 300)))
        deliver(rig, alice, burst(alice, sizes: Array(repeating: 1200, count: 200), from: 301))
        for message in rig.messages where message.segmentSize > 0 {
            #expect(message.length <= 65_507)
            #expect((message.length + message.segmentSize - 1) / message.segmentSize <= 64)
        }
        for bob in bobs {
            #expect(bob.packets.count == 500 && bob.broken == 0)
            let base = bob.packets[0].sequence
            #expect(bob.packets.indices.allSatisfy { bob.packets[$0].sequence == base + UInt16($0) })
        }
    }

    @Test("One call writes at most a chunk, and others get their turn before a second burst")
    func fairness() throws {
        var limits = EngineLimits()
        limits.bytesPerBurst = 4000
        let (rig, alice, bobs) = try call(viewers: 3, limits: limits)
        var batch = ReceiveBatch(capacity: 1 << 20)
        var offset = 0
        for packet in burst(alice, sizes: Array(repeating: 1200, count: 40)) {
            offset =
                batch.append(packet.span, at: offset, socket: Rig.socket, source: alice.address, arrival: rig.now) ?? 0
        }
        rig.engine.receive(&batch, now: rig.now)
        var out = TransmitBatch()
        #expect(rig.engine.transmit(into: &out, now: rig.now))
        var bytes: [SocketAddress: Int] = [:]
        for message in out.messages { bytes[message.destination, default: 0] += message.length }
        for bob in bobs { #expect((3000...6500).contains(bytes[bob.address] ?? 0)) }
    }

    @Test("Who goes first changes from batch to batch")
    func rotation() throws {
        let (rig, alice, bobs) = try call(viewers: 4)
        var firsts: Set<SocketAddress> = []
        for number in 0..<8 as Range<UInt16> {
            rig.messages.removeAll()
            deliver(
                rig,
                alice,
                [alice.rtp(number, ssrc: 2000, payloadType: 111, timestamp: 0, payload: [1])]
            )
            if let first = rig.messages.first { firsts.insert(first.destination) }
        }
        #expect(firsts.count == bobs.count)
    }

    @Test("What finds its destination's list full is dropped and counted, and asked-for packets that were evicted too")
    func overflow() throws {
        var limits = EngineLimits()
        limits.intentsPerTransport = 16
        let (rig, alice, bobs) = try call(limits: limits)
        deliver(rig, alice, burst(alice, sizes: Array(repeating: 100, count: 20)))
        #expect(bobs[0].packets.count == 16 && rig.counter("intentsDropped") == 4)
        rig.advance(by: .seconds(3))
        deliver(rig, alice, burst(alice, sizes: [100], from: 21))
        bobs[0].nack(7000, [bobs[0].packets[3].sequence])
        #expect(bobs[0].packets.count == 17)
    }

    @Test("With a flush window packets wait for others to the same destination, and no longer than it says")
    func flushWindow() throws {
        var limits = EngineLimits()
        limits.flushWindow = .microseconds(500)
        let (rig, alice, peers) = try call(limits: limits)
        rig.advance(by: .milliseconds(1))
        rig.messages.removeAll()
        let packets = burst(alice, sizes: [1000, 1000, 1000])
        let start = rig.now
        deliver(rig, alice, [packets[0]])
        let bob = try #require(peers.first)
        #expect(bob.packets.isEmpty && rig.engine.nextDeadline == start + .microseconds(500))
        rig.advance(by: .microseconds(300))
        deliver(rig, alice, [packets[1]])
        #expect(bob.packets.isEmpty)
        rig.advance(by: .microseconds(200))
        #expect(bob.packets.count == 2 && rig.messages.count { $0.destination == bob.address } == 1, "as one run")
        deliver(rig, alice, [packets[2]])
        rig.advance(by: .microseconds(499))
        #expect(bob.packets.count == 2)
        rig.advance(by: .microseconds(1))
        #expect(bob.packets.count == 3)
    }
}
