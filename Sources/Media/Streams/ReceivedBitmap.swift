// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// Which of the last extended sequence numbers have been seen, one bit each.
struct ReceivedBitmap: ~Copyable {
    private let words: FixedBuffer<UInt64>
    private var newest: Int64 = .min

    /// - Parameter span: How far back it looks, a power of two of at least 64.
    init(span: Int) { words = FixedBuffer(count: span / 64, filledWith: 0) }

    private var span: Int64 { Int64(words.count) * 64 }

    /// Takes note of `sequence`.
    ///
    /// - Returns: `false` when it was seen before or lies too far back to tell.
    mutating func insert(_ sequence: Int64) -> Bool {
        if newest == .min {
            newest = sequence
        } else if sequence > newest {
            advance(to: sequence)
        } else if newest &- sequence >= span {
            return false
        }
        let (word, bit) = position(sequence)
        let old = words[word]
        guard old & bit == 0 else { return false }
        words[word] = old | bit
        return true
    }

    /// Whether `sequence` was seen; false for what lies outside.
    func contains(_ sequence: Int64) -> Bool {
        guard newest != .min, sequence <= newest, newest &- sequence < span else { return false }
        let (word, bit) = position(sequence)
        return words[word] & bit != 0
    }

    /// Forgets everything.
    mutating func removeAll() {
        words.fill(with: 0)
        newest = .min
    }

    private func position(_ sequence: Int64) -> (word: Int, bit: UInt64) {
        let index = Int(truncatingIfNeeded: sequence & (span - 1))
        return (index >> 6, 1 << UInt64(index & 63))
    }

    private mutating func advance(to sequence: Int64) {
        guard sequence &- newest < span else {
            words.fill(with: 0)
            newest = sequence
            return
        }
        var cleared = newest + 1
        while cleared <= sequence {
            let (word, bit) = position(cleared)
            if bit == 1, sequence - cleared >= 63 {
                words[word] = 0
                cleared += 64
            } else {
                words[word] = words[word] & ~bit
                cleared += 1
            }
        }
        newest = sequence
    }
}
