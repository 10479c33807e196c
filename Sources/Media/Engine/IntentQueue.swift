// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletStreams

/// What waits for one destination, and the choice of what leaves next as one run.
///
/// A run is packets of one size but a shorter last one. Packets within ``paddingLimit`` bytes of each other are made
/// equal by RTP padding, never beyond the run's largest; a much smaller one goes last. Packets of different SSRCs may
/// change places for it; within an SSRC the order never changes: a skipped packet sets its stream's bit, and later
/// packets with that bit stay behind (two streams that share a bit only lose a chance).
package final class IntentQueue {
    /// Bytes of padding that join packets to a run, at most.
    package static let paddingLimit = 64
    /// Waiting packets that one choice looks at, at most.
    package static let window = 128

    private var ring: [SendIntent]
    private let mask: Int
    private var head = 0
    private var tail = 0

    /// The chosen packets, in sending order.
    package private(set) var run: [SendIntent] = []
    /// Bytes of every packet of the run but the last, padding included.
    package private(set) var segmentSize = 0
    /// Packets that waits, those of the run excluded.
    package private(set) var count = 0
    /// Bytes that wait, as ``count``.
    package private(set) var bytes = 0

    /// - Parameter capacity: The most packets that wait; rounded up to a power of two.
    package init(capacity: Int) {
        var size = 16
        while size < capacity { size *= 2 }
        let blank = SendIntent(
            packet: PacketID(ordinal: 0),
            index: 0,
            timestamp: 0,
            consumer: 0,
            length: 0,
            payloadType: 0,
            flags: .taken
        )
        ring = Array(repeating: blank, count: size)
        mask = size - 1
        run.reserveCapacity(64)
    }

    package var isEmpty: Bool { count == 0 }

    /// Adds a packet behind the others.
    ///
    /// - Returns: Whether there was room.
    @inline(__always)
    package func append(_ intent: SendIntent) -> Bool {
        guard tail &- head <= mask else { return false }
        ring[tail & mask] = intent
        tail &+= 1
        count &+= 1
        bytes &+= Int(intent.length)
        return true
    }

    /// Chooses what leaves next into ``run`` and removes it from what waits.
    ///
    /// - Parameters:
    ///   - segments: The most packets; 1 where runs are not possible.
    ///   - limit: The most bytes, padding included; the first packet is taken whatever its size.
    package func chooseRun(segments: Int, bytes limit: Int) {
        run.removeAll(keepingCapacity: true)
        segmentSize = 0
        skipTaken()
        var smallest = Int.max
        var last = -1
        var blocked: UInt64 = 0
        var seen = 0
        var position = head
        var firstPosition = head
        while position != tail, seen < Self.window {
            defer { position &+= 1 }
            let intent = ring[position & mask]
            if intent.flags.contains(.taken) { continue }
            seen &+= 1
            let places = run.count + (last >= 0 ? 1 : 0)
            if places >= segments { break }
            let bit = intent.orderBit
            if blocked & bit != 0 { continue }
            let size = Int(intent.length)
            let largest = max(size, segmentSize)
            if !run.isEmpty, (places + 1) * largest > limit { break }
            if run.isEmpty || largest - min(size, smallest) <= Self.paddingLimit {
                if run.isEmpty { firstPosition = position }
                take(position)
                segmentSize = largest
                smallest = min(size, smallest)
            } else if size < segmentSize, last < 0 {
                last = position
                blocked |= bit
            } else if size > segmentSize, last < 0, run.count == 1 {
                // A small one stood in front: it goes last instead.
                last = firstPosition
                blocked |= run[0].orderBit
                run.removeAll(keepingCapacity: true)
                guard blocked & bit == 0 else {
                    // Same stream: it has to stay in front after all, and alone.
                    take(last)
                    return
                }
                take(position)
                (segmentSize, smallest) = (size, size)
            } else {
                blocked |= bit
            }
        }
        if last >= 0 { take(last) }
        skipTaken()
    }

    /// Calls off what a closed or paused consumer has waiting.
    package func removeAll(of consumer: UInt16) {
        var position = head
        while position != tail {
            let intent = ring[position & mask]
            if intent.consumer == consumer, !intent.flags.contains(.taken) {
                ring[position & mask].flags.insert(.taken)
                count &-= 1
                bytes &-= Int(intent.length)
            }
            position &+= 1
        }
        skipTaken()
    }

    /// Calls off everything.
    package func removeAll() {
        (head, tail, count, bytes) = (0, 0, 0, 0)
    }

    /// Puts a packet of the ring into the run; one that is there already (see above) is not counted twice.
    @inline(__always)
    private func take(_ position: Int) {
        let intent = ring[position & mask]
        if !intent.flags.contains(.taken) {
            ring[position & mask].flags.insert(.taken)
            count &-= 1
            bytes &-= Int(intent.length)
        }
        run.append(intent)
    }

    @inline(__always)
    private func skipTaken() {
        while head != tail, ring[head & mask].flags.contains(.taken) { head &+= 1 }
    }
}
