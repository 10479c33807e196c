// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL
import SwiftletWire

/// HMAC-SHA1 under one key, RFC 2104: STUN's integrity and SRTP's authentication.
///
/// Keeps the hash states behind the two key blocks, so a message costs no key set-up and no allocation: what OpenSSL's
/// own MAC interface would pay for each.
package struct HMACSHA1: Sendable {
    /// Bytes of a tag.
    package static let tagLength = 20

    private let inner: SHA1State
    private let outer: SHA1State

    /// - Parameter key: Of any length; keys over 64 bytes are hashed first, RFC 2104 §2.
    package init(key: Span<UInt8>) {
        var block = [UInt8](repeating: 0, count: 64)
        var target = block.mutableSpan
        if key.count > target.count {
            var state = SHA1State()
            state.update(key)
            let hash = state.finish()
            for index in hash.indices { target[index] = hash[index] }
        } else {
            target.store(key, at: 0)
        }
        let (innerBlock, outerBlock) = (block.map { $0 ^ 0x36 }, block.map { $0 ^ 0x5C })
        var (inner, outer) = (SHA1State(), SHA1State())
        inner.update(innerBlock.span)
        outer.update(outerBlock.span)
        (self.inner, self.outer) = (inner, outer)
    }

    /// The tag of `bytes` under `key`, both used once.
    package static func tag(of bytes: Span<UInt8>, key: Span<UInt8>) -> [UInt8] {
        var message = HMACSHA1(key: key).begin()
        message.update(bytes)
        return message.finish()
    }

    /// Starts a message.
    package func begin() -> Message { Message(inner: inner, outer: outer) }

    /// A message that is being authenticated, piece by piece.
    ///
    /// A value: a copy taken on the way gives the tag of another ending.
    package struct Message: Sendable {
        fileprivate var inner: SHA1State
        fileprivate let outer: SHA1State

        /// Goes on with `bytes`.
        package mutating func update(_ bytes: Span<UInt8>) { inner.update(bytes) }

        /// Goes on with four bytes, big-endian.
        package mutating func update(_ value: UInt32) {
            let bytes: InlineArray<4, UInt8> = [
                UInt8(truncatingIfNeeded: value >> 24), UInt8(truncatingIfNeeded: value >> 16),
                UInt8(truncatingIfNeeded: value >> 8), UInt8(truncatingIfNeeded: value),
            ]
            inner.update(bytes.span)
        }

        /// The whole tag.
        package func finish() -> [UInt8] {
            let tag = tag()
            return tag.span.copied()
        }

        /// Writes the tag's first `count` bytes, at most 20, at `offset`; the caller has checked that they fit.
        package func finish(into target: inout MutableSpan<UInt8>, at offset: Int, count: Int) {
            let tag = tag()
            target.store(tag.span.extracting(first: count), at: offset)
        }

        /// Whether the tag starts with `expected`, which holds 1 to 20 bytes; compares in constant time.
        package func matches(_ expected: Span<UInt8>) -> Bool {
            guard (1...HMACSHA1.tagLength).contains(expected.count) else { return false }
            let tag = tag()
            return constantTimeEqual(tag.span.extracting(first: expected.count), expected)
        }

        private func tag() -> InlineArray<20, UInt8> {
            var (inner, outer) = (inner, outer)
            let hash = inner.finish()
            outer.update(hash.span)
            return outer.finish()
        }
    }
}

/// A SHA-1 computation that can be copied on its way.
private struct SHA1State: Sendable {
    private var state = SHA_CTX()

    init() { unsafe swiftlet_sha1_init(&state) }

    mutating func update(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBytes { source in
            _ = unsafe swiftlet_sha1_update(&state, source.baseAddress, source.count)
        }
    }

    mutating func finish() -> InlineArray<20, UInt8> {
        var hash = InlineArray<20, UInt8>(repeating: 0)
        var span = hash.mutableSpan
        unsafe span.withUnsafeMutableBufferPointer { target in
            _ = unsafe swiftlet_sha1_final(&state, target.baseAddress)
        }
        return hash
    }
}
