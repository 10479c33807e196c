// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletCrypto
import SwiftletEngine
import SwiftletORTC
import SwiftletSRTP
import SwiftletWire
import Testing

@Suite("Forwarding from producers to consumers")
struct ForwardingTests {
    /// A publisher of video and a viewer of it.
    private func pair(_ profile: SRTPProfile = .gcm128, rtx: Bool = true) throws -> (Rig, Peer, Peer) {
        let rig = try Rig()
        let alice = try rig.join("alice", profile: profile)
        let bob = try rig.join("bob", profile: profile)
        try rig.ask(.produce(Media.produceVideo("p", on: "alice")))
        try rig.ask(.consume(Media.consumeVideo("c", of: "p", on: "bob", rtx: rtx ? 7001 : nil)))
        return (rig, alice, bob)
    }

    private func video(
        _ peer: Peer,
        _ sequence: UInt16,
        key: Bool = false,
        size: Int = 100,
        marker: Bool = true,
        extensions: [(UInt8, [UInt8])] = [],
        rollover: UInt64 = 0
    ) -> [UInt8] {
        peer.rtp(
            sequence,
            ssrc: 1000,
            payloadType: 96,
            timestamp: UInt32(sequence) &* 3000,
            marker: marker,
            payload: Media.vp8Payload(key: key, size: size),
            extensions: extensions,
            rollover: rollover
        )
    }

    @Test("A packet is rewritten to the viewer's own numbers, and its payload stays", arguments: SRTPProfile.allCases)
    func rewriting(profile: SRTPProfile) throws {
        let (rig, alice, bob) = try pair(profile)
        alice.send(video(alice, 65_535, key: true, extensions: [(1, [0x76]), (4, [0x03])]))
        alice.send(video(alice, 0, extensions: [(3, [0, 7])], rollover: 1))
        let first = try #require(bob.packets.first)
        #expect(bob.packets.count == 2 && bob.broken == 0)
        #expect(first.payloadType == 120 && first.ssrc == 7000 && first.marker)
        #expect(first.payload == Media.vp8Payload(key: true))
        #expect((1000...32_767).contains(first.sequence))
        #expect(bob.packets[1].sequence == first.sequence + 1)
        #expect(first.extensions[9] == Array("0".utf8), "the viewer's MID under the viewer's id")
        #expect(first.extensions[11] == [0x03], "orientation passed on")
        #expect(first.extensions[5] == [0, 0] && bob.packets[1].extensions[5] == [0, 1])
        #expect(first.extensions[6]?.count == 3)
        #expect(first.extensions[4] == nil && first.extensions[1] == nil)
        #expect(rig.counter("packetsForwarded") == 2)
    }

    @Test("Video starts with a key frame, which is asked for")
    func startsWithKeyFrame() throws {
        let (_, alice, bob) = try pair()
        alice.send(video(alice, 10), video(alice, 11))
        #expect(bob.packets.isEmpty)
        #expect(alice.pliCount == 1)
        alice.send(video(alice, 12, key: true), video(alice, 13))
        #expect(bob.packets.count == 2)
    }

    @Test("What overtook the key frame leaves right behind it, mediasoup #1547")
    func lateKeyFrame() throws {
        let (_, alice, bob) = try pair()
        alice.send(video(alice, 9), video(alice, 11), video(alice, 12))
        #expect(bob.packets.isEmpty)
        alice.send(video(alice, 10, key: true), video(alice, 13))
        #expect(bob.packets.map(\.timestamp) == [30_000, 33_000, 36_000, 39_000])
        let base = try #require(bob.packets.first).sequence
        #expect(bob.packets.map { $0.sequence - base } == [0, 1, 2, 3])
    }

    @Test("A key frame that nobody sends is asked for again while somebody waits")
    func keyFrameRepetition() throws {
        let (rig, alice, _) = try pair()
        alice.send(video(alice, 10))
        rig.advance(by: .seconds(10))
        #expect((3...6).contains(alice.pliCount))
    }

    @Test("200 viewers who join within a second cost at most six requests upstream, JVB #404")
    func keyFrameStorm() throws {
        let rig = try Rig()
        let alice = try rig.join("alice")
        try rig.ask(.produce(Media.produceVideo("p", on: "alice")))
        alice.send(video(alice, 1, key: true))
        for number in 0..<200 {
            let peer = try rig.join("v\(number)")
            try rig.ask(.consume(Media.consumeVideo("c\(number)", of: "p", on: peer.id)))
            rig.advance(by: .milliseconds(5))
        }
        #expect(alice.pliCount >= 1 && alice.pliCount <= 6)
    }

