// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// An open-addressed table from SSRC to route, with the last hit kept beside it.
struct SSRCTable: ~Copyable {
    private struct Entry: BitwiseCopyable {
        var heard: Int64
        var ssrc: UInt32
        var producer: Int32
        var encoding: UInt8
        var role: UInt8
        var isUsed: Bool

        static let empty = Entry(heard: 0, ssrc: 0, producer: 0, encoding: 0, role: 0, isUsed: false)
    }

    private var entries = FixedBuffer<Entry>(count: 16, filledWith: .empty)
    private var lastHit = 0
    /// How many SSRCs there are.
    private(set) var count = 0

    /// The route of `ssrc`, which was heard at `now`.
    mutating func find(_ ssrc: UInt32, heard now: Instant) -> StreamRouter.Route? {
        var place = lastHit
        var entry = entries[place]
        if !entry.isUsed || entry.ssrc != ssrc {
            guard let found = index(of: ssrc) else { return nil }
            place = found
            entry = entries[place]
            lastHit = place
        }
        entry.heard = now.nanoseconds
        entries[place] = entry
        return StreamRouter.Route(
            producer: Int(entry.producer),
            encoding: Int(entry.encoding),
            role: StreamRouter.Role(rawValue: entry.role) ?? .media
        )
    }

    /// When `ssrc` was heard last, or else inserted.
    func lastHeard(_ ssrc: UInt32) -> Instant? {
        index(of: ssrc).map { Instant(nanoseconds: entries[$0].heard) }
    }

    /// Adds `ssrc`, unless it is there.
    mutating func insert(_ ssrc: UInt32, _ route: StreamRouter.Route, now: Instant) -> Bool {
        guard index(of: ssrc) == nil else { return false }
        if count * 2 >= entries.count { grow() }
        place(
            Entry(
                heard: now.nanoseconds,
                ssrc: ssrc,
                producer: Int32(truncatingIfNeeded: route.producer),
                encoding: UInt8(truncatingIfNeeded: route.encoding),
                role: route.role.rawValue,
                isUsed: true
            )
        )
        count += 1
        return true
    }

    /// Removes `ssrc`, if it is there.
    mutating func remove(_ ssrc: UInt32) {
        guard var hole = index(of: ssrc) else { return }
        entries[hole] = .empty
        count -= 1
        // Those behind in the run move up into the hole unless it lies before their own place.
        let mask = entries.count - 1
        var next = (hole + 1) & mask
        while entries[next].isUsed {
            let home = self.home(entries[next].ssrc)
            if (next &- home) & mask >= (next &- hole) & mask {
                entries[hole] = entries[next]
                entries[next] = .empty
                hole = next
            }
            next = (next + 1) & mask
        }
    }

    /// Removes every SSRC of one producer.
    mutating func removeAll(of producer: Int) {
        var old = FixedBuffer<Entry>(count: entries.count, filledWith: .empty)
        swap(&entries, &old)
        count = 0
        for index in 0..<old.count where old[index].isUsed && Int(old[index].producer) != producer {
            place(old[index])
            count += 1
        }
    }

    private func home(_ ssrc: UInt32) -> Int {
        Int(truncatingIfNeeded: (ssrc &* 0x9E37_79B1) >> 8) & (entries.count - 1)
    }

    private func index(of ssrc: UInt32) -> Int? {
        var place = home(ssrc)
        while entries[place].isUsed {
            if entries[place].ssrc == ssrc { return place }
            place = (place + 1) & (entries.count - 1)
        }
        return nil
    }

    private func place(_ entry: Entry) {
        var place = home(entry.ssrc)
        while entries[place].isUsed { place = (place + 1) & (entries.count - 1) }
        entries[place] = entry
    }

    private mutating func grow() {
        var old = FixedBuffer<Entry>(count: entries.count * 2, filledWith: .empty)
        swap(&entries, &old)
        for index in 0..<old.count where old[index].isUsed { place(old[index]) }
    }
}
