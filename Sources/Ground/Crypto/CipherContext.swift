// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL

/// What the two ciphers share of OpenSSL's interface.
enum CipherContext {
    /// Makes a context that owns the key schedule, or nothing if OpenSSL refuses.
    static func make(
        _ cipher: OpaquePointer?,
        key: Span<UInt8>,
        nonceLength: Int32?,
        isEncrypting: Bool = true
    ) -> OpaquePointer? {
        guard let context = unsafe EVP_CIPHER_CTX_new() else { return nil }
        let direction: Int32 = isEncrypting ? 1 : 0
        var isReady = unsafe EVP_CipherInit_ex(context, cipher, nil, nil, nil, direction) == 1
        if let nonceLength {
            isReady = unsafe isReady && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_IVLEN, nonceLength, nil) == 1
        }
        isReady = unsafe key.withUnsafeBufferPointer { bytes in
            unsafe isReady && EVP_CipherInit_ex(context, nil, nil, bytes.baseAddress, nil, direction) == 1
        }
        guard isReady else {
            unsafe EVP_CIPHER_CTX_free(context)
            return nil
        }
        return unsafe context
    }

    /// Runs `source` through the cipher to `offset`; the caller has checked that it fits.
    static func update(
        _ context: OpaquePointer,
        _ source: Span<UInt8>,
        into target: inout MutableSpan<UInt8>,
        at offset: Int
    ) -> Bool {
        precondition(offset >= 0 && source.count <= target.count - offset, "the caller checks that the bytes fit")
        return unsafe target.withUnsafeMutableBufferPointer { bytes in
            unsafe source.withUnsafeBufferPointer { source in
                guard let from = source.baseAddress, let to = bytes.baseAddress else { return true }
                var written: Int32 = 0
                return unsafe EVP_CipherUpdate(context, to + offset, &written, from, Int32(source.count)) == 1
            }
        }
    }

    /// Runs the bytes in `range` through the cipher, in place.
    static func update(_ context: OpaquePointer, in target: inout MutableSpan<UInt8>, _ range: Range<Int>) -> Bool {
        precondition(range.lowerBound >= 0 && range.upperBound <= target.count, "the caller checks the range")
        return unsafe target.withUnsafeMutableBufferPointer { bytes in
            guard let base = bytes.baseAddress, !range.isEmpty else { return true }
            let start = unsafe base + range.lowerBound
            var written: Int32 = 0
            return unsafe EVP_CipherUpdate(context, start, &written, start, Int32(range.count)) == 1
        }
    }
}