    @Test("Audio needs no key frame and keeps its level")
    func audio() throws {
        let rig = try Rig()
        let alice = try rig.join("alice")
        let bob = try rig.join("bob")
        try rig.ask(.produce(Media.produceAudio("p", on: "alice")))
        try rig.ask(.consume(Media.consumeAudio("c", of: "p", on: "bob")))
        alice.send(
            alice.rtp(7, ssrc: 2000, payloadType: 111, timestamp: 960, payload: [1, 2, 3], extensions: [(2, [0x85])])
        )
        let packet = try #require(bob.packets.first)
        #expect(packet.payloadType == 109 && packet.ssrc == 8000 && packet.payload == [1, 2, 3])
        #expect(packet.extensions[10] == [0x85] && packet.extensions[9] == Array("1".utf8))
    }

    @Test("A duplicate is forwarded once, a late packet under its own number")
    func duplicates() throws {
        let (_, alice, bob) = try pair()
        alice.send(video(alice, 1, key: true), video(alice, 3), video(alice, 3), video(alice, 2))
        #expect(bob.packets.count == 3 && bob.broken == 0)
        let base = bob.packets[0].sequence
        #expect(bob.packets.map { $0.sequence &- base } == [0, 2, 1])
    }

    @Test("An SSRC is learnt from its MID, an unknown one is dropped")
    func learning() throws {
        let rig = try Rig()
        let alice = try rig.join("alice")
        let bob = try rig.join("bob")
        var request = Media.produceVideo("p", on: "alice")
        request.rtpParameters.encodings = [.init()]
        request.rtpMapping.encodings[0].ssrc = nil
        try rig.ask(.produce(request))
        try rig.ask(.consume(Media.consumeVideo("c", of: "p", on: "bob")))
        let key = Media.vp8Payload(key: true)
        alice.send(alice.rtp(1, ssrc: 4321, payloadType: 96, timestamp: 0, payload: key))
        #expect(bob.packets.isEmpty && rig.counter("unknownStreams") == 1)
        alice.send(
            alice.rtp(
                2,
                ssrc: 4321,
                payloadType: 96,
                timestamp: 0,
                payload: key,
                extensions: [(1, Array("v1000".utf8))]
            )
        )
        alice.send(alice.rtp(3, ssrc: 4321, payloadType: 96, timestamp: 0, payload: key))
        #expect(bob.packets.count == 2)
    }

    @Test("Packets that do not authenticate change nothing")
    func forgery() throws {
        let (rig, alice, bob) = try pair()
        var forged = video(alice, 1, key: true)
        forged[forged.count - 1] ^= 1
        alice.send(forged)
        rig.deliver([(SocketAddress(ipv4: 0x0909_0909, port: 9), video(alice, 1, key: true))])
        #expect(bob.packets.isEmpty && rig.counter("unopened") == 1 && rig.counter("strays") == 1)
    }

    @Test("One transport produces and consumes")
    func bothWays() throws {
        let (rig, alice, bob) = try pair()
        try rig.ask(.produce(Media.produceVideo("q", on: "bob", ssrc: 3000, rtx: 3001)))
        try rig.ask(.consume(Media.consumeVideo("d", of: "q", on: "alice")))
        alice.send(video(alice, 1, key: true))
        bob.send(bob.rtp(1, ssrc: 3000, payloadType: 96, timestamp: 0, payload: Media.vp8Payload(key: true)))
        #expect(alice.packets.count == 1 && bob.packets.count == 1)
    }

    @Test("Padding-only packets are left out without a gap")
    func paddingOnly() throws {
        let (_, alice, bob) = try pair()
        alice.send(video(alice, 1, key: true))
        alice.send(alice.rtp(2, ssrc: 1000, payloadType: 96, timestamp: 6000, payload: []))
        alice.send(video(alice, 3))
        #expect(bob.packets.count == 2)
        #expect(bob.packets[1].sequence == bob.packets[0].sequence + 1)
    }

    // MARK: Pausing

    @Test("A paused consumer gets nothing, and goes on with a key frame and without a gap too many")
    func consumerPause() throws {
        let (rig, alice, bob) = try pair()
        alice.send(video(alice, 1, key: true))
        try rig.ask(.pauseConsumer(id: "c"))
        alice.send(video(alice, 2), video(alice, 3))
        #expect(bob.packets.count == 1)
        try rig.ask(.resumeConsumer(id: "c"))
        rig.advance(by: .milliseconds(300))
        #expect(alice.pliCount == 2)
        alice.send(video(alice, 4), video(alice, 5, key: true))
        #expect(bob.packets.count == 2)
        #expect(bob.packets[1].sequence == bob.packets[0].sequence + 1)
    }

