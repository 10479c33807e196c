// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletSCTP
import SwiftletWire
import Usrsctp

/// How many bytes an association carries for a second of one core's time, sender and receiver together.
///
/// The link is in memory, loses nothing and takes no time. Packets change hands one at a time, so neither side may save
/// acknowledgements.
struct AssociationRate {
    /// Bytes of a message.
    var size: Int
    /// Processor time that one run takes.
    var seconds = 0.4

    /// Megabytes per core second of our own pair.
    func ours(checksum: Bool) throws -> Double {
        var configuration = SCTPConfiguration()
        configuration.offersZeroChecksum = !checksum
        let a = SCTPAssociation(configuration, random: SeededRandom(seed: 1))
        let b = SCTPAssociation(configuration, random: SeededRandom(seed: 2))
        var exchange = Exchange(a, b)
        try exchange.open()
        let message = SCTPMessage(
            stream: 1,
            payloadProtocol: .binary,
            payload: [UInt8](repeating: 0x5A, count: size)
        )
        var arrived = 0
        return measure {
            let now = Clock.now
            while (try? a.send(message, now: now)) != nil {}
            exchange.settle(now: now)
            while let output = b.poll() {
                if case .message(let message) = output { arrived += message.payload.count }
            }
            return arrived
        }
    }

    /// Megabytes per core second of libusrsctp's pair.
    func usrsctp() throws -> Double {
        var configuration = UsrsctpAssociation.Configuration()
        configuration.countsOnly = true
        guard let a = UsrsctpAssociation(configuration), let b = UsrsctpAssociation(configuration) else {
            throw Refusal(text: "libusrsctp made no association")
        }
        var last = Clock.now
        func settle() {
            let now = Clock.now
            UsrsctpClock.advance(by: now - last)
            last = now
            while a.passPacket(to: b) { while b.passPacket(to: a) {} }
            while b.passPacket(to: a) {}
        }
        a.connect(now: last)
        b.connect(now: last)
        while a.state != .connected || b.state != .connected {
            settle()
            while a.poll() != nil {}
            while b.poll() != nil {}
        }
        let message = SCTPMessage(
            stream: 1,
            payloadProtocol: .binary,
            payload: [UInt8](repeating: 0x5A, count: size)
        )
        return measure {
            while (try? a.send(message, now: last)) != nil {}
            settle()
            return b.arrived.bytes
        }
    }

    /// Warms up, then runs turns for as much processor time as asked; `turn` returns the bytes that arrived so far.
    private func measure(_ turn: () -> Int) -> Double {
        let warm = Clock.processorSeconds + seconds / 4
        var before = turn()
        while Clock.processorSeconds < warm { before = turn() }
        let start = Clock.processorSeconds
        var arrived = before
        while Clock.processorSeconds < start + seconds { arrived = turn() }
        return Double(arrived - before) / 1e6 / (Clock.processorSeconds - start)
    }
}

/// Two of our associations that hand each other packets.
struct Exchange {
    private let a: SCTPAssociation
    private let b: SCTPAssociation
    private var room = [UInt8](repeating: 0, count: 2048)

    init(_ a: SCTPAssociation, _ b: SCTPAssociation) { (self.a, self.b) = (a, b) }

    mutating func open() throws {
        a.connect(now: Clock.now)
        b.connect(now: Clock.now)
        for _ in 0..<1000 where a.state != .connected || b.state != .connected { settle(now: Clock.now) }
        guard a.state == .connected, b.state == .connected else { throw Refusal(text: "no association came about") }
        while a.poll() != nil {}
        while b.poll() != nil {}
    }

    /// Carries packets until neither has any.
    mutating func settle(now: Instant) {
        for end in [a, b] {
            if let due = end.nextDeadline, due <= now { end.handleTimeout(now: now) }
        }
        repeat { while pass(from: b, to: a, now: now) {} } while pass(from: a, to: b, now: now)
    }

    private mutating func pass(from: SCTPAssociation, to: SCTPAssociation, now: Instant) -> Bool {
        var span = room.mutableSpan
        let count = from.transmit(into: &span, now: now)
        guard count > 0 else { return false }
        to.receive(room.span.extracting(0..<count), now: now)
        return true
    }
}
