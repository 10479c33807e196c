// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// Telling a receiver which decode targets still reach it, in a copy of the descriptor.
///
/// Everything else, the frame number above all, stays as the sender wrote it.
extension DependencyDescriptor {
    /// The most bytes by which a descriptor grows: the flags of a short one, then 32 bits.
    package static let maximumGrowth = 5

    /// Bytes of the copy that ``rewriteMask(_:maskOffset:targetCount:mask:into:at:)`` makes.
    ///
    /// - Parameters:
    ///   - value: The value of the header extension.
    ///   - maskOffset: ``maskOffset`` of that descriptor, read by the structure in force.
    ///   - targetCount: How many decode targets that structure has.
    /// - Returns: 0 when the three do not belong together.
    package static func rewrittenLength(_ value: Span<UInt8>, maskOffset: Int, targetCount: Int) -> Int {
        guard value.count >= 3, maskOffset >= flagsEnd, 1...DependencyStructure.maximumTargets ~= targetCount else {
            return 0
        }
        guard value.count > 3 else { return maskOffset == flagsEnd ? (flagsEnd &+ targetCount &+ 7) >> 3 : 0 }
        guard maskOffset &+ (value[3] & 0x40 != 0 ? targetCount : 0) <= value.count &* 8 else { return 0 }
        if value[3] & 0x40 != 0 { return value.count }
        // Behind the mask come the custom fields; without any, only padding does.
        let end = value[3] & 0x38 != 0 ? value.count &* 8 : maskOffset
        return (end &+ targetCount &+ 7) >> 3
    }

    /// Copies a descriptor and says in it which decode targets are active.
    ///
    /// - Parameters:
    ///   - value: The value of the header extension.
    ///   - maskOffset: ``maskOffset`` of that descriptor, read by the structure in force.
    ///   - targetCount: How many decode targets that structure has.
    ///   - mask: A bit for each decode target, target 0 lowest.
    ///   - target: Where to write.
    ///   - offset: The first byte to write.
    /// - Returns: The bytes written, which is ``rewrittenLength(_:maskOffset:targetCount:)``; 0 when the arguments do not
    ///   belong together or there is no room, and then nothing is written.
    package static func rewriteMask(
        _ value: Span<UInt8>,
        maskOffset: Int,
        targetCount: Int,
        mask: UInt32,
        into target: inout MutableSpan<UInt8>,
        at offset: Int
    ) -> Int {
        let length = rewrittenLength(value, maskOffset: maskOffset, targetCount: targetCount)
        guard length > 0, offset >= 0, length <= target.count &- offset else { return 0 }
        let wasPresent = value.count > 3 && value[3] & 0x40 != 0
        // Whole bytes before the mask stay; from there on bits are put together anew.
        let kept = min(maskOffset >> 3, value.count)
        target.store(value.extracting(0..<kept), at: offset)
        var writer = BitFeed(position: offset &+ kept)
        if value.count > kept {
            writer.put(UInt64(value[kept]) >> UInt64(8 &- maskOffset & 7), bits: maskOffset & 7, into: &target)
        } else {
            writer.put(0, bits: maskOffset & 7, into: &target)
        }
        writer.put(UInt64(mask) & (1 << UInt64(targetCount) &- 1), bits: targetCount, into: &target)
        var reader = BitReader(value, offset: maskOffset &+ (wasPresent ? targetCount : 0))
        var rest = min(value.count &* 8 &- reader.offset, (offset &+ length) &* 8 &- writer.bitPosition)
        while rest > 0 {
            let step = min(rest, 32)
            writer.put(UInt64(reader.read(step)), bits: step, into: &target)
            rest &-= step
        }
        writer.finish(into: &target)
        target[offset &+ 3] |= 0x40
        return length
    }
}

/// Puts bits together into bytes, the uppermost first.
private struct BitFeed {
    /// The byte to write next.
    private var position: Int
    private var pending: UInt64 = 0
    private var pendingBits = 0

    init(position: Int) { self.position = position }

    /// Where the next bit goes, counted from the target's start.
    var bitPosition: Int { position &* 8 &+ pendingBits }

    /// Appends the low `bits` of `value`, whose others are zero; at most 32.
    mutating func put(_ value: UInt64, bits: Int, into target: inout MutableSpan<UInt8>) {
        pending = pending << UInt64(bits) | value
        pendingBits &+= bits
        while pendingBits >= 8 {
            pendingBits &-= 8
            target[position] = UInt8(truncatingIfNeeded: pending >> UInt64(pendingBits))
            position &+= 1
        }
    }

    /// Fills the last byte up with zeros.
    mutating func finish(into target: inout MutableSpan<UInt8>) {
        guard pendingBits > 0 else { return }
        target[position] = UInt8(truncatingIfNeeded: pending << UInt64(8 &- pendingBits))
    }
}
