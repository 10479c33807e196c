// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// Which of the newest packets of one SSRC have been opened, RFC 3711 §3.3.2.
///
/// A ring of 1024 bits, as wide as browsers keep it, at a packet's index modulo 1024.
struct ReplayWindow {
    /// Packets up to the newest that are told apart.
    static let size: UInt64 = 1024

    /// What the window knows about an index.
    enum Verdict {
        case fresh
        case replayed
        /// Behind the window: opened or not, nobody knows any more.
        case tooOld
    }

    /// The largest index recorded.
    private(set) var newest: UInt64
    private var seen = InlineArray<16, UInt64>(repeating: 0)

    init(first index: UInt64) {
        newest = index
        mark(index)
    }

    func verdict(on index: UInt64) -> Verdict {
        if index > newest { return .fresh }
        if newest - index >= Self.size { return .tooOld }
        return seen[Self.word(index)] & Self.bit(index) == 0 ? .fresh : .replayed
    }

    /// Takes note of an index that is not ``Verdict/tooOld``.
    mutating func record(_ index: UInt64) {
        if index > newest {
            if index - newest >= Self.size {
                seen = InlineArray(repeating: 0)
            } else {
                for skipped in newest &+ 1..<index { seen[Self.word(skipped)] &= ~Self.bit(skipped) }
            }
            newest = index
        }
        mark(index)
    }

    private mutating func mark(_ index: UInt64) { seen[Self.word(index)] |= Self.bit(index) }

    @inline(__always)
    private static func word(_ index: UInt64) -> Int { Int(truncatingIfNeeded: index >> 6 & 15) }

    @inline(__always)
    private static func bit(_ index: UInt64) -> UInt64 { 1 << (index & 63) }
}
