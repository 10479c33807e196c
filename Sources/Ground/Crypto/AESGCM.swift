// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// AES-GCM under one key, RFC 5116 §5.1: nonces of 12 bytes, tags of 16.
///
/// Lives as long as its key does; a packet allocates nothing. Where the processor is one that Intel's multi-buffer
/// library knows, that seals and opens, in a third of OpenSSL's time; elsewhere OpenSSL does.
@safe
package struct AESGCM: ~Copyable {
    /// Bytes of a tag.
    package static let tagLength = 16

    /// What a context is for; OpenSSL keeps the two apart.
    package enum Direction: Sendable {
        case sealing
        case opening
    }

    /// Who does the work.
    package enum Library: CaseIterable, Sendable {
        case openSSL
        case multiBuffer

        /// Whether it can be had on this machine.
        package var isAvailable: Bool {
            #if arch(x86_64)
            self == .openSSL || MultiBufferGCM.isAvailable
            #else
            self == .openSSL
            #endif
        }
    }

    /// A number that is used once under a key: 12 bytes, big-endian.
    package struct Nonce {
        var bytes: (UInt64, UInt32)

        /// The nonce `high` ‖ `low`.
        package init(_ high: UInt64, _ low: UInt32) { bytes = (high.bigEndian, low.bigEndian) }
    }

    enum Cipher: ~Copyable {
        case openSSL(OpenSSLGCM)
        #if arch(x86_64)
        case multiBuffer(MultiBufferGCM)
        #endif
    }

    private let cipher: Cipher

    /// - Parameters:
    ///   - key: 16 or 32 bytes; fails for any other length, or if the library refuses.
    ///   - direction: Whether to seal or to open.
    ///   - library: Who does the work; the fastest that can be had if `nil`.
    package init?(key: Span<UInt8>, direction: Direction, library: Library? = nil) {
        guard key.count == 16 || key.count == 32 else { return nil }
        #if arch(x86_64)
        if library != .openSSL {
            if let cipher = MultiBufferGCM(key: key, direction: direction) {
                self.cipher = .multiBuffer(cipher)
                return
            }
        }
        #endif
        guard library != .multiBuffer, let cipher = OpenSSLGCM(key: key, direction: direction) else { return nil }
        self.cipher = .openSSL(cipher)
    }

    /// Seals `source` to where `offset` is in `target`, and puts the tag behind it.
    ///
    /// - Parameters:
    ///   - nonce: Never used before under this key.
    ///   - header: Bytes of `target` that are authenticated and not encrypted.
    ///   - source: The plain bytes, not within `target`.
    ///   - target: With room for `source` and the tag; the caller has checked.
    ///   - offset: Where the sealed bytes begin.
    /// - Returns: Whether the library did as it was told, which it has no reason not to.
    @inline(__always)
    package borrowing func seal(
        _ nonce: Nonce,
        header: Range<Int>,
        from source: Span<UInt8>,
        into target: inout MutableSpan<UInt8>,
        at offset: Int
    ) -> Bool {
        let end = target.count &- Self.tagLength
        precondition(header.lowerBound >= 0 && header.upperBound <= target.count, "the caller checks the header")
        precondition(offset >= 0 && source.count <= end &- offset, "the caller checks that the bytes fit")
        return unsafe target.withUnsafeMutableBufferPointer { bytes in
            unsafe source.withUnsafeBufferPointer { source in
                guard let base = bytes.baseAddress else { return false }
                return unsafe run(
                    nonce,
                    UnsafeBufferPointer(start: base + header.lowerBound, count: header.count),
                    from: source.baseAddress ?? UnsafePointer(base),
                    to: base + offset,
                    count: source.count
                )
            }
        }
    }

    /// Seals the bytes of `body` in place, and puts the tag behind them.
    ///
    /// - Parameters:
    ///   - nonce: Never used before under this key.
    ///   - header: What is authenticated and not encrypted.
    ///   - body: What to seal of `target`, with room for the tag behind it; the caller has checked.
    ///   - target: Where the bytes stand.
    /// - Returns: Whether the library did as it was told, which it has no reason not to.
    package borrowing func seal(
        _ nonce: Nonce,
        header: Span<UInt8>,
        body: Range<Int>,
        in target: inout MutableSpan<UInt8>
    ) -> Bool {
        precondition(
            body.lowerBound >= 0 && body.upperBound <= target.count &- Self.tagLength,
            "the caller checks that the tag fits"
        )
        return unsafe target.withUnsafeMutableBufferPointer { bytes in
            unsafe header.withUnsafeBufferPointer { header in
                guard let base = bytes.baseAddress else { return false }
                let start = unsafe base + body.lowerBound
                return unsafe run(nonce, header, from: start, to: start, count: body.count)
            }
        }
    }

    /// As ``seal(_:header:body:in:)``, where the header stands in `target` as well.
    package borrowing func seal(
        _ nonce: Nonce,
        header: Range<Int>,
        body: Range<Int>,
        in target: inout MutableSpan<UInt8>
    ) -> Bool {
        precondition(
            header.lowerBound >= 0 && header.upperBound <= target.count && body.lowerBound >= 0
                && body.upperBound <= target.count &- Self.tagLength,
            "the caller checks the ranges, and that the tag fits"
        )
        return unsafe target.withUnsafeMutableBufferPointer { bytes in
            guard let base = bytes.baseAddress else { return false }
            let start = unsafe base + body.lowerBound
            return unsafe run(
                nonce,
                UnsafeBufferPointer(start: base + header.lowerBound, count: header.count),
                from: start,
                to: start,
                count: body.count
            )
        }
    }

    /// Opens the bytes of `body` in place, behind which their tag stands.
    ///
    /// - Parameters:
    ///   - nonce: What they were sealed under.
    ///   - header: What is authenticated and not encrypted.
    ///   - body: What to open of `target`; the caller has checked that a tag follows.
    ///   - target: Where the bytes stand.
    /// - Returns: Whether the tag is right. The bytes are changed even if not; opening them again brings them back.
    package borrowing func open(
        _ nonce: Nonce,
        header: Span<UInt8>,
        body: Range<Int>,
        in target: inout MutableSpan<UInt8>
    ) -> Bool {
        precondition(
            body.lowerBound >= 0 && body.upperBound <= target.count &- Self.tagLength,
            "the caller checks that there is a tag"
        )
        return unsafe target.withUnsafeMutableBufferPointer { bytes in
            unsafe header.withUnsafeBufferPointer { header in
                guard let base = bytes.baseAddress else { return false }
                return unsafe runOpening(nonce, header, base + body.lowerBound, count: body.count)
            }
        }
    }

    /// As ``open(_:header:body:in:)``, where the header stands in `target` as well.
    package borrowing func open(
        _ nonce: Nonce,
        header: Range<Int>,
        body: Range<Int>,
        in target: inout MutableSpan<UInt8>
    ) -> Bool {
        precondition(
            header.lowerBound >= 0 && header.upperBound <= target.count && body.lowerBound >= 0
                && body.upperBound <= target.count &- Self.tagLength,
            "the caller checks the ranges, and that there is a tag"
        )
        return unsafe target.withUnsafeMutableBufferPointer { bytes in
            guard let base = bytes.baseAddress else { return false }
            return unsafe runOpening(
                nonce,
                UnsafeBufferPointer(start: base + header.lowerBound, count: header.count),
                base + body.lowerBound,
                count: body.count
            )
        }
    }

    @inline(__always)
    private borrowing func run(
        _ nonce: Nonce,
        _ header: UnsafeBufferPointer<UInt8>,
        from source: UnsafePointer<UInt8>,
        to target: UnsafeMutablePointer<UInt8>,
        count: Int
    ) -> Bool {
        unsafe withUnsafeBytes(of: nonce.bytes) { nonce in
            guard let nonce = unsafe nonce.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return false }
            switch cipher {
            case .openSSL(let cipher): return unsafe cipher.seal(nonce, header, from: source, to: target, count: count)
            #if arch(x86_64)
            case .multiBuffer(let cipher):
                unsafe cipher.run(nonce, header, from: source, to: target, count: count, tag: target + count)
                return true
            #endif
            }
        }
    }

    @inline(__always)
    private borrowing func runOpening(
        _ nonce: Nonce,
        _ header: UnsafeBufferPointer<UInt8>,
        _ bytes: UnsafeMutablePointer<UInt8>,
        count: Int
    ) -> Bool {
        unsafe withUnsafeBytes(of: nonce.bytes) { nonce in
            guard let nonce = unsafe nonce.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return false }
            switch cipher {
            case .openSSL(let cipher): return unsafe cipher.open(nonce, header, bytes, count: count)
            #if arch(x86_64)
            case .multiBuffer(let cipher): return unsafe cipher.open(nonce, header, bytes, count: count)
            #endif
            }
        }
    }
}
