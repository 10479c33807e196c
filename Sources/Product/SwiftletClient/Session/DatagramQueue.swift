// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletWire

/// Sealed datagrams on their way to a socket: one buffer that is used over and over, so that a packet costs no
/// allocation.
package final class DatagramQueue {
    /// One datagram.
    package struct Entry: Sendable {
        package var range: Range<Int>
        package var tuple: Tuple
    }

    /// Bytes that may wait; what comes then is dropped.
    package static let limit = 16 << 20
    /// Room given to whoever writes one datagram.
    package static let datagramRoom = 2048

    package private(set) var entries: [Entry] = []
    /// Datagrams dropped because too many waited.
    package private(set) var dropped: UInt64 = 0
    private var bytes = [UInt8](repeating: 0, count: 1 << 16)
    private var used = 0

    package init() {}

    package var isEmpty: Bool { entries.isEmpty }

    /// Lets `write` put one datagram at an offset, of at most ``datagramRoom`` bytes.
    ///
    /// - Parameters:
    ///   - tuple: Where it goes.
    ///   - write: Is given the buffer and the offset, and returns the datagram's length; 0 for none.
    /// - Returns: Where it lies; `nil` when nothing was added.
    @discardableResult
    package func append(to tuple: Tuple, _ write: (inout MutableSpan<UInt8>, Int) -> Int) -> Range<Int>? {
        if bytes.count - used < Self.datagramRoom {
            guard bytes.count < Self.limit else {
                dropped &+= 1
                return nil
            }
            bytes += [UInt8](repeating: 0, count: bytes.count)
        }
        let start = used
        var span = bytes.mutableSpan
        let length = write(&span, start)
        guard length > 0, length <= Self.datagramRoom else { return nil }
        used += length
        entries.append(Entry(range: start..<used, tuple: tuple))
        return start..<used
    }

    /// Adds a datagram that is already written.
    package func append(_ datagram: [UInt8], to tuple: Tuple) {
        append(to: tuple) { bytes, offset in
            guard datagram.count <= Self.datagramRoom else { return 0 }
            bytes.store(datagram.span, at: offset)
            return datagram.count
        }
    }

    /// Takes the newest datagram back.
    package func removeLast() -> [UInt8] {
        guard let entry = entries.popLast() else { return [] }
        used = entry.range.lowerBound
        return Array(bytes[entry.range])
    }

    /// Copies a datagram's bytes out.
    package func copy(_ entry: Entry) -> [UInt8] { Array(bytes[entry.range]) }

    /// Moves datagrams from `first` on into a batch, as many as fit.
    ///
    /// - Returns: The first that did not fit, or the number of entries.
    package func move(from first: Int, into batch: inout TransmitBatch) -> Int {
        var index = first
        while index < entries.count {
            let entry = entries[index]
            guard
                batch.append(
                    bytes.span.extracting(entry.range),
                    socket: entry.tuple.socket,
                    destination: entry.tuple.remote
                )
            else { break }
            index += 1
        }
        return index
    }

    /// Forgets everything, keeping the memory.
    package func removeAll() {
        entries.removeAll(keepingCapacity: true)
        used = 0
    }
}
