// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// Gives one consumer continuous VP8 and VP9 picture ids and TL0PICIDX over dropped pictures and changes of source.
///
/// VP8 pictures that were dropped leave no hole, since receivers wait for pictures that seem lost. VP9 holes stay: there
/// references are counted in picture ids.
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

    package init() {}

    /// Makes `frame` the first picture of a source, right behind the newest sent.
    package mutating func synchronize(to frame: FrameDescription) {}

    /// Takes note that the picture of `frame` is left out; all its packets may be noted, in any order.
    package mutating func drop(_ frame: FrameDescription) {}

    /// The numbers that a packet of `frame` leaves with.
    package mutating func map(_ frame: FrameDescription) -> Mapping { .unchanged }
}
