// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// Reads bits, the uppermost of each byte first.
///
/// Behind the end it reads zeros and says so once, in ``isExhausted``.
struct BitReader: ~Escapable {
    private let bytes: Span<UInt8>
    /// How many bits have been read.
    private(set) var offset: Int
    /// Whether more was read than there is.
    private(set) var isExhausted = false

    /// - Parameters:
    ///   - bytes: What to read.
    ///   - offset: The first bit to read, not negative.
    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>, offset: Int = 0) { (self.bytes, self.offset) = (bytes, offset) }

    /// The next `count` bits as a number, at most 32.
    @inline(__always)
    mutating func read(_ count: Int) -> UInt32 {
        guard count <= bytes.count &* 8 &- offset else {
            isExhausted = true
            return 0
        }
        var value: UInt64 = 0
        let last = (offset &+ count &+ 7) >> 3
        for index in (offset >> 3)..<last { value = value << 8 | UInt64(bytes[index]) }
        offset &+= count
        return UInt32(truncatingIfNeeded: value >> UInt64(last &* 8 &- offset) & (1 << UInt64(count) &- 1))
    }

    /// The next bit.
    @inline(__always)
    mutating func flag() -> Bool { read(1) != 0 }

    /// A number below `limit`, 1 to 64, in the code that gives the lower numbers one bit less: `ns(n)` of the AV1
    /// bitstream specification §4.10.7.
    mutating func nonSymmetric(below limit: Int) -> Int {
        let width = Int.bitWidth &- limit.leadingZeroBitCount
        let short = 1 << width &- limit
        let value = Int(read(width &- 1))
        return value < short ? value : value << 1 &- short &+ Int(read(1))
    }

    /// Passes over `count` bits.
    mutating func skip(_ count: Int) {
        guard count <= bytes.count &* 8 &- offset else {
            isExhausted = true
            return
        }
        offset &+= count
    }
}
