// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftletWire

extension StreamChecker {
    /// A fault of the forwarder: none of these ever happens, whatever the network does.
    package enum Fault: String, CaseIterable, Sendable {
        /// The payload is none that was sent.
        case unreadable
        /// The stream did not begin with a key frame.
        case beganWithoutKeyFrame
        /// A frame refers to one that was never forwarded, though nothing was lost.
        case missingReference
        /// A frame breaks off without a gap in the sequence numbers.
        case cutFrame
        /// A picture's last packet lacks the marker, or another one has it.
        case marker
        /// Picture ids go back, repeat or leave out, or differ within a picture.
        case pictureID
        /// TL0PICIDX does not count the pictures of the lowest temporal layer.
        case tl0
        /// What the descriptor says of layers, starts or key frames is not the truth.
        case descriptor
        /// Timestamps differ within a picture, or agree across two.
        case timestampOfPicture
        /// Time goes on otherwise than the captures did.
        case timestampJump
        /// A sequence number stands for two different packets.
        case reusedSequence
        /// Frames of one source come twice or in another order.
        case order
    }

    /// What the stream has to keep to.
    package struct Rules: Sendable {
        package var codec: SyntheticCodec
        /// Whether VP9 pictures are told apart by spatial layer, and the source stands for one stream.
        package var isSVC: Bool
        package var clockRate: Int64 = 90_000
        /// Between two pictures of the source.
        package var frameInterval = Duration.nanoseconds(33_333_333)
        package var tolerance = Duration.milliseconds(2)
        /// How far a layer may lag behind another when switched to.
        package var lag = Duration.milliseconds(42)

        /// Whether a picture may get a spatial layer more when its end was marked already: what the forwarder needs to
        /// know of it can come late.
        package var mayGrow = false

        /// Whether spatial layers of one stream do not use each other, S modes: then the key frame of one layer is no
        /// reason to skip another's.
        package var hasIndependentLayers = false

        package init(_ codec: SyntheticCodec, isSVC: Bool = false) { (self.codec, self.isSVC) = (codec, isSVC) }
    }

    /// One layer switch that is watched.
    package struct Probe: Sendable {
        package var spatial: Int
        package var temporal: Int
        package var since: Instant
        package var done: Instant?
        var run = 0
        var reached = false
    }
}
