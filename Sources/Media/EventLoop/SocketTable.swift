// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import CNetwork
import SwiftletWire

/// The open sockets of a loop, found by id without hashing: the low 16 bits of an id are a slot, the high 16 bits
/// how often the slot has been used, so that an id never comes to mean another socket.
struct SocketTable {
    /// One open socket.
    struct Entry {
        let id: SocketID
        let descriptor: Int32
        let kind: SocketKind
        let isIPv6: Bool
        /// The other end of a connection; the local address elsewhere.
        let address: SocketAddress
        /// Bytes waiting to be written to a connection.
        var writes = StreamWriteQueue()
        /// Datagrams that the kernel has dropped for want of buffer, as it last said.
        var kernelDrops: UInt32 = 0
    }

    /// The most sockets a loop holds.
    static let capacity = 1 << 16

    private var slots: [Entry?] = []
    private var generations: [UInt16] = []
    private var free: [UInt16] = []
    /// How many sockets are open.
    private(set) var count = 0

    /// Adds a socket, or returns `nil` when the table is full.
    mutating func insert(descriptor: Int32, kind: SocketKind, isIPv6: Bool, address: SocketAddress) -> SocketID? {
        let slot: Int
        if let reused = free.popLast() {
            slot = Int(reused)
        } else {
            guard slots.count < Self.capacity else { return nil }
            slot = slots.count
            slots.append(nil)
            generations.append(0)
        }
        generations[slot] &+= 1
        let id = SocketID(rawValue: UInt32(generations[slot]) << 16 | UInt32(slot))
        slots[slot] = Entry(id: id, descriptor: descriptor, kind: kind, isIPv6: isIPv6, address: address)
        count += 1
        return id
    }

    /// The slot of an open socket, or `nil` for one that is closed.
    @inline(__always)
    func slot(of id: SocketID) -> Int? {
        let slot = Int(id.rawValue & 0xFFFF)
        guard slot < slots.count, generations[slot] == UInt16(truncatingIfNeeded: id.rawValue >> 16), slots[slot] != nil
        else { return nil }
        return slot
    }

    subscript(id: SocketID) -> Entry? { slot(of: id).flatMap { slots[$0] } }

    /// Changes an open socket in place; does nothing for a closed one.
    mutating func update(_ id: SocketID, _ change: (inout Entry) -> Void) {
        guard let slot = slot(of: id), var entry = slots[slot] else { return }
        slots[slot] = nil
        change(&entry)
        slots[slot] = entry
    }

    mutating func remove(_ id: SocketID) -> Entry? {
        guard let slot = slot(of: id), let entry = slots[slot] else { return nil }
        slots[slot] = nil
        free.append(UInt16(slot))
        count -= 1
        return entry
    }

    /// All open sockets.
    var all: [Entry] { slots.compactMap { $0 } }
}
