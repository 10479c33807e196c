// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletWire

/// Which transport a validated flow belongs to: an open-addressed table over the full key, never a hash alone.
///
/// Only addresses that passed an ICE check get in, so its size follows the number of transports. The hash is seeded: a
/// peer that picks its own ports cannot aim them at one slot.
package struct TupleTable {
    private struct Entry {
        var tuple: Tuple
        /// The transport's slot, or -1 for an empty entry.
        var slot: Int32
    }

    private static let empty = Entry(
        tuple: Tuple(socket: SocketID(rawValue: 0), remote: SocketAddress(ipv4: 0, port: 0)),
        slot: -1
    )

    private var entries: [Entry]
    private var mask: Int
    private let seed: (UInt64, UInt64)
    /// Flows in the table.
    package private(set) var count = 0

    package init(seed: (UInt64, UInt64)) {
        entries = Array(repeating: Self.empty, count: 64)
        mask = 63
        self.seed = (seed.0, seed.1 | 1)
    }

    /// The slot of the transport that owns `tuple`, or `nil`.
    @inline(__always)
    package func find(_ tuple: Tuple) -> Int32? {
        var index = home(of: tuple)
        while entries[index].slot >= 0 {
            if entries[index].tuple == tuple { return entries[index].slot }
            index = (index &+ 1) & mask
        }
        return nil
    }

    /// Gives `tuple` to the transport at `slot`.
    ///
    /// - Returns: The slot of another transport that owned it until now.
    package mutating func insert(_ tuple: Tuple, slot: Int32) -> Int32? {
        if (count + 1) * 2 > entries.count { grow() }
        var index = home(of: tuple)
        while entries[index].slot >= 0 {
            if entries[index].tuple == tuple {
                let former = entries[index].slot
                entries[index].slot = slot
                return former == slot ? nil : former
            }
            index = (index + 1) & mask
        }
        entries[index] = Entry(tuple: tuple, slot: slot)
        count += 1
        return nil
    }

    /// Forgets `tuple` if the transport at `slot` still owns it.
    package mutating func remove(_ tuple: Tuple, slot: Int32) {
        var index = home(of: tuple)
        while entries[index].slot >= 0, entries[index].tuple != tuple { index = (index + 1) & mask }
        guard entries[index].slot == slot else { return }
        count -= 1
        // Move later entries of the run back, so that no search ends early: no tombstones.
        var hole = index
        index = (index + 1) & mask
        while entries[index].slot >= 0 {
            let distance = (index &- home(of: entries[index].tuple)) & mask
            if distance >= (index &- hole) & mask {
                entries[hole] = entries[index]
                hole = index
            }
            index = (index + 1) & mask
        }
        entries[hole] = Self.empty
    }

    private mutating func grow() {
        let former = entries
        entries = Array(repeating: Self.empty, count: former.count * 2)
        mask = entries.count - 1
        for entry in former where entry.slot >= 0 {
            var index = home(of: entry.tuple)
            while entries[index].slot >= 0 { index = (index + 1) & mask }
            entries[index] = entry
        }
    }

    @inline(__always)
    private func home(of tuple: Tuple) -> Int {
        let address = tuple.remote
        let ends = UInt64(tuple.socket.rawValue) << 32 | UInt64(address.port) << 16 | (address.isIPv6 ? 1 : 0)
        let first = Self.fold(address.low ^ seed.0, ends ^ seed.1)
        let second = Self.fold(address.high ^ seed.1, first ^ UInt64(address.scope) ^ seed.0)
        return Int(truncatingIfNeeded: first ^ second) & mask
    }

    @inline(__always)
    private static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let (high, low) = a.multipliedFullWidth(by: b)
        return high ^ low
    }
}
