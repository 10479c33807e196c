// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// Control packets (STUN, DTLS, RTCP), sealed and ready to go, in one block of memory that is used over and over.
///
/// It fills during a turn and is emptied by the batches of the same turn, so it starts at its front nearly always.
struct ControlQueue: ~Copyable {
    struct Packet {
        var offset: Int
        var length: Int
        var tuple: Tuple
    }

    /// Bytes of the block.
    static let capacity = 1 << 20

    private var slab = Slab(count: Self.capacity)
    private var used = 0
    private var packets: [Packet] = []
    private var next = 0
    private let limit: Int
    /// Packets that found no room.
    private(set) var dropped: UInt64 = 0

    init(limit: Int) {
        self.limit = limit
        packets.reserveCapacity(limit)
    }

    var isEmpty: Bool { next == packets.count }
    /// Whether there is room for more than a few packets, which data leaves to what is more urgent.
    var hasRoom: Bool { packets.count < limit / 2 && used < slab.count / 2 }

    /// Adds a packet of at most `capacity` bytes; `fill` writes it from the given offset on and returns its length, 0 for
    /// nothing after all.
    @inline(__always)
    mutating func append(
        to tuple: Tuple,
        capacity: Int,
        _ fill: (inout MutableSpan<UInt8>, Int) -> Int
    ) {
        guard packets.count < limit, used + capacity <= slab.count else {
            dropped &+= 1
            return
        }
        let start = used
        var bytes = slab.mutableSpan
        let length = fill(&bytes, start)
        guard length > 0, length <= capacity else { return }
        packets.append(Packet(offset: start, length: length, tuple: tuple))
        used = start + length
    }

    /// Adds a packet that is written already.
    mutating func append(_ packet: Span<UInt8>, to tuple: Tuple) {
        guard packets.count < limit, used + packet.count <= slab.count else {
            dropped &+= 1
            return
        }
        let start = used
        var bytes = slab.mutableSpan
        bytes.store(packet, at: start)
        packets.append(Packet(offset: start, length: packet.count, tuple: tuple))
        used += packet.count
    }

    /// Moves packets into `batch` until one of them is done.
    ///
    /// - Parameters:
    ///   - batch: Where they go.
    ///   - isStream: Whether a socket is a TCP connection, on which packets are framed by RFC 4571.
    mutating func drain(into batch: inout TransmitBatch, isStream: (SocketID) -> Bool) {
        while next < packets.count {
            let packet = packets[next]
            let framing = isStream(packet.tuple.socket) ? 2 : 0
            guard batch.hasRoomForMessage, batch.free >= packet.length + framing else { return }
            let offset = batch.used
            var bytes = batch.mutableBytes
            if framing > 0 { bytes.store(UInt16(packet.length), at: offset) }
            bytes.store(slab.span.extracting(packet.offset..<packet.offset + packet.length), at: offset + framing)
            batch.append(
                TransmitBatch.Message(
                    offset: offset,
                    length: packet.length + framing,
                    segmentSize: 0,
                    socket: packet.tuple.socket,
                    destination: packet.tuple.remote
                )
            )
            next += 1
        }
        packets.removeAll(keepingCapacity: true)
        (next, used) = (0, 0)
    }

    /// Gives the block's memory back to the system until it is used again; only while nothing waits.
    mutating func giveBackMemory() { if packets.isEmpty { slab.giveBack() } }
}
