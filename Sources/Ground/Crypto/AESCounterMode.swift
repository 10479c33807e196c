// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL

/// AES in counter mode under one key, RFC 3711 §4.1.1.
///
/// Lives as long as its key does; a packet only sets the counter block. Encrypting and decrypting are the same.
@safe
package struct AESCounterMode: ~Copyable {
    private let context: OpaquePointer

    /// - Parameter key: 16 or 32 bytes; fails for any other length, or if OpenSSL refuses.
    package init?(key: Span<UInt8>) {
        let cipher: OpaquePointer?
        switch key.count {
        case 16: unsafe cipher = EVP_aes_128_ctr()
        case 32: unsafe cipher = EVP_aes_256_ctr()
        default: return nil
        }
        guard let context = unsafe CipherContext.make(cipher, key: key, nonceLength: nil) else { return nil }
        unsafe self.context = context
    }

    deinit { unsafe EVP_CIPHER_CTX_free(context) }

    /// Starts a keystream at the counter block `high` ‖ `low`, big-endian.
    ///
    /// - Returns: Whether OpenSSL did as it was told; it has no reason not to.
    package borrowing func begin(_ high: UInt64, _ low: UInt64) -> Bool {
        var block = (high.bigEndian, low.bigEndian)
        return unsafe withUnsafeBytes(of: &block) { bytes in
            unsafe EVP_EncryptInit_ex(
                context,
                nil,
                nil,
                nil,
                bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
            ) == 1
        }
    }

    /// Writes `source`, combined with the keystream, at `offset`; the caller has checked that it fits.
    package borrowing func apply(
        to source: Span<UInt8>,
        into target: inout MutableSpan<UInt8>,
        at offset: Int
    ) -> Bool {
        unsafe CipherContext.update(context, source, into: &target, at: offset)
    }

    /// Combines the bytes in `range` with the keystream, in place.
    package borrowing func apply(in target: inout MutableSpan<UInt8>, _ range: Range<Int>) -> Bool {
        unsafe CipherContext.update(context, in: &target, range)
    }
}
