// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

extension Span<UInt8> {
    /// The big-endian integer at `offset`, which the caller has checked to lie inside.
    @inlinable @inline(__always)
    package func uint16(at offset: Int) -> UInt16 {
        UInt16(self[offset]) << 8 | UInt16(self[offset &+ 1])
    }

    /// The big-endian 24-bit integer at `offset`, which the caller has checked to lie inside.
    @inlinable @inline(__always)
    package func uint24(at offset: Int) -> UInt32 {
        UInt32(self[offset]) << 16 | UInt32(uint16(at: offset &+ 1))
    }

    /// The big-endian integer at `offset`, which the caller has checked to lie inside.
    @inlinable @inline(__always)
    package func uint32(at offset: Int) -> UInt32 {
        UInt32(uint16(at: offset)) << 16 | UInt32(uint16(at: offset &+ 2))
    }

    /// The big-endian integer at `offset`, which the caller has checked to lie inside.
    @inlinable @inline(__always)
    package func uint64(at offset: Int) -> UInt64 {
        UInt64(uint32(at: offset)) << 32 | UInt64(uint32(at: offset &+ 4))
    }

    /// A copy of the bytes, for state that outlives the datagram.
    package func copied() -> [UInt8] {
        unsafe withUnsafeBufferPointer { source in unsafe [UInt8](source) }
    }

    /// Whether the bytes equal those of `other`; takes as long as the first difference is deep.
    package func matches(_ other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        for index in indices where self[index] != other[index] { return false }
        return true
    }
}

extension [UInt8] {
    /// Goes on with `bytes`.
    package mutating func append(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { source in unsafe append(contentsOf: source) }
    }
}

extension MutableSpan<UInt8> {
    /// Writes `value` big-endian at `offset`; the caller has checked that it fits.
    @inlinable @inline(__always)
    @_lifetime(self: copy self)
    package mutating func store(_ value: UInt16, at offset: Int) {
        self[offset] = UInt8(truncatingIfNeeded: value >> 8)
        self[offset &+ 1] = UInt8(truncatingIfNeeded: value)
    }

    /// Writes the low 24 bits of `value` big-endian at `offset`; the caller has checked that they fit.
    @inlinable @inline(__always)
    @_lifetime(self: copy self)
    package mutating func store24(_ value: UInt32, at offset: Int) {
        self[offset] = UInt8(truncatingIfNeeded: value >> 16)
        store(UInt16(truncatingIfNeeded: value), at: offset &+ 1)
    }

    /// Writes `value` big-endian at `offset`; the caller has checked that it fits.
    @inlinable @inline(__always)
    @_lifetime(self: copy self)
    package mutating func store(_ value: UInt32, at offset: Int) {
        store(UInt16(truncatingIfNeeded: value >> 16), at: offset)
        store(UInt16(truncatingIfNeeded: value), at: offset &+ 2)
    }

    /// Writes `value` big-endian at `offset`; the caller has checked that it fits.
    @inlinable @inline(__always)
    @_lifetime(self: copy self)
    package mutating func store(_ value: UInt64, at offset: Int) {
        store(UInt32(truncatingIfNeeded: value >> 32), at: offset)
        store(UInt32(truncatingIfNeeded: value), at: offset &+ 4)
    }

    /// Copies `bytes` to `offset`; the caller has checked that they fit.
    @inlinable @inline(__always)
    @_lifetime(self: copy self)
    package mutating func store(_ bytes: Span<UInt8>, at offset: Int) {
        precondition(offset >= 0 && bytes.count <= count &- offset, "the caller checks that the bytes fit")
        unsafe withUnsafeMutableBytes { target in
            unsafe bytes.withUnsafeBytes { source in
                guard let from = source.baseAddress, let to = target.baseAddress else { return }
                unsafe (to + offset).copyMemory(from: from, byteCount: source.count)
            }
        }
    }
}
