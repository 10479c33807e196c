// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import CForward
import SwiftletControl
import SwiftletCrypto
import SwiftletEngine
import SwiftletWire

/// What a consumer costs in memory: heap in use with a thousand of them less with none, transports excluded.
struct MemoryBenchmark {
    /// Consumers on one transport.
    var consumers = 1000
    /// Packets a second while retransmissions are kept.
    var rate = 500
    var seconds = 4

    private static let socket = SocketID(rawValue: 1)
    private static let publisher = SocketAddress(ipv4: 0x7F00_0001, port: 5000)

    /// Measures both and prints them.
    func run() throws {
        say("memory: heap in use with \(consumers) consumers less with one, per consumer, transports excluded")
        let idle = try measure(packets: 0)
        let nack = try measure(packets: rate * seconds)
        say("  idle \(idle.fixed(2)) kB, at \(rate) packets/s with retransmissions kept \(nack.fixed(2)) kB")
        say(#"{"bench":"memory","kb_per_idle_consumer":\#(idle.fixed(2)),"kb_per_nack_consumer":\#(nack.fixed(2))}"#)
    }

    /// Kilobytes per consumer after `packets` packets have been forwarded to each.
    private func measure(packets count: Int) throws -> Double {
        let packets = try SealedPackets(capacity: max(1, count))
        guard packets.seal(max(1, count), from: 0, at: 0) else { throw Refusal(text: "sealing failed") }
        // With one consumer everything that consumers share is there: queue, store, tables.
        let one = try heap(with: 1, packets, count)
        let all = try heap(with: consumers, packets, count)
        return Double(all - one) / Double(consumers - 1) / 1024
    }

    /// Bytes of heap in use once so many consumers have got so many packets.
    private func heap(with consumers: Int, _ packets: SealedPackets, _ count: Int) throws -> Int {
        var now = Instant(nanoseconds: 1_000_000_000_000)
        let engine = try Engine(
            certificate: try Certificate.generate(unixSeconds: 1_760_000_000),
            wall: WallClockAnchor(instant: now, unixNanoseconds: 1_760_000_000_000_000_000)
        )
        let bound = BoundSocket(id: Self.socket, kind: .udp, local: SocketAddress(ipv4: 0x7F00_0001, port: 4444))
        _ = try Call.setUp(consumers: 1, publisher: Self.publisher, receiverPort: 6000) { request in
            if case .createWebRtcServer = request {
                return try engine.handle(request, sockets: [bound], now: now).get()
            }
            return try engine.handle(request, now: now).get()
        } start: { transport, keys, remote in
            let tuple = Tuple(socket: Self.socket, remote: remote)
            engine.startWithKeys(transportId: transport, keys: keys, tuple: tuple, now: now)
            return true
        }
        for index in 1..<max(1, consumers) {
            let request = ControlRequest.consume(Call.consume(index + 1, on: "peer1"))
            _ = try engine.handle(request, now: now).get()
        }
        var received = ReceiveBatch(capacity: 1 << 16)
        var transmitted = TransmitBatch()
        for index in 0..<count {
            now = now + .nanoseconds(1_000_000_000 / rate)
            received.removeAll()
            _ = received.append(
                packets.packet(index),
                at: 0,
                socket: Self.socket,
                source: Self.publisher,
                arrival: now
            )
            engine.receive(&received, now: now)
            if let due = engine.nextDeadline, due <= now { engine.advance(to: now) }
            while engine.transmit(into: &transmitted, now: now) { transmitted.removeAll() }
            transmitted.removeAll()
            while engine.poll() != nil {}
        }
        defer { engine.close(now: now) }
        return Int(forward_heap_in_use())
    }
}
