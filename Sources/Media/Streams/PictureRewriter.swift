// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// Gives one consumer continuous VP8 and VP9 picture ids and TL0PICIDX over dropped pictures and changes of source.
///
/// VP8 pictures that were dropped leave no hole, since receivers wait for pictures that seem lost. VP9 holes stay: there
/// references are counted in picture ids, and TL0PICIDX tells what is missing.
///
/// - Note: RFC 7741 §4.2, RFC 9628 §4.2.
package struct PictureRewriter: Sendable {
    package enum Mapping: Equatable, Sendable {
        /// The packet has nothing to rewrite.
        case unchanged
        /// What to write where the descriptor has the field; the picture id has 15 bits, of which a short one takes 7.
        case rewritten(picture: UInt16, tl0: UInt8)
        /// Of an earlier source, dropped, or too old to tell: not to be sent.
        case stale
    }

    private var pictures = Numbering()
    private var bases = Numbering()

    package init() {}

    /// Makes `frame` the first picture of a source, right behind the newest sent.
    ///
    /// The first source of all keeps its numbers.
    package mutating func synchronize(to frame: FrameDescription) {
        guard frame.form == .vp8 || frame.form == .vp9 else { return }
        pictures.synchronize(to: frame.picture)
        bases.synchronize(to: Int64(frame.tl0))
    }

    /// Takes note that the picture of `frame` is left out; all its packets may be noted, in any order.
    package mutating func drop(_ frame: FrameDescription) {
        guard frame.form == .vp8 else { return }
        if frame.flags.contains(.hasPicture) { pictures.drop(frame.picture) }
        // TL0PICIDX counts pictures of the base layer only.
        if frame.flags.contains(.hasTL0), frame.temporal == 0 { bases.drop(base(of: frame)) }
    }

    /// The numbers that a packet of `frame` leaves with.
    package mutating func map(_ frame: FrameDescription) -> Mapping {
        let flags = frame.flags
        guard frame.form == .vp8 || frame.form == .vp9, flags.contains(.hasPicture) || flags.contains(.hasTL0) else {
            return .unchanged
        }
        guard pictures.isSynchronized else { return .stale }
        var picture: Int64 = 0
        if flags.contains(.hasPicture) {
            guard let number = pictures.map(frame.picture) else { return .stale }
            picture = number
        }
        // That of a picture which is not stale itself is at worst the one before.
        let tl0 = flags.contains(.hasTL0) ? bases.map(base(of: frame)) ?? bases.newestOutput : 0
        return .rewritten(picture: UInt16(truncatingIfNeeded: picture & 0x7FFF), tl0: UInt8(truncatingIfNeeded: tl0))
    }

    /// TL0PICIDX, extended to be near the newest.
    private func base(of frame: FrameDescription) -> Int64 {
        bases.newest &+ Int64(Int8(truncatingIfNeeded: Int64(frame.tl0) &- bases.newest))
    }
}

/// Numbers that go on without holes over dropped inputs and changes of source; 64 back from the newest are remembered.
private struct Numbering: BitwiseCopyable, Sendable {
    private(set) var newest: Int64 = 0
    private(set) var isSynchronized = false
    /// What to add to `newest`.
    private var offset: Int64 = 0
    /// The first input of the source.
    private var floor: Int64 = 0
    /// Bit k: the newest less k was dropped.
    private var dropped: UInt64 = 0

    /// The largest number given.
    var newestOutput: Int64 { newest &+ offset }

    mutating func synchronize(to input: Int64) {
        offset = isSynchronized ? newestOutput &+ 1 &- input : 0
        // As if the one before had been the last, so that the output of `input` is the next.
        (newest, floor, dropped, isSynchronized) = (input &- 1, input, 0, true)
    }

    private mutating func advance(to input: Int64) {
        let distance = UInt64(bitPattern: input &- newest)
        dropped = distance < 64 ? dropped << distance : 0
        newest = input
    }

    mutating func drop(_ input: Int64) {
        guard isSynchronized, input > newest else { return }
        advance(to: input)
        dropped |= 1
        offset &-= 1
    }

    mutating func map(_ input: Int64) -> Int64? {
        guard isSynchronized, input >= floor else { return nil }
        if input > newest {
            advance(to: input)
            return newestOutput
        }
        let age = UInt64(bitPattern: newest &- input)
        guard age < 64 else { return nil }
        if dropped >> age & 1 != 0 {
            guard age == 0 else { return nil }
            // Not left out after all, and nothing has taken its number.
            dropped &= ~1
            offset &+= 1
            return newestOutput
        }
        // What was dropped after it does not count for it.
        let later = (dropped & ((1 << age) &- 1)).nonzeroBitCount
        return input &+ offset &+ Int64(later)
    }
}
