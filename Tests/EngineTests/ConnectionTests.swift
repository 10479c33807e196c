// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletControl
import SwiftletCrypto
import SwiftletCrypto
import SwiftletEngine
import SwiftletORTC
import SwiftletWire
import Testing

@Suite("TCP connections without a check, and bad input")
struct ConnectionTests {
    private func event(_ rig: Rig, _ kind: ReceiveBatch.Kind, _ socket: UInt32, bytes: [UInt8] = []) {
        var batch = ReceiveBatch(capacity: 70_000)
        var target = batch.mutableBytes
        target.store(bytes.span, at: 0)
        batch.append(
            ReceiveBatch.Entry(
                range: 0..<bytes.count,
                socket: SocketID(rawValue: socket),
                listener: Rig.socket,
                source: SocketAddress(ipv4: 0x0101_0101, port: UInt16(socket)),
                arrival: rig.now,
                kind: kind
            )
        )
        rig.engine.receive(&batch, now: rig.now)
        rig.settle()
    }

    @Test("They are limited in number and time")
    func limits() throws {
        let rig = try Rig()
        for number in 0..<260 as Range<UInt32> { event(rig, .streamOpened, 100 + number) }
        #expect(rig.closedSockets.count == 4 && rig.counter("connectionsRefused") == 4)
        #expect(rig.counter("connections") == 256)
        event(rig, .streamClosed, 100)
        event(rig, .streamOpened, 500)
        rig.advance(by: .milliseconds(9900))
        #expect(rig.closedSockets.count == 4)
        rig.advance(by: .milliseconds(200))
        #expect(rig.counter("connections") == 0 && rig.closedSockets.count == 4 + 256)
        #expect(rig.engine.nextDeadline == nil)
    }

    @Test("A frame longer than any packet closes the connection, a dribble of bytes does not")
    func frames() throws {
        let rig = try Rig()
        event(rig, .streamOpened, 100)
        for byte in [0, 3, 1, 2, 3] as [UInt8] { event(rig, .streamBytes, 100, bytes: [byte]) }
        #expect(rig.closedSockets.isEmpty)
        event(rig, .streamBytes, 100, bytes: [0xFF, 0xFF, 0])
        #expect(rig.closedSockets == [SocketID(rawValue: 100)])
        event(rig, .streamBytes, 100, bytes: [0, 0, 0])
        event(rig, .streamClosed, 100)
        #expect(rig.closedSockets.count == 1)
    }

    @Test(
        "Random and mutated packets, sealed and not, never trap nor stop the call",
        arguments: 1...8 as ClosedRange<UInt64>
    )
    func fuzz(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let rig = try Rig(seed: seed)
        let alice = try rig.join("alice", profile: seed % 2 == 0 ? .gcm128 : .cm80)
        let bob = try rig.join("bob")
        try rig.ask(.produce(Media.produceVideo("p", on: "alice")))
        try rig.ask(.consume(Media.consumeVideo("c", of: "p", on: "bob")))
        for round in 0..<400 {
            let length = Int.random(in: 0...300, using: &random)
            var bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
            if length > 1, round % 3 > 0 {
                bytes[0] = [0x80, 0x90, 0xB0, 22, 0][Int.random(in: 0..<5, using: &random)]
                bytes[1] = [96, 97, 200, 201, 205, 206, 207, 1][Int.random(in: 0..<8, using: &random)]
            }
            rig.deliver([(alice.address, bytes)])
            // As the peer itself would send it: sealed, so that it is looked into.
            if length >= 8, bytes[0] >> 6 == 2, 192...223 ~= bytes[1] { alice.sendRTCP(bytes) }
            let wild = alice.rtp(
                UInt16.random(in: 0...65_535, using: &random),
                ssrc: [1000, 1001][round % 2],
                payloadType: [96, 97, 100][round % 3],
                timestamp: UInt32.random(in: 0...UInt32.max, using: &random),
                payload: bytes,
                extensions: [(UInt8.random(in: 1...14, using: &random), Array(bytes.prefix(16)) + [1])]
            )
            if wild.count < 1400 { alice.send(wild) }
            bob.nack(7000, [UInt16.random(in: 0...65_535, using: &random)])
            if round % 20 == 0 { rig.advance(by: .milliseconds(100)) }
        }
        #expect(bob.broken == 0)
        let before = bob.packets.count
        try rig.ask(.produce(Media.produceVideo("p2", on: "alice", ssrc: 9000, rtx: 9001)))
        try rig.ask(.consume(Media.consumeVideo("c2", of: "p2", on: "bob", ssrc: 7100, rtx: 7101, mid: "2")))
        alice.send(
            alice.rtp(5, ssrc: 9000, payloadType: 96, timestamp: 0, marker: true, payload: Media.vp8Payload(key: true))
        )
        #expect(bob.packets.count == before + 1)
    }
}
