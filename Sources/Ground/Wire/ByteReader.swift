// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// Reads big-endian fields off the front of one packet, never past its end.
///
/// A view, not a copy: it cannot outlive the bytes it was given, and the compiler holds it to that. For attributes,
/// chunks and reports; the per-packet paths read fixed offsets after one length check instead.
package struct ByteReader: ~Escapable {
    private let bytes: Span<UInt8>
    /// How many bytes have been read.
    package private(set) var offset = 0

    @_lifetime(copy bytes)
    package init(_ bytes: Span<UInt8>) {
        self.bytes = bytes
    }

    /// Bytes not yet read.
    package var remaining: Int { bytes.count - offset }

    package mutating func readUInt8() throws(WireError) -> UInt8 {
        try require(1)
        defer { offset += 1 }
        return bytes[offset]
    }

    package mutating func readUInt16() throws(WireError) -> UInt16 {
        try require(2)
        defer { offset += 2 }
        return bytes.uint16(at: offset)
    }

    package mutating func readUInt24() throws(WireError) -> UInt32 {
        try require(3)
        defer { offset += 3 }
        return bytes.uint24(at: offset)
    }

    package mutating func readUInt32() throws(WireError) -> UInt32 {
        try require(4)
        defer { offset += 4 }
        return bytes.uint32(at: offset)
    }

    package mutating func readUInt64() throws(WireError) -> UInt64 {
        try require(8)
        defer { offset += 8 }
        return bytes.uint64(at: offset)
    }

    /// Takes the next `count` bytes as a view of the same storage.
    @_lifetime(copy self)
    package mutating func readBytes(_ count: Int) throws(WireError) -> Span<UInt8> {
        try require(count)
        defer { offset += count }
        return bytes.extracting(offset..<offset + count)
    }

    /// Moves past the next `count` bytes.
    package mutating func skip(_ count: Int) throws(WireError) {
        try require(count)
        offset += count
    }

    private func require(_ count: Int) throws(WireError) {
        guard count >= 0, count <= remaining else { throw .truncated }
    }
}