    @Test("After a frame that was cut off, the next source starts behind a gap of one, mediasoup #408")
    func cutOffFrame() throws {
        let (rig, alice, bob) = try pair()
        alice.send(video(alice, 1, key: true, marker: false))
        try rig.ask(.pauseConsumer(id: "c"))
        try rig.ask(.resumeConsumer(id: "c"))
        alice.send(video(alice, 9, key: true))
        #expect(bob.packets[1].sequence == bob.packets[0].sequence + 2)
    }

    @Test("A paused producer is told of to its consumers, and forwards nothing")
    func producerPause() throws {
        let (rig, alice, bob) = try pair()
        alice.send(video(alice, 1, key: true))
        try rig.ask(.pauseProducer(id: "p"))
        alice.send(video(alice, 2, key: true))
        rig.settle()
        #expect(bob.packets.count == 1)
        #expect(rig.notifications.contains(.consumerProducerPaused(consumerId: "c")))
        try rig.ask(.resumeProducer(id: "p"))
        alice.send(video(alice, 3, key: true))
        #expect(bob.packets.count == 2)
        #expect(rig.notifications.contains(.consumerProducerResumed(consumerId: "c")))
    }

    // MARK: Retransmission

    @Test("What a viewer misses comes again on the RTX stream with its MID", arguments: [SRTPProfile.gcm128, .cm80])
    func rtx(profile: SRTPProfile) throws {
        let (rig, alice, bob) = try pair(profile)
        alice.send(video(alice, 1, key: true), video(alice, 2))
        let lost = bob.packets[1]
        bob.nack(7000, [lost.sequence])
        let packet = try #require(bob.packets.last)
        #expect(bob.packets.count == 3 && bob.broken == 0)
        #expect(packet.ssrc == 7001 && packet.payloadType == 121 && packet.timestamp == lost.timestamp)
        #expect(packet.payload == [UInt8(lost.sequence >> 8), UInt8(lost.sequence & 0xFF)] + lost.payload)
        #expect(packet.extensions[9] == Array("0".utf8) && packet.extensions[5] == [0, 2])
        bob.nack(7000, [lost.sequence])
        #expect(bob.packets.count == 3, "not again within a round trip")
        rig.advance(by: .milliseconds(150))
        bob.nack(7000, [lost.sequence])
        #expect(bob.packets.count == 4)
        #expect(bob.packets[3].sequence == packet.sequence + 1)
    }

    @Test("Without RTX a packet comes again as it was, but never under an AEAD")
    func plainResend() throws {
        for (profile, expected) in [(SRTPProfile.cm80, 2), (.gcm128, 1)] {
            let (_, alice, bob) = try pair(profile, rtx: false)
            alice.send(video(alice, 1, key: true))
            let sequence = bob.packets[0].sequence
            // The viewer's window must not have seen it, to open it.
            bob.nack(7000, [sequence])
            #expect(bob.packets.count + bob.broken == expected)
        }
    }

    @Test("A NACK for what was never sent, or of an unknown stream, is ignored")
    func strangeNACK() throws {
        let (_, alice, bob) = try pair()
        alice.send(video(alice, 1, key: true))
        bob.nack(7000, [0, 999, 40_000])
        bob.nack(123, [bob.packets[0].sequence])
        #expect(bob.packets.count == 1)
    }

    @Test("What the publisher lost is asked for, and its retransmission is forwarded in its place")
    func publisherLoss() throws {
        let (rig, alice, bob) = try pair()
        alice.send(video(alice, 1, key: true), video(alice, 2), video(alice, 4))
        rig.advance(by: .milliseconds(20))
        #expect(alice.nackCount == 1)
        let payload: [UInt8] = [0, 3] + Media.vp8Payload(key: false, fill: 3)
        alice.send(alice.rtp(500, ssrc: 1001, payloadType: 97, timestamp: 9000, marker: true, payload: payload))
        #expect(bob.packets.count == 4)
        let packet = bob.packets[3]
        #expect(packet.sequence == bob.packets[0].sequence + 2 && packet.ssrc == 7000 && packet.payloadType == 120)
        #expect(packet.payload == Media.vp8Payload(key: false, fill: 3))
        alice.send(video(alice, 3))
        #expect(bob.packets.count == 4, "the late original is a duplicate")
    }
}
