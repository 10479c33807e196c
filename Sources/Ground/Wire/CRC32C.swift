// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

internal import CChecksum

/// The CRC-32c of Castagnoli, which SCTP uses, RFC 9260 §6.8 and appendix A.
package enum CRC32C {
    /// The checksum of `bytes`.
    package static func checksum(of bytes: Span<UInt8>) -> UInt32 { update(0, with: bytes) }

    /// The checksum of what `checksum` covers followed by `bytes`.
    package static func update(_ checksum: UInt32, with bytes: Span<UInt8>) -> UInt32 {
        unsafe bytes.withUnsafeBytes { source in
            unsafe cchecksum_crc32c(checksum, source.baseAddress, source.count)
        }
    }

    /// The same without the processor's instruction for it.
    package static func portableUpdate(_ checksum: UInt32, with bytes: Span<UInt8>) -> UInt32 {
        unsafe bytes.withUnsafeBytes { source in
            unsafe cchecksum_crc32c_portable(checksum, source.baseAddress, source.count)
        }
    }
}
