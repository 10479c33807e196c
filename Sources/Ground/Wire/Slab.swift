// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// A page-aligned block of bytes with one owner, made once and used for the life of a batch or pool.
///
/// A large one is address space at first: a page takes memory when it is first written to. The one place in `Wire` that
/// holds a pointer; everything else sees spans, which are bounds-checked.
@safe
@usableFromInline
package struct Slab: ~Copyable {
    private static let pageSize = 4096

    @usableFromInline let base: UnsafeMutablePointer<UInt8>
    /// The size in bytes.
    @usableFromInline package let count: Int
    /// What was allocated, in which the block begins at a page.
    private let block: UnsafeMutableRawPointer

    /// - Parameter count: The size in bytes, at least 1; the bytes start as zeros.
    package init(count: Int) {
        // The C library takes a block of this size from the system, which makes pages as they are touched.
        guard let block = unsafe calloc(1, count + Self.pageSize) else { fatalError("no memory for \(count) bytes") }
        unsafe self.block = block
        unsafe base = block.alignedUp(toMultipleOf: Self.pageSize).bindMemory(to: UInt8.self, capacity: count)
        self.count = count
    }

    deinit { unsafe free(block) }

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

    /// Gives the memory of whole pages back to the system; every byte of them is 0 again.
    package mutating func giveBack() {
        let whole = count & ~(Self.pageSize - 1)
        if whole > 0 { _ = unsafe madvise(base, whole, MADV_DONTNEED) }
    }
}
