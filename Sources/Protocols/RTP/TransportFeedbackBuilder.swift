// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// Collects arrivals for one transport feedback packet and writes it.
///
/// Packets are added in ascending order; what lies between two of them is reported as not received. Its storage is
/// taken once, so building allocates nothing.
///
/// - Note: draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1.
package struct TransportFeedbackBuilder: Sendable {
    /// Fixed header, sources, base, count, reference time.
    private static let headerLength = 20

    /// The most bytes the packet may take.
    package let maximumLength: Int
    /// The extended number of the first packet reported on.
    package private(set) var base: Int64 = 0
    /// The extended number behind the last packet reported on.
    package private(set) var end: Int64 = 0
    /// How many of the packets reported on had arrived.
    package private(set) var receivedCount = 0
    private var reference: Int64 = 0
    private var lastTime: Int64 = 0
    private var chunks: [UInt16] = []
    private var deltas: [Int16] = []
    private var deltaBytes = 0
    private var pending = PendingChunk()

    /// - Parameter maximumLength: The most bytes a packet may take; at least 28.
    package init(maximumLength: Int = 1200) {
        self.maximumLength = max(28, maximumLength)
    }

    /// Starts a packet whose first status is that of `base`.
    package mutating func begin(base: Int64) {
        (self.base, end) = (base, base)
        (receivedCount, deltaBytes) = (0, 0)
        if chunks.capacity == 0 {
            // Not before there is something to report: most transports only send.
            chunks.reserveCapacity(maximumLength / 2)
            deltas.reserveCapacity(maximumLength)
        }
        chunks.removeAll(keepingCapacity: true)
        deltas.removeAll(keepingCapacity: true)
        pending = PendingChunk()
    }

    /// Adds the arrival of `sequence` and the absence of all packets between it and the last one added.
    ///
    /// - Parameters:
    ///   - sequence: The extended number, not below ``end``.
    ///   - ticks: When it arrived, in ticks of 250 µs since any origin.
    /// - Returns: `false` when it does not fit, in bytes, in distance of time or in number: the packet is full, and
    ///   nothing of the call has been added.
    package mutating func add(sequence: Int64, ticks: Int64) -> Bool {
        guard sequence >= end, sequence - base < 0xFFFF else { return false }
        // The reference is rounded down, so the first delta is never negative.
        let newReference = receivedCount == 0 ? ticks >> 8 : reference
        let previous = receivedCount == 0 ? newReference << 8 : lastTime
        let delta = ticks &- previous
        guard delta >= Int64(Int16.min), delta <= Int64(Int16.max) else { return false }
        let isSmall = 0...255 ~= delta
        // A run of n missing costs n / 8191 chunks; around it at most six are begun, pending or cut short.
        let missing = Int(sequence - end)
        let worst = (chunks.count + missing / PendingChunk.maximumRun + 6) * 2 + deltaBytes + (isSmall ? 1 : 2)
        guard Self.headerLength + worst <= maximumLength else { return false }
        (reference, lastTime) = (newReference, ticks)
        pending.add(0, count: missing, flushingTo: &chunks)
        pending.add(isSmall ? 1 : 2, count: 1, flushingTo: &chunks)
        deltas.append(Int16(truncatingIfNeeded: delta))
        deltaBytes += isSmall ? 1 : 2
        receivedCount += 1
        end = sequence + 1
        return true
    }

    /// Writes the packet, as ``RTCPWriter`` writes its own, and leaves the builder in need of ``begin(base:)``.
    ///
    /// - Returns: Bytes written, or `nil` when nothing had arrived or there is no room.
    package mutating func write(
        senderSSRC: UInt32,
        mediaSSRC: UInt32,
        feedbackCount: UInt8,
        into bytes: inout MutableSpan<UInt8>,
        in room: Range<Int>
    ) -> Int? {
        guard receivedCount > 0 else { return nil }
        pending.flush(to: &chunks)
        let used = Self.headerLength + chunks.count * 2 + deltaBytes
        let length = (used + 3) & ~3
        guard
            RTCPWriter.beginFeedback(
                RTCPType.transportLayerFeedback,
                RTCPFeedbackFormat.transportFeedback,
                length: length,
                senderSSRC,
                mediaSSRC,
                &bytes,
                room
            )
        else { return nil }
        let start = room.lowerBound
        bytes.store(UInt16(truncatingIfNeeded: base), at: start + 12)
        bytes.store(UInt16(truncatingIfNeeded: end - base), at: start + 14)
        bytes.store24(UInt32(truncatingIfNeeded: reference), at: start + 16)
        bytes[start + 19] = feedbackCount
        var offset = start + Self.headerLength
        for chunk in chunks {
            bytes.store(chunk, at: offset)
            offset += 2
        }
        for delta in deltas {
            if 0...255 ~= delta {
                bytes[offset] = UInt8(delta)
                offset += 1
            } else {
                bytes.store(UInt16(bitPattern: delta), at: offset)
                offset += 2
            }
        }
        while offset < start + length {
            bytes[offset] = 0
            offset += 1
        }
        return length
    }
}

