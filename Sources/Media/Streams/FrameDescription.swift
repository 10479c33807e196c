// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// What a packet says of the frame it belongs to, as far as choosing layers and rewriting need it.
///
/// Read once on arrival, from the payload descriptor (VP8, VP9) or the dependency descriptor, and kept beside the stored
/// packet. A "frame" is what one encoder call made of one spatial layer; a "picture" is all frames of one moment.
@usableFromInline
package struct FrameDescription: BitwiseCopyable, Equatable, Sendable {
    /// Where the description comes from, and so what can be done by it.
    package enum Form: UInt8, BitwiseCopyable, Sendable {
        /// Nothing is known: audio, H264 without descriptor, encrypted payloads. Always forwarded.
        case none
        /// The VP8 payload descriptor, RFC 7741.
        case vp8
        /// The VP9 payload descriptor, RFC 9628.
        case vp9
        /// The AV1 dependency descriptor, with whatever codec.
        case dependency
        /// AV1 without descriptor: layer ids of the OBU extension header, which only say what belongs to which layer.
        case obu
    }

    /// Single bits.
    @usableFromInline
    package struct Flags: OptionSet, BitwiseCopyable, Sendable {
        @usableFromInline package let rawValue: UInt16

        @inlinable @inline(__always)
        package init(rawValue: UInt16) { self.rawValue = rawValue }

        /// First packet of its frame.
        @inlinable package static var start: Flags { Flags(rawValue: 1) }
        /// Last packet of its frame.
        @inlinable package static var end: Flags { Flags(rawValue: 2) }
        /// Its picture can be decoded without any earlier one: on every packet of all spatial layers of a key picture,
        /// as far as the descriptor shows it (VP8 and VP9: no inter-picture prediction).
        @inlinable package static var intra: Flags { Flags(rawValue: 4) }
        /// From this frame on its temporal layer can be joined: VP8's Y, VP9's U.
        @inlinable package static var switchesUp: Flags { Flags(rawValue: 8) }
        /// Predicted from the next lower spatial layer of the same picture: VP9's D.
        @inlinable package static var interLayer: Flags { Flags(rawValue: 16) }
        /// No higher spatial layer of the same picture is predicted from it: VP9's Z.
        @inlinable package static var notReferenced: Flags { Flags(rawValue: 32) }
        /// `picture` comes from the wire; without it, it is the extended timestamp.
        @inlinable package static var hasPicture: Flags { Flags(rawValue: 64) }
        /// `tl0` counts.
        @inlinable package static var hasTL0: Flags { Flags(rawValue: 128) }
        /// The picture id has 15 bits on the wire, else 7.
        @inlinable package static var longPicture: Flags { Flags(rawValue: 256) }
        /// The descriptor tells layers; without it `spatial` and `temporal` are 0.
        @inlinable package static var hasLayers: Flags { Flags(rawValue: 512) }
        /// Brings a dependency structure.
        @inlinable package static var structure: Flags { Flags(rawValue: 1024) }
        /// Depends on a frame more than 64 frame numbers back.
        @inlinable package static var farReference: Flags { Flags(rawValue: 2048) }
    }

    package var form = Form.none
    /// Spatial layer, from 0.
    package var spatial: UInt8 = 0
    /// Temporal layer, from 0.
    package var temporal: UInt8 = 0
    /// TL0PICIDX as on the wire.
    package var tl0: UInt8 = 0
    package var flags: Flags = []
    /// How many decode targets the structure in force has; 0 where none is known.
    package var targetCount: UInt8 = 0
    /// The spatial layers that the structure in force, or the VP9 scalability structure, announces; 0 for unknown.
    package var spatialCount: UInt8 = 0
    /// Picture id (VP8, VP9) or frame number (dependency), extended by the stream so that it does not wrap.
    ///
    /// Where the wire has neither, the timestamp, extended likewise. It orders frames of equal form and `hasPicture` only.
    package var picture: Int64 = 0
    /// Two bits for each decode target, target 0 lowest: 0 not present, 1 discardable, 2 switch, 3 required.
    package var indications: UInt64 = 0
    /// Which frame numbers it depends on: bit k stands for `picture` − 1 − k.
    package var references: UInt64 = 0
    /// Which decode targets the encoder produces at present, a bit each; all ones where nothing else was said.
    package var activeTargets: UInt32 = .max
    /// Names the dependency structure in force, see ``DecodeTargets``: 0 for none, unique within one ``FrameReader``.
    package var structure: UInt32 = 0
    /// Where in the dependency descriptor, in bits, the active-decode-targets mask is or would be; 0 without one.
    package var maskOffset: UInt16 = 0
    /// The RTP timestamp, equal for all frames of a picture.
    package var timestamp: UInt32 = 0

    package init() {}

    /// Whether a decoder can start with this packet, as far as the descriptor tells.
    package var startsKeyFrame: Bool {
        switch form {
        case .none: false
        case .vp8, .obu: flags.contains(.intra)
        case .vp9: flags.contains(.start) && flags.contains(.intra) && spatial == 0
        case .dependency: flags.contains(.start) && flags.contains(.structure)
        }
    }

    /// The indication for decode target `index`.
    @inline(__always)
    package func indication(_ index: Int) -> UInt8 { UInt8(truncatingIfNeeded: indications >> UInt64(2 &* index) & 3) }
}
