// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletEngine
import SwiftletORTC
import SwiftletWire
import Testing

/// Alice sends Opus on 111 inside RED on 63; the router knows them as 100 and 105.
@Suite("Redundant audio, RFC 2198, and silence")
struct RedundantAudioTests {
    private let rig: Rig
    private let alice: Peer
    private let bob: Peer
    /// One block of an earlier packet and the primary one, with the sender's payload type inside.
    private let red: [UInt8] = [0x80 | 111, 0x0F, 0x00, 0x03, 111, 1, 2, 3, 9, 8, 7, 6]

    init() throws {
        rig = try Rig()
        alice = try rig.join("alice")
        bob = try rig.join("bob")
        var request = Media.produceAudio("p", on: "alice")
        request.rtpParameters.codecs.insert(Self.redCodec(63), at: 0)
        request.rtpMapping.codecs.append(.init(payloadType: 63, mappedPayloadType: 105))
        try rig.ask(.produce(request))
    }

    private static func redCodec(_ payloadType: UInt8) -> RtpCodecParameters {
        RtpCodecParameters(mimeType: "audio/red", payloadType: payloadType, clockRate: 48_000, channels: 2)
    }

    private func send(_ number: UInt16, payloadType: UInt8 = 63, _ payload: [UInt8]) {
        alice.send(
            alice.rtp(
                number,
                ssrc: 2000,
                payloadType: payloadType,
                timestamp: UInt32(number) * 960,
                payload: payload
            )
        )
    }

    @Test("A consumer without RED gets the primary block alone, as Opus")
    func unwrapped() throws {
        try rig.ask(.consume(Media.consumeAudio("c", of: "p", on: "bob")))
        send(1, red)
        send(2, payloadType: 111, [4, 5])
        #expect(bob.packets.map(\.payload) == [[9, 8, 7, 6], [4, 5]])
        #expect(bob.packets.allSatisfy { $0.payloadType == 109 })
        #expect(bob.packets[1].sequence == bob.packets[0].sequence &+ 1)
    }

    @Test("A consumer with RED gets it whole, with its own payload types inside")
    func passed() throws {
        var request = Media.consumeAudio("c", of: "p", on: "bob")
        request.rtpParameters.codecs.insert(Self.redCodec(64), at: 0)
        request.codecMapping.append(.init(payloadType: 105, mappedPayloadType: 64))
        try rig.ask(.consume(request))
        send(1, red)
        #expect(bob.packets.map(\.payloadType) == [64])
        #expect(bob.packets[0].payload == [0x80 | 109, 0x0F, 0x00, 0x03, 109, 1, 2, 3, 9, 8, 7, 6])
        send(2, payloadType: 111, [4, 5])
        #expect(bob.packets[1].payloadType == 109 && bob.packets[1].payload == [4, 5])
    }

    @Test("RED that does not parse is passed on or dropped, and nothing traps", arguments: 0..<12)
    func cut(length: Int) throws {
        try rig.ask(.consume(Media.consumeAudio("c", of: "p", on: "bob")))
        send(1, Array(red.prefix(length)))
        send(2, red)
        #expect(bob.packets.last?.payload == [9, 8, 7, 6] && bob.broken == 0)
    }

    @Test("A consumer that ignores DTX leaves silence out without a hole, another gets it; mediasoup #1357")
    func silence() throws {
        let carol = try rig.join("carol")
        var request = Media.consumeAudio("c", of: "p", on: "bob")
        request.ignoreDtx = true
        try rig.ask(.consume(request))
        try rig.ask(.consume(Media.consumeAudio("d", of: "p", on: "carol")))
        // Opus: one byte with code 0 is silence; with code 3 it is not, nor are two bytes with code 0.
        send(1, payloadType: 111, [0x08, 1, 2])
        send(2, payloadType: 111, [0x08])
        send(3, [0x80 | 111, 0x0F, 0x00, 0x01, 111, 5, 0x08])
        send(4, payloadType: 111, [0x0B])
        send(5, payloadType: 111, [0x08, 3])
        #expect(bob.packets.map(\.payload) == [[0x08, 1, 2], [0x0B], [0x08, 3]])
        #expect(bob.packets.indices.allSatisfy { bob.packets[$0].sequence == bob.packets[0].sequence &+ UInt16($0) })
        #expect(carol.packets.count == 5)
    }
}
