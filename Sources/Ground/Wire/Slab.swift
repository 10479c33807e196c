// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// A page-aligned block of bytes with one owner, made once and used for the life of a batch or pool.
///
/// The one place in `Wire` that holds a pointer; everything else sees spans, which are bounds-checked.
@safe
@usableFromInline
package struct Slab: ~Copyable {
    @usableFromInline let base: UnsafeMutablePointer<UInt8>
    /// The size in bytes.
    @usableFromInline package let count: Int

    /// - Parameter count: The size in bytes, at least 1; the bytes start as zeros.
    package init(count: Int) {
        let raw = UnsafeMutableRawPointer.allocate(byteCount: count, alignment: 4096)
        unsafe base = raw.initializeMemory(as: UInt8.self, repeating: 0, count: count)
        self.count = count
    }

    deinit { unsafe base.deallocate() }

    /// All bytes, for reading.
    package var span: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let span = unsafe Span(_unsafeStart: base, count: count)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// All bytes, for writing.
    @inlinable package var mutableSpan: MutableSpan<UInt8> {
        @_lifetime(&self)
        mutating get {
            let span = unsafe MutableSpan(_unsafeStart: base, count: count)
            return unsafe _overrideLifetime(span, mutating: &self)
        }
    }

    /// The first byte, for system calls alone; valid while the slab lives.
    package var unsafeBaseAddress: UnsafeMutablePointer<UInt8> { @unsafe get { unsafe base } }
}