/// The symbols that are not yet in a chunk: either one run of equal ones, or few enough for one vector chunk.
private struct PendingChunk: Sendable {
    /// The longest run a chunk can say, 13 bits.
    static let maximumRun = 8191

    /// The pending symbols, oldest uppermost, two bits each; means something only while there are at most 14.
    private var symbols: UInt32 = 0
    private var count = 0
    private var first: UInt8 = 0
    private var isRun = true
    private var hasLarge = false

    /// Adds `count` times `symbol`, handing on each chunk that fills up.
    mutating func add(_ symbol: UInt8, count: Int, flushingTo chunks: inout [UInt16]) {
        var left = count
        while left > 0 {
            if self.count == 0 || isRun && symbol == first && self.count >= 14 {
                if self.count == 0 { (first, isRun, hasLarge, symbols) = (symbol, true, symbol == 2, 0) }
                // The first 14 go one by one, so that a vector may still hold them.
                let step = self.count >= 14 ? min(left, Self.maximumRun - self.count) : 1
                if self.count < 14 { symbols = symbols << 2 | UInt32(symbol) }
                self.count += step
                left -= step
                if self.count == Self.maximumRun { flushOne(to: &chunks) }
            } else if self.count < 7 || self.count < 14 && canTake(symbol) {
                symbols = symbols << 2 | UInt32(symbol)
                self.count += 1
                isRun = isRun && symbol == first
                hasLarge = hasLarge || symbol == 2
                left -= 1
            } else {
                flushOne(to: &chunks)
            }
        }
    }

    /// Hands on all that is pending.
    mutating func flush(to chunks: inout [UInt16]) {
        while count > 0 { flushOne(to: &chunks, isLast: true) }
    }

    /// Whether the eighth to fourteenth symbol may be `symbol`: in a run, or while one bit each suffices.
    private func canTake(_ symbol: UInt8) -> Bool {
        isRun && symbol == first || !hasLarge && symbol != 2
    }

    /// Hands on the oldest pending symbols as one chunk; only the last vector of a packet may be short of symbols.
    private mutating func flushOne(to chunks: inout [UInt16], isLast: Bool = false) {
        if isRun {
            chunks.append(UInt16(first) << 13 | UInt16(count))
            count = 0
        } else if !hasLarge, isLast || count == 14 {
            var bits: UInt16 = 0
            for index in 0..<count { bits |= UInt16(symbol(at: index)) << UInt16(13 - index) }
            chunks.append(0x8000 | bits)
            count = 0
        } else {
            flushTwoBitVector(to: &chunks)
        }
    }

    private mutating func flushTwoBitVector(to chunks: inout [UInt16]) {
        let taken = min(count, 7)
        var bits: UInt16 = 0
        for index in 0..<taken { bits |= UInt16(symbol(at: index)) << UInt16(12 - index * 2) }
        chunks.append(0xC000 | bits)
        let rest = count - taken
        symbols &= rest == 0 ? 0 : (1 << UInt32(rest * 2)) - 1
        count = rest
        (isRun, hasLarge) = (true, false)
        if rest > 0 { first = UInt8(symbol(at: 0)) }
        for index in 0..<rest {
            let symbol = UInt8(symbol(at: index))
            isRun = isRun && symbol == first
            hasLarge = hasLarge || symbol == 2
        }
    }

    private func symbol(at index: Int) -> UInt32 { symbols >> UInt32((count - 1 - index) * 2) & 3 }
}
