// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletWire

/// Framing of packets on a byte stream, RFC 4571 §2: a 16-bit length before each.
package enum StreamFraming {
    /// Bytes of the length field.
    package static let headerLength = 2
    /// Longest packet taken in unless said otherwise; nothing in WebRTC comes near, and a peer that claims more is
    /// lost in its stream or after our memory.
    package static let maximumFrameLength = 8192

    /// Appends `packet` with its length in front; one that is empty or over 65,535 bytes long is left out.
    ///
    /// - Returns: Whether it was written.
    @discardableResult
    package static func append(_ packet: Span<UInt8>, to stream: inout [UInt8]) -> Bool {
        guard !packet.isEmpty, packet.count <= 65_535 else { return false }
        stream.append(UInt8(truncatingIfNeeded: packet.count >> 8))
        stream.append(UInt8(truncatingIfNeeded: packet.count))
        for index in packet.indices { stream.append(packet[index]) }
        return true
    }
}

/// Cuts a byte stream back into packets, whatever pieces the stream came in.
///
/// Hand in what arrived with ``append(_:)``, which may take only its beginning, and drain ``nextFrame()`` after each:
///
/// ```swift
/// var rest = chunk
/// while !rest.isEmpty {
///     rest = rest.extracting(droppingFirst: deframer.append(rest))
///     while let frame = try deframer.nextFrame() { use(&deframer.bytes, frame) }
/// }
/// ```
///
/// A packet lies in ``bytes``, where SRTP may open it in place, until the next call of ``append(_:)``.
package struct StreamDeframer: Sendable {
    private let maximumFrameLength: Int
    private var buffer: [UInt8] = []
    private var start = 0
    private var end = 0
    private var isBroken = false

    /// - Parameter maximumFrameLength: Longest packet taken in; the buffer holds twice that and two length fields.
    package init(maximumFrameLength: Int = StreamFraming.maximumFrameLength) {
        self.maximumFrameLength = min(max(maximumFrameLength, 1), 65_535)
    }

    /// Most bytes ever held.
    package var capacity: Int { 2 * (maximumFrameLength + StreamFraming.headerLength) }

    /// Bytes held that ``nextFrame()`` has not returned.
    package var pending: Int { end - start }

    /// The buffer that ``nextFrame()`` returns ranges of.
    package var bytes: MutableSpan<UInt8> {
        @_lifetime(&self)
        mutating get { buffer.mutableSpan }
    }

    /// Takes in as much of `chunk` as there is room for: at least one byte, once all frames have been drained.
    ///
    /// - Returns: How many bytes were taken; after an error all of them, to no effect.
    package mutating func append(_ chunk: Span<UInt8>) -> Int {
        guard !isBroken else { return chunk.count }
        if buffer.isEmpty { buffer = [UInt8](repeating: 0, count: capacity) }
        if start == end {
            (start, end) = (0, 0)
        } else if buffer.count - end < chunk.count, start > 0 {
            for index in start..<end { buffer[index - start] = buffer[index] }
            (start, end) = (0, end - start)
        }
        let taken = min(chunk.count, buffer.count - end)
        let room = end
        end += taken
        var target = buffer.mutableSpan
        target.store(chunk.extracting(first: taken), at: room)
        return taken
    }

    /// The next whole packet as a range of ``bytes``, or `nil` when there is none yet; empty packets are skipped.
    ///
    /// - Throws: ``WireError/malformed`` when a length exceeds the maximum, now and ever after: the stream is out of
    ///   step, and its connection has to be closed.
    package mutating func nextFrame() throws(WireError) -> Range<Int>? {
        guard !isBroken else { throw .malformed }
        while end - start >= StreamFraming.headerLength {
            let length = Int(buffer[start]) << 8 | Int(buffer[start + 1])
            guard length <= maximumFrameLength else {
                isBroken = true
                (buffer, start, end) = ([], 0, 0)
                throw .malformed
            }
            let payload = start + StreamFraming.headerLength
            guard end - payload >= length else { return nil }
            start = payload + length
            if length > 0 { return payload..<start }
        }
        return nil
    }
}
