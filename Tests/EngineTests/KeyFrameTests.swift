// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletEngine
import SwiftletORTC
import SwiftletWire
import Testing

@Suite("Where a viewer may begin, and how often it may ask for that")
struct KeyFrameTests {
    private let rig: Rig
    private let alice: Peer
    private let bob: Peer

    init() throws {
        rig = try Rig()
        alice = try rig.join("alice")
        bob = try rig.join("bob")
    }

    private func call(_ mimeType: String = "video/VP8") throws {
        var produce = Media.produceVideo("p", on: "alice")
        produce.rtpParameters.codecs[0].mimeType = mimeType
        try rig.ask(.produce(produce))
        var consume = Media.consumeVideo("c", of: "p", on: "bob")
        consume.rtpParameters.codecs[0].mimeType = mimeType
        try rig.ask(.consume(consume))
    }

    private func packet(_ number: UInt16, time: UInt32, marker: Bool = false, _ payload: [UInt8]) -> [UInt8] {
        alice.rtp(number, ssrc: 1000, payloadType: 96, timestamp: time, marker: marker, payload: payload)
    }

    /// H264: parameter sets in a STAP-A, the beginning of an IDR slice in an FU-A, and the rest of it.
    private let parameters: [UInt8] = [24, 0, 2, 0x67, 1, 0, 2, 0x68, 2]
    private let sliceStart: [UInt8] = [0x7C, 0x85, 1, 2, 3]
    private let sliceRest: [UInt8] = [0x7C, 0x45, 4, 5, 6]
    private let delta: [UInt8] = [0x41, 9, 9]

    @Test("A key frame's slice that overtook its parameter sets is forwarded behind them, mediasoup #1547")
    func reordered() throws {
        try call("video/H264")
        alice.send(packet(9, time: 1000, marker: true, delta))
        #expect(bob.packets.isEmpty)
        alice.send(packet(12, time: 4000, marker: true, sliceRest), packet(11, time: 4000, sliceStart))
        #expect(bob.packets.isEmpty, "what comes before the slice is not known")
        alice.send(packet(10, time: 4000, parameters))
        #expect(bob.packets.map(\.payload) == [parameters, sliceStart, sliceRest])
        #expect(bob.packets[2].sequence == bob.packets[0].sequence &+ 2)
    }

    @Test("A slice without parameter sets is enough where its frame begins with it, LK #1016")
    func sliceAlone() throws {
        try call("video/H264")
        alice.send(packet(9, time: 1000, marker: true, delta), packet(10, time: 4000, sliceStart))
        #expect(bob.packets.map(\.payload) == [sliceStart])
    }

    @Test("What stands before a slice in its frame is forwarded with it")
    func before() throws {
        try call("video/H264")
        let information: [UInt8] = [6, 1, 2]
        alice.send(packet(9, time: 1000, marker: true, delta), packet(10, time: 4000, information))
        #expect(bob.packets.isEmpty)
        alice.send(packet(11, time: 4000, sliceStart), packet(12, time: 4000, marker: true, sliceRest))
        #expect(bob.packets.map(\.payload) == [information, sliceStart, sliceRest])
    }

    @Test("A stream that never shows a key frame, an encrypted one, is forwarded after three seconds")
    func encrypted() throws {
        try call()
        // Inter-picture prediction throughout, as far as anybody can read.
        var time = 0
        for number in 1..<200 as Range<UInt16> where bob.packets.isEmpty {
            alice.send(packet(number, time: UInt32(number) * 3000, marker: true, Media.vp8Payload(key: false)))
            rig.advance(by: .milliseconds(33))
            time += 33
        }
        #expect(bob.packets.count == 1 && time > 3000 && time < 3200)
        #expect(alice.pliCount >= 2 && alice.pliCount <= 4)
    }

    @Test("One viewer is granted three requests at once and then one a second, whatever it asks")
    func allowance() throws {
        try call()
        alice.send(packet(1, time: 1000, marker: true, Media.vp8Payload(key: true)))
        var asked: UInt16 = 1
        let before = alice.pliCount
        for _ in 0..<1000 {
            bob.pli(7000)
            rig.advance(by: .milliseconds(10))
            // Each request is answered at once, so nothing is pending.
            if alice.pliCount > before + Int(asked) - 1 {
                asked += 1
                alice.send(packet(asked, time: UInt32(asked) * 3000, marker: true, Media.vp8Payload(key: true)))
            }
        }
        let granted = alice.pliCount - before
        #expect(granted >= 10 && granted <= 13, "10 s")
    }

    @Test("200 viewers that join within a second cost few key frames, JVB #404")
    func storm() throws {
        try rig.ask(.produce(Media.produceVideo("p", on: "alice")))
        alice.send(packet(1, time: 1000, marker: true, Media.vp8Payload(key: true)))
        let before = alice.pliCount
        for index in 0..<200 {
            _ = try rig.join("viewer\(index)")
            try rig.ask(.consume(Media.consumeVideo("c\(index)", of: "p", on: "viewer\(index)")))
            rig.settle()
            rig.advance(by: .milliseconds(5))
        }
        rig.advance(by: .seconds(1))
        #expect(alice.pliCount - before <= 6, "at most one each 200 ms")
    }
}
