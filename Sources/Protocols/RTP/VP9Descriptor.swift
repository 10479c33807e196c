// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// The payload descriptor in front of every VP9 payload.
///
/// A field that is absent reads as 0: a sender without layers, as Firefox is, sends spatial and temporal layer 0.
///
/// - Note: RFC 9628 §4.2.
package struct VP9Descriptor: BitwiseCopyable, Equatable, Sendable {
    /// The most bytes that ``headLength`` can be.
    package static let maximumHeadLength = 5
    /// The most reference indices a picture lists in flexible mode.
    package static let maximumReferences = 3

    /// Bytes of the descriptor.
    package let length: Int
    /// The first byte, I to Z.
    private let head: UInt8
    /// TID, U, SID and D as on the wire; 0 without.
    private let layers: UInt8
    /// Seven or fifteen bits.
    package let pictureID: UInt16
    package let hasLongPictureID: Bool
    /// Counts the pictures of temporal layer 0, wrapping at 2⁸.
    package let tl0PictureIndex: UInt8
    /// How many spatial layers the scalability structure announces; 0 where the packet brings none.
    package let spatialLayerCount: UInt8

    /// Reads the descriptor that `payload` starts with; `nil` when it is cut short or contradicts itself.
    package init?(_ payload: Span<UInt8>) {
        guard !payload.isEmpty else { return nil }
        head = payload[0]
        var offset = 1
        var (layers, tl0): (UInt8, UInt8) = (0, 0)
        var (picture, long) = (UInt16(0), false)
        if head & 0x80 != 0 {
            guard let field = PictureIDField(payload, at: offset) else { return nil }
            (picture, long) = (field.value, field.isLong)
            offset &+= field.length
        }
        if head & 0x20 != 0 {
            guard payload.count > offset else { return nil }
            layers = payload[offset]
            offset &+= 1
            if head & 0x10 == 0 {
                guard payload.count > offset else { return nil }
                tl0 = payload[offset]
                offset &+= 1
            }
        }
        if head & 0x50 == 0x50 {
            var references = 0
            var more = true
            while more {
                guard references < Self.maximumReferences, payload.count > offset else { return nil }
                more = payload[offset] & 0x01 != 0
                offset &+= 1
                references &+= 1
            }
        }
        var structure = Structure()
        if head & 0x02 != 0 {
            guard let end = structure.read(payload, at: offset) else { return nil }
            offset = end
        }
        (self.layers, tl0PictureIndex, length) = (layers, tl0, offset)
        (pictureID, hasLongPictureID) = (picture, long)
        spatialLayerCount = structure.spatialLayerCount
    }

    /// What the scalability structure says that we keep, RFC 9628 §4.2.1.
    private struct Structure {
        var spatialLayerCount: UInt8 = 0

        /// Reads the structure and gives where it ends; `nil` when it is cut short.
        ///
        /// A picture group without pictures and pictures without references are taken as they come.
        mutating func read(_ payload: Span<UInt8>, at start: Int) -> Int? {
            guard payload.count > start else { return nil }
            let head = payload[start]
            var offset = start &+ 1
            spatialLayerCount = head >> 5 &+ 1
            // Width and height of each layer.
            if head & 0x10 != 0 { offset &+= Int(spatialLayerCount) &* 4 }
            guard payload.count >= offset else { return nil }
            if head & 0x08 != 0 {
                guard payload.count > offset else { return nil }
                let pictures = payload[offset]
                offset &+= 1
                for _ in 0..<pictures {
                    guard payload.count > offset else { return nil }
                    offset &+= 1 &+ Int(payload[offset] >> 2 & 0x03)
                }
            }
            return payload.count >= offset ? offset : nil
        }
    }

    package var hasPictureID: Bool { head & 0x80 != 0 }

    /// Predicted from an earlier picture: P.
    package var isInterPicture: Bool { head & 0x40 != 0 }

    /// Whether layer ids are there: L.
    package var hasLayers: Bool { head & 0x20 != 0 }

    /// Whether references are listed packet by packet and TL0PICIDX is absent: F.
    package var isFlexible: Bool { head & 0x10 != 0 }

    /// First packet of its frame, which is one spatial layer of a picture: B.
    package var isStart: Bool { head & 0x08 != 0 }

    /// Last packet of its frame: E.
    package var isEnd: Bool { head & 0x04 != 0 }

    /// No higher spatial layer of the same picture is predicted from it: Z.
    package var isNotReferenced: Bool { head & 0x01 != 0 }

    package var hasTL0PictureIndex: Bool { head & 0x30 == 0x20 }

    /// Temporal layer 0 to 7.
    package var temporalID: UInt8 { layers >> 5 }

    /// No later picture of a higher temporal layer depends on one before this: its layer can be joined here, U.
    package var isSwitchingPoint: Bool { layers & 0x10 != 0 }

    /// Spatial layer 0 to 7.
    package var spatialID: UInt8 { layers >> 1 & 0x07 }

    /// Predicted from the next lower spatial layer of the same picture: D.
    package var isInterLayer: Bool { layers & 0x01 != 0 }

    /// A key picture starts here: its lowest spatial layer's first packet, predicted from nothing.
    ///
    /// A higher layer of the same picture is not predicted from another picture either, but nothing starts with it.
    package var isKeyFrame: Bool { head & 0x48 == 0x08 && spatialID == 0 }

    /// Bytes at the start of the payload that ``write(pictureID:tl0PictureIndex:into:at:)`` replaces: up to TL0PICIDX.
    package var headLength: Int {
        1 &+ (hasPictureID ? hasLongPictureID ? 2 : 1 : 0) &+ (hasLayers ? 1 : 0) &+ (hasTL0PictureIndex ? 1 : 0)
    }

    /// Writes the descriptor's head with other numbers in the fields it has, in the sizes they had: of the picture id
    /// the low seven or fifteen bits.
    ///
    /// - Returns: ``headLength``, or 0 when that does not fit, and then nothing is written.
    package func write(
        pictureID: UInt16,
        tl0PictureIndex: UInt8,
        into target: inout MutableSpan<UInt8>,
        at offset: Int
    ) -> Int {
        guard offset >= 0, target.count &- offset >= headLength else { return 0 }
        target[offset] = head
        var next = offset &+ 1
        if hasPictureID, hasLongPictureID {
            target.store(0x8000 | pictureID, at: next)
            next &+= 2
        } else if hasPictureID {
            target[next] = UInt8(truncatingIfNeeded: pictureID & 0x7F)
            next &+= 1
        }
        if hasLayers {
            target[next] = layers
            next &+= 1
        }
        if hasTL0PictureIndex {
            target[next] = tl0PictureIndex
            next &+= 1
        }
        return next &- offset
    }
}
