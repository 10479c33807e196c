// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// The payload descriptor in front of every VP8 payload, and the key-frame bit behind it.
///
/// A field that is absent reads as 0.
///
/// - Note: RFC 7741 §4.2, §4.3.
package struct VP8Descriptor: BitwiseCopyable, Equatable, Sendable {
    /// The most bytes a descriptor takes.
    package static let maximumLength = 6

    /// Bytes of the descriptor as read.
    package let length: Int
    /// X, N, S, PID and the reserved bits.
    private let head: UInt8
    /// I, L, T, K and the reserved bits; 0 where X is not set.
    private let flags: UInt8
    /// TID, Y and KEYIDX as on the wire; 0 without.
    private let layers: UInt8
    /// Seven or fifteen bits.
    package let pictureID: UInt16
    package let hasLongPictureID: Bool
    /// Counts the pictures of temporal layer 0, wrapping at 2⁸.
    package let tl0PictureIndex: UInt8
    /// The frame can be decoded without any other; known on its first packet alone.
    package let isKeyFrame: Bool

    /// Reads the descriptor that `payload` starts with; `nil` when it is cut short.
    package init?(_ payload: Span<UInt8>) {
        guard !payload.isEmpty else { return nil }
        head = payload[0]
        var offset = 1
        var (flags, layers, tl0): (UInt8, UInt8, UInt8) = (0, 0, 0)
        var (picture, long) = (UInt16(0), false)
        if head & 0x80 != 0 {
            guard payload.count > 1 else { return nil }
            flags = payload[1]
            offset = 2
            if flags & 0x80 != 0 {
                guard let field = PictureIDField(payload, at: offset) else { return nil }
                (picture, long) = (field.value, field.isLong)
                offset &+= field.length
            }
            if flags & 0x40 != 0 {
                guard payload.count > offset else { return nil }
                tl0 = payload[offset]
                offset &+= 1
            }
            if flags & 0x30 != 0 {
                guard payload.count > offset else { return nil }
                layers = payload[offset]
                offset &+= 1
            }
        }
        (self.flags, self.layers, tl0PictureIndex) = (flags, layers, tl0)
        (pictureID, hasLongPictureID, length) = (picture, long, offset)
        isKeyFrame = head & 0x17 == 0x10 && offset < payload.count && payload[offset] & 0x01 == 0
    }

    /// First packet of its frame: the start of partition 0.
    package var isStart: Bool { head & 0x17 == 0x10 }

    /// No other frame refers to this one: N.
    package var isDiscardable: Bool { head & 0x20 != 0 }

    package var hasPictureID: Bool { flags & 0x80 != 0 }

    package var hasTL0PictureIndex: Bool { flags & 0x40 != 0 }

    package var hasTemporalID: Bool { flags & 0x20 != 0 }

    package var hasKeyIndex: Bool { flags & 0x10 != 0 }

    /// Temporal layer 0 to 3.
    package var temporalID: UInt8 { hasTemporalID ? layers >> 6 : 0 }

    /// The frame refers to frames of layer 0 alone, so that its layer can be joined here: Y.
    package var isLayerSync: Bool { hasTemporalID && layers & 0x20 != 0 }

    /// Names the key frame that this frame descends from, five bits.
    package var keyIndex: UInt8 { hasKeyIndex ? layers & 0x1F : 0 }

    /// Bytes that ``write(pictureID:tl0PictureIndex:into:at:)`` writes: the same, or one more where the id was short.
    package var writtenLength: Int { hasPictureID && !hasLongPictureID ? length &+ 1 : length }

    /// Writes the descriptor with other numbers in the fields it has; the picture id always takes fifteen bits.
    ///
    /// - Returns: ``writtenLength``, or 0 when that does not fit, and then nothing is written.
    package func write(
        pictureID: UInt16,
        tl0PictureIndex: UInt8,
        into target: inout MutableSpan<UInt8>,
        at offset: Int
    ) -> Int {
        guard offset >= 0, target.count &- offset >= writtenLength else { return 0 }
        target[offset] = head
        guard head & 0x80 != 0 else { return 1 }
        target[offset &+ 1] = flags
        var next = offset &+ 2
        if hasPictureID {
            target.store(0x8000 | pictureID, at: next)
            next &+= 2
        }
        if hasTL0PictureIndex {
            target[next] = tl0PictureIndex
            next &+= 1
        }
        if flags & 0x30 != 0 {
            target[next] = layers
            next &+= 1
        }
        return next &- offset
    }
}
