// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

extension FixedWidthInteger where Self: UnsignedInteger {
    /// Whether this number comes after `other` on the circle of its width, RFC 1982 §3.2.
    ///
    /// Exactly half the circle apart, where the RFC leaves the order open, the larger number counts as newer.
    @inlinable @inline(__always)
    package func isNewer(than other: Self) -> Bool {
        let distance = self &- other
        let half: Self = 1 << Self(Self.bitWidth - 1)
        return distance == half ? self > other : distance != 0 && distance < half
    }
}

/// Turns wrapping 16-bit sequence numbers into ever-growing 64-bit ones, RFC 3711 §3.3.1.
///
/// Each number is placed within half a circle of the newest seen, so late packets get numbers below it. The first
/// number keeps its value, so rollover starts at zero; only a packet before the very first one comes out negative.
package struct SequenceUnwrapper: Sendable {
    /// The largest extended number so far, or `nil` before the first.
    package private(set) var newest: Int64?

    package init() {}

    /// The extended number of `sequence`, without taking note of it.
    @inlinable @inline(__always)
    package func peek(_ sequence: UInt16) -> Int64 {
        guard let newest = _newest else { return Int64(sequence) }
        return newest &+ Int64(Int16(truncatingIfNeeded: Int64(sequence) &- newest))
    }

    /// The extended number of `sequence`; from now on numbers are placed around the newest.
    @inlinable @inline(__always)
    package mutating func unwrap(_ sequence: UInt16) -> Int64 {
        let extended = peek(sequence)
        _advance(to: extended)
        return extended
    }

    @usableFromInline @inline(__always)
    var _newest: Int64? { newest }

    @usableFromInline @inline(__always)
    mutating func _advance(to extended: Int64) {
        if let newest, newest >= extended { return }
        newest = extended
    }
}
