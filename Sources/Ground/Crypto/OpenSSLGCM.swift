// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL

/// AES-GCM by OpenSSL's EVP: one context for the life of the key, of which a packet only sets the nonce.
@safe
struct OpenSSLGCM: ~Copyable {
    private let context: OpaquePointer

    /// Fails if OpenSSL refuses.
    init?(key: Span<UInt8>, direction: AESGCM.Direction) {
        let cipher: OpaquePointer?
        unsafe cipher = key.count == 16 ? EVP_aes_128_gcm() : EVP_aes_256_gcm()
        guard
            let context = unsafe CipherContext.make(
                cipher,
                key: key,
                nonceLength: 12,
                isEncrypting: direction == .sealing
            )
        else { return nil }
        unsafe self.context = context
    }

    deinit { unsafe EVP_CIPHER_CTX_free(context) }

    /// Seals `count` bytes and puts the tag behind them.
    borrowing func seal(
        _ nonce: UnsafePointer<UInt8>,
        _ header: UnsafeBufferPointer<UInt8>,
        from source: UnsafePointer<UInt8>,
        to target: UnsafeMutablePointer<UInt8>,
        count: Int
    ) -> Bool {
        var written: Int32 = 0
        return unsafe begin(nonce, header)
            && EVP_CipherUpdate(context, target, &written, source, Int32(count)) == 1
            && EVP_CipherFinal_ex(context, target + count, &written) == 1
            && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(AESGCM.tagLength), target + count) == 1
    }

    /// Opens `count` bytes in place; whether the tag behind them is theirs.
    borrowing func open(
        _ nonce: UnsafePointer<UInt8>,
        _ header: UnsafeBufferPointer<UInt8>,
        _ bytes: UnsafeMutablePointer<UInt8>,
        count: Int
    ) -> Bool {
        var (written, scratch): (Int32, UInt64) = (0, 0)
        return unsafe begin(nonce, header) && EVP_CipherUpdate(context, bytes, &written, bytes, Int32(count)) == 1
            && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(AESGCM.tagLength), bytes + count) == 1
            && withUnsafeMutableBytes(of: &scratch) { rest in
                unsafe EVP_CipherFinal_ex(context, rest.baseAddress?.assumingMemoryBound(to: UInt8.self), &written) == 1
            }
    }

    private borrowing func begin(_ nonce: UnsafePointer<UInt8>, _ header: UnsafeBufferPointer<UInt8>) -> Bool {
        var written: Int32 = 0
        return unsafe EVP_CipherInit_ex(context, nil, nil, nil, nonce, -1) == 1
            && EVP_CipherUpdate(context, nil, &written, header.baseAddress, Int32(header.count)) == 1
    }
}
