// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// A block of trivial values with one owner: an array without reference counts, copies or growth behind the back.
///
/// Every access is bounds-checked; the pointer never leaves.
@safe
@usableFromInline
package struct FixedBuffer<Element: BitwiseCopyable>: ~Copyable {
    @usableFromInline let base: UnsafeMutablePointer<Element>
    /// How many values there are.
    @usableFromInline package let count: Int

    /// Makes a buffer of `count` equal values.
    @inlinable
    package init(count: Int, filledWith value: Element) {
        unsafe base = UnsafeMutablePointer<Element>.allocate(capacity: max(count, 1))
        unsafe base.initialize(repeating: value, count: count)
        self.count = count
    }

    @inlinable
    deinit { unsafe base.deallocate() }

    @inlinable @inline(__always)
    package subscript(index: Int) -> Element {
        get {
            precondition(index >= 0 && index < count)
            return unsafe base[index]
        }
        nonmutating set {
            precondition(index >= 0 && index < count)
            unsafe base[index] = newValue
        }
    }

    /// Overwrites every value.
    func fill(with value: Element) { unsafe base.update(repeating: value, count: count) }

    /// Moves the values of `range` so that the first comes to stand at `target`.
    func move(_ range: Range<Int>, to target: Int) {
        precondition(range.lowerBound >= 0 && range.upperBound <= count && target >= 0 && target + range.count <= count)
        unsafe (base + target).update(from: base + range.lowerBound, count: range.count)
    }
}
