// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// An audio payload that carries earlier ones again: the walk over its block headers.
///
/// - Note: RFC 2198 §3.
package struct REDPayload: BitwiseCopyable, Sendable {
    /// The most blocks one payload may have, the primary one included.
    package static let maximumBlocks = 8
    /// The most bytes the block headers take.
    package static let maximumHeaderLength = 4 * (maximumBlocks - 1) + 1

    /// One encoding within the payload.
    package struct Block: BitwiseCopyable, Equatable, Sendable {
        package let payloadType: UInt8
        /// How much earlier than the packet's timestamp it was sampled, 14 bits; 0 for the primary block.
        package let timestampOffset: UInt16
        /// Where its bytes start in the payload.
        package let offset: Int
        package let length: Int

        /// Where its bytes lie in the payload.
        package var range: Range<Int> { offset..<offset &+ length }
    }

    private var blocks = InlineArray<8, Block>(
        repeating: Block(payloadType: 0, timestampOffset: 0, offset: 0, length: 0)
    )
    /// How many blocks there are, at least one.
    package private(set) var count = 0
    /// Bytes of all block headers.
    package private(set) var headerLength = 0

    /// Reads the block headers; `nil` when they are cut short, more than ``maximumBlocks``, or announce more bytes than
    /// there are.
    package init?(_ payload: Span<UInt8>) {
        while true {
            guard headerLength < payload.count, count < Self.maximumBlocks else { return nil }
            let head = payload[headerLength]
            guard head & 0x80 != 0 else {
                headerLength &+= 1
                append(payloadType: head, timestampOffset: 0, length: 0)
                break
            }
            guard payload.count &- headerLength >= 4 else { return nil }
            let bits = payload.uint24(at: headerLength &+ 1)
            headerLength &+= 4
            append(
                payloadType: head & 0x7F,
                timestampOffset: UInt16(truncatingIfNeeded: bits >> 10),
                length: Int(bits & 0x3FF)
            )
        }
        var offset = headerLength
        for index in 0..<count {
            let block = blocks[index]
            let rest = payload.count &- offset
            let length = index == count &- 1 ? rest : block.length
            guard length <= rest else { return nil }
            blocks[index] = Block(
                payloadType: block.payloadType,
                timestampOffset: block.timestampOffset,
                offset: offset,
                length: length
            )
            offset &+= length
        }
    }

    private mutating func append(payloadType: UInt8, timestampOffset: UInt16, length: Int) {
        blocks[count] = Block(payloadType: payloadType, timestampOffset: timestampOffset, offset: 0, length: length)
        count &+= 1
    }

    /// The newest encoding, the one that the packet's timestamp is of.
    package var primary: Block { blocks[count &- 1] }

    /// The block at `index`, oldest first and the primary one last; `nil` past it.
    package subscript(index: Int) -> Block? { index >= 0 && index < count ? blocks[index] : nil }

    /// Writes the block headers with other payload types; what follows them in the payload stays as it is.
    ///
    /// - Returns: ``headerLength``, or 0 when that does not fit, and then nothing is written.
    package func write(
        mapping payloadTypes: PayloadTypeMapping,
        into target: inout MutableSpan<UInt8>,
        at offset: Int
    ) -> Int {
        guard offset >= 0, target.count &- offset >= headerLength else { return 0 }
        var next = offset
        for index in 0..<count &- 1 {
            let block = blocks[index]
            target[next] = 0x80 | payloadTypes[block.payloadType]
            target.store24(
                UInt32(block.timestampOffset) << 10 | UInt32(truncatingIfNeeded: block.length),
                at: next &+ 1
            )
            next &+= 4
        }
        target[next] = payloadTypes[primary.payloadType]
        return headerLength
    }
}

/// Which payload types to write in place of which: a short list held inline.
package struct PayloadTypeMapping: BitwiseCopyable, Sendable {
    /// The most payload types that can be replaced.
    package static let capacity = 4

    private var old = SIMD4<UInt8>(repeating: 0xFF)
    private var new = SIMD4<UInt8>(repeating: 0xFF)

    /// Makes a mapping that replaces nothing.
    package init() {}

    /// Replaces `old` by `new`, both below 128, from now on.
    ///
    /// - Returns: Whether there was room.
    @discardableResult
    package mutating func replace(_ old: UInt8, by new: UInt8) -> Bool {
        guard old < 128, new < 128 else { return false }
        for index in 0..<Self.capacity where self.old[index] == old || self.old[index] == 0xFF {
            (self.old[index], self.new[index]) = (old, new)
            return true
        }
        return false
    }

    /// The payload type to write for `payloadType`: itself unless it is replaced.
    package subscript(payloadType: UInt8) -> UInt8 {
        for index in 0..<Self.capacity where old[index] == payloadType { return new[index] }
        return payloadType
    }
}
