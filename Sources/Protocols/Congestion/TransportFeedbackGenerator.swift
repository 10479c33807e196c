// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletRTP
package import SwiftletWire

/// Tells a sender when its packets arrived: transport-wide feedback, one packet or more every 100 ms.
///
/// One for each transport that receives. Only packets that passed SRTP are recorded, whichever stream they belong to.
/// A packet that comes late, within the window, makes the generator report again from there on, so that a reordered
/// packet does not stay lost.
///
/// - Note: draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.
package struct TransportFeedbackGenerator: Sendable {
    /// How often feedback is due.
    package static let interval = Duration.milliseconds(100)
    /// How long reported packets are kept, to be reported again beside a late one.
    package static let window = Duration.milliseconds(500)
    /// Packets between the oldest and newest kept; a jump beyond it starts over.
    package static let capacity = 8192
    /// Bytes of one feedback packet at most.
    package static let maximumPacketLength = 1200
    /// How many packets in a row from outside the window make it move there.
    package static let strayLimit = 16

    /// Whose feedback this is, in the packets' first source field.
    package var senderSSRC: UInt32
    /// Sequence numbers that no report tells of, since numbers jumped or ran ahead before one was due.
    package private(set) var unreportedCount: UInt64 = 0
    /// When ``poll(now:into:in:)`` will have something to say, or `nil` while nothing has arrived.
    package private(set) var nextDeadline: Instant?

    private var ring = ArrivalRing()
    private var builder = TransportFeedbackBuilder(maximumLength: Self.maximumPacketLength)
    private var loss = LossHistogram()
    /// The first packet that the next report covers; everything is reported when it is the ring's end.
    private var cursor: Int64 = 0
    private var lastDeadline: Instant?
    private var mediaSSRC: UInt32 = 0
    private var feedbackCount: UInt8 = 0
    private var strays = 0

    package init(senderSSRC: UInt32 = 0) { self.senderSSRC = senderSSRC }

    /// Share of packets lost on the way here, 0 to 1; recent reports weigh most.
    package var lossFraction: Double { loss.fraction }

    /// Takes note of a packet.
    ///
    /// - Parameters:
    ///   - sequence: Its transport-wide sequence number.
    ///   - arrival: When it reached the socket; need not be in order.
    ///   - mediaSSRC: Its source, which the next report names.
    package mutating func record(sequence: UInt16, arrival: Instant, mediaSSRC: UInt32) {
        let ticks = Self.ticks(of: arrival)
        let extended = ring.isEmpty ? Int64(sequence) : ring.extended(sequence)
        if ring.isEmpty || extended >= ring.end + Int64(Self.capacity) {
            restart(at: extended)
        } else if extended < ring.start {
            strays += 1
            guard strays >= Self.strayLimit else { return }
            restart(at: extended)
        } else if extended >= ring.end, cursor == ring.end {
            ring.forget(before: ticks - Self.ticks(in: Self.window))
        }
        strays = 0
        guard ring.insert(extended, ticks: ticks) else { return }
        loss.received += 1
        self.mediaSSRC = mediaSSRC
        if cursor < ring.start {
            unreportedCount += UInt64(ring.start - cursor)
            cursor = ring.start
        }
        cursor = min(cursor, extended)
        if nextDeadline == nil { schedule(after: arrival) }
    }

    /// Writes the next feedback packet that is due; call until it returns `nil`.
    ///
    /// The packet's count stays the same until ``confirmSent()``, so that a packet which could not be sent leaves no
    /// gap in the counts.
    ///
    /// - Parameters:
    ///   - now: The current time.
    ///   - bytes: Where to write.
    ///   - room: What may be written to; at least ``maximumPacketLength`` bytes, or what was recorded stays unsaid.
    /// - Returns: Bytes written, or `nil` when nothing is due.
    package mutating func poll(
        now: Instant,
        into bytes: inout MutableSpan<UInt8>,
        in room: Range<Int>
    ) -> Int? {
        guard let deadline = nextDeadline, now >= deadline else { return nil }
        while cursor < ring.end {
            builder.begin(base: cursor)
            var next = cursor
            while next < ring.end {
                if let ticks = ring.ticks(of: next), !builder.add(sequence: next, ticks: ticks) { break }
                next += 1
            }
            // Nothing arrived from here to the end: only late packets could, and they would move the cursor.
            guard builder.receivedCount > 0 else { break }
            cursor = builder.end
            if let length = builder.write(
                senderSSRC: senderSSRC,
                mediaSSRC: mediaSSRC,
                feedbackCount: feedbackCount,
                into: &bytes,
                in: room
            ) {
                return length
            }
        }
        cursor = ring.end
        loss.close(end: ring.end)
        lastDeadline = deadline
        nextDeadline = nil
        return nil
    }

    /// Says that the packet which ``poll(now:into:in:)`` wrote last is on its way.
    package mutating func confirmSent() { feedbackCount &+= 1 }

    private mutating func restart(at sequence: Int64) {
        if !ring.isEmpty { unreportedCount += UInt64(ring.receivedCount(from: cursor)) }
        ring.restart(at: sequence)
        loss.restart(at: sequence)
        cursor = sequence
    }

    /// Keeps to a grid of one interval while packets keep coming.
    private mutating func schedule(after now: Instant) {
        guard let lastDeadline, now - lastDeadline < Self.interval, now >= lastDeadline else {
            nextDeadline = now + Self.interval
            return
        }
        nextDeadline = lastDeadline + Self.interval
    }

    /// Rounded down, so that errors do not add up.
    private static func ticks(of instant: Instant) -> Int64 {
        let (quotient, remainder) = instant.nanoseconds.quotientAndRemainder(dividingBy: 250_000)
        return remainder < 0 ? quotient - 1 : quotient
    }

    private static func ticks(in duration: Duration) -> Int64 { duration.wholeNanoseconds / 250_000 }
}

