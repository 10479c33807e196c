// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// What a data message of a load test carries: when it was sent, and which one it is.
package struct LoadMessage: Hashable {
    /// Bytes before the filling.
    package static let headerBytes = 16
    /// What sets these messages apart from others.
    private static let mark: UInt32 = 0x5357_4C54

    /// Nanoseconds since 1970.
    package var sent: UInt64
    /// Which one of its channel, from 0.
    package var number: UInt32

    /// A message by what it says.
    package init(sent: UInt64, number: UInt32) { (self.sent, self.number) = (sent, number) }

    /// Reads a message; `nil` when it is none of ours.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count >= Self.headerBytes else { return nil }
        func value(_ range: Range<Int>) -> UInt64 { bytes[range].reduce(0) { $0 << 8 | UInt64($1) } }
        guard value(0..<4) == UInt64(Self.mark) else { return nil }
        (number, sent) = (UInt32(truncatingIfNeeded: value(4..<8)), value(8..<16))
    }

    /// As bytes, `size` of them but at least the header's.
    package func bytes(size: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(max(size, Self.headerBytes))
        for shift in stride(from: 24, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: Self.mark >> shift))
        }
        for shift in stride(from: 24, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: number >> shift)) }
        for shift in stride(from: 56, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: sent >> shift)) }
        while bytes.count < size { bytes.append(0) }
        return bytes
    }
}
