// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// The header extensions of a packet about to be written: a short list of ids and values, held inline.
///
/// Two values are known only when the packet leaves, abs-send-time and the transport-wide sequence number. They are
/// listed by ``appendAbsoluteSendTime(id:)`` and ``appendTransportSequenceNumber(id:)`` and written as zeros;
/// ``RTPHeaderLayout`` tells where, so that they can be set last.
package struct RTPExtensionBlock: Sendable {
    /// The most elements one packet gets.
    package static let capacity = 10
    /// The longest value held inline; longer ones are copied from a source, see ``append(id:copying:)``.
    package static let inlineLength = 16

    @usableFromInline
    enum Role: UInt8, Sendable {
        case value, copied, absoluteSendTime, transportSequenceNumber
    }

    @usableFromInline
    struct Entry: Sendable {
        @usableFromInline var id: UInt8
        @usableFromInline var length: UInt8
        @usableFromInline var role: Role
        /// The value, first byte uppermost; for a copied one where it starts in its source.
        @usableFromInline var high: UInt64
        @usableFromInline var low: UInt64

        @inlinable @inline(__always)
        init(id: UInt8, length: UInt8, role: Role, high: UInt64, low: UInt64) {
            (self.id, self.length, self.role) = (id, length, role)
            (self.high, self.low) = (high, low)
        }
    }

    @usableFromInline var entries = InlineArray<10, Entry>(
        repeating: Entry(id: 0, length: 0, role: .value, high: 0, low: 0)
    )
    /// How many elements are listed.
    package private(set) var count = 0
    /// Bytes of all values.
    @usableFromInline var valueLength = 0
    /// Whether an id or a length bars the one-byte form, RFC 8285 §4.2.
    package private(set) var needsTwoByteForm = false

    package init() {}

    /// Bytes that the block takes in a packet, preamble and padding included; 0 when it is empty.
    package var encodedLength: Int {
        guard count > 0 else { return 0 }
        let elements = valueLength &+ count &* (needsTwoByteForm ? 2 : 1)
        return 4 &+ (elements &+ 3) & ~3
    }

    /// Lists a stream name.
    ///
    /// - Returns: Whether there was room and the id is not 0; the same holds for all of its kind.
    @discardableResult
    package mutating func append(id: UInt8, identifier: StreamIdentifier) -> Bool {
        append(Entry(id: id, length: identifier.count, role: .value, high: identifier.high, low: identifier.low))
    }

    @discardableResult
    package mutating func append(id: UInt8, audioLevel: AudioLevel) -> Bool {
        append(id: id, value: UInt64(audioLevel.rawValue), length: 1)
    }

    @discardableResult
    package mutating func append(id: UInt8, videoOrientation: VideoOrientation) -> Bool {
        append(id: id, value: UInt64(videoOrientation.rawValue), length: 1)
    }

    @discardableResult
    package mutating func append(id: UInt8, playoutDelay: PlayoutDelay) -> Bool {
        append(id: id, value: UInt64(playoutDelay.rawValue), length: 3)
    }

    @discardableResult
    package mutating func append(id: UInt8, absoluteCaptureTime time: AbsoluteCaptureTime) -> Bool {
        let offset = time.clockOffset.map(UInt64.init(bitPattern:))
        return append(
            Entry(
                id: id,
                length: offset == nil ? 8 : 16,
                role: .value,
                high: time.captured.rawValue,
                low: offset ?? 0
            )
        )
    }

    /// Lists abs-send-time, whose value is set when the packet leaves.
    @discardableResult
    package mutating func appendAbsoluteSendTime(id: UInt8) -> Bool {
        append(Entry(id: id, length: 3, role: .absoluteSendTime, high: 0, low: 0))
    }

    /// Lists the transport-wide sequence number, which is set when the packet leaves.
    @discardableResult
    package mutating func appendTransportSequenceNumber(id: UInt8) -> Bool {
        append(Entry(id: id, length: 2, role: .transportSequenceNumber, high: 0, low: 0))
    }

    /// Lists a value of up to 255 bytes that lies at `range` of the source handed to the writer.
    @discardableResult
    package mutating func append(id: UInt8, copying range: Range<Int>) -> Bool {
        guard range.count <= 255, range.lowerBound >= 0 else { return false }
        return append(
            Entry(id: id, length: UInt8(range.count), role: .copied, high: UInt64(range.lowerBound), low: 0)
        )
    }

    /// Lists the low `length` bytes of `value`, at most 8.
    @discardableResult
    package mutating func append(id: UInt8, value: UInt64, length: Int) -> Bool {
        guard 1...8 ~= length else { return false }
        return append(
            Entry(id: id, length: UInt8(length), role: .value, high: value << UInt64(64 - length * 8), low: 0)
        )
    }

    private mutating func append(_ entry: Entry) -> Bool {
        guard entry.id != 0, count < Self.capacity else { return false }
        entries[count] = entry
        count += 1
        valueLength += Int(entry.length)
        if entry.id > 14 || !(1...16 ~= entry.length) { needsTwoByteForm = true }
        return true
    }
}
