// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// The CRC-32 of ITU-T V.42, which STUN's FINGERPRINT uses, RFC 8489 §14.7.
package enum CRC32 {
    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
    }

    /// The checksum of `bytes`.
    package static func checksum(of bytes: Span<UInt8>) -> UInt32 {
        update(0, with: bytes)
    }

    /// The checksum of what `checksum` covers followed by `bytes`.
    package static func update(_ checksum: UInt32, with bytes: Span<UInt8>) -> UInt32 {
        var value = ~checksum
        for index in bytes.indices {
            value = table[Int(UInt8(truncatingIfNeeded: value) ^ bytes[index])] ^ value >> 8
        }
        return ~value
    }
}
