// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL

/// AES-GCM under one key, sealing or opening, RFC 5116 §5.1: nonces of 12 bytes, tags of 16.
///
/// Lives as long as its key does; a packet only sets the nonce. For each packet: ``begin(_:_:)``, then
/// ``authenticate(_:)``, then the bytes in pieces, then ``finish(into:at:)`` or ``verify(_:)``. Each returns whether
/// OpenSSL did as it was told, which it has no reason not to.
@safe
package struct AESGCM: ~Copyable {
    /// Bytes of a tag.
    package static let tagLength = 16

    /// What a context is for; OpenSSL keeps the two apart.
    package enum Direction: Sendable {
        case sealing
        case opening
    }

    private let context: OpaquePointer

    /// - Parameters:
    ///   - key: 16 or 32 bytes; fails for any other length, or if OpenSSL refuses.
    ///   - direction: Whether to seal or to open.
    package init?(key: Span<UInt8>, direction: Direction) {
        let cipher: OpaquePointer?
        switch key.count {
        case 16: unsafe cipher = EVP_aes_128_gcm()
        case 32: unsafe cipher = EVP_aes_256_gcm()
        default: return nil
        }
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

    /// Starts a packet under the nonce `high` ‖ `low`, big-endian.
    package borrowing func begin(_ high: UInt64, _ low: UInt32) -> Bool {
        var nonce = (high.bigEndian, low.bigEndian)
        return unsafe withUnsafeBytes(of: &nonce) { bytes in
            unsafe EVP_CipherInit_ex(
                context,
                nil,
                nil,
                nil,
                bytes.baseAddress?.assumingMemoryBound(to: UInt8.self),
                -1
            ) == 1
        }
    }

    /// Takes in bytes that are authenticated and not encrypted; before any that are.
    package borrowing func authenticate(_ bytes: Span<UInt8>) -> Bool {
        unsafe bytes.withUnsafeBufferPointer { source in
            var written: Int32 = 0
            return unsafe EVP_CipherUpdate(context, nil, &written, source.baseAddress, Int32(source.count)) == 1
        }
    }

    /// Writes `source`, sealed or opened, at `offset`; the caller has checked that it fits.
    package borrowing func apply(
        to source: Span<UInt8>,
        into target: inout MutableSpan<UInt8>,
        at offset: Int
    ) -> Bool {
        unsafe CipherContext.update(context, source, into: &target, at: offset)
    }

    /// Seals or opens the bytes in `range`, in place.
    package borrowing func apply(in target: inout MutableSpan<UInt8>, _ range: Range<Int>) -> Bool {
        unsafe CipherContext.update(context, in: &target, range)
    }

    /// Ends a sealed packet: writes its tag at `offset`; the caller has checked that it fits.
    package borrowing func finish(into target: inout MutableSpan<UInt8>, at offset: Int) -> Bool {
        precondition(offset >= 0 && offset <= target.count - Self.tagLength, "the caller checks that the tag fits")
        return unsafe target.withUnsafeMutableBufferPointer { bytes in
            guard let base = bytes.baseAddress else { return false }
            var written: Int32 = 0
            return unsafe EVP_CipherFinal_ex(context, base + offset, &written) == 1
                && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(Self.tagLength), base + offset) == 1
        }
    }

    /// Ends an opened packet: whether its tag is `tag`, of 16 bytes.
    package borrowing func verify(_ tag: Span<UInt8>) -> Bool {
        guard tag.count == Self.tagLength else { return false }
        return unsafe tag.withUnsafeBufferPointer { bytes in
            var (written, scratch): (Int32, UInt64) = (0, 0)
            return unsafe EVP_CIPHER_CTX_ctrl(
                context,
                EVP_CTRL_AEAD_SET_TAG,
                Int32(Self.tagLength),
                UnsafeMutableRawPointer(mutating: bytes.baseAddress)
            ) == 1
                && withUnsafeMutableBytes(of: &scratch) { rest in
                    unsafe EVP_CipherFinal_ex(
                        context,
                        rest.baseAddress?.assumingMemoryBound(to: UInt8.self),
                        &written
                    ) == 1
                }
        }
    }
}
