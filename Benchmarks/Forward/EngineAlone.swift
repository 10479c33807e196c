// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SwiftletControl
import SwiftletCrypto
import SwiftletEngine
import SwiftletWire

/// The engine without sockets: what of a packet's cost is ours, steady enough to compare two builds by.
struct EngineAlone {
    var consumers = 50
    var burst = 8
    /// Packets that come in.
    var count = 8000

    private static let socket = SocketID(rawValue: 1)

    /// Measures it and prints nanoseconds per forwarded packet, sealing included.
    func run() throws {
        let packets = try SealedPackets(capacity: count)
        guard packets.seal(count, from: 0, at: 0) else { throw Refusal(text: "sealing failed") }
        var now = Instant(nanoseconds: 1_000_000_000_000)
        let engine = try makeEngine(now: now)
        var received = ReceiveBatch(capacity: 1 << 18)
        var transmitted = TransmitBatch()
        var forwarded = 0
        var start = Self.processorNanoseconds
        for first in stride(from: 0, to: count, by: burst) {
            if first == count / 8 / burst * burst { (forwarded, start) = (0, Self.processorNanoseconds) }
            now = now + .nanoseconds(1_000_000_000 / 1200 * burst)
            received.removeAll()
            var offset = 0
            for index in first..<min(count, first + burst) {
                let packet = packets.packet(index)
                let end = received.append(packet, at: offset, socket: Self.socket, source: Self.publisher, arrival: now)
                offset = end ?? offset
            }
            engine.receive(&received, now: now)
            if let due = engine.nextDeadline, due <= now { engine.advance(to: now) }
            var hasMore = true
            while hasMore {
                hasMore = engine.transmit(into: &transmitted, now: now)
                for message in transmitted.messages {
                    let size = max(1, message.segmentSize)
                    forwarded += message.segmentSize == 0 ? 1 : (message.length + size - 1) / size
                }
                transmitted.removeAll()
            }
            while engine.poll() != nil {}
        }
        let used = Double(Self.processorNanoseconds - start)
        say(
            "engine alone, N = \(consumers), burst \(burst): \((used / Double(max(1, forwarded))).fixed(1)) ns per packet"
        )
    }

    private static let publisher = SocketAddress(ipv4: 0x7F00_0001, port: 5000)

    private func makeEngine(now: Instant) throws -> Engine {
        let engine = try Engine(
            certificate: try Certificate.generate(unixSeconds: 1_760_000_000),
            wall: WallClockAnchor(instant: now, unixNanoseconds: 1_760_000_000_000_000_000)
        )
        let bound = BoundSocket(id: Self.socket, kind: .udp, local: SocketAddress(ipv4: 0x7F00_0001, port: 4444))
        _ = try Call.setUp(consumers: consumers, publisher: Self.publisher, receiverPort: 6000) { request in
            if case .createWebRtcServer = request {
                return try engine.handle(request, sockets: [bound], now: now).get()
            }
            return try engine.handle(request, sockets: [], now: now).get()
        } start: { transport, keys, remote in
            engine.startWithKeys(
                transportId: transport,
                keys: keys,
                tuple: Tuple(socket: Self.socket, remote: remote),
                now: now
            )
            return true
        }
        return engine
    }

    private static var processorNanoseconds: Int {
        var time = timespec()
        unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }
}
