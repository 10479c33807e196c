// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// How messages are cut out of the stream between host and worker: four bytes of length, big-endian, then the message.
package enum Framing {
    /// The longest message either side sends or takes: a data message of 16 MiB, and 64 KiB for what is said of it.
    package static let maximumMessageBytes = 16 << 20 + 64 << 10
    /// Bytes of the length.
    package static let prefixBytes = 4

    /// The message behind its length.
    ///
    /// - Throws: ``WorkerProtocolError/messageTooLong`` above ``maximumMessageBytes``.
    package static func frame(_ message: [UInt8]) throws(WorkerProtocolError) -> [UInt8] {
        var frame: [UInt8] = []
        frame.reserveCapacity(prefixBytes + message.count)
        frame.append(contentsOf: [UInt8](repeating: 0, count: prefixBytes))
        frame.append(contentsOf: message)
        try writePrefix(to: &frame)
        return frame
    }

    /// Writes the length of the message that stands in `frame` behind room for it.
    ///
    /// - Throws: ``WorkerProtocolError/messageTooLong`` above ``maximumMessageBytes``.
    static func writePrefix(to frame: inout [UInt8]) throws(WorkerProtocolError) {
        let count = frame.count - prefixBytes
        guard count <= maximumMessageBytes else { throw .messageTooLong }
        for index in 0..<prefixBytes {
            frame[index] = UInt8(truncatingIfNeeded: count >> (8 * (prefixBytes - 1 - index)))
        }
    }
}

/// Why a message could not be written or read.
package enum WorkerProtocolError: Error, Hashable, Sendable {
    /// It is longer than ``Framing/maximumMessageBytes``; what follows in the stream cannot be read either.
    case messageTooLong
    /// It is no message of this protocol, or one with a missing or impossible field.
    case malformed
}

/// Cuts a stream of bytes, which may arrive in any pieces, into messages.
///
/// Total: no bytes trap. After ``WorkerProtocolError/messageTooLong`` the stream cannot be read on, and every
/// further call says so again. It holds one unfinished message and what ``append(_:)`` was given beyond it, so
/// whoever takes all messages after each read holds at most the longest message and one read.
package struct FrameDecoder: Sendable {
    /// A message above this that comes in pieces is put together in a buffer of its own, and handed out without a copy.
    private static let longBytes = 64 << 10
    /// Bytes of a long message that have to be there before room for all of it is reserved.
    private static let reservingBytes = 1 << 20

    private var buffer: [UInt8] = []
    private var start = 0
    /// The long message that is being put together, and how long it becomes; ``buffer`` holds what is behind it.
    private var long: [UInt8] = []
    private var longLength: Int?

    package init() {}

    /// Bytes that wait for the rest of their message.
    package var bufferedBytes: Int {
        buffer.count - start + (longLength == nil ? 0 : Framing.prefixBytes + long.count)
    }

    /// Takes in what was read.
    package mutating func append(_ bytes: Span<UInt8>) {
        let taken = min(bytes.count, longLength.map { $0 - long.count } ?? 0)
        if taken > 0 { appendToLong(bytes.extracting(first: taken)) }
        guard taken < bytes.count else { return }
        if start == buffer.count {
            buffer.removeAll(keepingCapacity: buffer.capacity <= 1 << 17)
            start = 0
        } else if start > 1 << 16 {
            buffer.removeFirst(start)
            start = 0
        }
        let rest = bytes.extracting(taken..<bytes.count)
        unsafe rest.withUnsafeBufferPointer { pointer in unsafe buffer.append(contentsOf: pointer) }
    }

    /// The next whole message, or `nil` while there is none.
    package mutating func next() throws(WorkerProtocolError) -> [UInt8]? {
        if let longLength {
            guard long.count == longLength else { return nil }
            self.longLength = nil
            var message: [UInt8] = []
            swap(&message, &long)
            return message
        }
        let waiting = buffer.count - start
        guard waiting >= Framing.prefixBytes else { return nil }
        let length = Int(buffer.span.uint32(at: start))
        guard length <= Framing.maximumMessageBytes else { throw .messageTooLong }
        let first = start + Framing.prefixBytes
        guard buffer.count - first >= length else {
            if length > Self.longBytes {
                longLength = length
                long = Array(buffer[first...])
                start = buffer.count
            }
            return nil
        }
        start = first + length
        return Array(buffer[first..<start])
    }

    private mutating func appendToLong(_ bytes: Span<UInt8>) {
        if let longLength, long.count + bytes.count > Self.reservingBytes { long.reserveCapacity(longLength) }
        unsafe bytes.withUnsafeBufferPointer { pointer in unsafe long.append(contentsOf: pointer) }
    }
}
