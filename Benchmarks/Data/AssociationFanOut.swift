// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletSCTP
import SwiftletWire
import Usrsctp

/// What the sending side pays to give one message to many associations.
///
/// That is handing it over, making the packets, and taking in the acknowledgements. What the receivers do is not timed.
/// There is no DTLS on either side.
struct AssociationFanOut {
    var consumers = 50
    /// Bytes of a message.
    var size: Int
    var rounds: Int

    /// Microseconds of processor time for each message that one receiver gets, by our associations.
    func ours() throws -> Double {
        let pairs = (0..<consumers).map { place in
            let ends = (0..<2).map {
                var configuration = SCTPConfiguration()
                configuration.offersZeroChecksum = false
                return SCTPAssociation(configuration, random: SeededRandom(seed: UInt64(2 * place + $0)))
            }
            return (sender: ends[0], receiver: ends[1])
        }
        for pair in pairs {
            var exchange = Exchange(pair.sender, pair.receiver)
            try exchange.open()
        }
        var slab = Packets()
        let payload = [UInt8](repeating: 0x5A, count: size)
        return try measure { used in
            let now = Clock.now
            let message = SCTPMessage(stream: 1, payloadProtocol: .binary, payload: payload)
            var start = Clock.processorNanoseconds
            for pair in pairs { _ = try pair.sender.send(message, now: now) }
            var isMoving = true
            while isMoving {
                isMoving = false
                slab.removeAll()
                for (place, pair) in pairs.enumerated() {
                    while slab.add(for: place, from: pair.sender, now: now) { isMoving = true }
                    if let due = pair.sender.nextDeadline, due <= now { pair.sender.handleTimeout(now: now) }
                }
                used += Clock.processorNanoseconds - start
                slab.deliver(now: now) { pairs[$0].receiver }
                slab.removeAll()
                for (place, pair) in pairs.enumerated() {
                    if let due = pair.receiver.nextDeadline, due <= now { pair.receiver.handleTimeout(now: now) }
                    while slab.add(for: place, from: pair.receiver, now: now) {}
                }
                start = Clock.processorNanoseconds
                slab.deliver(now: now) { pairs[$0].sender }
                for pair in pairs { while pair.sender.poll() != nil {} }
            }
            used += Clock.processorNanoseconds - start
            return pairs.reduce(0) { count, pair in
                var count = count
                while let output = pair.receiver.poll() { if case .message = output { count += 1 } }
                return count
            }
        }
    }

    /// The same by libusrsctp's.
    func usrsctp() throws -> Double {
        var configuration = UsrsctpAssociation.Configuration()
        configuration.countsOnly = true
        let pairs = try (0..<consumers).map { _ in
            guard let sender = UsrsctpAssociation(configuration), let receiver = UsrsctpAssociation(configuration)
            else { throw Refusal(text: "libusrsctp made no association") }
            return (sender: sender, receiver: receiver)
        }
        var last = Clock.now
        for pair in pairs {
            pair.sender.connect(now: last)
            pair.receiver.connect(now: last)
            for _ in 0..<20 {
                while pair.sender.passPacket(to: pair.receiver) {}
                while pair.receiver.passPacket(to: pair.sender) {}
            }
        }
        let message = SCTPMessage(
            stream: 1,
            payloadProtocol: .binary,
            payload: [UInt8](repeating: 0x5A, count: size)
        )
        var before = 0
        return try measure { used in
            var start = Clock.processorNanoseconds
            let now = Clock.now
            UsrsctpClock.advance(by: now - last)
            last = now
            for pair in pairs { try pair.sender.send(message, now: now) }
            var isMoving = true
            while isMoving {
                isMoving = false
                used += Clock.processorNanoseconds - start
                for pair in pairs { while pair.sender.passPacket(to: pair.receiver) { isMoving = true } }
                start = Clock.processorNanoseconds
                for pair in pairs { while pair.receiver.passPacket(to: pair.sender) {} }
            }
            used += Clock.processorNanoseconds - start
            let arrived = pairs.reduce(0) { $0 + $1.receiver.arrived.messages }
            defer { before = arrived }
            return arrived - before
        }
    }

    /// Runs rounds, the first tenth to warm up; each adds the nanoseconds it used and returns what arrived.
    private func measure(_ round: (_ used: inout Int64) throws -> Int) throws -> Double {
        var (used, arrived) = (Int64(0), 0)
        for place in 0..<rounds {
            if place == rounds / 10 { (used, arrived) = (0, 0) }
            arrived += try round(&used)
        }
        guard arrived >= (rounds - rounds / 10 - 1) * consumers else { throw Refusal(text: "messages got lost") }
        return Double(used) / 1000 / Double(arrived)
    }
}

/// Packets of many associations in one piece of memory.
private struct Packets {
    private var bytes = [UInt8](repeating: 0, count: 4 << 20)
    private var places: [(association: Int, range: Range<Int>)] = []
    private var end = 0

    mutating func removeAll() {
        places.removeAll(keepingCapacity: true)
        end = 0
    }

    /// Takes in an association's next packet; false when it has none.
    mutating func add(for association: Int, from sender: SCTPAssociation, now: Instant) -> Bool {
        guard sender.hasPacketsToSend, end + 2048 <= bytes.count else { return false }
        let start = end
        var all = bytes.mutableSpan
        var room = all._mutatingExtracting(start..<start + 2048)
        let count = sender.transmit(into: &room, now: now)
        guard count > 0 else { return false }
        places.append((association, start..<start + count))
        end = start + count
        return true
    }

    /// Hands every packet to the association that `receiver` says.
    func deliver(now: Instant, _ receiver: (Int) -> SCTPAssociation) {
        let all = bytes.span
        for place in places { receiver(place.association).receive(all.extracting(place.range), now: now) }
    }
}
