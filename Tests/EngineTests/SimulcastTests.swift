// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletEngine
import SwiftletORTC
import SwiftletWire
import Testing

@Suite("A producer of several encodings")
struct SimulcastTests {
    private func call() throws -> (Rig, Peer, Peer) {
        let rig = try Rig()
        let alice = try rig.join("alice")
        let bob = try rig.join("bob")
        guard case .produced(let type) = try rig.ask(.produce(Media.produceSimulcast("p", on: "alice"))) else {
            throw ControlError(.internal, "no producer")
        }
        #expect(type == .simulcast)
        var request = Media.consumeVideo("c", of: "p", on: "bob")
        request.type = .simulcast
        try rig.ask(.consume(request))
        return (rig, alice, bob)
    }

    /// One frame of one packet on an encoding; each has a media clock of its own.
    private func frame(_ peer: Peer, _ encoding: Int, _ number: UInt16, key: Bool = false) -> [UInt8] {
        peer.rtp(
            number &+ UInt16(encoding) * 1000,
            ssrc: 1000 + UInt32(encoding) * 10,
            payloadType: 96,
            timestamp: UInt32(number) * 3000 &+ UInt32(encoding) * 1_000_000,
            marker: true,
            payload: Media.vp8Payload(key: key, fill: UInt8(encoding))
        )
    }

    @Test("A consumer follows the lowest encoding, and no other")
    func lowest() throws {
        let (_, alice, bob) = try call()
        alice.send(frame(alice, 0, 1, key: true), frame(alice, 1, 1, key: true), frame(alice, 2, 1, key: true))
        for number in 2..<20 as Range<UInt16> { for encoding in 0..<3 { alice.send(frame(alice, encoding, number)) } }
        #expect(bob.packets.count == 19)
        #expect(bob.packets.allSatisfy { $0.payload.last == 0 })
    }

    @Test("When it falls silent the next takes over at a key frame, in one line of numbers and times")
    func takeover() throws {
        let (rig, alice, bob) = try call()
        alice.send(frame(alice, 0, 1, key: true), frame(alice, 1, 1, key: true))
        for number in 2..<10 as Range<UInt16> {
            alice.send(frame(alice, 0, number), frame(alice, 1, number))
            rig.advance(by: .milliseconds(33))
        }
        let before = bob.packets.count
        let requests = alice.pliCount
        for number in 10..<80 as Range<UInt16> {
            alice.send(frame(alice, 1, number))
            rig.advance(by: .milliseconds(33))
        }
        #expect(bob.packets.count == before && alice.pliCount > requests, "a key frame is asked for, and waited for")
        alice.send(frame(alice, 1, 80, key: true))
        rig.advance(by: .milliseconds(33))
        alice.send(frame(alice, 1, 81))
        let after = bob.packets.suffix(2)
        #expect(bob.packets.count == before + 2 && after.allSatisfy { $0.payload.last == 1 && $0.ssrc == 7000 })
        #expect(bob.packets.indices.allSatisfy { bob.packets[$0].sequence == bob.packets[0].sequence + UInt16($0) })
        for (earlier, later) in zip(bob.packets, bob.packets.dropFirst()) {
            let step = Int32(bitPattern: later.timestamp &- earlier.timestamp)
            #expect(step > 0 && step < 90_000 * 4)
        }
    }

    @Test("Without a lowest encoding the lowest that comes is followed, LK #984")
    func missingLowest() throws {
        let (_, alice, bob) = try call()
        alice.send(frame(alice, 1, 1, key: true), frame(alice, 2, 1, key: true), frame(alice, 1, 2))
        #expect(bob.packets.count == 2 && bob.packets.allSatisfy { $0.payload.last == 1 })
    }

    @Test("What is lost of the encoding in use comes again")
    func retransmission() throws {
        let (_, alice, bob) = try call()
        alice.send(frame(alice, 1, 1, key: true), frame(alice, 0, 1), frame(alice, 1, 2))
        bob.nack(7000, [bob.packets[1].sequence])
        #expect(bob.packets.count == 3 && bob.packets[2].ssrc == 7001 && bob.packets[2].payload.last == 1)
    }
}
