// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

#if arch(x86_64)
internal import CMultiBuffer

/// AES-GCM by Intel's multi-buffer library, which needs one call for a packet and no context but the prepared key.
@safe
struct MultiBufferGCM: ~Copyable {
    private struct Functions {
        var with128 = swiftlet_gcm()
        var with256 = swiftlet_gcm()
    }

    /// What the library has for this processor; nothing where that lacks AES instructions.
    private static let functions: Functions? = {
        var functions = Functions()
        return unsafe swiftlet_gcm_load(&functions.with128, &functions.with256) == 1 ? functions : nil
    }()

    /// Whether the library can work on this processor.
    static var isAvailable: Bool { functions != nil }

    private let function: aes_gcm_enc_dec_t
    private let key: UnsafeMutablePointer<gcm_key_data>

    /// Fails if the library cannot work here.
    init?(key: Span<UInt8>, direction: AESGCM.Direction) {
        guard let functions = Self.functions else { return nil }
        let chosen = key.count == 16 ? functions.with128 : functions.with256
        guard let prepare = unsafe chosen.prepare,
            let function = unsafe direction == .sealing ? chosen.seal : chosen.open
        else { return nil }
        // The pointer's allocation keeps to the type's alignment, 64 bytes.
        let prepared = UnsafeMutablePointer<gcm_key_data>.allocate(capacity: 1)
        unsafe key.withUnsafeBufferPointer { key in unsafe prepare(key.baseAddress, prepared) }
        unsafe (self.function, self.key) = (function, prepared)
    }

    deinit {
        unsafe imb_clear_mem(key, MemoryLayout<gcm_key_data>.size)
        unsafe key.deallocate()
    }

    /// Seals or opens `count` bytes, and writes the tag.
    @inline(__always)
    borrowing func run(
        _ nonce: UnsafePointer<UInt8>,
        _ header: UnsafeBufferPointer<UInt8>,
        from source: UnsafePointer<UInt8>,
        to target: UnsafeMutablePointer<UInt8>,
        count: Int,
        tag: UnsafeMutablePointer<UInt8>
    ) {
        unsafe swiftlet_gcm_run(function, key, nonce, header.baseAddress, header.count, source, target, count, tag)
    }

    /// Opens `count` bytes in place; whether the tag behind them is theirs, in a time that does not depend on it.
    borrowing func open(
        _ nonce: UnsafePointer<UInt8>,
        _ header: UnsafeBufferPointer<UInt8>,
        _ bytes: UnsafeMutablePointer<UInt8>,
        count: Int
    ) -> Bool {
        var tag: (UInt64, UInt64) = (0, 0)
        return unsafe withUnsafeMutableBytes(of: &tag) { tag in
            guard let base = unsafe tag.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return false }
            unsafe run(nonce, header, from: bytes, to: bytes, count: count, tag: base)
            let given = unsafe UnsafeRawPointer(bytes + count)
            let low = unsafe tag.load(as: UInt64.self) ^ given.loadUnaligned(as: UInt64.self)
            let high =
                unsafe tag.load(fromByteOffset: 8, as: UInt64.self)
                ^ given.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
            return low | high == 0
        }
    }
}
#endif