/// Arrival times of a transport's latest packets, by extended sequence number, in storage that grows as it must.
private struct ArrivalRing: Sendable {
    /// Slots at first: half a second of 1,000 packets each.
    private static let leastCount = 512

    /// Arrival ticks, their low 32 bits; 0 where nothing arrived, so the one tick in 12 days that ends in 32 zeros
    /// is told a tick late.
    ///
    /// A power of two that grows with what there is to remember: the numbers from ``lowest`` on have one each.
    private var slots: [UInt32] = []
    /// No packet before it has arrived, or is remembered.
    private var lowest: Int64 = 0
    /// The newest arrival's whole ticks: what the slots' halves are completed by.
    private var newestTicks: Int64 = 0
    /// The oldest number that still may be recorded or read.
    private(set) var start: Int64 = 0
    /// The number behind the newest recorded one.
    private(set) var end: Int64 = 0

    var isEmpty: Bool { slots.isEmpty }

    /// The extended number of `sequence`, nearest to the newest.
    func extended(_ sequence: UInt16) -> Int64 {
        let newest = end - 1
        return newest &+ Int64(Int16(truncatingIfNeeded: Int64(sequence) &- newest))
    }

    /// Empties the ring and leaves room on both sides of `sequence`.
    mutating func restart(at sequence: Int64) {
        if slots.isEmpty {
            slots = [UInt32](repeating: 0, count: Self.leastCount)
        } else {
            for index in slots.indices { slots[index] = 0 }
        }
        start = sequence - Int64(TransportFeedbackGenerator.capacity / 2)
        end = sequence
        lowest = sequence
    }

    /// Records an arrival at or behind ``start`` and less than a capacity ahead.
    ///
    /// - Returns: `false` for one that was there already: the first arrival counts.
    mutating func insert(_ sequence: Int64, ticks: Int64) -> Bool {
        if sequence >= end {
            start = max(start, sequence + 1 - Int64(TransportFeedbackGenerator.capacity))
            lowest = max(lowest, start)
            makeRoom(from: lowest, to: sequence)
            while end <= sequence {
                slots[Int(end) & mask] = 0
                end += 1
            }
        } else if sequence < lowest {
            makeRoom(from: sequence, to: end - 1)
            for number in sequence..<lowest { slots[Int(number) & mask] = 0 }
            lowest = sequence
        }
        let index = Int(sequence) & mask
        guard slots[index] == 0 else { return false }
        slots[index] = max(1, UInt32(truncatingIfNeeded: ticks))
        newestTicks = ticks
        return true
    }

    private var mask: Int { slots.count - 1 }

    /// Sees to it that each number from `first` to `last` has a slot of its own.
    private mutating func makeRoom(from first: Int64, to last: Int64) {
        guard last - first >= Int64(slots.count) else { return }
        var count = slots.count
        while last - first >= Int64(count) { count *= 2 }
        var larger = [UInt32](repeating: 0, count: count)
        if lowest < end {
            for number in lowest..<end { larger[Int(number) & (count - 1)] = slots[Int(number) & mask] }
        }
        slots = larger
    }

    /// When `sequence`, between ``start`` and ``end``, arrived.
    func ticks(of sequence: Int64) -> Int64? {
        guard sequence >= lowest else { return nil }
        let slot = slots[Int(sequence) & mask]
        guard slot != 0 else { return nil }
        return newestTicks &+ Int64(Int32(bitPattern: slot &- UInt32(truncatingIfNeeded: newestTicks)))
    }

    /// Forgets the oldest packets up to the last that arrived before `limit`, as far as they lie in one piece.
    mutating func forget(before limit: Int64) {
        var candidate = start
        var next = start
        while next < end {
            if let arrival = ticks(of: next) {
                guard arrival < limit else { break }
                candidate = next + 1
            }
            next += 1
        }
        start = candidate
        lowest = max(lowest, start)
    }

    /// How many packets from `sequence` on have arrived.
    func receivedCount(from sequence: Int64) -> Int {
        var count = 0
        var next = max(sequence, start)
        while next < end {
            if ticks(of: next) != nil { count += 1 }
            next += 1
        }
        return count
    }
}

/// Loss of the latest reports, the newest weighing most.
private struct LossHistogram: Sendable {
    /// Reports that count.
    private static let capacity = 24

    /// Packets that arrived since the last report was closed.
    var received = 0
    private var reportedEnd: Int64 = 0
    private var history = InlineArray<24, Double>(repeating: 0)
    private var count = 0
    private var nextIndex = 0

    var fraction: Double {
        guard count > 0 else { return 0 }
        var (sum, weights) = (0.0, 0.0)
        for age in 0..<count {
            let weight = Double(Self.capacity - age)
            sum += history[(nextIndex - 1 - age + Self.capacity) % Self.capacity] * weight
            weights += weight
        }
        return sum / weights
    }

    mutating func restart(at sequence: Int64) { (reportedEnd, received) = (sequence, 0) }

    /// Ends a report whose packets lie before `end`; a late packet makes up for its loss in an earlier one.
    mutating func close(end: Int64) {
        let expected = Int(end - reportedEnd)
        defer { (reportedEnd, received) = (end, 0) }
        guard expected > 0 else { return }
        history[nextIndex] = Double(max(0, expected - received)) / Double(expected)
        nextIndex = (nextIndex + 1) % Self.capacity
        count = min(count + 1, Self.capacity)
    }
}
