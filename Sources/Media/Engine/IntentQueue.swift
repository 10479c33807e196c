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

    /// What the queue holds, in memory of one owner, so that each call costs one check for exclusive use at most.
    fileprivate struct Core: ~Copyable {
        /// Grows to ``limit``, since what waits for most destinations is little.
        var ring: FixedBuffer<SendIntent>
        var mask: Int
        let limit: Int
        var head = 0
        var tail = 0
        let run = FixedBuffer<SendIntent>(count: IntentQueue.runLimit, filledWith: Core.blank)
        var runCount = 0
        var segmentSize = 0
        var count = 0
        var bytes = 0

        static let blank = SendIntent(
            packet: PacketID(ordinal: 0),
            index: 0,
            timestamp: 0,
            consumer: 0,
            length: 0,
            payloadType: 0,
            flags: .taken
        )

        init(limit: Int) {
            self.limit = limit
            let size = min(limit, IntentQueue.startSize)
            ring = FixedBuffer(count: size, filledWith: Self.blank)
            mask = size - 1
        }
    }

    /// Packets of a run, at most.
    private static let runLimit = 64
    /// Packets that there is room for at first, at most.
    private static let startSize = 64

    private var core: Core

    /// - Parameter capacity: The most packets that wait; rounded up to a power of two.
    package init(capacity: Int) {
        var size = 16
        while size < capacity { size *= 2 }
        core = Core(limit: size)
    }

    package var isEmpty: Bool { core.count == 0 }
    /// Packets that wait, those of the run excluded.
    package var count: Int { core.count }
    /// Bytes that wait, as ``count``.
    package var bytes: Int { core.bytes }
    /// How many packets were chosen.
    package var runCount: Int { core.runCount }
    /// Bytes of every packet of the run but the last, padding included.
    package var segmentSize: Int { core.segmentSize }
    /// A chosen packet by its place in sending order.
    @inline(__always)
    package func chosen(_ place: Int) -> SendIntent { core.run[place] }
    /// All chosen packets, in sending order.
    package var run: [SendIntent] { (0..<core.runCount).map { core.run[$0] } }

    /// Adds a packet behind the others.
    ///
    /// - Returns: Whether there was room.
    @inline(__always)
    package func append(_ intent: SendIntent) -> Bool { core.append(intent) }

    /// Chooses what leaves next into ``run`` and removes it from what waits.
    ///
    /// - Parameters:
    ///   - segments: The most packets, up to 64; 1 where runs are not possible.
    ///   - limit: The most bytes, padding included; the first packet is taken whatever its size.
    package func chooseRun(segments: Int, bytes limit: Int) {
        core.chooseRun(segments: min(segments, Self.runLimit), bytes: limit)
    }

    /// Chooses neighbours of one stream and one size, as they came; the last one may be shorter.
    package func chooseNeighbours(segments: Int, bytes limit: Int) {
        core.chooseNeighbours(segments: min(segments, Self.runLimit), bytes: limit)
    }

    /// Calls off what a closed or paused consumer has waiting.
    package func removeAll(of consumer: UInt16) { core.removeAll(of: consumer) }

    /// Calls off everything.
    package func removeAll() { core.removeAll() }
}

extension IntentQueue.Core {
    @inline(__always)
    mutating func append(_ intent: SendIntent) -> Bool {
        guard tail &- head <= mask || grow() else { return false }
        ring[tail & mask] = intent
        tail &+= 1
        count &+= 1
        bytes &+= Int(intent.length)
        return true
    }

    /// Doubles the ring; false where it has its full size.
    @inline(never)
    private mutating func grow() -> Bool {
        let size = mask + 1
        guard size < limit else { return false }
        let larger = FixedBuffer<SendIntent>(count: 2 * size, filledWith: Self.blank)
        for place in 0..<tail - head { larger[place] = ring[(head + place) & mask] }
        (head, tail, mask) = (0, tail - head, 2 * size - 1)
        ring = larger
        return true
    }

    mutating func chooseRun(segments: Int, bytes limit: Int) {
        runCount = 0
        segmentSize = 0
        skipTaken()
        var smallest = Int.max
        var last = -1
        var blocked: UInt64 = 0
        var seen = 0
        var position = head
        var firstPosition = head
        while position != tail, seen < IntentQueue.window {
            defer { position &+= 1 }
            let intent = ring[position & mask]
            if intent.flags.contains(.taken) { continue }
            seen &+= 1
            let places = runCount &+ (last >= 0 ? 1 : 0)
            if places >= segments { break }
            let bit = intent.orderBit
            if blocked & bit != 0 { continue }
            let size = Int(intent.length)
            let largest = max(size, segmentSize)
            if runCount > 0, (places &+ 1) &* largest > limit { break }
            if runCount == 0 || largest &- min(size, smallest) <= IntentQueue.paddingLimit {
                if runCount == 0 { firstPosition = position }
                take(position)
                segmentSize = largest
                smallest = min(size, smallest)
            } else if size < segmentSize, last < 0 {
                last = position
                blocked |= bit
            } else if size > segmentSize, last < 0, runCount == 1 {
                // A small one stood in front: it goes last instead.
                last = firstPosition
                blocked |= run[0].orderBit
                runCount = 0
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

    mutating func chooseNeighbours(segments: Int, bytes limit: Int) {
        (runCount, segmentSize) = (0, 0)
        skipTaken()
        while head != tail, runCount == 0 || runCount < segments {
            let intent = ring[head & mask]
            let size = Int(intent.length)
            if runCount > 0 {
                guard intent.orderBit == run[0].orderBit, size <= segmentSize,
                    (runCount &+ 1) &* segmentSize <= limit
                else { return }
            }
            let isLast = runCount > 0 && size < segmentSize
            if runCount == 0 { segmentSize = size }
            take(head)
            skipTaken()
            if isLast { return }
        }
    }

    mutating func removeAll(of consumer: UInt16) {
        var position = head
        while position != tail {
            let intent = ring[position & mask]
            if intent.consumer == consumer, !intent.flags.contains(.taken) { markTaken(position, intent) }
            position &+= 1
        }
        skipTaken()
    }

    mutating func removeAll() { (head, tail, count, bytes) = (0, 0, 0, 0) }

    /// Puts a packet of the ring into the run; one that is there already (see above) is not counted twice.
    @inline(__always)
    private mutating func take(_ position: Int) {
        let intent = ring[position & mask]
        if !intent.flags.contains(.taken) { markTaken(position, intent) }
        run[runCount] = intent
        runCount &+= 1
    }

    @inline(__always)
    private mutating func markTaken(_ position: Int, _ intent: SendIntent) {
        var taken = intent
        taken.flags.insert(.taken)
        ring[position & mask] = taken
        count &-= 1
        bytes &-= Int(intent.length)
    }

    @inline(__always)
    private mutating func skipTaken() {
        while head != tail, ring[head & mask].flags.contains(.taken) { head &+= 1 }
        // Back to the front, whose memory is in the cache.
        if head == tail { (head, tail) = (0, 0) }
    }
}
